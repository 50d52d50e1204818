package aws_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// TestMint: what the holder opens is the session that was authorised, in the form
// of credential_process, and nobody else opens it.
func TestMint(t *testing.T) {
	w := newWorld(t)
	s := w.session("00112233445566ff", 3, 10*time.Minute)
	m, err := w.aws.Mint(t.Context(), s, w.recipient())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.Sealed, "ASIA") || !m.Expires.Equal(s.Before) {
		t.Errorf("sealed %q, ends %s, want %s: its policy ends first", m.Sealed, m.Expires, s.Before)
	}
	var got struct {
		Version                                                int
		AccessKeyId, SecretAccessKey, SessionToken, Expiration string
	}
	if err := json.Unmarshal([]byte(w.open(t, m)), &got); err != nil {
		t.Fatal(err)
	}
	began := w.double.Sessions()
	if len(began) != 1 {
		t.Fatalf("%d sessions began", len(began))
	}
	b := began[0]
	if got.Version != 1 || got.AccessKeyId != b.Key || got.SecretAccessKey != b.Secret || got.SessionToken != b.Token || got.Expiration != "2026-03-04T12:10:00Z" {
		t.Errorf("the holder got %+v of %+v", got, b)
	}
	if b.Role != roleARN || b.Name != s.Name || b.Source != "hg-00112233445566ff" || b.Policy != s.Policy || b.Tags["halligan-slot"] != "3" ||
		b.Until.Sub(b.Begun) != 15*time.Minute || b.Issuer != first {
		t.Errorf("STS began %+v", b)
	}
	other := newWorld(t)
	if _, err := other.aws.Mint(t.Context(), s, w.recipient()); err != nil {
		t.Fatal(err) // sealed to the first one's key: its own holder cannot open it
	}
}

// TestT71TokenStaysInside: the web token goes to STS alone. It is in nothing that is
// handed on, and in no error, whichever way AWS fails; AWS's texts quote it here.
func TestT71TokenStaysInside(t *testing.T) {
	for _, how := range []awstest.How{"", awstest.Down, awstest.Lost, "IDPCommunicationError", "InvalidIdentityToken", "AccessDenied", "ExpiredTokenException",
		"Throttling", "ValidationError", "RegionDisabledException", "eyJhbGciOiJSUzI1NiJ9.eyJ", "InternalFailure"} {
		t.Run(string(how), func(t *testing.T) {
			w := newWorld(t)
			if how != "" {
				w.double.Break(awstest.Fault{How: how})
			}
			m, err := w.aws.Mint(t.Context(), w.session("00112233445566ff", 1, time.Minute), w.recipient())
			if (err == nil) != (how == "") {
				t.Fatalf("minting gives %v", err)
			}
			if how != "" && how != "AccessDenied" && how != "ExpiredTokenException" && how != "ValidationError" && !strings.HasPrefix(string(how), "eyJ") && !errors.Is(err, provider.ErrUnreachable) {
				t.Errorf("%v is not unreachable", err)
			}
			w.hides(t, err)
			if len(w.signer.signed()) == 0 {
				t.Fatal("no token was signed: this test proves nothing")
			}
			for _, call := range w.double.Calls() {
				for _, token := range w.signer.signed() {
					if strings.Contains(call.Body, token) && call.Kind != "sts" {
						t.Errorf("the token went to %s", call.Kind)
					}
				}
			}
			if err == nil {
				for _, token := range w.signer.signed() {
					if strings.Contains(m.Sealed+w.open(t, m), token) {
						t.Error("the token is in the credential")
					}
				}
			}
			lease := w.lease("one")
			w.hides(t, w.aws.Open(t.Context(), lease))
			w.hides(t, w.aws.Close(t.Context(), lease))
			_, err = w.aws.List(t.Context(), lease)
			w.hides(t, err)
		})
	}
}

// TestRegionsAndIssuersInTurn: what one region or one issuer cannot do, the next
// does; what AWS refuses is not asked again.
func TestRegionsAndIssuersInTurn(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world)
		last  string // region that answered, and the issuer
		calls int    // of STS; 0: not counted
		fails error
	}{
		"all is well":          {func(w *world) {}, "eu-west-1 " + first, 1, nil},
		"a region is down":     {func(w *world) { w.double.Break(awstest.Fault{Region: "eu-west-1", How: awstest.Down}) }, "eu-central-1 " + first, 2, nil},
		"a region is off":      {func(w *world) { w.double.Break(awstest.Fault{Region: "eu-west-1", How: "RegionDisabledException"}) }, "eu-central-1 " + first, 2, nil},
		"throttled twice":      {func(w *world) { w.double.Break(awstest.Fault{How: "Throttling", Times: 2}) }, "eu-west-1 " + first, 3, nil},
		"throttled for ever":   {func(w *world) { w.double.Break(awstest.Fault{How: "Throttling"}) }, "", 6, provider.ErrUnreachable},
		"first issuer silent":  {func(w *world) { w.breakIssuer(first) }, "eu-west-1 " + standby, 2, nil},
		"first issuer unknown": {func(w *world) { w.double.RemoveIssuer(first) }, "eu-west-1 " + standby, 2, nil},
		"both issuers silent":  {func(w *world) { w.breakIssuer(first); w.breakIssuer(standby) }, "", 4, provider.ErrUnreachable},
		"refused":              {func(w *world) { w.double.Break(awstest.Fault{How: "AccessDenied"}) }, "", 1, provider.ErrRefused},
		"too large":            {func(w *world) { w.double.Break(awstest.Fault{How: "PackedPolicyTooLarge"}) }, "", 1, provider.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.spoil(w)
			_, err := w.aws.Mint(t.Context(), w.session("00112233445566ff", 1, time.Minute), w.recipient())
			if !errors.Is(err, c.fails) {
				t.Fatalf("minting gives %v, want %v", err, c.fails)
			}
			calls := w.double.Calls()
			if len(calls) != c.calls {
				t.Errorf("%d calls, want %d: %v", len(calls), c.calls, calls)
			}
			if began := w.double.Sessions(); c.fails == nil && (len(began) != 1 || calls[len(calls)-1].Region+" "+began[0].Issuer != c.last) {
				t.Errorf("%s and %v, want %s", calls[len(calls)-1].Region, began, c.last)
			}
			w.hides(t, err)
		})
	}
}

// TestT33AnswerIsPinned: what STS answers is used only if it is the session that was
// asked for, and only roles of the cell's accounts are asked for.
func TestT33AnswerIsPinned(t *testing.T) {
	for name, lie := range map[string]func(*awstest.Session){
		"another account":  func(s *awstest.Session) { s.Role = strings.Replace(s.Role, account, "999999999999", 1) },
		"another role":     func(s *awstest.Session) { s.Role = strings.Replace(s.Role, "EmergencyDatabase", "Admin", 1) },
		"a path":           func(s *awstest.Session) { s.Role = strings.Replace(s.Role, "role/", "role/x/", 1) },
		"another name":     func(s *awstest.Session) { s.Name = "hg-other" },
		"another identity": func(s *awstest.Session) { s.Source = "hg-other" },
		"a longer session": func(s *awstest.Session) { s.Until = s.Until.Add(time.Hour) },
		"over already":     func(s *awstest.Session) { s.Until = s.Begun.Add(-time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.double.Lie(lie)
			m, err := w.aws.Mint(t.Context(), w.session("00112233445566ff", 1, time.Minute), w.recipient())
			if !errors.Is(err, provider.ErrRefused) || m != (aws.Minted{}) {
				t.Errorf("minted %v, %v", m, err)
			}
			w.hides(t, err)
		})
	}
	for _, arn := range []string{"", "arn:aws:iam::999999999999:role/EmergencyDatabase", "arn:aws:iam::" + account + ":role/path/EmergencyDatabase",
		"arn:aws:iam::" + account + ":user/EmergencyDatabase", "arn:aws-moon:iam::" + account + ":role/EmergencyDatabase", roleARN + "\n"} {
		w := newWorld(t)
		s := w.session("00112233445566ff", 1, time.Minute)
		s.RoleARN = arn
		if _, err := w.aws.Mint(t.Context(), s, w.recipient()); !errors.Is(err, provider.ErrRefused) || len(w.double.Calls()) > 0 {
			t.Errorf("%q: %v after %d calls", arn, err, len(w.double.Calls()))
		}
	}
	for _, region := range []string{"", "eu-west-1.evil.example.com/", "EU-WEST-1", "eu-west-1@x"} {
		w := newWorld(t)
		s := w.session("00112233445566ff", 1, time.Minute)
		s.Regions = []string{region}
		if _, err := w.aws.Mint(t.Context(), s, w.recipient()); !errors.Is(err, provider.ErrRefused) || len(w.double.Calls()) > 0 {
			t.Errorf("%q: %v after %d calls", region, err, len(w.double.Calls()))
		}
	}
}

// TestT43FetchTooLate: a token that is over is not signed, and what ended in the
// meantime is not asked for.
func TestT43FetchTooLate(t *testing.T) {
	w := newWorld(t)
	s := w.session("00112233445566ff", 1, 15*time.Minute)
	w.pass(61 * time.Second)
	if _, err := w.aws.Mint(t.Context(), s, w.recipient()); err == nil || len(w.double.Calls())+len(w.signer.signed()) > 0 {
		t.Errorf("a minute late: %v after %d calls", err, len(w.double.Calls()))
	}
	s = w.session("00112233445566ff", 1, time.Second)
	w.pass(2 * time.Second)
	if _, err := w.aws.Mint(t.Context(), s, w.recipient()); err == nil || len(w.double.Calls()) > 0 {
		t.Errorf("after the grant: %v", err)
	}
}

// TestT49KeyOfTheCell: another key than the one that the cell names signs nothing,
// and no subject of another cell, audience or longer life is signed.
func TestT49KeyOfTheCell(t *testing.T) {
	w := newWorld(t)
	w.cell.Key = "another"
	if _, err := w.aws.Mint(t.Context(), w.session("00112233445566ff", 1, time.Minute), w.recipient()); err == nil || len(w.signer.signed()) > 0 {
		t.Errorf("signed with a key that is not in force: %v", err)
	}
	for name, spoil := range map[string]func(*access.Session){
		"subject":  func(s *access.Session) { s.Subject = "other.example.com/database/db" },
		"audience": func(s *access.Session) { s.Audience = "https://elsewhere.example.com" },
	} {
		w := newWorld(t)
		s := w.session("00112233445566ff", 1, time.Minute)
		spoil(&s)
		if _, err := w.aws.Mint(t.Context(), s, w.recipient()); err == nil || len(w.signer.signed())+len(w.double.Calls()) > 0 {
			t.Errorf("%s of another was signed: %v", name, err)
		}
	}
}
