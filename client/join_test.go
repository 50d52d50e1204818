package client_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestJoinWords: the words are a part of the format, and of the key and the name
// together.
func TestJoinWords(t *testing.T) {
	key, other := strings.Repeat("0a", 32), strings.Repeat("0b", 32)
	if got := strings.Join(sliced(client.JoinWords("halligan.example.com", key)), " "); got != "pixie basalt duck bracelet" {
		t.Errorf("the words are %s", got)
	}
	seen := map[[4]string]bool{}
	for _, cell := range []string{"halligan.example.com", "halligan.example.org"} {
		for _, key := range []string{key, other} {
			seen[client.JoinWords(cell, key)] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d different words, want 4", len(seen))
	}
}

func sliced(words [4]string) []string { return words[:] }

// TestAnchorWords: a server that claims another anchor, in whatever it differs,
// gives other words.
func TestAnchorWords(t *testing.T) {
	key := newKeys(t).public
	anchor := ledger.Anchor{Origin: celltest.Origin, Genesis: ledger.Hash{1}, LedgerKeys: []string{key}, Witnesses: ledger.NoWitnesses}
	words := func(a ledger.Anchor, serverKey string) [4]string {
		w, err := client.AnchorWords(a, serverKey)
		must(t, err)
		return w
	}
	pin := strings.Repeat("0a", 32)
	right := words(anchor, pin)
	if right == client.JoinWords(anchor.Origin, pin) {
		t.Error("a founder's words pass for those of who comes later")
	}
	genesis, keys := anchor, anchor
	genesis.Genesis = ledger.Hash{2}
	keys.LedgerKeys = []string{newKeys(t).public}
	for name, got := range map[string][4]string{
		"another genesis": words(genesis, pin), "another ledger key": words(keys, pin), "another server": words(anchor, strings.Repeat("0b", 32)),
	} {
		if got == right {
			t.Errorf("%s gives the same words", name)
		}
	}
	if _, err := client.AnchorWords(ledger.Anchor{}, pin); err == nil {
		t.Error("no anchor has words")
	}
}

// TestMeetSpeaksToOneKey: what changes its key after the first word is not spoken
// to, and what is no door is told apart.
func TestMeetSpeaksToOneKey(t *testing.T) {
	hello := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}
	for body, says := range map[string]string{
		`{"founding":"v1","cell":"halligan.example.com"}`:          "",
		`{"founding":"v2","cell":"halligan.example.com"}`:          "not supported",
		`{"founding":"v1","cell":"halligan.example.com","more":1}`: "cannot read",
		`{"founding":"v1","cell":"\u001b[2J"}`:                     "the server's cell",
		`[]`:                                                       "cannot read",
	} {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hello(w, body) }))
		met, err := client.Meet(t.Context(), s.URL)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", body, err)
		}
		if err == nil && met.ServerKey() != client.ServerKey(s.Certificate()) {
			t.Errorf("the key is %s", met.ServerKey())
		}
		s.Close()
	}
	gone := httptest.NewTLSServer(http.NotFoundHandler())
	defer gone.Close()
	if _, err := client.Meet(t.Context(), gone.URL); !errors.Is(err, client.ErrNoCell) {
		t.Errorf("no cell: %v", err)
	}

	first, second := httptest.NewUnstartedServer(nil), certificate(t)
	first.Config.ErrorLog = log.New(io.Discard, "", 0)
	shown := 0
	first.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hello(w, `{"founding":"v1","cell":"halligan.example.com"}`)
	})
	first.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if shown++; shown > 1 {
			return &tls.Config{Certificates: []tls.Certificate{second}}, nil
		}
		return nil, nil
	}}
	first.StartTLS()
	defer first.Close()
	if _, err := client.Meet(t.Context(), first.URL); !errors.Is(err, client.ErrServerKey) {
		t.Errorf("another key after the first word: %v", err)
	}
}

// certificate is over a key of its own.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}
}

// FuzzJoinWish: what is read is canonical.
func FuzzJoinWish(f *testing.F) {
	f.Add([]byte(`{"cell":"halligan.example.com","join":"v1","person":"ben","server_key":"00"}`))
	f.Add([]byte(`{"join":"v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		wish, err := client.DecodeJoinWish(data)
		if err == nil && !bytes.Equal(canon.MustEncode(wish), data) {
			t.Fatalf("%q reads as %+v", data, wish)
		}
	})
}
