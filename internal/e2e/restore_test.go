package e2e_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestRestoreUnderLoad is story 13 while people work: a backup is taken, work goes
// on, the server is killed and its disk is lost. With a mirror all of it comes back;
// with a witness and no mark, and with neither, the change quorum begins a new epoch.
// In no case does anybody ever see two roots for one size of one ledger, is a grant
// alive that had ended, or does the ledger fail to verify.
func TestRestoreUnderLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		mirror, witness bool
	}{{"with a mirror", true, false}, {"with a witness", false, true}, {"with neither", false, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("starts real servers: left out by -short")
			}
			f := founding{}
			if c.witness {
				f.watchers = []string{"w1"}
			}
			w := foundTown(t, f)
			if c.witness {
				w.startWatcher(t, "w1")
			}
			if err := w.serve(); err != nil {
				t.Fatal(err)
			}
			seen := &roots{of: map[string]string{}}
			defer seen.follow(w)()
			if c.witness {
				if err := until(patience, "the witness to cosign", func() (bool, error) {
					_, err := w.ask("bob", time.Minute, "primary")
					return err == nil, nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			ok[string](t)(output(exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", w.path("backup.key"))))
			before, after := w.workUntil(t, c.mirror)
			if err := w.stopServer(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			w.bringBack(t, c.mirror, c.witness)
			if err := w.serve(); err != nil {
				t.Fatal(err)
			}
			w.judge(t, c.mirror, append(before, after...))
			id := ok[string](t)(w.ask("ann", 10*time.Minute, "primary")) // life goes on
			ok[string](t)(w.as("sam", "approve", id, "--check", "call-back", "--yes"))
			ok[string](t)(w.as("lea", "approve", id, "--check", "video", "--yes"))
			ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("after")))
			if said := ok[string](t)(output(exec.Command(w.program("halligan"), "verify", w.path("after"), "--anchor", w.path("people", "sue", "anchor.json")))); !strings.Contains(said, "VERIFIED") {
				t.Error(said)
			}
			if err := seen.fault(); err != nil {
				t.Error(err)
			}
			t.Logf("%d checkpoints were seen, %d requests made; no ledger had two roots at a size", seen.count(), len(before)+len(after))
		})
	}
}

// made is a request and whether it is known to have ended.
type made struct {
	id    string
	ended bool
}

// workUntil has people ask, agree and stop while a backup is taken, and after. It
// gives what was made before and after the backup.
func (w *town) workUntil(t *testing.T, mirror bool) (before, after []made) {
	t.Helper()
	one := func(i int) made {
		id := ok[string](t)(w.ask("ann", 20*time.Minute, "primary"))
		ok[string](t)(w.as("sam", "approve", id, "--check", "call-back", "--yes"))
		ok[string](t)(w.as("lea", "approve", id, "--check", "video", "--yes"))
		if i%2 == 0 {
			return made{id, false}
		}
		ok[string](t)(w.as("sue", "stop", id, "--why", "enough"))
		return made{id, true}
	}
	for i := range 2 {
		before = append(before, one(i))
	}
	backed := make(chan error, 1)
	go func() {
		line, err := os.ReadFile(w.path("backup.key.pub"))
		if err == nil {
			_, err = output(exec.Command(w.program("halligan"), "backup", w.path("cell"), "--to", w.path("backup.age"),
				"--recipient", strings.Join(strings.Fields(string(line))[:2], " ")))
		}
		backed <- err
	}()
	for i := range 2 { // while it is taken
		after = append(after, one(i))
	}
	if err := <-backed; err != nil {
		t.Fatal(err)
	}
	ok[string](t)(w.as("sue", "stop", before[0].id, "--why", "in what will be lost"))
	before[0].ended = true
	after = append(after, one(1))
	if mirror {
		w.mirrorWhole(t)
	}
	return before, after
}

// mirrorWhole copies the ledger until nothing was written since.
func (w *town) mirrorWhole(t *testing.T) {
	t.Helper()
	err := until(patience, "a whole copy of the ledger", func() (bool, error) {
		if err := os.RemoveAll(w.path("mirror")); err != nil {
			return true, err
		}
		if _, err := w.as("sue", "evidence", "--all", "-o", w.path("mirror")); err != nil {
			return true, err
		}
		copied, err := os.ReadFile(w.path("mirror", "checkpoint"))
		if err != nil {
			return true, err
		}
		time.Sleep(1500 * time.Millisecond) // longer than the mark may lag
		now, err := checkpoint(w.web)
		return bytes.Equal(head(copied), head(now)), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// bringBack loses the disk and restores: by the mirror, or in a new epoch.
func (w *town) bringBack(t *testing.T, mirror, witness bool) {
	t.Helper()
	if err := os.Rename(w.path("cell"), w.path("lost")); err != nil {
		t.Fatal(err)
	}
	restore := []string{"restore", w.path("backup.age"), "--identity", w.path("backup.key"), "--anchor", w.path("people", "sue", "anchor.json"), "--to", w.path("cell")}
	switch {
	case mirror:
		restore = append(restore, "--high-water", w.path("lost", "high-water"), "--mirror", w.path("mirror"))
	case witness: // the mark burnt with the disk
		restore = append(restore, "--behind")
	default:
		restore = append(restore, "--high-water", w.path("lost", "high-water"), "--behind")
	}
	ok[string](t)(output(exec.Command(w.program("halligan"), append(restore, "--rehearse")...)))
	ok[string](t)(output(exec.Command(w.program("halligan"), restore...)))
	ok[string](t)(output(exec.Command("cp", "-r", w.path("lost", "keys"), w.path("cell", "keys"))))
	if mirror {
		return
	}
	if said := refused(t, exec.Command(w.program("halligan"), "serve", w.path("cell")), 1); !strings.Contains(said, "older than what this server has signed") {
		t.Fatal(said)
	}
	propose := []string{"epoch", "propose", w.path("cell"), "--why", "the disk burnt", "-o", w.path("epoch.json")}
	kept, err := filepath.Glob(w.path("people", "*", "state", "*", "seen-*"))
	if witness && err == nil {
		var more []string
		more, err = filepath.Glob(w.path("w1", "*", "log-*"))
		if len(more) == 0 {
			t.Fatal("the witness keeps no checkpoint")
		}
		kept = append(kept, more...)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		propose = append(propose, "--seen", file)
	}
	ok[string](t)(output(exec.Command(w.program("halligan"), propose...)))
	begin := []string{"epoch", "begin", w.path("cell"), w.path("epoch.json")}
	for _, person := range []string{"sue", "sid"} {
		file := w.path("epoch-" + person + ".json")
		ok[string](t)(w.as(person, "epoch", "sign", w.path("epoch.json"), "--yes", "-o", file))
		begin = append(begin, file)
	}
	ok[string](t)(output(exec.Command(w.program("halligan"), begin...)))
}

// judge looks at what became of every request: what had ended is ended, and after a
// loss nothing from before is alive.
func (w *town) judge(t *testing.T, mirror bool, all []made) {
	t.Helper()
	for _, m := range all {
		err := until(patience, m.id+" to be over", func() (bool, error) {
			out, err := w.as("sid", "status", m.id, "--json")
			if err != nil {
				if mirror || !strings.Contains(err.Error(), "there is no") {
					return true, err
				}
				return true, nil // lost with the end of the ledger
			}
			state, err := at(out, "state")
			if mirror && !m.ended {
				return true, errors.Join(err, want(state, "granted"))
			}
			return state == "ended" || state == "void", err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func want(got, want string) error {
	if got != want {
		return fmt.Errorf("it is %s, want %s", got, want)
	}
	return nil
}

// startWatcher runs a witness until the test is over.
func (w *town) startWatcher(t *testing.T, name string) {
	t.Helper()
	each := w.watchers[name]
	var err error
	if each.process, err = start(w.path(name+".log"), exec.Command(w.program("halligan"), "witness", "serve", w.path(name))); err != nil {
		t.Fatal(err)
	}
	if err := until(patience, name+" to listen", func() (bool, error) { return answers(each.address), nil }); err != nil {
		t.Fatal(err)
	}
}

// roots is every root that was ever seen, by ledger and size.
type roots struct {
	mu  sync.Mutex
	of  map[string]string
	bad error
}

// follow looks at the server's checkpoint, again and again, until it is called off.
func (r *roots) follow(w *town) (off func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if text, err := checkpoint(w.web); err == nil {
				r.saw(text)
			}
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (r *roots) saw(text []byte) {
	lines := strings.SplitN(string(text), "\n", 4)
	if len(lines) < 4 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := lines[0] + " " + lines[1]
	if before, known := r.of[key]; known && before != lines[2] {
		r.bad = fmt.Errorf("%s has the roots %s and %s", key, before, lines[2])
	}
	r.of[key] = lines[2]
}

func (r *roots) fault() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bad
}

func (r *roots) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.of)
}

// checkpoint is the server's newest checkpoint, as anybody may read it.
func checkpoint(web string) ([]byte, error) {
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true, // the test believes nothing that it reads
	}}
	answer, err := c.Get("https://" + web + "/ledger/checkpoint")
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(answer.Body)
	return text, errors.Join(err, answer.Body.Close())
}

// head is the signed part of a checkpoint.
func head(text []byte) []byte {
	body, _, _ := bytes.Cut(text, []byte("\n\n"))
	return body
}
