package e2e_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT48CrashBetweenMintAndRecord kills the server as soon as a certificate left
// it, before it is recorded that it did. What was authorised stays known: the
// lease counts the certificate, is not closed for "never issued", and the
// delivery is later recorded as interrupted.
func TestT48CrashBetweenMintAndRecord(t *testing.T) {
	t.Parallel()
	w := foundTown(t, founding{long: true, watchers: []string{"w1"}})
	w.startWatcher(t, "w1")
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	if err := until(patience, "the witness to cosign", func() (bool, error) {
		_, err := w.ask("bob", time.Minute, "primary")
		return err == nil, err
	}); err != nil {
		t.Fatal(err)
	}
	wr := newWire(t, w)
	id, holder := agreed(t, wr, 30*time.Minute)
	if err := w.watchers["w1"].process.end(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	const tries = 20 // the wait for a witness may be over before the lock is taken
	fetched, gap := 0, false
	for range tries {
		envelope := ok[[]byte](t)(wr.envelope("ann", holder, &statement.Fetch{Of: id, Target: "primary"}))
		s := w.unrecorded(t, wr, envelope)
		ok[string](t)(s.must(nil, "credential.certificate"))
		fetched++
		if err := w.serve(); err != nil {
			t.Fatal(err)
		}
		if issued := status(t, w, id, "leases.0.issued")[0]; issued != fmt.Sprint(fetched) {
			t.Fatalf("%d certificates left the server and it knows of %s", fetched, issued)
		}
		// The very same fetch gives no second certificate.
		if again := ok[said](t)(wr.post(envelope)); again.status == http.StatusCreated || strings.Contains(again.text, "ssh-ed25519-cert") {
			t.Fatalf("the same fetch was answered again: %d %s", again.status, again.text)
		}
		if gap = moments(t, w, id, "was handed over") < fetched; gap {
			break
		}
	}
	if !gap {
		t.Fatalf("killed %d times, and every delivery was recorded before", fetched)
	}
	t.Logf("killed %d times until a delivery was not recorded", fetched)
	if _, err := w.as("sid", "stop", id.String(), "--why", "enough"); err != nil {
		t.Fatal(err)
	}
	if got := status(t, w, id, "leases.0.state", "leases.0.proofs"); got[0] != "closing" || got[1] != "" {
		t.Errorf("the lease is %q with proofs %q, though a certificate is out there", got[0], got[1])
	}
	// A minute later nobody will report the delivery any more.
	err := until(3*patience, "the delivery to be given up", func() (bool, error) {
		return moments(t, w, id, "was handed over is not known: the server was interrupted") > 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// unrecorded sends a fetch and kills the server once it is answered. In between, while
// the credential waits for a witness that is gone, it takes the place of whoever writes
// to the database, so that nothing more is recorded.
func (w *town) unrecorded(t *testing.T, wr *wire, envelope []byte) said {
	t.Helper()
	db := ok[*sql.DB](t)(sql.Open("sqlite", "file:"+w.path("cell", "data", "cell.db")+"?_txlock=immediate&_pragma=busy_timeout(60000)"))
	t.Cleanup(func() { _ = db.Close() }) // beside the next server: the last one to close would tidy up what the kill left
	authorised := func() (n int, err error) {
		err = db.QueryRow("SELECT count(*) FROM entry WHERE instr(body, 'credential-authorised') > 0").Scan(&n)
		return n, err
	}
	before := ok[int](t)(authorised())
	answers, failed := make(chan said, 1), make(chan error, 1)
	go func() {
		s, err := wr.post(envelope)
		answers <- s
		failed <- err
	}()
	for limit := time.Now().Add(patience); ok[int](t)(authorised()) == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the fetch was not authorised")
		}
	}
	lock := ok[*sql.Tx](t)(db.Begin())
	s := <-answers
	if err := w.stopServer(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	return ok[said](t)(s, <-failed)
}
