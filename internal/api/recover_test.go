package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT31RecoveryAtTheServer: who is no trustee begins none, everybody of the cell
// reads of one and why, nobody cancels it in another's name or twice, and two people
// do.
func TestT31RecoveryAtTheServer(t *testing.T) {
	h := open(t, func(h *house) { celltest.WithTrustees(&h.genesis) })
	propose := func(person, key string) reply {
		after := h.genesis
		after.People = append(after.People[:0:0], after.People...)
		celltest.Rekeyed("lea", "lea's new")(&after)
		file := canon.MustEncode(after)
		why, beside := written(t, "recovery-canary")
		data, signature := sign(t, key, h.statement(person, &statement.Recover{
			Amend:  statement.Amend{From: canon.Sum(canon.MustEncode(h.genesis)), To: statement.Blob{Digest: canon.Sum(file), Length: len(file)}},
			Reason: why,
		}))
		body, err := json.Marshal(struct {
			Statement jsontext.Value   `json:"statement"`
			Signature ledger.Signature `json:"signature"`
			Notes     []text           `json:"notes"`
			Files     [][]byte         `json:"files"`
		}{data, signature, []text{beside}, [][]byte{file}})
		must(t, err)
		return h.do("POST", "/api/v1/statements", body)
	}
	cancel := func(person, key string, of canon.Digest) reply {
		why, beside := written(t, "cancel-canary")
		return h.submit(person, key, &statement.Cancel{Of: of, Why: why}, beside)
	}
	same(t, "sam proposes", propose("sam", "sam").reason(), string(cell.NotAllowed))
	same(t, "sam proposes as vic", propose("vic", "sam").reason(), string(cell.NotYours))
	id := h.took(propose("vic", "vic")).Digest
	same(t, "sam agrees", h.submit("sam", "sam", approval(id)).reason(), string(cell.NotApprover))
	same(t, "vic agrees again", h.submit("vic", "vic", approval(id)).reason(), string(cell.AlreadyDecided))
	h.took(h.submit("wil", "wil", approval(id)))
	for _, person := range []string{"ann", "zoe", "lea"} {
		contains(t, person, string(h.get(person, "/api/v1/now").Body), `"until"`)
		got := h.get(person, "/api/v1/changes/"+id.String()[:10]+"/evidence")
		same(t, person+": status", got.Status, http.StatusOK)
		same(t, person+": is told why", strings.Contains(string(got.Body), "recovery-canary"), true)
	}
	contains(t, "coverage", string(h.get("ann", "/api/v1/coverage?quorum=recovery").Body), `"quorum":"2 of trustees"`)
	same(t, "ann cancels", cancel("ann", "ann", id).reason(), string(cell.NotApprover))
	same(t, "sam cancels as lea", cancel("lea", "sam", id).reason(), string(cell.NotYours))
	h.took(cancel("lea", "lea", id))
	same(t, "lea cancels again", cancel("lea", "lea", id).reason(), string(cell.AlreadyDecided))
	h.took(cancel("sue", "sue", id))
	same(t, "once it is cancelled", h.get("ann", "/api/v1/changes/"+id.String()).reason(), "not-found")
	same(t, "sam cancels what is over", cancel("sam", "sam", id).reason(), string(cell.UnknownSubject))
	same(t, "wil agrees to what is over", h.submit("wil", "wil", approval(id)).reason(), string(cell.UnknownSubject))
}
