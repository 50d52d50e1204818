package cli

import (
	"context"
	"io"
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

type inviteCommand struct {
	Person  string `arg:"" optional:"" complete:"people" help:"Who shall make a passkey or a code device: halligan people lists everybody."`
	List    bool   `help:"List invitations that are open, and passkeys and code devices that wait to be proposed."`
	Revoke  string `help:"End this invitation: its id, or the first 8 or more digits of it." placeholder:"ID"`
	Discard string `help:"Throw away this passkey or code device that waits." placeholder:"ID"`
	memberFlags
}

// Help is the long help of `invite`.
func (inviteCommand) Help() string {
	return `A passkey comes into the cell in three steps. You sign an invitation, and give its address to the person, over a way that only they read: it is good once, for a day, and is shown only now. They open it in a browser, make a passkey, and read four words to you; or they make a code device of it (halligan enrol --totp, or on that page), or a security key that its maker attests (halligan enrol --challenge). You compare the words, and propose the key: halligan change propose --offer ID. The change quorum agrees, and the key cools off as any other. An invitation changes nothing in the cell, and only those who may propose changes can sign one. Its code is made on this machine; the server gets a hash of it.

Examples:

    halligan invite dora
    halligan invite --list
    halligan invite --revoke 1f0c77aa
    halligan invite --discard 77a0c1de`
}

// Run invites.
func (i inviteCommand) Run(c *call) error {
	asked := 0
	for _, each := range []bool{i.Person != "", i.List, i.Revoke != "", i.Discard != ""} {
		if each {
			asked++
		}
	}
	if asked != 1 {
		return failf(exitUsage, "name one person, or one of --list, --revoke and --discard").or("halligan invite --list")
	}
	m, err := c.open(i.memberFlags)
	if err != nil {
		return err
	}
	if i.List {
		now := canon.At(c.now())
		return show(m, "invitations", func(w waiting) string { return w.sheet(now) })
	}
	if i.Person != "" {
		return i.invite(m)
	}
	list, err := readAs[waiting](m, "invitations")
	if err != nil {
		return err
	}
	if i.Revoke != "" {
		return m.ends(m.way.client.Revoke, i.Revoke, list.invitations(), "Revoked: its code opens nothing any more.")
	}
	return m.ends(m.way.client.Discard, i.Discard, list.offers(), "Discarded.")
}

// waiting is what the server keeps of invitations and offers.
type waiting client.Enrolments

func (w waiting) invitations() (ids []canon.Digest) {
	for _, i := range w.Invitations {
		ids = append(ids, i.ID)
	}
	return ids
}

func (w waiting) offers() (ids []canon.Digest) {
	for _, o := range w.Offers {
		ids = append(ids, o.ID)
	}
	return ids
}

func (w waiting) sheet(now canon.Time) string {
	s := new(sheet)
	for _, i := range w.Invitations {
		s.say("%s  %s invited %s; good until %s", i.ID.Short(), i.By, i.Person, clock(i.Until, now))
	}
	for _, o := range w.Offers {
		s.say("%s  %s for %s, invited by %s, made at %s", o.ID.Short(), strings.ToLower(o.What()), o.Person, o.By, clock(o.At, now))
		s.say("          %s", o.Fingerprint)
		s.say("          words: %s", strings.Join(client.KeyWords(o), " "))
		s.say("          halligan change propose --offer %s --why …", o.ID.Short())
	}
	if len(w.Invitations)+len(w.Offers) == 0 {
		s.say("No invitation is open, and no passkey or code device waits.")
	}
	return s.String()
}

// ends signs what ends an invitation or an offer.
func (m *member) ends(end func(context.Context, canon.Digest) error, digits string, ids []canon.Digest, said string) error {
	var found []canon.Digest
	for _, id := range ids {
		if len(digits) >= 8 && strings.HasPrefix(id.String(), digits) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		return failf(exitNotFound, "there is no one invitation or offer %s", digits).or("halligan invite --list; 8 digits or more name one")
	}
	defer m.c.patience()()
	if err := end(m.c.ctx, found[0]); err != nil {
		return err
	}
	return m.c.answer(struct {
		Of canon.Digest `json:"of"`
	}{found[0]}, func() { m.c.say("%s", said) })
}

func (i inviteCommand) invite(m *member) error {
	if err := canon.CheckID(i.Person); err != nil {
		return because(exitUsage, err, "cannot invite %s", i.Person)
	}
	defer m.c.patience()()
	code, id, err := m.way.client.Invite(m.c.ctx, i.Person)
	if err != nil {
		return err
	}
	out := struct {
		ID      canon.Digest `json:"id"`
		Person  string       `json:"person"`
		Address string       `json:"address"`
	}{id, i.Person, m.enrolAddress(code)}
	return m.c.answer(out, func() {
		if drawn, err := pictured(out.Address); err == nil && terminal(m.c.raw) {
			_, _ = io.WriteString(m.c.raw, drawn) // colours and blocks, and nothing that anybody wrote
		}
		m.c.say("%s", out.Address)
		m.c.tell("Give this address to %s, over a way that only they read. It is good once, for a day, and is shown only now.", i.Person)
		m.c.tell("They read four words to you when it is done: halligan invite --list shows the right ones. To take it back: halligan invite --revoke %s", id.Short())
	})
}

// enrolAddress is the page on which a code is used. A passkey is of the cell's name,
// so that the page must be reached by it, whatever address the profile has.
func (m *member) enrolAddress(code canon.Key32) string {
	address := url.URL{Scheme: "https", Host: m.pinned.Origin, Path: "/enrol", Fragment: code.String()}
	if at, err := url.Parse(m.way.client.Profile().URL); err == nil && at.Port() != "" && at.Port() != "443" {
		address.Host += ":" + at.Port()
	}
	return address.String()
}

// noOffer says of digits that name no offer where the offers are listed.
func noOffer(err error) error {
	const way = "--offer takes the id of a key that somebody made by invitation: halligan invite --list shows them; there is none before they made it"
	for _, reason := range []string{"not-found", "malformed-query", "ambiguous"} {
		err = hinting(err, reason, way)
	}
	return err
}

// offered drafts the change that puts the key of an offer in force, from what was
// proved here: of the server it takes the key alone.
func (m *member) offered(p *proof, digits string) (draft, error) {
	offer, err := readAs[client.Offer](m, "offers/"+url.PathEscape(digits))
	if err != nil {
		return draft{}, noOffer(err)
	}
	if !strings.HasPrefix(offer.ID.String(), digits) || !client.Ours(offer) {
		return draft{}, unproved("the server answered with another offer than " + digits)
	}
	key, err := view.OfferedKey(offer.Key, offer.Code, offer.Attestation)
	if err != nil {
		return draft{}, unproved("what is offered is no key: " + err.Error())
	}
	file, err := view.WithKey(p.world.Genesis, &p.world.Roster, offer.Person, key)
	if err != nil {
		return draft{}, because(exitRefused, err, "cannot propose this key").or("halligan invite --discard %s", offer.ID.Short())
	}
	proposed := p.world.InForce()
	if proposed.Genesis, err = cell.DecodeGenesis(file); err != nil {
		return draft{}, err
	}
	m.c.toPeople(offer.What() + " for " + offer.Person + ". Its words, which " + offer.Person + " must have read to you in a voice that you know: " +
		strings.Join(client.KeyWords(offer), " ") + "\n\n")
	switch maker, err := p.world.Genesis.MakerOf(key, p.at); {
	case err == nil:
		m.c.toPeople("Its maker attests it: it is hardware, by " + maker + ".\n\n")
	case key.Attestation != "":
		m.c.toPeople("No maker of the cell stands behind it, so that it is no hardware: its attestation " + err.Error() + ".\n\n")
	}
	return draft{
		amend: &statement.Amend{From: p.world.Document, To: *blobOf(file)}, files: [][]byte{file},
		compared: view.Compare(p.world.Document, p.world.InForce(), proposed),
	}, nil
}
