package api_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// amends proposes a document that differs from genesis as a test says.
func (h *house) amends(person, reason string, change func(*cell.Genesis)) reply {
	h.Helper()
	var after cell.Genesis
	before := canon.MustEncode(h.genesis)
	must(h, canon.Decode(before, len(before), &after))
	change(&after)
	file := canon.MustEncode(after)
	why, beside := written(h, reason)
	data, signature := sign(h, person, h.statement(person, &statement.Change{
		Amend:  &statement.Amend{From: canon.Sum(before), To: statement.Blob{Digest: canon.Sum(file), Length: len(file)}},
		Reason: why,
	}))
	body, err := json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []text           `json:"notes"`
		Files     [][]byte         `json:"files"`
	}{data, signature, []text{beside}, [][]byte{file}})
	must(h, err)
	return h.do("POST", "/api/v1/statements", body)
}

// TestChangeIsCompared: whoever reads of a change reads what it would change; why,
// only those who decide on who is in the cell.
func TestChangeIsCompared(t *testing.T) {
	h := open(t)
	first := h.took(h.amends("sam", "reason-canary", func(g *cell.Genesis) {
		g.People = append(g.People, roster.Person{ID: "kim", Keys: []roster.Key{celltest.Line("kim")}})
		g.Groups["on-call"] = append(g.Groups["on-call"], "kim")
	})).Digest
	second := h.took(h.amends("sue", "reason-canary", func(g *cell.Genesis) { g.Pending = 7200 })).Digest
	for person, told := range map[string]bool{"lea": true, "ann": false} {
		body := string(h.get(person, "/api/v1/changes/"+first.String()).Body)
		contains(t, person, body, `"about":"person kim"`)
		contains(t, person, body, `"bearing":"widens"`)
		contains(t, person, body, `"widened":["database-locked-out"]`)
		contains(t, person, body, "Keys that it adds agree to nothing for 72h")
		same(t, person+": is told why", strings.Contains(body, "reason-canary"), told)
	}
	h.took(h.submit("lea", "lea", approval(first)))
	stale := string(h.get("lea", "/api/v1/changes/"+second.String()).Body)
	contains(t, "the second", stale, "not in force any more")
	same(t, "the second is compared", strings.Contains(stale, `"compared"`), false)
	h.again()
	contains(t, "after a restart", string(h.get("lea", "/api/v1/changes/"+second.String()).Body), "not in force any more")
}
