package web

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// enrol is the page on which whoever was invited makes a passkey. The code stands
// behind the # of its address, which no browser sends: a script reads it there.
func (p *pages) enrol(c *call) error {
	return p.show(c, "enrol", shown{Title: "Make a passkey"})
}

// invited is the page with the address for whoever is invited. The code in it is
// behind the # as well: only the script that made it had it, and this page's has.
func (p *pages) invited(c *call) error {
	id := c.r.PathValue("id")
	if err := canon.CheckID(id); err != nil {
		return p.nowhere(c)
	}
	return p.show(c, "invited", shown{Title: "Invited", Place: "people", Body: struct{ Person string }{id}})
}

// draftInvitation writes out an invitation, or the end of one or of an offer.
func (p *pages) draftInvitation(c *call) error {
	act, person := enrol.Act(c.form.Get("act")), c.form.Get("person")
	if err := canon.CheckID(person); err != nil {
		return invalid("person", "is not an id of a person", "load the page again")
	}
	done, line := "/people/"+person, map[enrol.Act]string{
		enrol.Invite: "halligan invite " + person, enrol.Revoke: "halligan invite --revoke ID", enrol.Discard: "halligan invite --discard ID",
	}[act]
	if line == "" {
		return invalid("act", "is not one of invite, revoke, discard", "load the page again")
	}
	if !wantsJSON(c.r) {
		return p.showAs(c, http.StatusOK, "by_hand", shown{Title: "Sign it at a command line", Body: handed{draft: draft{Line: line}}})
	}
	of, err := c.of()
	if err != nil {
		return err
	}
	wish := enrol.Wish{Cell: p.Name, Act: act, Actor: c.me.ID, Of: of, Expires: canon.At(p.Now().Add(draftValid))}
	if act == enrol.Invite {
		wish.Person, done = person, done+"/invited"
	}
	if err := wish.Nonce.UnmarshalText([]byte(c.form.Get("nonce"))); err != nil || wish.Nonce.IsZero() {
		return invalid("nonce", "is not 32 random bytes", "load the page again")
	}
	data, err := wish.Encode()
	if err != nil {
		return &Problem{Status: http.StatusUnprocessableEntity, Reason: "malformed", Title: "That cannot be signed", Detail: err.Error()}
	}
	return p.json(c, http.StatusOK, drafted{
		Statement: string(data), Namespace: "halligan.v1." + enrol.Kind, RP: p.Name, Done: done, To: "/api/v1/invitations", As: "invitation",
	})
}

// draftOffered writes out the change that puts the key of an offer in force.
func (p *pages) draftOffered(c *call, offer string) (draft, error) {
	id, err := canon.ParseDigest(offer)
	if err != nil {
		return draft{}, invalid("offer", "is not a whole id", "load the page again")
	}
	if c.form.Get("heard") != "yes" {
		return draft{}, invalid("heard", "is not confirmed", "call the person, and have the four words read to you")
	}
	note, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	var of struct {
		Document []byte        `json:"document"`
		Compared view.Compared `json:"compared"`
	}
	if err := p.get(c, "/api/v1/offers/"+url.PathEscape(id.String()), &of); err != nil {
		return draft{}, err
	}
	to := statement.Blob{Digest: canon.Sum(of.Document), Length: len(of.Document)}
	return draft{
		Body:  &statement.Change{Amend: &statement.Amend{From: of.Compared.InForce, To: to}, Reason: note},
		Notes: []sent{text}, Files: [][]byte{of.Document}, Done: "/changes/{digest}",
		Line: fmt.Sprintf("halligan change propose --offer %s --why \"…\"", id.Short()),
	}, nil
}
