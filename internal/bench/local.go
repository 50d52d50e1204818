package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// local is a cell's broker in this process, to make a ledger with: the same
// rules, signatures and store as a server's, without HTTP.
type local struct {
	*broker.Broker
	cell  *folderOf
	store *sqlite.Store
}

func (f *folderOf) local(follow ...broker.Follower) (*local, error) {
	settings, _, err := config.LoadServer(filepath.Join(f.path, config.ServerFile))
	if err != nil {
		return nil, err
	}
	keys, err := server.OpenKeys(settings.KeysFolder)
	if err != nil {
		return nil, err
	}
	l := &local{cell: f}
	if l.store, err = sqlite.Open(settings.DataFolder, sqlite.Options{Reserve: -1}); err != nil {
		return nil, err
	}
	l.Broker, err = broker.Open(context.Background(), broker.Options{
		Origin: f.bundle.Genesis.Origin, Store: l.store, Beside: l.store, Check: verify.Signatures{}, Signer: keys.Ledger,
		Minter: keys.Authority, Wall: f.now, Rand: func(b []byte) { rand.Read(b) }, Follow: follow,
	})
	if err != nil {
		return nil, errors.Join(err, l.store.Close())
	}
	return l, nil
}

func (l *local) close() error {
	l.Close()
	return l.store.Close()
}

// submit signs a statement and puts it before the rules.
func (l *local) submit(person string, key ed25519.PrivateKey, body statement.Body, notes ...ledger.Note) (broker.Answer, error) {
	head := l.Head()
	h := statement.Header{
		Actor: person, Ledger: l.cell.bundle.Genesis.Origin, Expires: canon.At(l.cell.now().Add(10 * time.Minute)),
		Seen: statement.Seen{Size: head.Size, Root: head.Root},
	}
	rand.Read(h.Nonce[:])
	data, err := statement.Encode(statement.Statement{Header: h, Body: body})
	if err != nil {
		return broker.Answer{}, err
	}
	return l.Submit(context.Background(), broker.Submission{
		Statement: data, Signature: ledger.Signature{SSHSig: sign(key, body.Kind(), data)}, Address: "192.0.2.7", Notes: notes,
	})
}

// emergency goes through one: request, two decisions, a lease that opens, some
// certificates, release. It gives the request.
func (l *local) emergency(note ledger.Note) (of canon.Digest, err error) {
	public, holder, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return of, err
	}
	asked, err := l.submit("ann", l.cell.keys["ann"], l.cell.request(public, note), note)
	if err != nil {
		return of, err
	}
	var agreed broker.Answer
	for _, person := range []string{"bob", "cas"} {
		decision := &statement.Decision{Of: asked.Digest, Verdict: statement.Approve, Check: statement.CallBack}
		if agreed, err = l.submit(person, l.cell.keys[person], decision); err != nil {
			return of, err
		}
	}
	task := fmt.Sprintf("%s:%s:%d:%s", cell.TaskOpen, asked.Digest.Short(), agreed.Index, target)
	if _, err := l.Effect(context.Background(), cell.Effect{Kind: cell.EffectOpened, Task: task}, cell.Observed{}); err != nil {
		return of, err
	}
	for range 4 {
		fetched, err := l.submit("ann", holder, &statement.Fetch{Of: asked.Digest, Target: target})
		if err != nil {
			return of, err
		}
		if _, err := l.Mint(context.Background(), fetched); err != nil {
			return of, err
		}
	}
	_, err = l.submit("ann", holder, &statement.Release{Of: asked.Digest})
	return asked.Digest, err
}

const (
	scenario = "database-locked-out"
	target   = "db1"
)

// request asks for an hour at the one target, or at others.
func (f *folderOf) request(holder ed25519.PublicKey, why ledger.Note, targets ...string) *statement.Request {
	if len(targets) == 0 {
		targets = []string{target}
	}
	note, err := statement.NewNote(why.Salt, why.Text)
	if err != nil {
		panic(err) // the texts are ours
	}
	return &statement.Request{
		Scenario: scenario, ScenarioDigest: canon.Sum(f.bundle.Scenarios[scenario]), Severity: "SEV1", For: 3600,
		Targets: targets, Why: note, Holder: statement.Holder{Ed25519: canon.Key32(holder), X25519: canon.Key32(holder)},
	}
}

func freshNote() ledger.Note {
	n := ledger.Note{Text: "the database refuses every login"}
	rand.Read(n.Salt[:])
	return n
}
