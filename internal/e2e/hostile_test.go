package e2e_test

import (
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

// hostile are texts that mean something to a database, a shell, a template, a
// terminal, a path or a log, where a program is careless.
var hostile = []string{
	`'; DROP TABLE entry; --`, `" OR 1=1 --`, `x'); DELETE FROM task WHERE ('1'='1`, `%' UNION SELECT text FROM note --`,
	`$(touch owned)`, "`touch owned`", `{{.Secret}}`, `%s%n%x`, `../../keys/ledger.key`, `..%2f..%2fkeys%2fledger.key`, `*`, `%`, `_`,
	`<script>alert(1)</script>`, `{"level":"ERROR","msg":"forged"}`,
}

// TestT42HostileTexts sends them as everything that a person may write and as
// everything that may be asked for. Nothing fails inside, nothing is found by
// them, and afterwards everything can be stopped and the database is sound.
func TestT42HostileTexts(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{})
	wr := newWire(t, w)
	ok[string](t)(w.as("ann", "status"))
	ann := "Bearer " + ok[string](t)(at(text(only(t, w.path("people", "ann", "state", "*", "session-*"))), "token"))
	for _, evil := range hostile {
		// Where free text is due it is taken, and shown as it is.
		why, noted, err := client.NewNoted(evil)
		if err != nil {
			t.Fatalf("%q is no note: %v", evil, err)
		}
		body, holder, _, err := wr.asking(time.Minute, "primary")
		if err != nil {
			t.Fatal(err)
		}
		body.Why = why
		id := ok[string](t)(ok[said](t)(wr.send("ann", body, noted)).must(nil, "digest"))
		if shown := ok[string](t)(at(ok[string](t)(w.as("ann", "status", id, "--json")), "why.text")); shown != evil {
			t.Errorf("%q is shown as %q", evil, shown)
		}
		signer := ok[client.Signer](t)(holder.Signer())
		// Where a name is due it is refused, and never an error of the server's.
		for what, send := range map[string]func() (said, error){
			"target":   func() (said, error) { b := *body; b.Targets = []string{evil}; return wr.send("ann", &b, noted) },
			"scenario": func() (said, error) { b := *body; b.Scenario = evil; return wr.send("ann", &b, noted) },
			"severity": func() (said, error) { b := *body; b.Severity = evil; return wr.send("ann", &b, noted) },
			"incident": func() (said, error) { b := *body; b.Incident = evil; return wr.send("ann", &b, noted) },
			"fetch": func() (said, error) {
				return wr.sendWith("ann", signer, &statement.Fetch{Of: why.Hash, Target: evil})
			},
			"removal": func() (said, error) {
				return wr.send("sue", &statement.Change{Remove: statement.Removal{Person: evil}, Reason: why}, noted)
			},
		} {
			s, err := send()
			if err == nil && (s.status < 400 || s.status >= 500) {
				t.Errorf("%q as %s: %d %s", evil, what, s.status, s.text)
			}
		}
		for _, path := range []string{"requests/", "requests/" + id + "/", "changes/", "scenarios/", "statements/"} {
			if status := wr.status(t, "/api/v1/"+path+url.PathEscape(evil), ann); status < 400 || status >= 500 {
				t.Errorf("GET %s%s: %d", path, evil, status)
			}
		}
		for _, query := range []string{"requests?most=", "requests?before=", "explain?scenario=", "requests/" + id + "?wait=1&since="} {
			if status := wr.status(t, "/api/v1/"+query+url.QueryEscape(evil), ann); status < 400 || status >= 500 {
				t.Errorf("GET %s%s: %d", query, evil, status)
			}
		}
		// And what was asked for with them can be ended.
		ok[string](t)(w.as("sue", "stop", id, "--why", evil))
	}
	if err := w.stopServer(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ok[string](t)(output(exec.Command(w.program("halligan"), "fsck", w.path("cell"))))
	for line := range strings.Lines(text(w.path("serve.log"))) {
		if strings.Contains(line, `"msg":"forged"`) {
			t.Errorf("the log has a forged line: %s", line)
		}
	}
}

// status is what a path answers.
func (w *wire) status(t *testing.T, path, authorization string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "https://"+w.town.web+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", authorization)
	answer, err := w.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

// only is the one file of a pattern.
func only(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %d files: %v", pattern, len(files), err)
	}
	return files[0]
}
