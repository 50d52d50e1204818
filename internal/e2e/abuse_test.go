package e2e_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// agreed asks for a grant by hand and has it agreed and open; it gives the id and
// what signs as the holder.
func agreed(t *testing.T, wr *wire, length time.Duration) (canon.Digest, client.Signer) {
	t.Helper()
	body, holder, why, err := wr.asking(length, "primary")
	if err != nil {
		t.Fatal(err)
	}
	id := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(ok[said](t)(wr.send("ann", body, why)).must(nil, "digest"))))
	for _, approver := range []string{"sam", "lea"} {
		ok[string](t)(ok[said](t)(wr.send(approver, &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack})).must(nil, "digest"))
	}
	err = until(patience, "the target to open", func() (bool, error) {
		out, err := wr.town.as("ann", "status", id.String(), "--json")
		if err != nil {
			return false, err
		}
		state, err := at(out, "leases.*.state")
		return state == "open", err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, ok[client.Signer](t)(holder.Signer())
}

// status reads values of a request as sid.
func status(t *testing.T, w *town, id canon.Digest, paths ...string) []string {
	t.Helper()
	out := ok[string](t)(w.as("sid", "status", id.String(), "--json"))
	values := make([]string, len(paths))
	for i, path := range paths {
		values[i] = ok[string](t)(at(out, path))
	}
	return values
}

// moments counts what happened to a request, by its words in the timeline.
func moments(t *testing.T, w *town, id canon.Digest, words string) int {
	t.Helper()
	return strings.Count(ok[string](t)(w.as("sid", "status", id.String(), "--timeline")), words)
}

// TestT67HungChannelDelaysNobody: one channel takes alarms and never answers. No
// person waits for it, the other channel hears everything, and what the hung one
// missed it hears when it answers again.
func TestT67HungChannelDelaysNobody(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{channels: []string{"pager", "siren"}})
	pager, siren := w.hooks["pager"], w.hooks["siren"]
	pager.hang()
	wr := newWire(t, w)
	times := &timed{Transport: wr.http.Transport.(*http.Transport)}
	wr.http.Transport = times
	const emergencies = 6
	var ids []canon.Digest
	for range emergencies {
		id, holder := agreed(t, wr, time.Minute)
		ids = append(ids, id)
		ok[string](t)(ok[said](t)(wr.sendWith("ann", holder, &statement.Fetch{Of: id, Target: "primary"})).must(nil, "digest"))
		ok[string](t)(ok[said](t)(wr.sendWith("ann", holder, &statement.Release{Of: id})).must(nil, "digest"))
	}
	// An alarm alone is given five seconds: a step that waited for one would take as long
	// in every emergency, and a machine that does much else is not so slow in each.
	const steps = 5
	if len(times.took) != emergencies*steps {
		t.Fatalf("%d statements were answered", len(times.took))
	}
	for step := range steps {
		fastest := times.took[step]
		for i := step; i < len(times.took); i += steps {
			fastest = min(fastest, times.took[i])
		}
		if fastest > 4*time.Second {
			t.Errorf("step %d took at least %s while a channel hung", step, fastest)
		}
	}
	kinds := []string{"grant.agreed", "credential.authorised", "grant.ended"}
	all := func(h *hook) func() (bool, error) {
		return func() (bool, error) {
			for _, id := range ids {
				if !h.namesAsked(id) {
					return false, fmt.Errorf("nothing of request %s", id.Short())
				}
			}
			for _, kind := range kinds {
				if n := len(h.of(kind)); n < emergencies {
					return false, fmt.Errorf("%d of %s", n, kind)
				}
			}
			return true, nil
		}
	}
	if err := until(patience, "the siren to hear everything", all(siren)); err != nil {
		t.Error(err)
	}
	if pager.begun() == 0 || len(pager.of("request.made")) > 0 {
		t.Errorf("the pager was tried %d times and heard %d: it did not hang", pager.begun(), len(pager.of("request.made")))
	}
	out := ok[string](t)(w.as("sid", "status", "--all", "--json"))
	if !strings.Contains(out, "ended") {
		t.Error("the page does not answer while a channel hangs")
	}
	pager.answer()
	if err := until(3*patience, "the pager to hear everything later", all(pager)); err != nil {
		t.Error(err)
	}
	t.Logf("statements were answered within %s with a hung channel", slices.Max(times.took))
}

// timed notes how long each statement takes to be answered.
type timed struct {
	*http.Transport
	took []time.Duration
}

// RoundTrip sends a request and waits for its answer.
func (w *timed) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := w.Transport.RoundTrip(r)
	if r.Method == http.MethodPost {
		w.took = append(w.took, time.Since(began))
	}
	return answer, err
}

// TestSentAgain: a client that was killed before it read the answer, a server that
// was killed after it gave one, and the same bytes twenty times at once: one
// request, one entry.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{})
	wr := newWire(t, w)
	body, _, why, err := wr.asking(time.Minute, "primary")
	if err != nil {
		t.Fatal(err)
	}
	envelope := ok[[]byte](t)(wr.envelope("ann", ok[client.Signer](t)(wr.signer("ann")), body, why))
	if err := wr.hangUp(envelope); err != nil {
		t.Fatal(err)
	}
	first := ok[said](t)(wr.post(envelope))
	entry := ok[string](t)(at(first.text, "entry"))
	if err := w.stopServer(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			each, err := w.wire()
			if err != nil {
				t.Error(err)
				return
			}
			defer each.http.CloseIdleConnections()
			s, err := each.post(envelope)
			if err != nil || s.status != http.StatusOK {
				t.Errorf("sent again: %d %v", s.status, err)
				return
			}
			if got, err := at(s.text, "entry"); err != nil || got != entry {
				t.Errorf("sent again it is entry %s, before it was %s: %v", got, entry, err)
			}
			if again, err := at(s.text, "again"); err != nil || again != "true" {
				t.Errorf("sent again, again is %q: %v", again, err)
			}
		}()
	}
	all.Wait()
	out := ok[string](t)(w.as("sid", "status", "--json"))
	if ids := ok[string](t)(at(out, "waiting.*.id")); ids == "" || strings.Contains(ids, ",") {
		t.Errorf("one statement became the requests %q", ids)
	}
}

// hangUp sends an envelope and goes before it is answered, as a killed client does.
func (w *wire) hangUp(envelope []byte) error {
	conn, err := tls.Dial("tcp", w.town.web, w.http.Transport.(*http.Transport).TLSClientConfig.Clone())
	if err != nil {
		return err
	}
	defer conn.Close()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://"+w.town.web+"/api/v1/statements", strings.NewReader(string(envelope)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	out := bufio.NewWriter(conn)
	return errors.Join(request.Write(out), out.Flush())
}

// TestT43SSHOutlivesNothing tries everything that might let access by SSH outlive
// its grant: the certificate, a session, a session that left its login, a new
// channel on an old connection.
func TestT43SSHOutlivesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{host: true})
	if err := w.host.up(); err != nil {
		t.Fatal(err)
	}
	id := ok[string](t)(w.grant(20*time.Minute, "primary"))
	digest := ok[canon.Digest](t)(canon.ParseDigest(id))
	file := w.path("cred")
	err := until(patience, "a credential", func() (bool, error) {
		_, err := w.as("ann", "credential", id, "primary", "--output", file)
		return err == nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	plain := ok[*session](t)(w.host.session(file))
	// One that leaves its session and process group, as people who know how do.
	away := ok[*session](t)(w.host.sessionOf(file, "setsid sh -c 'echo $$; exec sleep 600 </dev/null >/dev/null 2>&1' ; sleep 600"))
	// One connection that is kept for later channels.
	control := w.path("control")
	master := w.host.ssh(file, "sleep 600")
	master.Args = append(master.Args[:1], append([]string{"-M", "-S", control}, master.Args[1:]...)...)
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Process.Kill(); _ = master.Wait() })
	err = until(patience, "the shared connection", func() (bool, error) { _, err := os.Stat(control); return err == nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	later := func() (string, error) {
		c := w.host.ssh(file, "echo in")
		c.Args = append(c.Args[:1], append([]string{"-S", control, "-o", "ControlMaster=no"}, c.Args[1:]...)...)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := later(); err != nil || out != "in\n" {
		t.Fatalf("the shared connection does not work: %v %s", err, out)
	}
	err = until(patience, "the twin to be seen to work", func() (bool, error) { return status(t, w, digest, "leases.0.worked")[0] == "true", nil })
	if err != nil {
		t.Fatal(err)
	}
	ok[string](t)(w.as("sue", "stop", id, "--why", "enough"))
	err = until(3*patience, "the lease to close", func() (bool, error) { return status(t, w, digest, "leases.0.state")[0] == "closed", nil })
	if err != nil {
		t.Fatal(err)
	}
	if kinds := status(t, w, digest, "leases.0.proofs.*.kind")[0]; kinds != "refused,ended" {
		t.Errorf("it is proved by %q", kinds)
	}
	// Closed is proved: at this very moment nothing of it is left.
	for name, s := range map[string]*session{"the session": plain, "the session that left": away} {
		if s.alive() {
			t.Errorf("%s is alive though the lease is closed", name)
		}
	}
	if out, err := later(); err == nil {
		t.Errorf("the old connection gives a new channel: %s", out)
	}
	if in, err := w.host.accepts(file); in || err != nil {
		t.Errorf("the certificate opens the host: %v %v", in, err)
	}
}

// TestStopEverything: one command ends every live grant that its signer may stop, each
// by a signature of its own, and says which it may not.
func TestStopEverything(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{long: true})
	wr := newWire(t, w)
	one, _ := agreed(t, wr, 30*time.Minute)
	two, _ := agreed(t, wr, 30*time.Minute)
	if out, err := w.as("bob", "stop", "--all", "--why", "not mine", "--yes"); err != nil || !strings.Contains(out, "Nothing is live that you may stop.") {
		t.Fatalf("somebody who may stop nothing: %v\n%s", err, out)
	}
	for _, id := range []canon.Digest{one, two} {
		if got := status(t, w, id, "state")[0]; got != "granted" {
			t.Fatalf("request %s is %s", id.Short(), got)
		}
	}
	var all []struct {
		Request canon.Digest `json:"request"`
		Entry   int64        `json:"entry"`
	}
	out := ok[string](t)(w.as("sue", "stop", "--all", "--why", "a key of ours is out", "--yes", "--json"))
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 2 || all[0].Entry == all[1].Entry || all[0].Entry == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	for _, id := range []canon.Digest{one, two} {
		if got := status(t, w, id, "state", "end.by", "end.why"); got[0] != "ended" || got[1] != "sue" || got[2] != "stopped" {
			t.Errorf("request %s is %v", id.Short(), got)
		}
	}
	if out := ok[string](t)(w.as("sue", "stop", "--all", "--why", "again", "--yes")); !strings.Contains(out, "Nothing is live that you may stop.") {
		t.Errorf("with nothing left: %s", out)
	}
	if out, err := w.as("sue", "stop", one.String(), "--all", "--why", "which?"); err == nil || !strings.Contains(out+err.Error(), "the id of one request, or --all") {
		t.Errorf("both: %v\n%s", err, out)
	}
}
