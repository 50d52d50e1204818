package cli_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestChangeIsSignedAsProposed shows a change from the proposer's own bytes, and
// refuses when the server answers with another or holds an entry back.
func TestChangeIsSignedAsProposed(t *testing.T) {
	c := newSignedCell(t)
	propose := func(person string) canon.Digest {
		made := c.do(c.By("lea", "lea", &statement.Change{Remove: statement.Removal{Person: person}, Reason: c.note(person + " left")}))
		return canon.Sum(made.Entry.Cause.Statement)
	}
	leo, bob := propose("leo"), propose("bob")
	l := newLiar(t, c)
	d := l.desk(t, "sam")
	whole := c.evidence(c.bodies, func(e ledger.Entry) bool { return e.Stream == cell.StreamCell })
	serve := func(shown canon.Digest, evidence []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answers["changes/"+leo.String()[:10]] = map[string]any{"id": shown}
		l.answers["changes/"+shown.String()+"/evidence"] = evidence
	}
	sign := func() (int, string, string) {
		return d.run("change", "sign", leo.String()[:10], "--check", "in-person")
	}
	serve(bob, whole)
	if code, _, errOut := sign(); code != 6 || len(l.taken()) != 0 {
		t.Errorf("another change: code %d, %s", code, errOut)
	}
	n := 0
	serve(leo, c.evidence(c.bodies, func(e ledger.Entry) bool { n++; return e.Stream == cell.StreamCell && n != 3 }))
	if code, _, errOut := sign(); code != 6 || len(l.taken()) != 0 {
		t.Errorf("an entry withheld: code %d, %s", code, errOut)
	}
	serve(leo, whole)
	code, out, errOut := sign()
	sent := l.taken()
	if code != 0 || len(sent) != 1 || sent[0].Body.(*statement.Decision).Of != leo {
		t.Fatalf("code %d, %d statements: %s", code, len(sent), errOut)
	}
	for _, want := range []string{"lea proposes to remove leo.", "│ leo left", "says yes to exactly this change (" + leo.Short() + ")"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
