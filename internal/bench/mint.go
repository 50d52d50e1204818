package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

const clients = 64

// cellClient speaks to a running cell as its people do.
type cellClient struct {
	cell *folderOf
	http *http.Client
	url  string
	seen statement.Seen
}

// answer is what of an answer the bench reads.
type answer struct {
	Digest     canon.Digest `json:"digest"`
	Checkpoint string       `json:"checkpoint"`
	Request    shownRequest `json:"request"`
	Session    struct {
		Token string `json:"token"`
	} `json:"session"`
}

func (f *folderOf) client() (*cellClient, error) {
	client, err := caller(filepath.Join(f.path, "keys", "tls.crt"))
	if err != nil {
		return nil, err
	}
	c := &cellClient{cell: f, http: client, url: "https://" + f.listen}
	return c, c.look()
}

// look reads the newest checkpoint.
func (c *cellClient) look() error {
	answer, err := c.http.Get(c.url + "/ledger/checkpoint")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		return err
	}
	checkpoint, err := ledger.OpenCheckpoint(c.cell.bundle.Genesis.Origin, []string{c.cell.bundle.Genesis.Ledger}, text.Bytes())
	c.seen = statement.Seen{Size: checkpoint.Size, Root: canon.Digest(checkpoint.Root)}
	return err
}

// encode makes a statement's bytes with a nonce of its own.
func (c *cellClient) encode(person string, body statement.Body) ([]byte, canon.Key32, error) {
	h := statement.Header{
		Actor: person, Ledger: c.cell.bundle.Genesis.Origin, Seen: c.seen,
		Expires: canon.At(c.cell.now().Add(2 * time.Minute)),
	}
	rand.Read(h.Nonce[:])
	data, err := statement.Encode(statement.Statement{Header: h, Body: body})
	return data, h.Nonce, err
}

// submit signs a statement, sends it and reads the answer.
func (c *cellClient) submit(person string, key ed25519.PrivateKey, body statement.Body, notes ...ledger.Note) (answer, error) {
	said, err := c.send(person, key, body, notes...)
	if err != nil {
		return answer{}, err
	}
	var a answer
	return a, json.Unmarshal(said, &a)
}

// send is submit of which nobody wants to know more than that it was taken.
func (c *cellClient) send(person string, key ed25519.PrivateKey, body statement.Body, notes ...ledger.Note) ([]byte, error) {
	data, _, err := c.encode(person, body)
	if err != nil {
		return nil, err
	}
	return post(c.http, ask{c.url + "/api/v1/statements", nil, http.StatusCreated, enclose(data, sign(key, body.Kind(), data), notes)})
}

// enclose writes the body of a submission.
func enclose(data, blob []byte, notes []ledger.Note) []byte {
	b := append([]byte(`{"statement":`), data...)
	b = append(b, `,"signature":{"sshsig":"`...)
	b = base64.StdEncoding.AppendEncode(b, blob)
	b = append(b, `"}`...)
	for i, n := range notes {
		b = append(b, map[bool]string{true: `,"notes":[`, false: `,`}[i == 0]...)
		b = fmt.Appendf(b, `{"salt":%q,"text":%q}`, base64.StdEncoding.EncodeToString(n.Salt[:]), n.Text)
	}
	if len(notes) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

// sign makes the SSHSIG of a statement with a key in memory and nothing else, so
// that the load costs the machine no more than it must.
func sign(key ed25519.PrivateKey, kind statement.Kind, data []byte) []byte {
	text := func(b []byte, parts ...[]byte) []byte {
		for _, part := range parts {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(part))), part...)
		}
		return b
	}
	const form, hash = "ssh-ed25519", "sha512"
	space, digest := []byte(sshsig.Namespace(string(kind))), sha512.Sum512(data)
	value := ed25519.Sign(key, text([]byte("SSHSIG"), space, nil, []byte(hash), digest[:]))
	public := text(nil, []byte(form), key[ed25519.SeedSize:])
	return text(append([]byte("SSHSIG"), 0, 0, 0, 1), public, space, nil, []byte(hash), text(nil, []byte(form), value))
}

// granted goes through one emergency until a certificate can be had.
func (c *cellClient) granted() (canon.Digest, ed25519.PrivateKey, error) {
	public, holder, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return canon.Digest{}, nil, err
	}
	note := freshNote()
	asked, err := c.submit("ann", c.cell.keys["ann"], c.cell.request(public, note), note)
	if err != nil {
		return canon.Digest{}, nil, err
	}
	for _, person := range []string{"bob", "cas"} {
		decision := &statement.Decision{Of: asked.Digest, Verdict: statement.Approve, Check: statement.CallBack}
		if _, err := c.submit(person, c.cell.keys[person], decision); err != nil {
			return canon.Digest{}, nil, err
		}
	}
	for try := 0; ; try++ {
		_, err := c.submit("ann", holder, &statement.Fetch{Of: asked.Digest, Target: target})
		if err == nil || try == 10 {
			return asked.Digest, holder, err
		}
		time.Sleep(100 * time.Millisecond) // the lease is being opened
	}
}

// minter gives the work of one caller: a fetch with a nonce of its own, signed
// with the holder key, answered with a certificate.
func (c *cellClient) minter(of canon.Digest, holder ed25519.PrivateKey) (func(int) error, error) {
	if err := c.look(); err != nil {
		return nil, err
	}
	pattern, nonce, err := c.encode("ann", &statement.Fetch{Of: of, Target: target})
	if err != nil {
		return nil, err
	}
	before, after, ok := bytes.Cut(pattern, []byte(nonce.String()))
	if !ok {
		return nil, errors.New("a statement does not show its nonce")
	}
	return func(int) error {
		var fresh canon.Key32
		rand.Read(fresh[:])
		data := hex.AppendEncode(append(make([]byte, 0, len(pattern)), before...), fresh[:])
		data = append(data, after...)
		body := enclose(data, sign(holder, statement.KindFetch, data), nil)
		said, err := post(c.http, ask{c.url + "/api/v1/statements", nil, http.StatusCreated, body})
		return certified(said, err)
	}, nil
}

// certified demands that an answer holds a certificate.
func certified(said []byte, err error) error {
	if err == nil && !bytes.Contains(said, []byte("ssh-ed25519-cert-v01@openssh.com ")) {
		err = fmt.Errorf("no certificate came: %s", said)
	}
	return err
}
