package client

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// What a server whose cell is not sealed yet answers to: its door.
const (
	JoinPath        = "/founding/v1"           // GET: Hello
	JoinGenesisPath = "/founding/v1/genesis"   // POST JoinAsk: FoundingFiles
	JoinSignPath    = "/founding/v1/signature" // POST FoundingSignature: FoundingState

	// JoinLimit is the longest body that the door reads.
	JoinLimit = 64 << 10

	joinVersion = "v1"
)

// Hello is what the door tells everybody.
type Hello struct {
	Founding string `json:"founding"` // v1
	Cell     string `json:"cell"`     // its name
}

// JoinAsk is a person's signed wish to read what the founders sign.
type JoinAsk struct {
	Ask       string           `json:"ask"` // the signed bytes: a JoinWish, canonical
	Signature ledger.Signature `json:"signature"`
}

// JoinWish names the server key that the person's machine sees, so that what was
// signed for one server is of no use at another.
type JoinWish struct {
	Join      string `json:"join"` // v1
	Cell      string `json:"cell"`
	Person    string `json:"person"`
	ServerKey string `json:"server_key"`
}

// FoundingFiles are genesis, the scenarios that it names, and the texts whose
// hashes it holds.
type FoundingFiles struct {
	Files []string `json:"files"` // canonical JSON; genesis is the first
	Notes []Noted  `json:"notes"`
}

// FoundingSignature is a founder's signature over genesis.
type FoundingSignature struct {
	Statement string           `json:"statement"` // the signed bytes
	Signature ledger.Signature `json:"signature"`
}

// FoundingState is who has not signed yet.
type FoundingState struct {
	Missing []string `json:"missing"`
}

// joinSalt is the salt of JoinWords. Nobody need draw one: what the words are of
// is one key of one cell, and the digest holds both.
var joinSalt = [16]byte([]byte("halligan join v1"))

// JoinWords are the four words of a server's key (hexadecimal SHA-256 of its
// SPKI) and a cell's name. Two machines that show the same words see the same
// key. Somebody between them has another, and needs some 2^44 tries, each with
// 19 MiB and tens of milliseconds, for one that gives the same words.
func JoinWords(cell, serverKey string) [4]string {
	return statement.Words(canon.Sum(canon.MustEncode(JoinWish{Join: joinVersion, Cell: cell, ServerKey: serverKey})), joinSalt)
}

// JoinNamespace is what a JoinWish is signed under. No kind of statement has it.
var JoinNamespace = sshsig.Namespace("join")

// DecodeJoinWish reads a JoinWish, strictly.
func DecodeJoinWish(data []byte) (JoinWish, error) {
	var w JoinWish
	if err := canon.Decode(data, JoinLimit, &w); err != nil {
		return w, err
	}
	if w.Join != joinVersion {
		return w, fmt.Errorf("join: version %q is not supported by this version", w.Join)
	}
	return w, nil
}

// Greeting is what the door of a cell answers to everybody.
func Greeting(cell string) Hello { return Hello{Founding: joinVersion, Cell: cell} }

// ErrNoCell says that what answers at an address is no server of a cell.
var ErrNoCell = errors.New("what answers there is no server of a cell")

// AnchorWords are the four words of a server's key and of an anchor, for who joins
// a cell that is sealed: two machines that show the same words see the same key
// and would pin the same anchor.
func AnchorWords(anchor ledger.Anchor, serverKey string) ([4]string, error) {
	data, err := anchor.Encode()
	if err != nil {
		return [4]string{}, err
	}
	of, err := canon.Encode(struct {
		Anchor    jsontext.Value `json:"anchor"`
		Join      string         `json:"join"`
		ServerKey string         `json:"server_key"`
	}{data, joinVersion, serverKey})
	return statement.Words(canon.Sum(of), joinSalt), err
}

// Met is a server that nobody vouches for yet. Whether it is the right one, only
// the comparison of the words tells.
type Met struct {
	c      *Client
	cell   string
	anchor *ledger.Anchor // that the server says; nil where the cell is not sealed
}

// Meet asks an address which cell it founds. From the first word on it speaks to
// one key only; which, ServerKey tells.
func Meet(ctx context.Context, address string) (*Met, error) {
	key, err := keyAt(ctx, address)
	if err != nil {
		return nil, err
	}
	pin, err := hex.DecodeString(key)
	if err != nil {
		return nil, err
	}
	m := &Met{c: &Client{profile: Profile{URL: address, ServerKey: key}, http: pinnedHTTP(pin), now: time.Now}}
	data, err := m.c.exchange(ctx, ask{method: http.MethodGet, address: JoinPath})
	if no, ok := asProblem(err); ok && no.Status == http.StatusNotFound {
		return m, m.meetSealed(ctx)
	}
	if err != nil {
		return nil, err
	}
	var hello Hello
	if err := json.Unmarshal(data, &hello, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("cannot read the server's answer: %w", err)
	}
	if hello.Founding != joinVersion {
		return nil, fmt.Errorf("cannot join: version %q is not supported by this version", hello.Founding)
	}
	if err := canon.CheckOrigin(hello.Cell); err != nil {
		return nil, fmt.Errorf("cannot join: the server's cell: %w", err)
	}
	m.cell = hello.Cell
	return m, nil
}

// meetSealed asks a server whose cell is sealed for the anchor that it claims.
func (m *Met) meetSealed(ctx context.Context) error {
	data, err := m.c.exchange(ctx, ask{method: http.MethodGet, address: "/api/v1/cell"})
	if no, ok := asProblem(err); ok && no.Status == http.StatusNotFound {
		return ErrNoCell
	}
	if err != nil {
		return err
	}
	var says struct {
		Anchor jsontext.Value `json:"anchor"`
	}
	if err := json.Unmarshal(data, &says); err != nil || len(says.Anchor) == 0 {
		return ErrNoCell
	}
	if err := says.Anchor.Canonicalize(); err != nil {
		return fmt.Errorf("cannot read the server's answer: %w", err)
	}
	anchor, err := ledger.DecodeAnchor(says.Anchor)
	if err != nil {
		return err
	}
	m.anchor, m.cell = &anchor, anchor.Origin
	return nil
}

// keyAt is the key that an address shows.
func keyAt(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("cannot join %s: %w", address, err)
	}
	at := u.Host
	if u.Port() == "" {
		at = net.JoinHostPort(u.Hostname(), "443")
	}
	ctx, cancel := context.WithTimeout(ctx, dialLongest)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: u.Hostname(),
		InsecureSkipVerify: true, // nothing is known of the server yet: people compare words of the key
	}}
	conn, err := dialer.DialContext(ctx, "tcp", at)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if err := conn.Close(); err != nil && len(shown) == 0 {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(shown) == 0 {
		return "", ErrServerKey
	}
	return ServerKey(shown[0]), nil
}

// Cell is the name of the cell, as the server says it.
func (m *Met) Cell() string { return m.cell }

// ServerKey is the key that the server showed, as profiles pin it.
func (m *Met) ServerKey() string { return m.c.profile.ServerKey }

// Anchor is what the server of a sealed cell says its anchor is; false where the
// cell is not sealed. It is worth as much as the comparison of the words.
func (m *Met) Anchor() (ledger.Anchor, bool) {
	if m.anchor == nil {
		return ledger.Anchor{}, false
	}
	return *m.anchor, true
}

// Words are the words to compare: with those of the server's machine before the
// cell is sealed, and afterwards with those of somebody of the cell.
func (m *Met) Words() ([4]string, error) {
	if m.anchor != nil {
		return AnchorWords(*m.anchor, m.ServerKey())
	}
	return JoinWords(m.cell, m.ServerKey()), nil
}

// Files asks for what the founders sign, with the key of a person of the cell.
// Whoever takes them checks them: they are what the server says.
func (m *Met) Files(ctx context.Context, person string, signer Signer) (FoundingFiles, error) {
	wish := canon.MustEncode(JoinWish{Join: joinVersion, Cell: m.cell, Person: person, ServerKey: m.ServerKey()})
	blob, err := signer.Sign(ctx, JoinNamespace, wish)
	if err != nil {
		return FoundingFiles{}, fmt.Errorf("cannot sign: %w", err)
	}
	var files FoundingFiles
	err = m.post(ctx, JoinGenesisPath, JoinAsk{Ask: string(wish), Signature: ledger.Signature{SSHSig: blob}}, &files)
	if err == nil && len(files.Files) == 0 {
		err = errors.New("the server sent no genesis")
	}
	return files, err
}

// Leave leaves a founder's signed found statement with the server.
func (m *Met) Leave(ctx context.Context, found []byte, signature ledger.Signature) (FoundingState, error) {
	var state FoundingState
	err := m.post(ctx, JoinSignPath, FoundingSignature{Statement: string(found), Signature: signature}, &state)
	return state, err
}

func (m *Met) post(ctx context.Context, path string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	out, err := m.c.exchange(ctx, ask{method: http.MethodPost, address: path, body: data})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, answer, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("cannot read the server's answer: %w", err)
	}
	return nil
}
