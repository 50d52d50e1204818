package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	stdlog "log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// keys are what two houses may share, so that one can lie about the other's
// ledger.
type keys struct {
	private, public string // of the ledger
	lists           note.Signer
	listsPublic     string
	rsa             ssh.Signer // leo's
	ecdsa           ssh.Signer // sue's
	rsaKey          *rsa.PrivateKey
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	k := &keys{}
	var err error
	k.private, k.public, err = ledger.GenerateKey(rand.Reader, celltest.Origin)
	must(t, err)
	lists, public, err := ledger.GenerateKey(rand.Reader, celltest.Origin)
	must(t, err)
	k.listsPublic = public
	k.lists, err = note.NewSigner(lists)
	must(t, err)
	k.rsaKey, err = rsa.GenerateKey(rand.Reader, 3072)
	must(t, err)
	k.rsa, err = ssh.NewSignerFromKey(k.rsaKey)
	must(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	k.ecdsa, err = ssh.NewSignerFromKey(curve)
	must(t, err)
	return k
}

// house is a real API over a real broker and store, behind a door that tests
// can slam.
type house struct {
	testing.TB
	keys     *keys
	ring     ring
	anchor   ledger.Anchor
	scenario canon.Digest
	broker   *broker.Broker
	store    *sqlite.Store
	server   *httptest.Server
	door     *door
}

// door stands between client and API.
type door struct {
	inner http.Handler
	mu    sync.Mutex
	slam  func(*http.Request) bool // true: do what is asked, but let no answer out
	seen  int                      // requests that came
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.seen++
	slam := d.slam != nil && d.slam(r)
	d.mu.Unlock()
	if !slam {
		d.inner.ServeHTTP(w, r)
		return
	}
	d.inner.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func (d *door) set(slam func(*http.Request) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slam = slam
}

func (d *door) requests() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen
}

// slams slams the door on the first requests with a path.
func slams(times int, path string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if r.URL.Path != path || times == 0 {
			return false
		}
		times--
		return true
	}
}

type lists struct{ signer note.Signer }

func (l lists) Sign(keyIDs []string, number int64, at canon.Time) ([]byte, error) {
	return revocation.List{Origin: celltest.Origin, Number: number, At: at.Std(), KeyIDs: keyIDs}.Sign(l.signer)
}

type noHosts struct{}

func (noHosts) Report(context.Context, api.Report) error { return broker.ErrClosed }
func (noHosts) Heard() map[string]canon.Time             { return nil }
func (noHosts) Known(string) bool                        { return false }

// open founds a cell and serves it. Leo signs with RSA, Sue with ECDSA.
func open(t testing.TB, k *keys) *house {
	t.Helper()
	h := &house{TB: t, keys: k, ring: ring{}}
	genesis := celltest.Genesis()
	genesis.Ledger, genesis.Revocations = k.public, k.listsPublic
	for i, p := range genesis.People {
		for id, signer := range map[string]ssh.Signer{"leo": k.rsa, "sue": k.ecdsa} {
			if p.ID == id {
				key, err := roster.ParseKey(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
				must(t, err)
				genesis.People[i].Keys = []roster.Key{key}
			}
		}
	}
	scenario := canon.MustEncode(celltest.Scenario())
	h.scenario = canon.Sum(scenario)
	genesis.Scenarios = []cell.ScenarioRef{{ID: celltest.Scenario().ID, Digest: h.scenario}}
	data := canon.MustEncode(genesis)
	h.anchor = ledger.Anchor{Origin: celltest.Origin, Genesis: ledger.Hash(canon.Sum(data)), LedgerKeys: []string{k.public}, Witnesses: ledger.NoWitnesses}
	h.serve()
	for _, founder := range genesis.Founders {
		s := statement.Statement{Header: statement.Header{
			Actor: founder, Expires: canon.At(time.Now().Add(time.Minute)), Ledger: celltest.Origin,
			Seen: statement.Seen{Root: canon.Digest(ledger.EmptyRoot())},
		}, Body: &statement.Found{Genesis: canon.Sum(data)}}
		rand.Read(s.Nonce[:])
		body, err := statement.Encode(s)
		must(t, err)
		blob, err := client.NewSigner(signerOf(t, founder)).Sign(context.Background(), "halligan.v1.found", body)
		must(t, err)
		_, err = h.broker.Submit(context.Background(), broker.Submission{
			Statement: body, Signature: ledger.Signature{SSHSig: blob}, Attachments: [][]byte{data, scenario},
		})
		must(t, err)
	}
	return h
}

func (h *house) serve() {
	h.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	h.store, err = sqlite.Open(h.TempDir(), sqlite.Options{Reserve: -1})
	must(h, err)
	checkpoints, err := note.NewSigner(h.keys.private)
	must(h, err)
	block, err := ssh.MarshalPrivateKey(celltest.Key("authority"), "")
	must(h, err)
	ca, err := issuer.OpenSSH(pem.EncodeToMemory(block))
	must(h, err)
	live := api.NewLive(h.store, log)
	h.broker, err = broker.Open(context.Background(), broker.Options{
		Origin: celltest.Origin, Store: h.store, Beside: h.store, Check: verify.Signatures{}, Signer: checkpoints, LedgerKey: h.ring.find, Minter: ca,
		Wall: time.Now, Rand: func(b []byte) { rand.Read(b) }, Follow: []broker.Follower{live},
	})
	must(h, err)
	h.door = &door{inner: api.New(api.Options{
		Broker: h.broker, Ledger: h.broker, Read: h.store, Live: live, Revocations: lists{h.keys.lists}, Hosts: noHosts{},
		Anchor: h.anchor, SessionKey: make([]byte, 32), Version: "test", Log: log,
	})}
	h.server = httptest.NewUnstartedServer(h.door)
	h.server.EnableHTTP2 = true
	h.server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	h.server.StartTLS()
	h.Cleanup(func() {
		live.Close()
		h.server.CloseClientConnections()
		h.server.Close()
		h.broker.Close()
		must(h, h.store.Close())
	})
}

func signerOf(t testing.TB, name string) ssh.Signer {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(celltest.Key(name))
	must(t, err)
	return signer
}

// profile is a person's profile of the house.
func (h *house) profile(person string) client.Profile {
	return client.Profile{URL: h.server.URL, ServerKey: client.ServerKey(h.server.Certificate()), Anchor: h.anchor, Person: person}
}

// as is a client of a person, in a folder of its own.
func (h *house) as(person string) *client.Client {
	h.Helper()
	var signer ssh.Signer
	switch person {
	case "leo":
		signer = h.keys.rsa
	case "sue":
		signer = h.keys.ecdsa
	default:
		signer = signerOf(h, person)
	}
	return h.in(filepath.Join(h.TempDir(), person), person, client.NewSigner(signer))
}

func (h *house) in(folder, person string, signer client.Signer) *client.Client {
	h.Helper()
	c, err := client.Open(h.profile(person), folder, signer)
	must(h, err)
	h.Cleanup(c.Close)
	return c
}

// request is a request of ann's with the keys of a holder.
func (h *house) request(holder *client.Holder) (*statement.Request, client.Noted) {
	h.Helper()
	why, text, err := client.NewNoted("cannot connect")
	must(h, err)
	public, err := holder.Public()
	must(h, err)
	return &statement.Request{
		Scenario: celltest.Scenario().ID, ScenarioDigest: h.scenario, Severity: "SEV1", For: 1800, Targets: []string{"db-1"}, Why: why, Holder: public,
	}, text
}

func approval(of canon.Digest) *statement.Decision {
	return &statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.CallBack}
}

// opened does what a scheduler would: it opens the leases of a request.
func (h *house) opened(id canon.Digest) {
	h.Helper()
	ctx := context.Background()
	indices, err := h.store.StreamEntries(ctx, cell.StreamOf(id))
	must(h, err)
	task := "open:" + id.Short() + ":" + itoa(indices[len(indices)-1]) + ":db-1"
	_, err = h.broker.Effect(ctx, cell.Effect{Kind: cell.EffectOpened, Task: task}, cell.Observed{})
	must(h, err)
}

func itoa(n int64) string { return string(canon.MustEncode(n)) }

// granted is a request of ann's that sam and leo agreed to, and its keys.
func (h *house) granted(ann *client.Client) (canon.Digest, *client.Holder) {
	h.Helper()
	ctx := context.Background()
	holder, err := client.NewHolder()
	must(h, err)
	body, text := h.request(holder)
	asked, err := ann.Submit(ctx, body, text)
	must(h, err)
	for _, approver := range []string{"sam", "leo"} {
		_, err := h.as(approver).Submit(ctx, approval(asked.Digest))
		must(h, err)
	}
	h.opened(asked.Digest)
	return asked.Digest, holder
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
