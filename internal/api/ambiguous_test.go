package api_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestRequestsMadeToLookAlike: a requester can choose nonces until two of their
// requests begin with the same digits. Whoever wants to stop one must be told
// both ids whole, and stop exactly the one that they name.
func TestRequestsMadeToLookAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two digests that begin alike are searched for")
	}
	h := open(t)
	one, besideOne := h.ask("ann", "one", "db-1")
	two, besideTwo := h.ask("ann", "two", "db-1")
	first, second := alike(t, h.statement("ann", one), h.statement("ann", two))
	a := h.took(h.do("POST", "/api/v1/statements", envelope(t, first, signBytes(t, "ann", "request", first), besideOne))).Digest
	b := h.took(h.do("POST", "/api/v1/statements", envelope(t, second, signBytes(t, "ann", "request", second), besideTwo))).Digest
	same(t, "the digits", a.String()[:8], b.String()[:8])
	for _, path := range []string{"", "/timeline", "/evidence"} {
		r := h.get("sam", "/api/v1/requests/"+a.String()[:8]+path)
		same(t, "by eight digits"+path, r.reason(), "ambiguous")
		contains(t, "what is said", string(r.Body), a.String())
		contains(t, "what is said", string(r.Body), b.String())
	}
	for _, id := range []canon.Digest{a, b} {
		same(t, "by all digits", h.get("sam", "/api/v1/requests/"+id.String()).Status, http.StatusOK)
	}
}

// alike tries nonces until the digests of two statements begin with the same
// eight digits, and gives their bytes.
func alike(t *testing.T, one, two statement.Statement) (first, second []byte) {
	t.Helper()
	seen := map[[4]byte]uint64{}
	a, b := nonced(t, one), nonced(t, two)
	for n := uint64(1); n < 1<<22; n++ {
		seen[prefix(a(n))] = n
		if other, ok := seen[prefix(b(n))]; ok {
			return bytes.Clone(a(other)), bytes.Clone(b(n))
		}
	}
	t.Fatal("no two begin alike")
	return nil, nil
}

func prefix(data []byte) [4]byte {
	sum := canon.Sum(data)
	return [4]byte(sum[:4])
}

// nonced gives the bytes of a statement with nonces that end with a number.
func nonced(t *testing.T, s statement.Statement) func(n uint64) []byte {
	t.Helper()
	data, err := statement.Encode(s)
	must(t, err)
	at := bytes.Index(data, []byte(s.Nonce.String()))
	return func(n uint64) []byte {
		copy(data[at+48:], fmt.Sprintf("%x", binary.BigEndian.AppendUint64(nil, n)))
		return data
	}
}
