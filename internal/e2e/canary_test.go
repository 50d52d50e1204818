package e2e_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The words of people that may be in certain places only.
const (
	canaryWhy  = "canary-why-7b0f the pool is exhausted"
	canaryNote = "canary-note-91ac her voice is hoarse"
	canaryStop = "canary-stop-3e5d deletes that nobody announced"
)

// TestCanary (I9, T61) runs an emergency with everything logged, and then looks
// for every secret in every file that came of it, in what every command printed,
// in what arrived at the pager and by mail, in the metrics, and in arguments and environments
// of all processes meanwhile.
func TestCanary(t *testing.T) {
	t.Parallel()
	host := noTarget() == ""
	w := foundTown(t, founding{host: host, mail: true})
	w.serveAs = []string{"--log", "debug"}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	look := lookAround(t, w)
	emergency(t, w, host)
	look.end(t)
	gather(t, w)
	found := 0
	for _, c := range canaries(t, w) {
		found += c.search(t, w)
	}
	entriesAreSilent(t, w)
	if found == 0 {
		t.Error("no canary was found even where it must be: nothing was searched")
	}
	t.Logf("canaries were found at %d places where they may be", found)
}

// emergency is one emergency with words that can be recognised, with mistakes
// that make the server complain, and with everything that people print.
func emergency(t *testing.T, w *town, host bool) {
	t.Helper()
	if host {
		if err := w.host.up(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(w.path("fetched"), 0o700); err != nil {
		t.Fatal(err)
	}
	var transcript strings.Builder
	do := func(person string, args ...string) string {
		out, err := exec.Command(w.path("bin", person), args...).CombinedOutput()
		fmt.Fprintf(&transcript, "%s %s: %v\n%s\n", person, strings.Join(args[:1], " "), err, out)
		return string(out)
	}
	id := ok[string](t)(at(ok[string](t)(w.as("ann", "request", "database-locked-out", "--why", canaryWhy, "--for", "10m", "--json")), "id"))
	do("sam", "approve", id, "--check", "not-checked", "--note", canaryNote, "--yes")
	do("lea", "approve", id, "--check", "call-back", "--yes")
	do("bob", "approve", id, "--check", "call-back", "--yes")
	err := until(patience, "a credential", func() (bool, error) {
		_, err := w.as("ann", "credential", id, "primary", "-o", w.path("fetched", "primary"))
		return err == nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	do("ann", "credential", id, "replica", "--print")
	do("ann", "exec", id, "replica", "--", "sh", "-c", "ssh-add -L; env")
	if host {
		fmt.Fprintln(&transcript, ok[bool](t)(w.host.accepts(w.path("fetched", "primary"))))
	}
	badCalls(t, w)
	do("sue", "stop", id, "--why", canaryStop)
	do("ann", "credential", id, "primary", "--print")
	for _, person := range []string{"ann", "sam", "bob"} {
		do(person, "status", id, "--timeline")
		do(person, "status", id, "--json")
		do(person, "inbox")
		do(person, "people", "--json")
	}
	do("sue", "evidence", id, "-o", w.path("one.json"))
	do("sue", "evidence", "--all", "-o", w.path("evidence"))
	do("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"))
	do("sue", "ledger", "tail", "-n", "100", "--json")
	if err := os.WriteFile(w.path("transcript"), []byte(transcript.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// badCalls are what goes wrong with secrets at hand: a token that is refused, one
// in the query, a statement that is no JSON, a session used for what it cannot.
func badCalls(t *testing.T, w *town) {
	t.Helper()
	wr := newWire(t, w)
	token := tokens(t, w)[0]
	for _, call := range []struct{ method, path, token, body string }{
		{http.MethodGet, "/api/v1/now", token, ""},
		{http.MethodGet, "/api/v1/now", token + "x", ""},
		{http.MethodGet, "/api/v1/now?token=" + token, "", ""},
		{http.MethodGet, "/api/v1/requests/" + token, token, ""},
		{http.MethodPost, "/api/v1/statements", token, `{"statement": {"why": "` + canaryWhy + `"`},
		{http.MethodPost, "/api/v1/statements", token, `{"notes": [{"salt": "AA==", "text": "` + canaryNote + `"}], "x": 1}`},
		{http.MethodPost, "/api/v1/hosts/report", token, canaryStop},
		{http.MethodDelete, "/api/v1/requests", token, ""},
	} {
		request, err := http.NewRequest(call.method, "https://"+w.web+call.path, strings.NewReader(call.body))
		if err != nil {
			t.Fatal(err)
		}
		if call.token != "" {
			request.Header.Set("Authorization", "Bearer "+call.token)
		}
		answer, err := wr.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("answer-%d-%x", answer.StatusCode, call.path[:min(12, len(call.path))])
		if err := os.WriteFile(w.path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// tokens are the session tokens that people's machines remember.
func tokens(t *testing.T, w *town) (all []string) {
	t.Helper()
	files, err := filepath.Glob(w.path("people", "*", "state", "*", "session-*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no session is remembered: %v", err)
	}
	for _, file := range files {
		all = append(all, ok[string](t)(at(text(file), "token")))
	}
	return all
}

// gather brings beside the files what arrived elsewhere.
func gather(t *testing.T, w *town) {
	t.Helper()
	var letters strings.Builder
	if w.letters != nil { // a cell without mail gets none
		for _, letter := range w.letters.Letters() {
			letters.Write(letter.Data)
		}
	}
	if err := os.WriteFile(w.path("letters"), []byte(letters.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get("http://" + w.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := io.ReadAll(answer.Body)
	err = errors.Join(err, answer.Body.Close(),
		os.WriteFile(w.path("metrics"), metrics, 0o600),
		os.WriteFile(w.path("alarms"), []byte(strings.Join(w.hooks["pager"].said(), "\n")), 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

// entriesAreSilent demands that people's words are in notes and nowhere else in
// the database.
func entriesAreSilent(t *testing.T, w *town) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path("cell", "data", "cell.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	notes := 0
	for query, noted := range map[string]bool{
		"SELECT count(*) FROM note WHERE instr(text, 'canary-') > 0":                     true,
		"SELECT count(*) FROM entry WHERE instr(body, 'canary-') > 0":                    false,
		"SELECT count(*) FROM stream WHERE instr(coalesce(snapshot, ''), 'canary-') > 0": false,
		"SELECT count(*) FROM world WHERE instr(snapshot, 'canary-') > 0":                false,
		"SELECT count(*) FROM task WHERE instr(body, 'canary-') > 0":                     false,
		"SELECT count(*) FROM nonce WHERE instr(body, 'canary-') > 0":                    false,
		"SELECT count(*) FROM attachment WHERE instr(data, 'canary-') > 0":               false,
	} {
		n := 0
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if noted {
			notes = n
		} else if n > 0 {
			t.Errorf("%s gives %d", query, n)
		}
	}
	if notes != 3 {
		t.Errorf("%d notes were kept, want 3", notes)
	}
}

// watching looks at the arguments and environments of all processes, over and over.
type watching struct {
	quit    chan struct{}
	over    sync.WaitGroup
	seen    map[string]bool
	environ map[string]bool
	argv    string
	env     string
}

// lookAround begins to look.
func lookAround(t *testing.T, w *town) *watching {
	t.Helper()
	l := &watching{quit: make(chan struct{}), seen: map[string]bool{}, environ: map[string]bool{}, argv: w.path("argv"), env: w.path("environ")}
	l.over.Add(1)
	go func() {
		defer l.over.Done()
		again := time.NewTicker(15 * time.Millisecond)
		defer again.Stop()
		for {
			l.once()
			select {
			case <-l.quit:
				return
			case <-again.C:
			}
		}
	}()
	return l
}

func (l *watching) once() {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		// A process that has gone meanwhile, or is another's, is not looked at.
		data, err := os.ReadFile(p + "/cmdline")
		if err != nil || l.seen[p+string(data)] {
			continue
		}
		l.seen[p+string(data)] = true
		if data, err := os.ReadFile(p + "/environ"); err == nil {
			l.environ[string(data)] = true
		}
	}
}

// end writes down what was seen.
func (l *watching) end(t *testing.T) {
	t.Helper()
	close(l.quit)
	l.over.Wait()
	for path, seen := range map[string]map[string]bool{l.argv: l.seen, l.env: l.environ} {
		var all bytes.Buffer
		for text := range seen {
			all.WriteString(strings.ReplaceAll(text, "\x00", " ") + "\n")
		}
		if err := os.WriteFile(path, all.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(raw(t, l.argv), "halligan") {
		t.Error("no process of ours was seen")
	}
}
