package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestAnAttestedPasskeyIsHardware: what a maker of the cell attests comes with the
// offer, stands in the document that is proposed, and shows beside the key and each of
// its signatures; of another maker's key nothing is said.
func TestAnAttestedPasskeyIsHardware(t *testing.T) {
	acme := attestationtest.New("Acme")
	h := open(t, withPasskeys, func(h *house) {
		h.genesis.Makers = []cell.Maker{{ID: "acme", Roots: [][]byte{acme.Root.Raw}}}
	})
	enrol := func(name string, maker *attestationtest.Maker) *passkeytest.Authenticator {
		device := passkeytest.New(name, celltest.Origin)
		device.Maker = maker
		same(t, name, h.offers(h.invites("ann"), device).Status, http.StatusCreated)
		offer := h.waiting("lea").Offers[0]
		same(t, "there is an attestation", offer.Attestation != "", maker != nil)
		var shown struct {
			Document []byte        `json:"document"`
			Compared view.Compared `json:"compared"`
		}
		h.get("lea", "/api/v1/offers/"+offer.ID.String()).into(t, &shown)
		why, beside := written(t, name)
		data, signature := sign(t, "lea", h.statement("lea", &statement.Change{Reason: why, Amend: &statement.Amend{
			From: shown.Compared.InForce, To: statement.Blob{Digest: canon.Sum(shown.Document), Length: len(shown.Document)},
		}}))
		body, err := json.Marshal(map[string]any{"statement": jsontext.Value(data), "signature": signature, "notes": []text{beside}, "files": [][]byte{shown.Document}})
		must(t, err)
		change := h.took(h.do("POST", "/api/v1/statements", body)).Digest
		h.took(h.submit("sam", "sam", approval(change)))
		return device
	}
	makers := func() (all []string) {
		var people view.People
		h.get("bob", "/api/v1/people").into(t, &people)
		for _, person := range people.People {
			for _, key := range person.Keys {
				if key.Maker != "" {
					all = append(all, person.ID+" "+key.Maker)
				}
			}
		}
		return all
	}
	strength := func(device *passkeytest.Authenticator) string {
		entry := h.took(h.tap(device, "ann", &statement.Session{For: 60})).Entry
		var shown struct {
			Signed struct {
				Strength string `json:"strength"`
			} `json:"signed"`
		}
		h.get("sam", fmt.Sprintf("/api/v1/entries/%d", entry)).into(t, &shown)
		return shown.Signed.Strength
	}
	phone := enrol("ann's phone", nil)
	other := enrol("ann's other", attestationtest.New("Other"))
	same(t, "makers", len(makers()), 0)
	device := enrol("ann's key", acme)
	for range 2 {
		same(t, "makers", makers()[0], "ann acme")
		same(t, "of the attested key", strength(device), "hardware")
		same(t, "of another maker's", strength(other), "user-verified")
		same(t, "of none", strength(phone), "user-verified")
		h.again()
	}
	h.asked("bob", "one", "db-1")
	h.replayed()
}
