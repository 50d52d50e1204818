package cli

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// profileFlags say which cell.
type profileFlags struct {
	Profile string `help:"Profile of the cell: server, its pinned key, and the anchor. Default: halligan/profile.json in your configuration folder." env:"HALLIGAN_PROFILE" placeholder:"FILE"`
}

// memberFlags say which cell, and whose key signs.
type memberFlags struct {
	profileFlags
	Key string `help:"Key to sign with: a private key file, or a .pub file whose key is in ssh-agent. Default: the profile's, else the one of yours that ssh-agent holds." env:"HALLIGAN_KEY" placeholder:"FILE"`
}

// wire carries what a member says to the cell's server, and back.
type wire interface {
	// Read gives what a path of the server holds, as the member may see it.
	Read(ctx context.Context, path string) ([]byte, error)
	// Submit signs and sends an order and gives the server's JSON answer, checked
	// to be about that very statement. Asking again is safe: it sends the same bytes.
	Submit(ctx context.Context, o order) ([]byte, canon.Digest, error)
	// Watch gives each event of the stream to tell until the context is over.
	Watch(ctx context.Context, tell func([]byte) error) error
}

// order is a statement that is to be signed and sent.
type order struct {
	body   statement.Body
	notes  []ledger.Note
	seen   statement.Seen // zero: the newest checkpoint
	holder *holder        // signs instead of the member's key
}

// holder is the pair of keys of one request, on the machine that asked.
type holder struct {
	id       canon.Digest
	scenario string
	targets  []string
	key      ed25519.PrivateKey
}

// target is the one that was named, or the only one.
func (h *holder) target(named string) (string, error) {
	if named == "" && len(h.targets) == 1 {
		return h.targets[0], nil
	}
	for _, target := range h.targets {
		if target == named {
			return target, nil
		}
	}
	if named == "" {
		return "", failf(exitUsage, "the request has several targets: name one of %s", either(h.targets))
	}
	return "", failf(exitNotFound, "the request has no target %q", named).or("it has %s", both(h.targets))
}

// member is a person of a cell, at this machine.
type member struct {
	c       *call
	wire    wire
	id_     string
	pinned  ledger.Anchor
	holders holders
	book    *scenarioBook
}

// holders keeps the keys that were made for requests.
type holders interface {
	// Find gives the holder of the request whose id begins with digits.
	Find(digits string) (*holder, error)
}

func (m *member) person() string        { return m.id_ }
func (m *member) anchor() ledger.Anchor { return m.pinned }

// in is the member in another context.
func (m *member) in(ctx context.Context) *member {
	c, again := *m.c, *m
	c.ctx, again.c = ctx, &c
	return &again
}

// read gives what a path below /api/v1/ holds.
func (m *member) read(path string) ([]byte, error) { return m.wire.Read(m.c.ctx, "/api/v1/"+path) }

// readAs reads JSON. What this version does not know of it is left out.
func readAs[T any](m *member, path string) (v T, err error) {
	data, err := m.read(path)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, because(exitInternal, err, "cannot read the server's answer").or("the server may be of another version: halligan version")
	}
	return v, nil
}

// show reads and shows: as it came with --json, else in plain words.
func show[T any](m *member, path string, sheet func(T) string) error {
	data, err := m.read(path)
	if err != nil {
		return err
	}
	if m.c.flags.JSON {
		return m.c.json(jsontext.Value(data))
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return because(exitInternal, err, "cannot read the server's answer").or("the server may be of another version: halligan version")
	}
	m.c.print(sheet(v))
	return nil
}

// id is the request that digits name.
func (m *member) id(digits string) (canon.Digest, error) {
	if id, err := canon.ParseDigest(digits); err == nil {
		return id, nil
	}
	r, err := readAs[view.Request](m, "requests/"+url.PathEscape(digits))
	if err != nil {
		return canon.Digest{}, err
	}
	if !strings.HasPrefix(r.ID.String(), digits) {
		return canon.Digest{}, unproved("the server answered with another request than " + digits)
	}
	return r.ID, nil
}

// evidence reads evidence as it came.
func (m *member) evidence(path string) ([]byte, error) { return m.read(path) }

// prove reads evidence and proves it.
func (m *member) prove(path string) (*proof, error) {
	data, err := m.evidence(path)
	if err != nil {
		return nil, err
	}
	return prove(m.c.ctx, m.pinned, data)
}

// brief proves the request that digits name.
func (m *member) brief(digits string) (*brief, error) {
	id, err := m.id(digits)
	if err != nil {
		return nil, err
	}
	p, err := m.prove("requests/" + id.String() + "/evidence")
	if err != nil {
		return nil, err
	}
	return briefOf(p, id)
}

// founding is what the founders signed.
func (m *member) founding() (*scenarioBook, error) {
	if m.book == nil {
		book, err := bookOf(m.pinned, m.attachment, canon.At(m.c.now()))
		if err != nil {
			return nil, err
		}
		m.book = book
	}
	return m.book, nil
}

// attachment reads what lies beside the ledger, unchecked.
func (m *member) attachment(digest canon.Digest) ([]byte, error) {
	return m.wire.Read(m.c.ctx, "/ledger/"+ledger.AttachmentPath(ledger.Hash(digest)))
}

// source is the server's ledger.
func (m *member) source() ledger.Source { return source{m} }

type source struct{ m *member }

// ReadFile does what ledger.Source says.
func (s source) ReadFile(path string) ([]byte, error) { return s.m.wire.Read(s.m.c.ctx, "/ledger/"+path) }

func (m *member) watch(tell func([]byte) error) error { return m.wire.Watch(m.c.ctx, tell) }

func (m *member) submit(body statement.Body, notes []ledger.Note) (answer, error) {
	return m.send(order{body: body, notes: notes})
}

func (m *member) submitSeen(body statement.Body, notes []ledger.Note, seen statement.Seen) (answer, error) {
	return m.send(order{body: body, notes: notes, seen: seen})
}

func (m *member) submitAs(h *holder, body statement.Body) (answer, error) {
	return m.send(order{body: body, holder: h})
}

func (m *member) send(o order) (answer, error) {
	data, digest, err := m.wire.Submit(m.c.ctx, o)
	if err != nil {
		return answer{}, err
	}
	a := answer{Digest: digest}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, because(exitUnreachable, err, "cannot read the server's answer").or("halligan status tells what became of it")
	}
	return a, nil
}

// answer is what a statement became.
type answer struct {
	Digest     canon.Digest   `json:"-"` // worked out here
	Entry      int64          `json:"entry"`
	Again      bool           `json:"again"`
	Shown      *view.Request  `json:"request"`
	Credential *issued        `json:"credential"`
	Events     jsontext.Value `json:"events"`
}

// issued is a certificate as the server sends it.
type issued struct {
	Target      string     `json:"target"`
	Certificate string     `json:"certificate"`
	KeyID       string     `json:"key_id"`
	Serial      string     `json:"serial"`
	After       canon.Time `json:"after"`
	Before      canon.Time `json:"before"`
}

// request is the server's view of the request after the statement; nil if it
// sent none.
func (a answer) request() *view.Request { return a.Shown }

// salt is the salt of the words; empty if the server sent none.
func (a answer) salt() string {
	if a.Shown == nil {
		return ""
	}
	if raw, err := hex.DecodeString(a.Shown.Salt); err != nil || len(raw) != 16 {
		return ""
	}
	return a.Shown.Salt
}
