package rotation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/rotation"
)

var passwordContents = access.Contents{Password: &access.AWSUser{Account: awstest.Number, User: "breaker"}}

const oldPassword = "Old-Password-Of-Long-Ago-2"

func (w *world) onePassword(old string) {
	w.t.Helper()
	now := w.aws.Password("breaker")
	if now == "" || now == old || len(now) < 32 {
		w.t.Fatalf("the password is %q", now)
	}
	if got := w.custody.open(w.t); got != now {
		w.t.Errorf("two custodians open %q, and the password is %q", got, now)
	}
	if w.custody.waiting != nil || w.journal() {
		w.t.Error("a sealing waits, or something is still written down as begun")
	}
}

// passwordWorld has a user whose password was set long ago and sealed; the double's
// clock is ahead, so that its credential report is always new enough.
func passwordWorld(t *testing.T, old string) *world {
	t.Helper()
	w := newWorld(t)
	w.aws.AddIAMUser("breaker")
	if old != "" {
		w.aws.SetPassword("breaker", old, time.Now().Add(-90*24*time.Hour))
	}
	if err := w.custody.Seal(t.Context(), []byte("something"), func(rotation.Sealing) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestKilledAtEveryCallOfAPassword: where a process was killed while IAM was asked to
// set a password, whoever goes on finds out whether it was, and ends with the
// password that custodians can open.
func TestKilledAtEveryCallOfAPassword(t *testing.T) {
	t.Parallel()
	for _, old := range []string{oldPassword, ""} {
		for _, after := range []bool{false, true} {
			for at := 1; ; at += min(2, stride()) {
				w := passwordWorld(t, old)
				ended, err := w.rotate(passwordContents, at, after)
				if !ended {
					w.laterReport()
					if ended, err := w.rotate(passwordContents, 0, false); !ended || err != nil {
						t.Fatalf("killed at call %d (after it: %v), then: %v", at, after, err)
					}
				} else if err != nil || at < 7 {
					t.Fatal(at, err)
				}
				w.onePassword(old)
				if t.Failed() {
					t.Fatalf("killed at call %d (after it: %v)", at, after)
				}
				if ended {
					break
				}
			}
		}
	}
}

// laterReport sets IAM's clock on, beyond what its reports may be behind.
func (w *world) laterReport() {
	w.aws.SetClock(func() time.Time { return time.Now().Add(4*time.Hour + 10*time.Minute) })
}

// TestPasswordUnknown: while IAM's report is of before, nobody guesses; nothing is
// made, set or signed.
func TestPasswordUnknown(t *testing.T) {
	w := passwordWorld(t, oldPassword)
	w.aws.Break(awstest.Fault{Action: "UpdateLoginProfile", How: awstest.Lost, Times: 1})
	if err := w.here(passwordContents); err == nil {
		t.Fatal("the answer was lost, and it is content")
	}
	set, sealed := w.aws.Password("breaker"), w.custody.waiting
	for range 2 {
		if err := w.here(passwordContents); !errors.Is(err, rotation.ErrUnknown) {
			t.Fatal(err)
		}
	}
	if w.aws.Password("breaker") != set || w.custody.waiting != sealed || w.custody.accepted != 0 {
		t.Error("it did something all the same")
	}
	w.laterReport()
	if err := w.here(passwordContents); err != nil || w.aws.Password("breaker") != set {
		t.Fatal(err)
	}
	w.onePassword(oldPassword)
}

// TestPasswordRefused: what IAM refuses for certain is said without the password, and
// begun anew.
func TestPasswordRefused(t *testing.T) {
	w := passwordWorld(t, oldPassword)
	w.aws.Break(awstest.Fault{Action: "UpdateLoginProfile", How: "PasswordPolicyViolation", Times: 1})
	err := w.here(passwordContents)
	if err == nil || !strings.Contains(err.Error(), "PasswordPolicyViolation") || w.aws.Password("breaker") != oldPassword {
		t.Fatal(err)
	}
	if err := w.here(passwordContents); err != nil {
		t.Fatal(err)
	}
	w.onePassword(oldPassword)
}

// TestPasswordsArePlain: long, of what can be read out, of each kind of character,
// and never the same.
func TestPasswordsArePlain(t *testing.T) {
	seen := map[string]bool{}
	for _, least := range []int{0, 8, 44, 45, 100, 125} {
		for range 50 {
			text, err := rotation.Password(least)
			if err != nil {
				t.Fatal(err)
			}
			one := string(text)
			if len(one) < max(least, 44) || len(one) > 128 || seen[one] || strings.ContainsAny(one, "0O1lI ") ||
				!strings.ContainsAny(one, "ABCDEFGHJKLMNPQRSTUVWXYZ") || !strings.ContainsAny(one, "23456789") || !strings.Contains(one, "-") || strings.ToUpper(one) == one {
				t.Errorf("at least %d: %q", least, one)
			}
			seen[one] = true
		}
	}
	if _, err := rotation.Password(126); err == nil {
		t.Error("no password of 126 characters has groups of eight")
	}
	w := passwordWorld(t, oldPassword)
	w.aws.PasswordPolicy("<MinimumPasswordLength>64</MinimumPasswordLength><RequireSymbols>true</RequireSymbols>")
	if err := w.here(passwordContents); err != nil {
		t.Fatal(err)
	}
	if w.onePassword(oldPassword); len(w.aws.Password("breaker")) < 64 {
		t.Error("shorter than the account demands")
	}
}
