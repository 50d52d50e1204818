package rotation_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/rotation"
)

var secretContents = access.Contents{Secret: &access.AWSSecret{Account: awstest.Number, Region: region, Name: secretName}}

// oneValue checks what must hold after a rotation: one value under one label, which
// two custodians can open, and nothing begun.
func (w *world) oneValue(old string) {
	w.t.Helper()
	stages := w.aws.SecretStages(region, secretName)
	if len(stages) != 1 || stages["AWSCURRENT"] == "" || stages["AWSCURRENT"] == old {
		w.t.Fatalf("labels: %v", stages)
	}
	if got := w.custody.open(w.t); got != stages["AWSCURRENT"] {
		w.t.Errorf("two custodians open %q, and %q is current", got, stages["AWSCURRENT"])
	}
	if w.custody.waiting != nil || w.journal() {
		w.t.Error("a sealing waits, or something is still written down as begun")
	}
}

func sealedSecret(t *testing.T) (w *world, old string) {
	t.Helper()
	w = newWorld(t)
	w.aws.AddSecret(region, secretName, "a-value-of-long-ago")
	if ended, err := w.rotate(secretContents, 0, false); !ended || err != nil {
		t.Fatal(err)
	}
	w.oneValue("a-value-of-long-ago")
	return w, w.aws.SecretStages(region, secretName)["AWSCURRENT"]
}

// TestKilledAtEveryCallOfASecret is TestKilledAtEveryCallOfAKey for a secret of
// Secrets Manager.
func TestKilledAtEveryCallOfASecret(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for at := 1; ; at += stride() {
			w, old := sealedSecret(t)
			ended, err := w.rotate(secretContents, at, after)
			if !ended {
				if ended, err := w.rotate(secretContents, 0, false); !ended || err != nil {
					t.Fatalf("killed at call %d (after it: %v), then: %v", at, after, err)
				}
			} else if err != nil || at < 15 {
				t.Fatal(at, err)
			}
			w.oneValue(old)
			if t.Failed() {
				t.Fatalf("killed at call %d (after it: %v)", at, after)
			}
			if ended {
				break
			}
		}
	}
}

// TestCallsOfASecretThatFail: as for keys. No error quotes a value.
func TestCallsOfASecretThatFail(t *testing.T) {
	for _, action := range []string{"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"} {
		for _, how := range []awstest.How{awstest.Down, awstest.Lost, "InternalServiceError", "AccessDeniedException"} {
			w, old := sealedSecret(t)
			w.aws.Break(awstest.Fault{Action: action, How: how, Times: 3})
			err := w.here(secretContents)
			w.aws.Mend()
			for _, value := range w.known() {
				if err != nil && strings.Contains(err.Error(), value) {
					t.Errorf("%s %s: %v", action, how, err)
				}
			}
			for range 2 {
				if err = w.here(secretContents); err == nil {
					break
				}
			}
			if err != nil {
				t.Fatalf("%s %s, then: %v", action, how, err)
			}
			w.oneValue(old)
		}
	}
}

// TestSecretThatSomebodyElseRotates: a version that is pending is another's until it
// is said that it may go.
func TestSecretThatSomebodyElseRotates(t *testing.T) {
	w, old := sealedSecret(t)
	id := w.aws.StageSecret(region, secretName, "of-another-hand", "AWSPENDING")
	if err := w.here(secretContents); err == nil || !strings.Contains(err.Error(), id) || w.journal() {
		t.Fatal(err)
	}
	if err := w.here(secretContents, id); err != nil {
		t.Fatal(err)
	}
	w.oneValue(old)
}

// TestAnotherSealingTakesThePlaceOfASecret: the value of the sealing in force stays
// current, or is again.
func TestAnotherSealingTakesThePlaceOfASecret(t *testing.T) {
	for at := 9; at < 17; at++ {
		w, old := sealedSecret(t)
		if ended, err := w.rotate(secretContents, at, true); ended {
			t.Fatal(at, err)
		}
		signed := w.custody.accepted > 0
		w.custody.superseded = true
		_, err := w.rotate(secretContents, 0, false)
		now := w.aws.SecretStages(region, secretName)
		if signed != (err == nil) || signed != (now["AWSCURRENT"] != old) || len(now) != 1 {
			t.Errorf("call %d: signed %v, %v, %v", at, signed, err, now)
		}
	}
}

// TestWhatMayBeSetIsNotLost: where another sealing takes the place of one whose value
// may be set already, the value keeps a label, and it is said that it may count.
func TestWhatMayBeSetIsNotLost(t *testing.T) {
	w, old := sealedSecret(t)
	var got string
	set := func(_ context.Context, secret []byte) error {
		got, w.custody.superseded = string(secret), true
		return nil
	}
	err := w.hereSet(set, secretContents)
	now := w.aws.SecretStages(region, secretName)
	if err == nil || !strings.Contains(err.Error(), "may be set") || strings.Contains(err.Error(), got) || now["AWSPENDING"] != got || w.journal() {
		t.Errorf("%v, %v", err, now)
	}
	if now["AWSCURRENT"] != old || len(now) != 2 {
		t.Errorf("%v, was %s", now, old)
	}
}

// TestOutdatedValueGetsNoLabel: where another machine rotated meanwhile, and set its value
// where it counts, the value of this rotation is worth nothing: it does not come to lie
// there as the one to be, and a label that the other needs is not taken for it.
func TestOutdatedValueGetsNoLabel(t *testing.T) {
	down := func(context.Context, []byte) error { return errors.New("the database does not answer") }
	for _, label := range []string{"AWSCURRENT", "AWSPENDING"} {
		w, old := sealedSecret(t)
		if err := w.hereSet(down, secretContents); err == nil {
			t.Fatal("set by nobody")
		}
		ours := w.aws.SecretStages(region, secretName)["AWSPENDING"]
		w.aws.StageSecret(region, secretName, "of-another-machine", "AWSPENDING") // ours was a stray there, and was taken out
		want := map[string]string{"AWSCURRENT": old, "AWSPENDING": "of-another-machine"}
		if label == "AWSCURRENT" {
			w.aws.UnstageSecret(region, secretName, "AWSPENDING")
			w.aws.StageSecret(region, secretName, "of-another-machine", label)
			w.aws.UnstageSecret(region, secretName, "AWSPREVIOUS")
			want = map[string]string{"AWSCURRENT": "of-another-machine"}
		}
		w.custody.superseded = true
		err := w.hereSet(down, secretContents)
		if !errors.Is(err, rotation.ErrSuperseded) || !strings.Contains(err.Error(), "another rotation") || strings.Contains(err.Error(), ours) || w.journal() {
			t.Errorf("%s: %v", label, err)
		}
		if now := w.aws.SecretStages(region, secretName); !maps.Equal(now, want) {
			t.Errorf("the other's is %s: labels are %v", label, now)
		}
	}
}

// TestSecretIsSetBeforeItIsCurrent: whoever sets the value where it counts gets the one
// that is sealed while the old one is current still. When they fail, nothing changes,
// and they are asked again with the same.
func TestSecretIsSetBeforeItIsCurrent(t *testing.T) {
	w, old := sealedSecret(t)
	var got []string
	set := func(_ context.Context, secret []byte) error {
		if now := w.aws.SecretStages(region, secretName)["AWSCURRENT"]; now != old {
			t.Errorf("%q is current before it was set", now)
		}
		if got = append(got, string(secret)); len(got) < 3 {
			return errors.New("the database does not answer")
		}
		return nil
	}
	for len(got) < 2 {
		if err := w.hereSet(set, secretContents); err == nil || !strings.Contains(err.Error(), "database") || w.custody.accepted != 0 {
			t.Fatal(err)
		}
	}
	if err := w.hereSet(set, secretContents); err != nil {
		t.Fatal(err)
	}
	w.oneValue(old)
	if now := w.aws.SecretStages(region, secretName)["AWSCURRENT"]; len(got) != 3 || got[0] != now || got[1] != now || got[2] != now {
		t.Errorf("%q was set, and %q is current", got, now)
	}
}

// TestSecretThatIsGone: the value of a version that is there no more is set nowhere, and
// least of all an empty one; another is made and sealed.
func TestSecretThatIsGone(t *testing.T) {
	w, old := sealedSecret(t)
	set := func(_ context.Context, secret []byte) error {
		if len(secret) == 0 {
			t.Error("an empty value was set")
		}
		return nil
	}
	w.aws.Break(awstest.Fault{Action: "GetSecretValue", How: "ResourceNotFoundException", Times: 2}) // before it is put there, and when it is to be set
	if err := w.hereSet(set, secretContents); err == nil || !strings.Contains(err.Error(), "any more") || w.custody.accepted != 0 {
		t.Fatal(err)
	}
	if err := w.hereSet(set, secretContents); err != nil {
		t.Fatal(err)
	}
	w.oneValue(old)
}

// TestSecretIsSetByWhoBeganToo: a rotation that was begun with a program is not ended
// without one, which would sign for a value that counts nowhere.
func TestSecretIsSetByWhoBeganToo(t *testing.T) {
	w, old := sealedSecret(t)
	down := func(context.Context, []byte) error { return errors.New("the database does not answer") }
	if err := w.hereSet(down, secretContents); err == nil || !strings.Contains(err.Error(), "database") {
		t.Fatal(err)
	}
	if err := w.here(secretContents); err == nil || !strings.Contains(err.Error(), "again") || w.custody.accepted != 0 {
		t.Fatalf("it goes on without the program: %v", err)
	}
	if err := w.hereSet(func(context.Context, []byte) error { return nil }, secretContents); err != nil {
		t.Fatal(err)
	}
	w.oneValue(old)
}
