package statement_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/statement"
)

// TestLedgerKeyOfAChange: a change proposes one thing, and a ledger key is a word of
// visible characters.
func TestLedgerKeyOfAChange(t *testing.T) {
	good := func() *statement.Change {
		return &statement.Change{Reason: note("five years old"), LedgerKey: "halligan.example.com+6e12f7a5+ARhon0BgTvWs4ErKdsojgENfn41OrIIlr0MSBqGVLblm"}
	}
	data := encode(t, sample(good()))
	read, err := statement.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if body := read.Body.(*statement.Change); body.LedgerKey != good().LedgerKey {
		t.Errorf("read as %q", body.LedgerKey)
	}
	for name, spoil := range map[string]func(*statement.Change){
		"a space":         func(c *statement.Change) { c.LedgerKey += " " },
		"a line":          func(c *statement.Change) { c.LedgerKey += "\n" },
		"another script":  func(c *statement.Change) { c.LedgerKey += "ä" },
		"too long":        func(c *statement.Change) { c.LedgerKey = strings.Repeat("a", statement.LedgerKeyMost+1) },
		"no reason":       func(c *statement.Change) { c.Reason = statement.Note{} },
		"a removal too":   func(c *statement.Change) { c.Remove.Person = "ann" },
		"a key only":      func(c *statement.Change) { c.Remove.Key = "SHA256:x" },
		"an amendment":    func(c *statement.Change) { c.Amend = amending().Amend },
		"neither of them": func(c *statement.Change) { c.LedgerKey = "" },
	} {
		c := good()
		spoil(c)
		if _, err := statement.Encode(sample(c)); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
}
