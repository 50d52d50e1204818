package broker_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// drive is a running broker on a real store, with people who really sign.
type drive struct {
	t       testing.TB
	folder  string
	genesis cell.Genesis
	beside  [][]byte
	options broker.Options
	store   *sqlite.Store
	wrap    func(broker.Store) broker.Store
	*broker.Broker
	nonces atomic.Int64
}

func newDrive(t testing.TB, wrap func(broker.Store) broker.Store) *drive {
	t.Helper()
	skey, vkey, err := ledger.GenerateKey(rand.Reader, celltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	g := celltest.Genesis()
	g.Ledger = vkey
	scenario := celltest.Scenario()
	data := canon.MustEncode(scenario)
	g.Scenarios = []cell.ScenarioRef{{ID: scenario.ID, Digest: canon.Sum(data)}}
	d := &drive{t: t, folder: t.TempDir(), genesis: g, beside: [][]byte{canon.MustEncode(g), data}, wrap: wrap}
	d.options = broker.Options{
		Origin: g.Origin, Check: verify.Signatures{}, Signer: signer, Wall: time.Now,
		Rand: func(b []byte) { rand.Read(b) },
	}
	d.open()
	for _, founder := range g.Founders {
		s := d.submission(founder, founder, &statement.Found{Genesis: canon.Sum(d.beside[0])})
		s.Attachments = d.beside
		d.must(s)
	}
	t.Cleanup(d.shut)
	return d
}

func (d *drive) open() {
	d.t.Helper()
	var err error
	if d.store, err = sqlite.Open(d.folder, sqlite.Options{Reserve: -1}); err != nil {
		d.t.Fatal(err)
	}
	d.options.Store, d.options.Beside = d.store, d.store
	if d.wrap != nil {
		d.options.Store = d.wrap(d.store)
	}
	if d.Broker, err = broker.Open(context.Background(), d.options); err != nil {
		d.t.Fatal(err)
	}
}

func (d *drive) shut() {
	d.Close()
	if err := d.store.Close(); err != nil {
		d.t.Error(err)
	}
}

// sign makes a person's submission with the key of a name; it is safe for
// concurrent use.
func (d *drive) submission(person, key string, body statement.Body) broker.Submission {
	head := d.Head()
	h := statement.Header{Actor: person, Ledger: d.genesis.Origin, Expires: canon.At(time.Now().Add(10 * time.Minute)),
		Seen: statement.Seen{Size: head.Size, Root: head.Root}}
	if body.Kind() == statement.KindFound {
		h.Seen = statement.Seen{Root: canon.Digest(ledger.EmptyRoot())}
	}
	rand.Read(h.Nonce[:])
	data, err := statement.Encode(statement.Statement{Header: h, Body: body})
	if err != nil {
		panic(err)
	}
	signer, err := ssh.NewSignerFromKey(celltest.Key(key))
	if err != nil {
		panic(err)
	}
	blob, err := sshsig.Sign(signer, sshsig.Namespace(string(body.Kind())), data)
	if err != nil {
		panic(err)
	}
	return broker.Submission{Statement: data, Signature: ledger.Signature{SSHSig: blob}, Address: "192.0.2.7"}
}

func (d *drive) ask(person, holder string) broker.Submission {
	text := "cannot connect"
	var salt [32]byte
	rand.Read(salt[:])
	why, err := statement.NewNote(salt, text)
	if err != nil {
		panic(err)
	}
	s := d.submission(person, person, &statement.Request{
		Scenario: d.genesis.Scenarios[0].ID, ScenarioDigest: d.genesis.Scenarios[0].Digest, Severity: "SEV1", For: 600,
		Targets: []string{"db-1"}, Why: why,
		Holder: statement.Holder{Ed25519: celltest.Public("holder " + holder), X25519: celltest.Public("sealed " + holder)},
	})
	s.Notes = []ledger.Note{{Salt: salt, Text: text}}
	return s
}

func (d *drive) decide(person string, of canon.Digest, verdict statement.Verdict) broker.Submission {
	return d.submission(person, person, &statement.Decision{Of: of, Verdict: verdict, Check: statement.CallBack})
}

func (d *drive) must(s broker.Submission) broker.Answer {
	d.t.Helper()
	a, err := d.Submit(context.Background(), s)
	if err != nil {
		d.t.Fatalf("submit: %v", err)
	}
	return a
}

// granted goes through a request of ann's until its lease is open.
func (d *drive) granted(holder string) canon.Digest {
	d.t.Helper()
	id := d.must(d.ask("ann", holder)).Digest
	d.must(d.decide("sam", id, statement.Approve))
	a := d.must(d.decide("lea", id, statement.Approve))
	if a.Request.State != access.Granted {
		d.t.Fatalf("the request is %s", a.Request.State)
	}
	task := fmt.Sprintf("open:%s:%d:db-1", id.Short(), a.Index)
	if _, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectOpened, Task: task}, cell.Observed{}); err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *drive) refused(s broker.Submission, want cell.Reason) {
	d.t.Helper()
	_, err := d.Submit(context.Background(), s)
	var refusal *cell.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		d.t.Fatalf("got %v, want refusal %s", err, want)
	}
}
