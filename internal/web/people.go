package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// people is the page of everybody: who they are, and whether they can sign.
func (p *pages) people(c *call) error {
	var body struct {
		view.People
		Now []view.Person // in the cell
		Was []view.Person // removed
	}
	if err := p.get(c, "/api/v1/people", &body.People); err != nil {
		return err
	}
	for _, person := range body.People.People {
		if person.Removed {
			body.Was = append(body.Was, person)
		} else {
			body.Now = append(body.Now, person)
		}
	}
	return p.show(c, "people", shown{Title: "People", Place: "people", Live: "/people", Body: body})
}

// person is the page of one of them.
func (p *pages) personPage(c *call) error {
	var all view.People
	if err := p.get(c, "/api/v1/people", &all); err != nil {
		return err
	}
	id := c.r.PathValue("id")
	at := slices.IndexFunc(all.People, func(each view.Person) bool { return each.ID == id })
	if at < 0 {
		return &Problem{Status: http.StatusNotFound, Title: "Nobody by that id", Detail: "Nobody of this cell has the id " + id + ".", Hint: "Everybody stands on the page People."}
	}
	var waits struct {
		Invitations []enrol.Invitation `json:"invitations"`
		Offers      []enrol.Offer      `json:"offers"`
	}
	if err := p.get(c, "/api/v1/invitations", &waits); err != nil {
		return err
	}
	body := struct {
		view.Person
		Own     bool
		MayAct  bool // propose changes: the change quorum's
		Change  string
		Vouches bool // there is a key that somebody could vouch for
		Suspend bool // the reader may suspend a key of theirs, and there is one
		Lift    bool // the reader may sign that a suspended key shall sign again

		Invitations []enrol.Invitation
		Offers      []enrol.Offer
	}{Person: all.People[at], Own: id == c.me.ID, MayAct: c.me.May.Change, Change: all.Change}
	body.Invitations = slices.DeleteFunc(waits.Invitations, func(i enrol.Invitation) bool { return i.Person != id })
	body.Offers = slices.DeleteFunc(waits.Offers, func(o enrol.Offer) bool { return o.Person != id })
	body.Vouches = cooling(body.Person)
	body.Suspend = c.me.May.Security && !body.Removed && slices.ContainsFunc(body.Keys, func(k view.Key) bool { return !k.Removed && k.Suspended == nil })
	body.Lift = (c.me.May.Security || c.me.May.Change) && !body.Own && suspended(body.Person)
	return p.show(c, "person", shown{Title: nameOf(body.Person), Place: "people", Live: c.r.URL.Path, Body: body})
}

// nameOf is how a person is named where there is a name, else by id.
func nameOf(p view.Person) string { return name(p.Name, p.ID) }

// keyKind is what people call a kind of key.
func keyKind(k view.Key) string {
	switch {
	case k.Passkey != "":
		return "passkey"
	case k.Code:
		return "code device"
	case strings.HasPrefix(k.Type, "sk-"):
		return "security key"
	}
	return "SSH key"
}

// cooling tells whether a key of a person agrees to nothing yet.
func cooling(p view.Person) bool {
	return slices.ContainsFunc(p.Keys, func(k view.Key) bool { return !k.Removed && !k.Cools.IsZero() })
}

// suspended tells whether a key of a person is suspended.
func suspended(p view.Person) bool {
	return slices.ContainsFunc(p.Keys, func(k view.Key) bool { return k.Suspended != nil })
}

// unproved tells whether a key of a person may be lost.
func unproved(p view.Person) bool {
	return slices.ContainsFunc(p.Keys, func(k view.Key) bool { return !k.Removed && k.Unproved })
}

// draftSuspend writes out that a key of somebody may be in wrong hands.
func (p *pages) draftSuspend(c *call) (draft, error) {
	return c.draftOfKey("suspend", func(person, key string, why statement.Note) statement.Body {
		return &statement.Suspend{Person: person, Key: key, Reason: why}
	})
}

// draftLift writes out that a suspended key shall sign again.
func (p *pages) draftLift(c *call) (draft, error) {
	return c.draftOfKey("lift", func(person, key string, why statement.Note) statement.Body {
		return &statement.Lift{Person: person, Key: key, Why: why}
	})
}

// draftOfKey writes out what somebody signs of a key, with a reason.
func (c *call) draftOfKey(command string, body func(person, key string, why statement.Note) statement.Body) (draft, error) {
	person, key, err := c.ofKey()
	if err != nil {
		return draft{}, err
	}
	why, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	return draft{
		Body: body(person, key, why), Notes: []sent{text},
		Done: "/people/" + person, Line: "halligan " + command + " " + key + ` --why "…"`,
	}, nil
}

// ofKey is the key that the form is about, and whose it is.
func (c *call) ofKey() (person, key string, err error) {
	person, key = c.form.Get("person"), c.form.Get("key")
	if err := canon.CheckID(person); err != nil {
		return "", "", invalid("person", "is not an id of a person", "load the page again")
	}
	if err := statement.CheckFingerprint(key); err != nil {
		return "", "", invalid("key", "is not a whole fingerprint", "load the page again")
	}
	return person, key, nil
}

// draftVouch writes out that the reader met a person, who showed them a key.
func (p *pages) draftVouch(c *call) (draft, error) {
	person, key, err := c.ofKey()
	if err != nil {
		return draft{}, err
	}
	if c.form.Get("met") != "yes" {
		return draft{}, invalid("met", "is not confirmed", "vouch only for whom you met in person, and whose fingerprint you compared on their own machine")
	}
	return draft{
		Body: &statement.Vouch{Person: person, Key: key, How: statement.InPerson},
		Done: "/people/" + person, Line: "halligan vouch " + person + " --key " + key,
	}, nil
}
