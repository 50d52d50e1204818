package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// TestPasskeysInTheReport: a decision by a passkey verifies with nothing but the
// ledger, and the report says on which page it was made, and whose word that is.
func TestPasskeysInTheReport(t *testing.T) {
	device := passkeytest.New("sam", celltest.Origin)
	key := must(roster.ParseKey(device.Line()))
	c := newCell(3, 3, func(g *cell.Genesis) {
		i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "sam" })
		g.People[i].Keys = append(g.People[i].Keys, key)
	})
	ask := c.must(c.ask("ann", "db-1"))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	tap := func(origin string) cell.Command {
		device.Origin = origin
		command := c.Approve("sam", id)
		signed := *command.Signed
		signed.Signature = ledger.Signature{SSHSig: must(device.Assert("decision", signed.Bytes).SSHSig("decision", signed.Bytes, [][]byte{device.Wire()}))}
		signed.Signer = must(verify.Signatures{}.Statement(statement.KindDecision, signed.Bytes, signed.Signature))
		command.Signed = &signed
		return command
	}
	c.must(tap("https://" + celltest.Origin + ":8443"))
	c.must(c.Approve("lea", id))
	src, seen := c.export(c.bodies)
	report := check(t, src, c.anchor, seen)
	if !report.Good() || report.Counts.Passkeys != 1 {
		t.Fatalf("got %s, %d passkeys:\n%s", report.Verdict, report.Counts.Passkeys, report.Text())
	}
	var pages []string
	for _, s := range report.Grants[0].Rests.Statements {
		pages = append(pages, s.Actor+" "+s.Page+" "+s.Strength)
	}
	if got := strings.Join(pages, "\n"); got != "ann  possession\nsam https://cell.example.com:8443 user-verified\nlea  possession" {
		t.Errorf("pages:\n%s", got)
	}
	for _, want := range []string{"decision by sam on https://cell.example.com:8443 (", "1 of the statements were signed by passkeys", "the word of the pages' host"} {
		if !strings.Contains(report.Text(), want) {
			t.Errorf("the text does not say %q:\n%s", want, report.Text())
		}
	}
	if got := sshsig.OriginOf(c.Approve("sam", id).Signed.Signature.SSHSig); got != "" {
		t.Errorf("what no passkey signed is of the page %q", got)
	}
}
