package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/api/apitest"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/web"
)

// house is a running server over a real broker and a real store, with the cell
// of celltest in it.
type house struct {
	testing.TB
	folder   string
	names    []string
	shown    api.Certificate
	looker   api.Looker // nil: nobody looks
	proxies  api.Proxies
	rate     api.Rate
	streams  int
	often    int
	genesis  cell.Genesis
	pages    func(inside http.Handler) http.Handler // nil: there are none
	provider api.Provider                           // nil: there is none
	scenario canon.Digest
	mfa      roster.Strength // that the scenario demands
	noCodes  bool
	lists    note.Signer
	checks   note.Signer
	ca       *issuer.SSH
	session  []byte

	store   *sqlite.Store
	broker  *broker.Broker
	live    *api.Live
	monitor *api.Monitor
	tasks   *tasks
	server  *httptest.Server
	client  *http.Client
	log     *shared
	wall    *clock

	mu     sync.Mutex
	tokens map[string]string
}

// shared is a buffer that many may write to.
type shared struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *shared) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(data)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// clock is time.Now moved ahead as far as a test says, or stands still but for that.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
	still time.Time // zero: it runs
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.still.IsZero() {
		return c.still.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

// stop has no time pass but what a test says.
func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.still = time.Now()
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// tasks follows the broker and knows what is to be done.
type tasks struct {
	mu  sync.Mutex
	all map[string]cell.Task
}

func (t *tasks) Committed(w *cell.World, _ []cell.Recorded) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = map[string]cell.Task{}
	for id, task := range w.Tasks {
		t.all[id] = task
	}
}

func (t *tasks) of(kind cell.TaskKind, stream string) []cell.Task {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []cell.Task
	for _, task := range t.all {
		if task.Kind == kind && task.Stream == stream {
			found = append(found, task)
		}
	}
	return found
}

// hosts takes reports as the server does, without minding what they mean.
type hosts struct {
	check cell.Verifier
	mu    sync.Mutex
	heard map[string]canon.Time
}

func (h *hosts) Report(_ context.Context, r api.Report) error {
	facts, err := h.check.Report(r.Bytes, r.Signature)
	if err != nil {
		return &broker.Malformed{What: "report", Err: err}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard[facts.Host] = facts.ListAt
	return nil
}

func (h *hosts) Known(string) bool { return false }

func (h *hosts) Heard() map[string]canon.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	heard := map[string]canon.Time{}
	for id, at := range h.heard {
		heard[id] = at
	}
	return heard
}

// lists signs revocation lists.
type lists struct{ signer note.Signer }

func (l lists) Sign(keyIDs []string, number int64, at canon.Time) ([]byte, error) {
	return revocation.List{Origin: celltest.Origin, Number: number, At: at.Std(), KeyIDs: keyIDs}.Sign(l.signer)
}

// open makes a house, founds its cell and starts it.
func open(t testing.TB, change ...func(*house)) *house {
	t.Helper()
	h := &house{TB: t, folder: t.TempDir(), genesis: celltest.Genesis(), log: &shared{}, wall: &clock{}, session: make([]byte, 32)}
	for _, c := range change {
		c(h)
	}
	rand.Read(h.session)
	h.genesis.Ledger, h.checks = noteKey(t)
	h.genesis.Revocations, h.lists = noteKey(t)
	block, err := ssh.MarshalPrivateKey(celltest.Key("authority"), "")
	must(t, err)
	h.ca, err = issuer.OpenSSH(pem.EncodeToMemory(block))
	must(t, err)
	terms := celltest.Scenario()
	terms.Controls.MFA = string(h.mfa)
	scenario := canon.MustEncode(terms)
	h.scenario = canon.Sum(scenario)
	h.genesis.Scenarios = []cell.ScenarioRef{{ID: celltest.Scenario().ID, Digest: h.scenario}}
	h.start()
	genesis := canon.MustEncode(h.genesis)
	for _, founder := range h.genesis.Founders {
		s := h.statement(founder, &statement.Found{Genesis: canon.Sum(genesis)})
		data, signature := sign(t, founder, s)
		_, err := h.broker.Submit(context.Background(), broker.Submission{
			Statement: data, Signature: signature, Attachments: [][]byte{genesis, scenario},
		})
		must(t, err)
	}
	return h
}

func noteKey(t testing.TB) (string, note.Signer) {
	t.Helper()
	private, public, err := ledger.GenerateKey(rand.Reader, celltest.Origin)
	must(t, err)
	signer, err := note.NewSigner(private)
	must(t, err)
	return public, signer
}

// start opens store, broker and server.
func (h *house) start() {
	h.Helper()
	var err error
	h.store, err = sqlite.Open(h.folder, sqlite.Options{Reserve: -1})
	must(h, err)
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.live, h.tasks = api.NewLive(h.store, log), &tasks{}
	h.monitor = api.NewMonitor(h.live)
	h.broker, err = broker.Open(context.Background(), broker.Options{
		Origin: celltest.Origin, Store: h.monitor.Timed(h.store), Beside: h.store, Check: verify.Signatures{}, Signer: h.checks,
		Minter: h.ca, Wall: h.wall.now, Rand: func(b []byte) { rand.Read(b) }, Follow: []broker.Follower{h.live, h.tasks}, Often: h.often,
	})
	must(h, err)
	h.monitor.Watch(h.broker, nil)
	h.monitor.Certify(h.shown)
	book, err := enrol.Open(filepath.Join(h.folder, "enrolments.json"))
	must(h, err)
	devices, err := totp.Open(filepath.Join(h.folder, "codes"), filepath.Join(h.folder, "codes.key"), h.wall.now)
	must(h, err)
	if h.noCodes {
		devices = nil
	}
	h.server = httptest.NewUnstartedServer(api.New(api.Options{
		Pages: h.pages, Serves: web.Serves,
		Broker: h.broker, Ledger: h.broker, Read: h.store, Live: h.live, Revocations: lists{h.lists},
		Hosts: &hosts{check: verify.Signatures{}, heard: map[string]canon.Time{}}, Anchor: h.anchor(), SessionKey: h.session,
		Version: "test", Log: log, Monitor: h.monitor, Names: h.names, Rate: h.rate, Streams: h.streams,
		EndedFile: filepath.Join(h.folder, "ended.json"), Certificate: h.shown, Looker: h.looker, Proxies: h.proxies, Enrol: book, Codes: devices,
		Provider: h.provider, ProvidedFile: filepath.Join(h.folder, "provided.json"),
	}))
	h.server.EnableHTTP2 = true
	h.server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	h.server.StartTLS()
	h.client = h.server.Client()
	h.tokens = map[string]string{}
	h.Cleanup(h.stop)
}

// enrolled is the file of invitations and offers.
func (h *house) enrolled() string {
	data, err := os.ReadFile(filepath.Join(h.folder, "enrolments.json"))
	must(h, err)
	return string(data)
}

func (h *house) anchor() ledger.Anchor {
	return ledger.Anchor{
		Origin: celltest.Origin, Genesis: ledger.Hash(canon.Sum(canon.MustEncode(h.genesis))),
		LedgerKeys: []string{h.genesis.Ledger}, Witnesses: ledger.NoWitnesses,
	}
}

// stop ends what start began; again is nothing.
func (h *house) stop() {
	if h.server == nil {
		return
	}
	h.live.Close()
	h.server.Close()
	h.broker.Close()
	must(h, h.store.Close())
	h.server = nil
}

// again is a restart.
func (h *house) again() {
	h.Helper()
	h.stop()
	h.start()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// statement is a fresh statement of a person.
func (h *house) statement(person string, body statement.Body) statement.Statement {
	s := statement.Statement{Header: statement.Header{
		Actor: person, Expires: canon.At(h.wall.now()).Add(10 * time.Minute), Ledger: celltest.Origin,
	}, Body: body}
	rand.Read(s.Nonce[:])
	s.Seen = statement.Seen{Root: canon.Digest(ledger.EmptyRoot())}
	if body.Kind() != statement.KindFound {
		head := h.broker.Head()
		s.Seen = statement.Seen{Size: head.Size, Root: head.Root}
	}
	return s
}

// sign encodes a statement and signs it with the key of a name.
func sign(t testing.TB, key string, s statement.Statement) ([]byte, ledger.Signature) {
	t.Helper()
	data, err := statement.Encode(s)
	must(t, err)
	return data, signBytes(t, key, s.Body.Kind(), data)
}

func signBytes(t testing.TB, key string, kind statement.Kind, data []byte) ledger.Signature {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(celltest.Key(key))
	must(t, err)
	blob, err := sshsig.Sign(signer, sshsig.Namespace(string(kind)), data)
	must(t, err)
	return ledger.Signature{SSHSig: blob}
}

// envelope is a submission's body.
func envelope(t testing.TB, data []byte, signature ledger.Signature, notes ...text) []byte {
	t.Helper()
	body, err := json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []text           `json:"notes,omitempty"`
	}{data, signature, notes})
	must(t, err)
	return body
}

type text struct {
	Salt []byte `json:"salt"`
	Text string `json:"text"`
}

// written is a note and what goes beside it.
func written(t testing.TB, words string) (statement.Note, text) {
	t.Helper()
	var salt [32]byte
	rand.Read(salt[:])
	made, err := statement.NewNote(salt, words)
	must(t, err)
	return made, text{salt[:], words}
}

// reply is what the server answered.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// reason is the reason of a problem; empty for a success.
func (r reply) reason() string {
	if r.Status < 400 {
		return ""
	}
	var p struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(r.Body, &p) != nil {
		return fmt.Sprintf("status %d without a problem", r.Status)
	}
	return p.Reason
}

// into decodes a body.
func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
}

// do sends a request.
func (h *house) do(method, path string, body []byte, header ...string) reply {
	h.Helper()
	r, err := h.send(method, path, body, header...)
	must(h, err)
	return r
}

func (h *house) send(method, path string, body []byte, header ...string) (reply, error) {
	var from io.Reader
	if body != nil {
		from = bytes.NewReader(body)
	}
	req, err := http.NewRequest(method, h.server.URL+path, from)
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	held, err := contract()
	if err != nil {
		return reply{}, err
	}
	err = held.Check(apitest.Exchange{Method: method, Path: path, Sent: body, Status: resp.StatusCode, Header: resp.Header, Body: data})
	return reply{resp.StatusCode, resp.Header, data}, err
}

// submit signs a body as a person with a key of theirs and sends it.
func (h *house) submit(person, key string, body statement.Body, notes ...text) reply {
	h.Helper()
	data, signature := sign(h, key, h.statement(person, body))
	return h.do("POST", "/api/v1/statements", envelope(h, data, signature, notes...))
}

// answer is what a statement became, as far as tests look.
type answer struct {
	Digest     canon.Digest     `json:"digest"`
	Entry      int64            `json:"entry"`
	At         canon.Time       `json:"at"`
	Stream     string           `json:"stream"`
	Again      bool             `json:"again"`
	Checkpoint string           `json:"checkpoint"`
	Events     []jsontext.Value `json:"events"`
	Request    jsontext.Value   `json:"request"`
	Session    struct {
		Token string     `json:"token"`
		Until canon.Time `json:"until"`
	} `json:"session"`
	Credential struct {
		Target      string     `json:"target"`
		Certificate string     `json:"certificate"`
		KeyID       string     `json:"key_id"`
		Serial      string     `json:"serial"`
		After       canon.Time `json:"after"`
		Before      canon.Time `json:"before"`
	} `json:"credential"`
}

// took demands that a statement was taken.
func (h *house) took(r reply) answer {
	h.Helper()
	if r.Status != http.StatusCreated && r.Status != http.StatusOK {
		h.Fatalf("status %d: %s", r.Status, r.Body)
	}
	var a answer
	r.into(h, &a)
	return a
}

// ask is a request of a person for targets with a holder key of a name.
func (h *house) ask(person, name string, targets ...string) (*statement.Request, text) {
	h.Helper()
	why, beside := written(h, "cannot connect to "+name)
	return &statement.Request{
		Scenario: celltest.Scenario().ID, ScenarioDigest: h.scenario, Severity: "SEV1", For: 1800,
		Targets: targets, Why: why, Incident: "INC-1",
		Holder: statement.Holder{Ed25519: celltest.Public("holder " + name), X25519: celltest.Public("sealed " + name)},
	}, beside
}

// asked submits one and gives its id.
func (h *house) asked(person, name string, targets ...string) canon.Digest {
	h.Helper()
	body, beside := h.ask(person, name, targets...)
	return h.took(h.submit(person, person, body, beside)).Digest
}

func approval(of canon.Digest) *statement.Decision {
	return &statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.CallBack}
}

func denial(of canon.Digest) *statement.Decision {
	return &statement.Decision{Of: of, Verdict: statement.Deny, Check: statement.CallBack}
}

// granted asks, has sam and lea agree, and opens the leases.
func (h *house) granted(person, name string, targets ...string) canon.Digest {
	h.Helper()
	id := h.asked(person, name, targets...)
	h.took(h.submit("sam", "sam", approval(id)))
	h.took(h.submit("leo", "leo", approval(id)))
	h.opened(id)
	return id
}

func (h *house) opened(id canon.Digest) {
	h.Helper()
	for _, task := range h.tasks.of(cell.TaskOpen, cell.StreamOf(id)) {
		_, err := h.broker.Effect(context.Background(), cell.Effect{Kind: cell.EffectOpened, Task: task.ID}, cell.Observed{})
		must(h, err)
	}
}

// token is a reading token of a person.
func (h *house) token(person string) string {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tokens[person] == "" {
		h.tokens[person] = h.took(h.submit(person, person, &statement.Session{For: 900})).Session.Token
	}
	return h.tokens[person]
}

// get reads a path as a person.
func (h *house) get(person, path string, header ...string) reply {
	h.Helper()
	return h.do("GET", path, nil, append([]string{"Authorization", "Bearer " + h.token(person)}, header...)...)
}

// state is a request's state, as the store has it.
func (h *house) state(id canon.Digest) access.State {
	h.Helper()
	kept, err := h.store.Stream(context.Background(), cell.StreamOf(id))
	must(h, err)
	r, err := cell.DecodeRequest(kept.Snapshot)
	must(h, err)
	return r.State
}

// entries gives every entry's events of a stream, by name.
func (h *house) entries(stream string) []string {
	h.Helper()
	indices, err := h.store.StreamEntries(context.Background(), stream)
	if errors.Is(err, broker.ErrAbsent) {
		return nil
	}
	must(h, err)
	var names []string
	for _, index := range indices {
		bodies, err := h.store.Entries(context.Background(), index, 1)
		must(h, err)
		entry, err := ledger.DecodeEntry(bodies[0])
		must(h, err)
		events, err := cell.DecodeEvents(entry.Events)
		must(h, err)
		for _, e := range events {
			names = append(names, cell.NameOf(e))
		}
	}
	return names
}

func times(names []string, name string) int {
	n := 0
	for _, each := range names {
		if each == name {
			n++
		}
	}
	return n
}

func hexes(data []byte) string { return hex.EncodeToString(data) }

func fingerprint(name string) string {
	return roster.Ed25519Fingerprint(canon.Key32(celltest.Key(name).Public().(ed25519.PublicKey)))
}

// same fails unless two values are equal.
func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func contains(t testing.TB, what, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%s: %q has no %q", what, text, part)
	}
}
