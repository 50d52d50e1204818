package e2e_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// TestT47LoginsWhileOthersEnd: while grants of ann's are ended one after the other
// at a host, every single login of bob's, as the same user there, succeeds.
func TestT47LoginsWhileOthersEnd(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{host: true})
	if err := w.host.up(); err != nil {
		t.Fatal(err)
	}
	_, bobs := w.opened(t, "bob")
	quit, over, logins := make(chan struct{}), make(chan struct{}), 0
	defer func() {
		close(quit)
		<-over
		t.Logf("%d logins of bob's meanwhile", logins)
	}()
	go func() {
		defer close(over)
		for {
			select {
			case <-quit:
				return
			default:
			}
			logins++
			if out, err := w.host.ssh(bobs, "echo in").CombinedOutput(); err != nil || string(out) != "in\n" {
				t.Errorf("login %d of bob's: %v\n%s", logins, err, out)
			}
		}
	}()
	endings := 4
	if soaking() {
		endings = 40
	}
	for range endings {
		id, file := w.opened(t, "ann")
		inside := ok[*session](t)(w.host.session(file))
		w.lease(t, id, "worked", "true")
		ok[string](t)(w.as("sue", "stop", id.String(), "--why", "enough"))
		w.lease(t, id, "state", "closed")
		if inside.alive() {
			t.Error("a session of ann's is alive though its lease is closed")
		}
	}
}

// opened is a grant of a person's at primary, and the file of a credential.
func (w *town) opened(t *testing.T, person string) (id canon.Digest, file string) {
	t.Helper()
	id = ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(w.ask(person, 20*time.Minute, "primary"))))
	for _, approver := range []string{"sam", "lea"} {
		ok[string](t)(w.as(approver, "approve", id.String(), "--check", "call-back", "--yes"))
	}
	w.lease(t, id, "state", "open")
	file = w.path(person + "-" + id.Short())
	ok[string](t)(w.as(person, "credential", id.String(), "primary", "--output", file))
	return id, file
}

// lease waits until the only lease of a request is so.
func (w *town) lease(t *testing.T, id canon.Digest, member, value string) {
	t.Helper()
	err := until(3*patience, member+" to be "+value, func() (bool, error) { return status(t, w, id, "leases.0."+member)[0] == value, nil })
	if err != nil {
		t.Fatal(err)
	}
}
