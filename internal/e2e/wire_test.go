package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
)

// wire speaks to a town's server by hand, so that a test may send what the
// client never would, and sees each answer as it is: HTTP/1.1 over one connection.
type wire struct {
	town     *town
	http     *http.Client
	bundle   config.Bundle
	anchor   ledger.Anchor
	patience time.Duration // for one answer
}

// wire makes one.
func (w *town) wire() (*wire, error) {
	certificate, err := os.ReadFile(w.path("cell", "keys", "tls.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificate) {
		return nil, errors.New("cannot read the server's certificate")
	}
	keys, err := server.PublicKeys(w.path("cell", "keys"))
	if err != nil {
		return nil, err
	}
	bundle, err := config.Compile(w.path("cell"), keys)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, MaxConnsPerHost: 1,
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	return &wire{town: w, http: &http.Client{Transport: transport}, bundle: bundle, anchor: server.AnchorOf(&bundle), patience: patience}, nil
}

// signer is the key of a person.
func (w *wire) signer(person string) (client.Signer, error) {
	return client.OpenSigner(w.town.path("people", person, "key"), nil)
}

// checkpoint is what the server signed last.
func (w *wire) checkpoint() (ledger.Checkpoint, error) {
	answer, err := w.http.Get("https://" + w.town.web + "/ledger/" + ledger.CheckpointPath)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	text, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return ledger.Checkpoint{}, err
	}
	return ledger.OpenCheckpoint(origin, w.anchor.LedgerKeys, text)
}

// envelope makes the body of a submission: a person's statement, signed with a
// key, which may be another than theirs.
func (w *wire) envelope(person string, signer client.Signer, body statement.Body, notes ...client.Noted) ([]byte, error) {
	s, err := w.submission(person, signer, body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []client.Noted   `json:"notes,omitempty"`
	}{s.Statement, s.Signature, notes})
}

// submission is a statement of a person, signed with a key.
func (w *wire) submission(person string, signer client.Signer, body statement.Body) (broker.Submission, error) {
	seen, err := w.checkpoint()
	if err != nil {
		return broker.Submission{}, err
	}
	h := statement.Header{
		Actor: person, Ledger: origin, Expires: canon.At(time.Now().Add(5 * time.Minute)),
		Seen: statement.Seen{Size: seen.Size, Root: canon.Digest(seen.Root)},
	}
	rand.Read(h.Nonce[:])
	data, err := statement.Encode(statement.Statement{Header: h, Body: body})
	if err != nil {
		return broker.Submission{}, err
	}
	blob, err := signer.Sign(context.Background(), sshsig.Namespace(string(body.Kind())), data)
	return broker.Submission{Statement: data, Signature: ledger.Signature{SSHSig: blob}}, err
}

// said is one answer.
type said struct {
	status        int
	text          string
	began, landed time.Time
}

// post sends an envelope once.
func (w *wire) post(envelope []byte) (said, error) {
	ctx, cancel := context.WithTimeout(context.Background(), w.patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+w.town.web+"/api/v1/statements", bytes.NewReader(envelope))
	if err != nil {
		return said{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	s := said{began: time.Now()}
	answer, err := w.http.Do(request)
	if err != nil {
		return s, err
	}
	data, err := io.ReadAll(answer.Body)
	s.status, s.text, s.landed = answer.StatusCode, string(data), time.Now()
	return s, errors.Join(err, answer.Body.Close())
}

// send signs as a person and posts.
func (w *wire) send(person string, body statement.Body, notes ...client.Noted) (said, error) {
	signer, err := w.signer(person)
	if err != nil {
		return said{}, err
	}
	return w.sendWith(person, signer, body, notes...)
}

func (w *wire) sendWith(person string, signer client.Signer, body statement.Body, notes ...client.Noted) (said, error) {
	envelope, err := w.envelope(person, signer, body, notes...)
	if err != nil {
		return said{}, err
	}
	return w.post(envelope)
}

// must is what an answer that has to be 201 says under a path.
func (s said) must(err error, path string) (string, error) {
	if err == nil && s.status != http.StatusCreated {
		err = fmt.Errorf("status %d: %s", s.status, s.text)
	}
	if err != nil {
		return "", err
	}
	return at(s.text, path)
}

// asking is a request of ann's by hand, and the keys that were made for it.
func (w *wire) asking(length time.Duration, targets ...string) (*statement.Request, *client.Holder, client.Noted, error) {
	why, text, err := client.NewNoted("pool exhausted")
	if err != nil {
		return nil, nil, text, err
	}
	holder, err := client.NewHolder()
	if err != nil {
		return nil, nil, text, err
	}
	public, err := holder.Public()
	return &statement.Request{
		Scenario: "database-locked-out", ScenarioDigest: canon.Sum(w.bundle.Scenarios["database-locked-out"]), Severity: "SEV1",
		For: canon.SecondsOf(length), Targets: targets, Why: why, Holder: public,
	}, holder, text, err
}

// newTown founds a town for a test and serves it; all of it ends with the test.
func newTown(t *testing.T, f founding) *town {
	t.Helper()
	w := foundTown(t, f)
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	return w
}

// foundTown is newTown without serving.
func foundTown(t *testing.T, f founding) *town {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real servers: left out by -short")
	}
	if f.host {
		needTarget(t)
	}
	if !f.long {
		t.Cleanup(slot())
	}
	w, err := found(t.TempDir(), f)
	if w != nil {
		t.Cleanup(func() {
			if err := w.close(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				log := text(w.path("serve.log"))
				t.Logf("the server says:\n%s", log[max(0, len(log)-4000):])
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// newWire is a wire for a test.
func newWire(t *testing.T, w *town) *wire {
	t.Helper()
	made, err := w.wire()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.http.CloseIdleConnections)
	return made
}

// ok ends the test at an error.
func ok[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// holderFiles are the keys of requests on a person's machine.
func (w *town) holderFiles(person string) ([]string, error) {
	return filepath.Glob(w.path("people", person, "state", "*", "holders", "*.json"))
}
