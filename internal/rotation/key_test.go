package rotation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

var keyContents = access.Contents{AccessKey: &access.AWSUser{Account: awstest.Number, User: "breaker"}}

// oneKey checks what must hold after a rotation: one key, which works, whose secret
// two custodians can open, and nothing begun.
func (w *world) oneKey(gone string) {
	w.t.Helper()
	keys := w.aws.UserKeys("breaker")
	if len(keys) != 1 || keys[0].Status != awstest.Active || keys[0].ID == gone {
		w.t.Fatalf("keys: %+v; %s was the old one", keys, gone)
	}
	want := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", keys[0].ID, keys[0].Secret)
	if got := w.custody.open(w.t); got != want {
		w.t.Errorf("two custodians open %q, and the key that works is %q", got, want)
	}
	if w.custody.waiting != nil {
		w.t.Error("a sealing waits")
	}
	if w.journal() {
		w.t.Error("something is still written down as begun")
	}
}

// sealedKey is a world with a key that a rotation made.
func sealedKey(t *testing.T) (w *world, old string) {
	w = newWorld(t)
	w.aws.AddIAMUser("breaker")
	if ended, err := w.rotate(keyContents, 0, false); !ended || err != nil {
		t.Fatal(err)
	}
	w.oneKey("")
	return w, w.aws.UserKeys("breaker")[0].ID
}

// stride is how many places a short run leaves out.
func stride() int {
	if testing.Short() {
		return 5
	}
	return 1
}

// TestKilledAtEveryCallOfAKey: a process that rotates is killed by SIGKILL before and
// after each call that it makes, of AWS and of the cell. Whoever runs the same again
// ends with exactly one working key, which is sealed, the old one refused, and nothing
// of ours left at AWS or on the disk.
func TestKilledAtEveryCallOfAKey(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		killed := 0
		for at := 1; ; at += stride() {
			w, old := sealedKey(t)
			ended, err := w.rotate(keyContents, at, after)
			if ended {
				if err != nil || killed < 20/stride() {
					t.Fatalf("killed at %d places, then: %v", killed, err)
				}
				w.oneKey(old)
				break
			}
			killed++
			if ended, err := w.rotate(keyContents, 0, false); !ended || err != nil {
				t.Fatalf("killed at call %d (after it: %v), then: %v", at, after, err)
			}
			w.oneKey(old)
			if t.Failed() {
				t.Fatalf("killed at call %d (after it: %v)", at, after)
			}
		}
	}
}

// TestKilledAtTheFirstKey is the same for a user who has no key yet.
func TestKilledAtTheFirstKey(t *testing.T) {
	t.Parallel()
	for at := 1; ; at += stride() {
		w := newWorld(t)
		w.aws.AddIAMUser("breaker")
		ended, err := w.rotate(keyContents, at, true)
		if !ended {
			if ended, err = w.rotate(keyContents, 0, false); !ended || err != nil {
				t.Fatalf("killed at call %d, then: %v", at, err)
			}
			w.oneKey("")
			continue
		}
		if at < 15 || err != nil {
			t.Fatal(at, err)
		}
		break
	}
}

// TestKilledAgainAndAgain: each process comes three calls further than the last one's
// beginning, or not even that; AWS is slow to believe what it was told.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	w, old := sealedKey(t)
	w.aws.Lag(2)
	for round := 1; ; round++ {
		ended, err := w.rotate(keyContents, 2+round, round%2 == 0)
		if ended {
			if err != nil || round < 5 {
				t.Fatal(round, err)
			}
			break
		}
		if round > 60 {
			t.Fatal("it does not end")
		}
	}
	w.oneKey(old)
}

// TestCallsOfAKeyThatFail: each call of AWS fails, without effect and after it. The
// process says so; whoever runs the same again ends as after a kill.
func TestCallsOfAKeyThatFail(t *testing.T) {
	for _, action := range []string{"ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "GetCallerIdentity"} {
		for _, how := range []awstest.How{awstest.Down, awstest.Lost, "ServiceUnavailable", "AccessDenied"} {
			w, old := sealedKey(t)
			w.aws.Break(awstest.Fault{Action: action, How: how, Times: 3}) // as often as it is tried
			err := w.here(keyContents)
			w.aws.Mend()
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%s %s: %v", action, how, err)
			}
			for range 2 {
				if err = w.here(keyContents); err == nil {
					break
				}
			}
			if err != nil {
				t.Fatalf("%s %s, then: %v", action, how, err)
			}
			w.oneKey(old)
		}
	}
}

// TestStrayKeys: a key that no rotation made is named, with what AWS knows of it, and
// removed only when it is said which.
func TestStrayKeys(t *testing.T) {
	w, old := sealedKey(t)
	stray := w.aws.AddUserKey("breaker", time.Now().Add(-48*time.Hour))
	err := w.here(keyContents)
	if err == nil || !strings.Contains(err.Error(), stray.ID) || !strings.Contains(err.Error(), old) || !strings.Contains(err.Error(), "never used") {
		t.Fatal(err)
	}
	if len(w.aws.UserKeys("breaker")) != 2 || w.journal() {
		t.Fatal("it did something all the same")
	}
	if err := w.here(keyContents, stray.ID); err != nil {
		t.Fatal(err)
	}
	w.oneKey(old)

	// Of a user who was never rotated any key is a stray, and works until the new one does.
	w = newWorld(t)
	w.aws.AddIAMUser("breaker")
	by := w.aws.AddUserKey("breaker", time.Now().Add(-48*time.Hour))
	if err := w.here(keyContents); err == nil || !strings.Contains(err.Error(), by.ID) {
		t.Fatal(err)
	}
	if err := w.here(keyContents, by.ID); err != nil {
		t.Fatal(err)
	}
	w.oneKey(by.ID)
}

// TestAnotherSealingTakesThePlace: when somebody seals something else meanwhile, the
// old key works on, and the new one is gone.
func TestAnotherSealingTakesThePlace(t *testing.T) {
	for at := 10; at < 19; at++ { // before and after the old key ends
		w, old := sealedKey(t)
		if ended, err := w.rotate(keyContents, at, true); ended {
			t.Fatal(at, err)
		}
		signed := w.custody.accepted > 0
		w.custody.superseded = true
		_, err := w.rotate(keyContents, 0, false)
		keys := w.aws.UserKeys("breaker")
		switch {
		case signed: // it came too late
			if err != nil || len(keys) != 1 || keys[0].ID == old {
				t.Errorf("call %d: %v, %+v", at, err, keys)
			}
		case err == nil || len(keys) != 1 || keys[0].ID != old || keys[0].Status != awstest.Active || w.journal():
			t.Errorf("call %d: %v, %+v", at, err, keys)
		}
	}
}

// TestNobodyWakesWhatWasPutToRest: a key that somebody put to rest before it was rotated,
// because it is known where it must not be, rests on when another sealing takes the place.
func TestNobodyWakesWhatWasPutToRest(t *testing.T) {
	for at := 10; at < 19; at++ {
		w, old := sealedKey(t)
		keys := w.aws.UserKeys("breaker")
		keys[0].Status = awstest.Inactive
		w.aws.SetUserKeys("breaker", keys)
		if ended, err := w.rotate(keyContents, at, true); ended {
			t.Fatal(at, err)
		}
		if w.custody.accepted > 0 {
			continue
		}
		w.custody.superseded = true
		_, err := w.rotate(keyContents, 0, false)
		if now := w.aws.UserKeys("breaker"); err == nil || len(now) != 1 || now[0].ID != old || now[0].Status != awstest.Inactive || w.journal() {
			t.Errorf("call %d: %v, %+v", at, err, now)
		}
	}
}

// TestAnotherMachineRotatedSince: a rotation is killed when it is signed, or while it
// deletes what is old, and another machine rotates before it is gone on with. The key
// of that one is the one in force: it is no stray, and nothing wakes what was before.
func TestAnotherMachineRotatedSince(t *testing.T) {
	found := 0
	for at := 10; ; at++ {
		w, first := sealedKey(t)
		ended, err := w.rotate(keyContents, at, true)
		if ended {
			if err != nil || found < 3 {
				t.Fatal(found, err)
			}
			return
		}
		if w.custody.accepted == 0 {
			continue
		}
		found++
		ours := w.custody.inForce.Of
		here := w.folder
		w.folder = t.TempDir()
		if keys := w.aws.UserKeys("breaker"); len(keys) == 2 { // the other machine is told which goes
			if _, err := w.rotate(keyContents, 0, false, first); err != nil {
				t.Fatal(at, err)
			}
		} else if _, err := w.rotate(keyContents, 0, false); err != nil {
			t.Fatal(at, err)
		}
		theirs := w.aws.UserKeys("breaker")
		w.folder = here
		if w.custody.inForce.Of == ours || !w.journal() {
			t.Fatal(at, "the other machine did not rotate, or nothing is to be gone on with")
		}
		ended, err = w.rotate(keyContents, 0, false)
		if !ended || err == nil || !strings.Contains(err.Error(), "another sealing took its place") || strings.Contains(err.Error(), theirs[0].ID) {
			t.Errorf("call %d: %v", at, err)
		}
		if now := w.aws.UserKeys("breaker"); len(now) != 1 || now[0].ID != theirs[0].ID || now[0].Status != awstest.Active || w.journal() {
			t.Errorf("call %d: %+v, and in force was %+v", at, now, theirs)
		}
	}
}

// TestALaterSealingWakesNoOldKey: when somebody sealed and signed something else by hand,
// after the old key was refused, that old key stays refused.
func TestALaterSealingWakesNoOldKey(t *testing.T) {
	found := 0
	for at := 10; ; at++ {
		w, old := sealedKey(t)
		ended, err := w.rotate(keyContents, at, true)
		if ended {
			if err != nil || found == 0 {
				t.Fatal(found, err)
			}
			return
		}
		by, err := sealFor(w.custody.task(), []byte("by hand"))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range w.aws.UserKeys("breaker") {
			if k.ID != old || k.Status == awstest.Active {
				continue
			}
			found++
			w.custody.inForce, w.custody.waiting = &by, nil
			if _, err := w.rotate(keyContents, 0, false); err == nil {
				t.Errorf("call %d: it says that it rotated", at)
			}
			for _, k := range w.aws.UserKeys("breaker") {
				if k.ID == old && k.Status == awstest.Active {
					t.Errorf("call %d: the old key works again", at)
				}
			}
		}
	}
}
