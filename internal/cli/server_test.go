package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// liar is a server that says whatever a test wants, over the product's own
// routes. What it is sent it keeps.
type liar struct {
	*httptest.Server
	cell *signedCell

	mu       sync.Mutex
	answers  map[string]any // path below /api/v1/ → what it answers; []byte as it is
	log      files
	sent     []statement.Statement   // all but sessions
	taking   [][]byte                // entries of them, which the cell does not have
	brought  map[canon.Digest][]byte // files that came along
	problems map[statement.Kind]client.Problem
	mint     func(statement.Statement) map[string]any // answers a fetch
}

// newLiar serves a cell honestly, until a test changes what it answers.
func newLiar(t *testing.T, c *signedCell) *liar {
	t.Helper()
	l := &liar{cell: c, answers: map[string]any{"cell": map[string]any{"genesis": c.Digest}}, brought: map[canon.Digest][]byte{}, log: c.log(), problems: map[statement.Kind]client.Problem{}}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(l.serve))
	l.EnableHTTP2 = true
	l.StartTLS()
	t.Cleanup(l.Close)
	return l
}

// honest makes the server answer about a request as it is.
func (l *liar) honest(id canon.Digest) {
	defer l.evidenceIs(id, l.cell.evidence(l.cell.bodies, about(id)))
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := map[string]any{"id": id, "short": id.Short(), "scenario": "database-locked-out", "state": "pending"}
	l.log = l.cell.log()
	for _, name := range []string{id.String(), id.String()[:10]} {
		l.answers["requests/"+name] = shown
	}
}

func (l *liar) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if path, ok := strings.CutPrefix(r.URL.Path, "/ledger/"); ok {
		if data, ok := l.log[path]; ok {
			_, _ = w.Write(data)
			return
		}
		http.NotFound(w, r)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	if path == "statements" {
		l.take(w, r)
		return
	}
	answer, ok := l.answers[path]
	switch data, raw := answer.([]byte); {
	case !ok:
		no(w, client.Problem{Status: http.StatusNotFound, Title: "not found", Detail: "there is no such thing here", Reason: "not-found"})
	case raw:
		_, _ = w.Write(data)
	default:
		_, _ = w.Write(must(json.Marshal(answer)))
	}
}

func no(w http.ResponseWriter, p client.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(must(json.Marshal(map[string]any{
		"type": "urn:halligan:problem:" + p.Reason, "title": p.Title, "detail": p.Detail, "reason": p.Reason, "hint": p.Hint, "status": p.Status,
	})))
}

// take takes a statement.
func (l *liar) take(w http.ResponseWriter, r *http.Request) {
	var envelope struct {
		Statement jsontext.Value `json:"statement"`
		Files     [][]byte       `json:"files"`
	}
	s, err := statement.Statement{}, json.Unmarshal(must(io.ReadAll(r.Body)), &envelope)
	if err == nil {
		s, err = statement.Decode(envelope.Statement)
	}
	if err != nil {
		no(w, client.Problem{Status: http.StatusBadRequest, Detail: err.Error(), Reason: "malformed"})
		return
	}
	for _, file := range envelope.Files {
		l.brought[canon.Sum(file)] = file
	}
	kind := s.Body.Kind()
	if kind != statement.KindSession {
		l.sent = append(l.sent, s)
	}
	if p, refuses := l.problems[kind]; refuses {
		no(w, p)
		return
	}
	answer := map[string]any{"digest": s.Digest, "entry": len(l.cell.bodies) - 1, "at": canon.At(l.cell.Now.Std()), "stream": "x", "again": false, "events": []string{}}
	if kind != statement.KindSession {
		l.record(answer, s, envelope.Statement)
	}
	answer["checkpoint"] = string(l.log["checkpoint"])
	switch kind {
	case statement.KindSession:
		answer["session"] = map[string]any{"token": "hs1.x", "until": canon.At(l.cell.Now.Std().AddDate(1, 0, 0))}
	case statement.KindFetch:
		answer["credential"] = l.mint(s)
	case statement.KindRequest:
		answer["request"] = map[string]any{"id": s.Digest, "short": s.Digest.Short(), "scenario": "database-locked-out", "state": "pending", "salt": strings.Repeat("ab", 16)}
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(must(json.Marshal(answer)))
}

// record has the served ledger go on with an entry of a statement, whatever the
// rules say, and adds its receipt to an answer.
func (l *liar) record(answer map[string]any, s statement.Statement, data []byte) {
	body := must(ledger.EncodeEntry(ledger.Entry{
		V: ledger.EntryVersion, At: canon.At(l.cell.Now.Std()), Stream: "x", Prev: ledger.None, Cell: ledger.None,
		Cause:  ledger.Cause{Statement: data, Signature: &ledger.Signature{SSHSig: []byte("whatever")}},
		Events: []jsontext.Value{jsontext.Value(`{"kind":"taken"}`)},
	}))
	l.taking = append(l.taking, body)
	bodies := slices.Concat(l.cell.bodies, l.taking)
	for path, data := range l.cell.logOf(bodies) {
		if !strings.HasPrefix(path, "attachments/") {
			l.log[path] = data
		}
	}
	if _, ok := l.answers["cell/evidence"]; ok {
		l.answers["cell/evidence"] = l.cell.evidence(bodies, about(canon.Digest{}))
	}
	log := must(ledger.OpenLog(l.log, l.cell.anchor))
	r := ledger.Receipt{ProvedEntry: ledger.ProvedEntry{Index: int64(len(bodies)) - 1, Body: body}, Digest: s.Digest, Signed: log.Signed()}
	r.Proof = must(ledger.InclusionProof(int64(len(bodies)), r.Index, log.Tiles()))
	answer["entry"], answer["receipt"] = r.Index, jsontext.Value(must(r.Encode()))
	answer["extends"] = must(ledger.ConsistencyProof(s.Seen.Size, int64(len(bodies)), log.Tiles()))
}

// taken is what was sent, but for sessions.
func (l *liar) taken() []statement.Statement {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]statement.Statement(nil), l.sent...)
}

// came is a file that came along with a statement.
func (l *liar) came(digest canon.Digest) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.brought[digest]
}

// desk is one person's machine.
type desk struct {
	t      *testing.T
	person string
	folder string
}

// desk makes the machine of a person: profile, key, folder for state.
func (l *liar) desk(t *testing.T, person string) *desk {
	t.Helper()
	d := &desk{t: t, person: person, folder: t.TempDir()}
	block := must(ssh.MarshalPrivateKey(celltest.Key(person), person))
	d.write("key", pem.EncodeToMemory(block))
	sum := sha256.Sum256(l.Certificate().RawSubjectPublicKeyInfo)
	p := client.Profile{URL: l.URL, ServerKey: hex.EncodeToString(sum[:]), Anchor: l.cell.anchor, Person: person, Key: "key"}
	if err := p.Save(filepath.Join(d.folder, "profile.json")); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) write(name string, data []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.folder, name), data, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// run runs a command at the desk. Nobody sits at a terminal.
func (d *desk) run(args ...string) (code int, out, errOut string) {
	d.t.Helper()
	d.t.Setenv("HALLIGAN_PROFILE", filepath.Join(d.folder, "profile.json"))
	d.t.Setenv("HALLIGAN_STATE", filepath.Join(d.folder, "state"))
	d.t.Setenv("HALLIGAN_KEY", "")
	return run(args...)
}

// run runs a command with nothing on stdin.
func run(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = cli.Run(context.Background(), args, cli.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}
