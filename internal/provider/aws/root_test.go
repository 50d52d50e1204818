package aws_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const (
	member  = "210987654321"
	taskARN = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
	wayARN  = "arn:aws:iam::" + account + ":role/EmergencyUnlock"
)

// rootWorld is a world whose member account allows root sessions.
func rootWorld(t *testing.T) *world {
	w := newWorld(t)
	w.double.AddMember(member)
	w.double.AddRole(awstest.Role{ARN: wayARN, Audience: access.STSAudience, Subjects: []string{subject}, Sources: "hg-", Allows: []string{"sts:AssumeRoot"}})
	return w
}

// rootSession is what a fetch of a root task authorises.
func (w *world) rootSession(lasts time.Duration) access.Session {
	s := w.session("00112233445566ff", 1, lasts)
	s.RoleARN, s.Root = wayARN, &access.RootCall{Target: member, Task: taskARN}
	s.Policy = string(canon.MustEncode(s.Root.Policy("aws")))
	return s
}

// TestRootTask: the holder gets a session of the member's root user, for the one
// task, that is over with the grant; the keys of the role on the way are nobody's.
func TestRootTask(t *testing.T) {
	for name, c := range map[string]struct{ lasts, ends time.Duration }{
		"a quarter of an hour": {time.Hour, 15 * time.Minute}, "what is left of the grant": {100 * time.Second, 100 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w := rootWorld(t)
			m, err := w.aws.Mint(t.Context(), w.rootSession(c.lasts), w.recipient())
			if err != nil {
				t.Fatal(err)
			}
			began := w.double.Sessions()
			if len(began) != 2 {
				t.Fatalf("%d sessions began", len(began))
			}
			way, root := began[0], began[1]
			if way.Role != wayARN || root.Root != member || root.Task != "S3UnlockBucketPolicy" || root.Source != "hg-00112233445566ff" || root.Until.Sub(root.Begun) != c.ends {
				t.Errorf("on the way %+v, then %+v", way, root)
			}
			var got struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
			if err := json.Unmarshal([]byte(w.open(t, m)), &got); err != nil {
				t.Fatal(err)
			}
			if got.AccessKeyId != root.Key || got.SecretAccessKey != root.Secret || got.SessionToken != root.Token || !m.Expires.Std().Equal(root.Until) {
				t.Errorf("the holder got %+v until %s", got, m.Expires)
			}
			for _, call := range w.double.Calls() {
				if call.Region == "" {
					t.Errorf("%s was asked for at an endpoint of no region", call.Action)
				}
			}
		})
	}
}

// TestT49RootTaskAlone: the session on the way becomes the root user of no other
// account and for no other task, whoever has its keys, and does nothing else.
func TestT49RootTaskAlone(t *testing.T) {
	for name, spoil := range map[string]func(w *world, s *access.Session){
		"another account": func(w *world, s *access.Session) { w.double.AddMember("999999999999"); s.Root.Target = "999999999999" },
		"another task": func(_ *world, s *access.Session) {
			s.Root.Task = strings.Replace(taskARN, "S3UnlockBucketPolicy", "IAMCreateRootUserPassword", 1)
		},
		"no member": func(_ *world, s *access.Session) { s.Root.Target = account },
		"a policy of ours": func(_ *world, s *access.Session) {
			s.Root.Task = "arn:aws:iam::" + account + ":policy/root-task/S3UnlockBucketPolicy"
		},
		"no account":     func(_ *world, s *access.Session) { s.Root.Target = "*" },
		"no end":         func(_ *world, s *access.Session) { s.Duration = 0 },
		"another's role": func(_ *world, s *access.Session) { s.RoleARN = roleARN },
	} {
		t.Run(name, func(t *testing.T) {
			w := rootWorld(t)
			s := w.rootSession(time.Hour)
			spoil(w, &s)
			m, err := w.aws.Mint(t.Context(), s, w.recipient())
			if !errors.Is(err, provider.ErrRefused) || m != (aws.Minted{}) {
				t.Errorf("minted %v, %v", m, err)
			}
			w.hides(t, err)
			for _, began := range w.double.Sessions() {
				if began.Root != "" {
					t.Errorf("a root user's session began: %+v", began)
				}
			}
		})
	}
}

// TestRootTaskFails: each way to fail gives no keys and no secret, and another region
// does what one cannot.
func TestRootTaskFails(t *testing.T) {
	for name, c := range map[string]struct {
		fault awstest.Fault
		fails error
	}{
		"a region is down":    {awstest.Fault{Region: "eu-west-1", How: awstest.Down}, nil},
		"did it anyway once":  {awstest.Fault{How: awstest.Lost, Times: 1}, nil},
		"throttled":           {awstest.Fault{How: "Throttling", Times: 2}, nil},
		"throttled for ever":  {awstest.Fault{How: "Throttling"}, provider.ErrUnreachable},
		"refused":             {awstest.Fault{How: "AccessDenied"}, provider.ErrRefused},
		"over on its way":     {awstest.Fault{How: "ExpiredTokenException"}, provider.ErrRefused},
		"region switched off": {awstest.Fault{Region: "eu-west-1", How: "RegionDisabledException"}, nil},
		"silent":              {awstest.Fault{How: awstest.Down}, provider.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			w := rootWorld(t)
			c.fault.Action = "AssumeRoot"
			w.double.Break(c.fault)
			m, err := w.aws.Mint(t.Context(), w.rootSession(time.Hour), w.recipient())
			if !errors.Is(err, c.fails) || (m == aws.Minted{}) != (c.fails != nil) {
				t.Errorf("minted %v, %v", m, err)
			}
			w.hides(t, err)
		})
	}
	for name, lie := range map[string]func(*awstest.Session){
		"another identity": func(s *awstest.Session) { s.Source = "hg-other" },
		"a longer session": func(s *awstest.Session) { s.Until = s.Until.Add(time.Hour) },
		"over already":     func(s *awstest.Session) { s.Until = s.Begun.Add(-time.Second) },
	} {
		w := rootWorld(t)
		w.double.Lie(func(s *awstest.Session) {
			if s.Root != "" {
				lie(s)
			}
		})
		if m, err := w.aws.Mint(t.Context(), w.rootSession(time.Hour), w.recipient()); !errors.Is(err, provider.ErrRefused) || m != (aws.Minted{}) {
			t.Errorf("%s: minted %v, %v", name, m, err)
		}
	}
}

// TestRootLease: opening tries the way there and becomes nobody's root user; closing
// and probing ask nothing, for nothing would end or show such a session.
func TestRootLease(t *testing.T) {
	w := rootWorld(t)
	s := w.rootSession(time.Hour)
	lease := provider.Lease{KeyID: "halligan:00112233445566ff:db", Target: "db", Request: "00112233445566ff", Until: s.Before,
		AWS: &provider.AWS{Twin: s.Twin(), Control: s.Control(), Regions: regions, Root: true}}
	if err := w.aws.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	calls := len(w.double.Calls())
	for _, call := range w.double.Calls() {
		form, err := url.ParseQuery(call.Body)
		if err != nil || form.Get("Action") != "AssumeRoleWithWebIdentity" || !strings.Contains(form.Get("Policy"), `"Effect":"Deny"`) || strings.Contains(form.Get("Policy"), "Allow") {
			t.Errorf("opening asked %s", call.Body)
		}
	}
	if err := w.aws.Close(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	if got := w.aws.Probe(t.Context(), []provider.Lease{lease}); got[0].Twin != access.Unreachable {
		t.Errorf("a probe shows %v", got)
	}
	if _, err := w.aws.List(t.Context(), lease); err == nil {
		t.Error("a root user's sessions were listed")
	}
	if len(w.double.Calls()) != calls {
		t.Errorf("%d calls to close and look", len(w.double.Calls())-calls)
	}
	w.breakIssuer(first)
	w.breakIssuer(standby)
	if err := w.aws.Open(t.Context(), lease); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("without a way there: %v", err)
	}
}
