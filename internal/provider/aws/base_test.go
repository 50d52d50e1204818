package aws_test

import (
	"context"
	"errors"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// baseSecret is the secret of the server's own credentials.
const baseSecret = "secret-of-base"

// baseWorld is a world whose account takes no token: its roles are assumed with the
// server's own credentials and an external id, which is their subject.
func baseWorld(t *testing.T) *world {
	w := newWorld(t, func(o *aws.Options) {
		o.Base = sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{AccessKeyID: "AKIABASE", SecretAccessKey: baseSecret}, nil
		})
	})
	w.double.AddUser("AKIABASE", baseSecret)
	w.double.AddRole(awstest.Role{ARN: roleARN, Sources: "hg-", Strengths: []string{"user-verified"}, Allows: []string{"rds:*", "ssm:StartSession"}, ExternalID: subject})
	w.double.AddRole(awstest.Role{
		ARN: stopARN, Sources: "hg-", ExternalID: origin + "/stopper",
		Allows: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy", "ssm:DescribeSessions", "ssm:TerminateSession"},
	})
	w.double.RemoveIssuer(first)
	w.double.RemoveIssuer(standby)
	return w
}

// baseSession is what a fetch authorises in such an account.
func (w *world) baseSession(slot int, lasts time.Duration) access.Session {
	s := w.session("00112233445566ff", slot, lasts)
	s.Door = access.DoorExternalID
	return s
}

// TestExternalID: the session that the holder gets by the other door is the same: policy,
// tags, source identity, name and length. No token is signed for it.
func TestExternalID(t *testing.T) {
	w := baseWorld(t)
	s := w.baseSession(3, 10*time.Minute)
	m, err := w.aws.Mint(t.Context(), s, w.recipient())
	if err != nil {
		t.Fatal(err)
	}
	began := w.double.Sessions()
	if len(began) != 1 || len(w.signer.signed()) != 0 || !m.Expires.Equal(s.Before) {
		t.Fatalf("%d sessions, %d tokens, ends %s", len(began), len(w.signer.signed()), m.Expires)
	}
	b := began[0]
	if b.Role != roleARN || b.Name != s.Name || b.Source != s.SourceIdentity || b.Policy != s.Policy || b.Until.Sub(b.Begun) != 15*time.Minute || b.Issuer != "" {
		t.Errorf("STS began %+v", b)
	}
	for _, tag := range s.Tags {
		if b.Tags[tag.Key] != tag.Value {
			t.Errorf("tag %s is %q, want %q", tag.Key, b.Tags[tag.Key], tag.Value)
		}
	}
	if text := w.open(t, m); text == "" {
		t.Error("nothing was sealed")
	}
}

// TestExternalIDStops: slots are put on and taken off by the same door, and a twin that
// was taken is refused then.
func TestExternalIDStops(t *testing.T) {
	w := baseWorld(t)
	lease := w.lease("one")
	lease.AWS.Twin.Door, lease.AWS.Control.Door = access.DoorExternalID, access.DoorExternalID
	if err := w.aws.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	if got := w.aws.Probe(t.Context(), []provider.Lease{lease})[0]; got != (access.Round{Twin: access.Accepted, Control: access.Accepted}) {
		t.Errorf("before: %v", got)
	}
	if err := w.aws.Close(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	if got := w.aws.Probe(t.Context(), []provider.Lease{lease})[0]; got != (access.Round{Twin: access.Refused, Control: access.Accepted}) {
		t.Errorf("after: %v", got)
	}
	if len(w.double.Attached(roleARN)) != 1 || len(w.signer.signed()) != 0 {
		t.Errorf("attached %v, %d tokens", w.double.Attached(roleARN), len(w.signer.signed()))
	}
}

// TestT49DoorsAreApart: an external id of another target opens nothing, an account that
// takes tokens is not asked with the server's credentials, and the other way round.
func TestT49DoorsAreApart(t *testing.T) {
	for name, spoil := range map[string]func(w *world, s *access.Session){
		"another target": func(_ *world, s *access.Session) { s.Subject = origin + "/database/other" },
		"the stopper":    func(_ *world, s *access.Session) { s.Subject = origin + "/stopper" },
		"no subject":     func(_ *world, s *access.Session) { s.Subject = "" },
		"by a token":     func(_ *world, s *access.Session) { s.Door = "" },
		"an account of tokens": func(w *world, _ *access.Session) {
			w.double.AddRole(awstest.Role{ARN: roleARN, Audience: access.STSAudience, Subjects: []string{subject}, Sources: "hg-", Allows: []string{"rds:*"}})
		},
		"no strength":                        func(_ *world, s *access.Session) { s.Tags = s.Tags[:2] },
		"credentials that AWS does not know": func(w *world, _ *access.Session) { w.double.AddUser("AKIABASE", "another") },
	} {
		t.Run(name, func(t *testing.T) {
			w := baseWorld(t)
			s := w.baseSession(1, time.Minute)
			spoil(w, &s)
			m, err := w.aws.Mint(t.Context(), s, w.recipient())
			if err == nil || m != (aws.Minted{}) || len(w.double.Sessions()) > 0 {
				t.Errorf("minted %v, %v, %d sessions", m, err, len(w.double.Sessions()))
			}
			w.hides(t, err)
		})
	}
}

// TestExternalIDFails: each way to fail gives no keys and no secret, and another region
// does what one cannot; without credentials nothing is asked.
func TestExternalIDFails(t *testing.T) {
	for name, c := range map[string]struct {
		fault awstest.Fault
		fails error
	}{
		"a region is down":   {awstest.Fault{Region: "eu-west-1", How: awstest.Down}, nil},
		"did it anyway once": {awstest.Fault{How: awstest.Lost, Times: 1}, nil},
		"throttled":          {awstest.Fault{How: "Throttling", Times: 2}, nil},
		"throttled for ever": {awstest.Fault{How: "Throttling"}, provider.ErrUnreachable},
		"denied":             {awstest.Fault{How: "AccessDenied"}, provider.ErrRefused},
		"credentials over":   {awstest.Fault{How: "ExpiredToken"}, provider.ErrRefused},
		"too large":          {awstest.Fault{How: "PackedPolicyTooLarge"}, provider.ErrRefused},
		"silent":             {awstest.Fault{How: awstest.Down}, provider.ErrUnreachable},
	} {
		w := baseWorld(t)
		w.double.Break(c.fault)
		m, err := w.aws.Mint(t.Context(), w.baseSession(1, time.Minute), w.recipient())
		if !errors.Is(err, c.fails) || (m == aws.Minted{}) != (c.fails != nil) {
			t.Errorf("%s: minted %v, %v", name, m, err)
		}
		w.hides(t, err)
	}
	none := newWorld(t, func(o *aws.Options) {
		o.Base = sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{}, errors.New("secret-of-base is not there")
		})
	})
	_, err := none.aws.Mint(t.Context(), none.baseSession(1, time.Minute), none.recipient())
	if !errors.Is(err, provider.ErrUnreachable) || len(none.double.Calls()) > 0 {
		t.Errorf("without credentials: %v after %d calls", err, len(none.double.Calls()))
	}
	none.hides(t, err)
}

// TestBaseIsTheChain: where nobody says otherwise the credentials are those of the SDK's
// chain, read at the first call and not before.
func TestBaseIsTheChain(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	w := baseWorld(t)
	from := newWorld(t, func(o *aws.Options) { o.Endpoints = w.double.Endpoints() })
	from.clock = w.clock
	if _, err := from.aws.Mint(t.Context(), from.baseSession(1, time.Minute), from.recipient()); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("without credentials: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIABASE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", baseSecret)
	if _, err := from.aws.Mint(t.Context(), from.baseSession(1, time.Minute), from.recipient()); err != nil || len(w.double.Sessions()) != 1 {
		t.Errorf("with the environment's: %v, %d sessions", err, len(w.double.Sessions()))
	}
}
