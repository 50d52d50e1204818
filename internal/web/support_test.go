package web_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// wordsOf are the words of a request, as a person reads them out.
func wordsOf(t *testing.T, id canon.Digest, salt string) string {
	t.Helper()
	raw, err := hex.DecodeString(salt)
	if err != nil {
		t.Fatal(err)
	}
	four := statement.Words(id, [16]byte(raw))
	return strings.Join(four[:], " ")
}
