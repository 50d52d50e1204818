package api_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// wish is one that a person could sign now.
func (h *house) wish(act enrol.Act, actor, person string, of canon.Digest) enrol.Wish {
	w := enrol.Wish{Cell: celltest.Origin, Act: act, Actor: actor, Person: person, Of: of, Expires: canon.At(h.wall.now().Add(10 * time.Minute))}
	rand.Read(w.Nonce[:])
	return w
}

// wishes signs and sends a wish.
func (h *house) wishes(key string, w enrol.Wish) reply {
	h.Helper()
	data, err := w.Encode()
	must(h, err)
	body, err := json.Marshal(map[string]any{"invitation": jsontext.Value(data), "signature": signBytes(h, key, enrol.Kind, data)})
	must(h, err)
	return h.do("POST", "/api/v1/invitations", body)
}

// code is a new code, and what its invitation is known by.
func code() (canon.Key32, canon.Digest) {
	var c canon.Key32
	rand.Read(c[:])
	return c, canon.Sum(c[:])
}

// invites has sam invite a person, and gives the code.
func (h *house) invites(person string) canon.Key32 {
	h.Helper()
	c, id := code()
	got := h.wishes("sam", h.wish(enrol.Invite, "sam", person, id))
	same(h, "an invitation", got.Status, http.StatusNoContent)
	return c
}

func (h *house) lookUp(c canon.Key32) reply {
	return h.do("POST", "/api/v1/enrol/look", fmt.Appendf(nil, `{"code":"%s"}`, c))
}

// offers has an authenticator make a passkey for ann with a code, and sends it.
func (h *house) offers(c canon.Key32, device *passkeytest.Authenticator) reply {
	return h.brings(c, device.RegisterFor("ann", c))
}

// brings sends what an authenticator made.
func (h *house) brings(c canon.Key32, made passkey.Registration) reply {
	b64 := base64.StdEncoding.EncodeToString
	return h.do("POST", "/api/v1/enrol", fmt.Appendf(nil, `{"code":"%s","attestation":"%s","client_data":"%s"}`, c, b64(made.Attestation), b64(made.ClientData)))
}

// waiting is what a person may know of invitations and offers.
func (h *house) waiting(person string) (v struct {
	Invitations []enrol.Invitation `json:"invitations"`
	Offers      []enrol.Offer      `json:"offers"`
}) {
	h.Helper()
	h.get(person, "/api/v1/invitations").into(h, &v)
	return v
}

// TestEnrolment is the whole way of a passkey: invited, made, offered, proposed,
// agreed to, and then it cools off.
func TestEnrolment(t *testing.T) {
	h := open(t)
	c := h.invites("ann")
	looked := string(h.lookUp(c).Body)
	for _, part := range []string{`"person":"ann"`, `"by":"sam"`, `"cell":"` + celltest.Origin + `"`, base64.StdEncoding.EncodeToString(passkey.InvitationChallenge(celltest.Origin, "ann", c))} {
		contains(t, "what the code opens", looked, part)
	}
	device := passkeytest.New("ann's phone", celltest.Origin)
	got := h.offers(c, device)
	same(t, "offered", got.Status, http.StatusCreated)
	contains(t, "its words", string(got.Body), strings.Join(enrol.WordsOf(device.Line()), `","`))
	for person, sees := range map[string]int{"sam": 1, "lea": 1, "ann": 1, "bob": 0} {
		same(t, "offers that "+person+" sees", len(h.waiting(person).Offers), sees)
	}
	h.again() // a restart forgets none of it
	offer := h.waiting("lea").Offers[0]
	same(t, "the key", offer.Key, device.Line())
	same(t, "no offer is in the roster", strings.Contains(string(h.get("lea", "/api/v1/people").Body), offer.Fingerprint), false)
	same(t, "bob asks for the offer", h.get("bob", "/api/v1/offers/"+offer.ID.String()).reason(), "not-found")
	contains(t, "lea's findings", string(h.get("lea", "/api/v1/findings").Body), "passkey-offered")
	contains(t, "lea's inbox", string(h.get("lea", "/api/v1/inbox").Body), offer.Fingerprint)
	same(t, "bob's findings", strings.Contains(string(h.get("bob", "/api/v1/findings").Body), "passkey-offered"), false)

	var shown struct {
		Document []byte        `json:"document"`
		Compared view.Compared `json:"compared"`
	}
	h.get("lea", "/api/v1/offers/"+offer.ID.String()).into(t, &shown)
	same(t, "differences", len(shown.Compared.Differences), 1)
	contains(t, "the difference", fmt.Sprint(shown.Compared.Differences), "person ann")
	why, beside := written(t, "ann's phone")
	data, signature := sign(t, "lea", h.statement("lea", &statement.Change{Reason: why, Amend: &statement.Amend{
		From: shown.Compared.InForce, To: statement.Blob{Digest: canon.Sum(shown.Document), Length: len(shown.Document)},
	}}))
	body, err := json.Marshal(map[string]any{"statement": jsontext.Value(data), "signature": signature, "notes": []text{beside}, "files": [][]byte{shown.Document}})
	must(t, err)
	change := h.took(h.do("POST", "/api/v1/statements", body)).Digest
	same(t, "before the quorum", len(h.waiting("lea").Offers), 1)
	h.took(h.submit("sam", "sam", approval(change)))
	same(t, "offers once it is in force", len(h.waiting("lea").Offers), 0)
	contains(t, "people", string(h.get("bob", "/api/v1/people").Body), offer.Fingerprint)
	contains(t, "it cools off", string(h.get("bob", "/api/v1/people").Body), `"cools_until"`)
}

// TestT31OnlyProposersInvite: nobody else's signature opens the way for a key, and
// what was opened puts nobody's key into the roster.
func TestT31OnlyProposersInvite(t *testing.T) {
	h := open(t, withPasskeys)
	before := string(h.get("sam", "/api/v1/people").Body)
	_, id := code()
	good := h.wish(enrol.Invite, "sam", "ann", id)
	other := func(change func(*enrol.Wish)) enrol.Wish { w := good; change(&w); return w }
	for name, c := range map[string]struct {
		key, reason string
		wish        enrol.Wish
	}{
		"ann invites for herself":  {"ann", "not-a-proposer", other(func(w *enrol.Wish) { w.Actor = "ann" })},
		"ann as sam":               {"ann", "malformed", good},
		"a stranger as sam":        {"mallory", "malformed", good},
		"a stranger as a stranger": {"mallory", "malformed", other(func(w *enrol.Wish) { w.Actor = "mallory" })},
		"the ledger's host":        {"report db-1", "malformed", good},
		"of another cell":          {"sam", "invitation-other-cell", other(func(w *enrol.Wish) { w.Cell = "other.example.com" })},
		"too late":                 {"sam", "invitation-stale", other(func(w *enrol.Wish) { w.Expires = canon.At(h.wall.now().Add(-time.Second)) })},
		"signed for later":         {"sam", "invitation-stale", other(func(w *enrol.Wish) { w.Expires = canon.At(h.wall.now().Add(time.Hour)) })},
		"for nobody":               {"sam", "invitation-unknown", other(func(w *enrol.Wish) { w.Person = "kim" })},
		"revokes what is not":      {"sam", "invitation-unknown", h.wish(enrol.Revoke, "sam", "", id)},
		"ann revokes":              {"ann", "not-a-proposer", h.wish(enrol.Revoke, "ann", "", id)},
		"discards what is not":     {"sam", "invitation-unknown", h.wish(enrol.Discard, "sam", "", id)},
	} {
		same(t, name, h.wishes(c.key, c.wish).reason(), c.reason)
	}
	data, err := good.Encode()
	must(t, err)
	for name, signature := range map[string]any{"a statement's namespace": signBytes(t, "sam", statement.KindDecision, data), "nothing": map[string]any{}} {
		body, err := json.Marshal(map[string]any{"invitation": jsontext.Value(data), "signature": signature})
		must(t, err)
		same(t, name, h.do("POST", "/api/v1/invitations", body, "Authorization", "Bearer "+h.token("sam")).reason(), "malformed")
	}
	same(t, "invitations", len(h.waiting("sam").Invitations), 0)

	// By a passkey the same, and one's own passkey does not invite in another's name.
	for person, reason := range map[string]string{"sam": "", "ann": "malformed"} {
		a := deviceOf(person).Assert(enrol.Kind, data)
		b64 := base64.StdEncoding.EncodeToString
		body := fmt.Appendf(nil, `{"invitation":%s,"signature":{"passkey":{"authenticator_data":"%s","client_data":"%s","signature":"%s"}}}`, data, b64(a.AuthenticatorData), b64(a.ClientData), b64(a.Signature))
		same(t, "by the passkey of "+person, h.do("POST", "/api/v1/invitations", body).reason(), reason)
	}
	same(t, "invitations", len(h.waiting("sam").Invitations), 1)
	same(t, "the roster is as it was", string(h.get("sam", "/api/v1/people").Body), before)
}

// TestT31KeysThatCoolOffInviteNobody: who stole into the roster a minute ago opens
// no way for more keys.
func TestT31KeysThatCoolOffInviteNobody(t *testing.T) {
	h := open(t)
	change := h.took(h.amends("sam", "a new key of lea", func(g *cell.Genesis) {
		for i := range g.People {
			if g.People[i].ID == "lea" {
				g.People[i].Keys = append(g.People[i].Keys, celltest.Line("lea's new"))
			}
		}
	})).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	_, id := code()
	same(t, "by the new key", h.wishes("lea's new", h.wish(enrol.Invite, "lea", "ann", id)).reason(), "not-a-proposer")
	same(t, "by the old one", h.wishes("lea", h.wish(enrol.Invite, "lea", "ann", id)).Status, http.StatusNoContent)
}

// TestT20OneCodeOneOffer: a hundred at once with one code get one offer; the code
// opens nothing after it, nor does the signature that opened it.
func TestT20OneCodeOneOffer(t *testing.T) {
	h := open(t)
	c, id := code()
	w := h.wish(enrol.Invite, "sam", "ann", id)
	for range 2 { // no answer came, so it is sent again
		same(t, "an invitation", h.wishes("sam", w).Status, http.StatusNoContent)
	}
	same(t, "invitations", len(h.waiting("sam").Invitations), 1)
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 100 {
		made := passkeytest.New(fmt.Sprint("phone ", i), celltest.Origin)
		wait.Go(func() {
			got := h.offers(c, made)
			mu.Lock()
			defer mu.Unlock()
			statuses[got.Status]++
		})
	}
	wait.Wait()
	same(t, "taken", statuses[http.StatusCreated], 1)
	same(t, "refused", statuses[http.StatusConflict], 99)
	same(t, "offers", len(h.waiting("sam").Offers), 1)
	h.again()
	same(t, "the code again", h.offers(c, passkeytest.New("later", celltest.Origin)).reason(), "invitation-code")
	same(t, "a look", h.lookUp(c).reason(), "invitation-code")
	same(t, "the signature again", h.wishes("sam", w).reason(), "invitation-spent")
	same(t, "offers", len(h.waiting("sam").Offers), 1)
}

// TestT69OneCodeCostsItsWordsOnce: words take 19 MiB by design; whoever has one code
// and sends it many times at once takes them once.
func TestT69OneCodeCostsItsWordsOnce(t *testing.T) {
	h := open(t)
	c := h.invites("ann")
	var made []*passkeytest.Authenticator
	for i := range 64 {
		made = append(made, passkeytest.New(fmt.Sprint("phone ", i), celltest.Origin))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var wait sync.WaitGroup
	for _, each := range made {
		wait.Go(func() { h.offers(c, each) })
	}
	wait.Wait()
	runtime.ReadMemStats(&after)
	same(t, "offers", len(h.waiting("sam").Offers), 1)
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 75 {
		t.Errorf("one code took %d MiB", took)
	}
}

// TestT20CodesEnd: a code that is revoked or over opens nothing, nor does one of
// somebody who was removed.
func TestT20CodesEnd(t *testing.T) {
	h := open(t)
	made := passkeytest.New("phone", celltest.Origin)
	revoked := h.invites("ann")
	same(t, "revoked", h.wishes("lea", h.wish(enrol.Revoke, "lea", "", canon.Sum(revoked[:]))).Status, http.StatusNoContent)
	same(t, "a revoked code", h.offers(revoked, made).reason(), "invitation-code")
	removed := h.invites("bob")
	why, beside := written(t, "left")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: why}, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	same(t, "the code of who was removed", h.offers(removed, made).reason(), "invitation-code")
	over := h.invites("ann")
	same(t, "a look before", h.lookUp(over).Status, http.StatusOK)
	h.wall.move(enrol.InvitationLasts + time.Minute)
	h.took(h.submit("sam", "sam", &statement.Session{For: 60})) // recorded time goes on
	same(t, "a code of yesterday", h.offers(over, made).reason(), "invitation-code")
	same(t, "offers", len(h.waiting("sam").Offers), 0)
}

// TestT25RegistrationsOfOtherPages: what another site's page, another host's
// passkey or an authenticator that verified nobody made is refused, and the code is
// still good.
func TestT25RegistrationsOfOtherPages(t *testing.T) {
	h := open(t, withPasskeys)
	c := h.invites("ann")
	for name, told := range map[string]struct {
		tell   func(*passkeytest.Authenticator)
		reason string
	}{
		"another origin":        {func(a *passkeytest.Authenticator) { a.Origin = "https://evil.example" }, "malformed"},
		"another RP id":         {func(a *passkeytest.Authenticator) { a.RPID = "example.com" }, "malformed"},
		"in a frame":            {func(a *passkeytest.Authenticator) { a.Tail = `,"crossOrigin":true}` }, "malformed"},
		"a login's challenge":   {func(a *passkeytest.Authenticator) { a.Challenge = make([]byte, 32) }, "malformed"},
		"an assertion":          {func(a *passkeytest.Authenticator) { a.Ceremony = "webauthn.get" }, "malformed"},
		"nobody was verified":   {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.Present }, "user-not-verified"},
		"nobody touched it":     {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.Verified }, "malformed"},
		"backed up of nowhere":  {func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.BackedUp }, "malformed"},
		"trailing bytes in it ": {func(a *passkeytest.Authenticator) { a.More = []byte{0} }, "malformed"},
	} {
		device := passkeytest.New("phone", celltest.Origin)
		told.tell(device)
		same(t, name, h.offers(c, device).reason(), told.reason)
	}
	same(t, "lea's own passkey", h.offers(c, deviceOf("lea")).reason(), "key-known")
	same(t, "offers", len(h.waiting("sam").Offers), 0)
	same(t, "the code is still good", h.offers(c, passkeytest.New("phone", celltest.Origin)).Status, http.StatusCreated)
}

// TestT21RegistrationOfAnotherInvitation: a passkey that was made for another code, for
// another person, or on the page that needs no code is taken for none.
func TestT21RegistrationOfAnotherInvitation(t *testing.T) {
	h := open(t)
	c, other := h.invites("ann"), h.invites("bob")
	device := passkeytest.New("phone", celltest.Origin)
	for name, made := range map[string]passkey.Registration{
		"another code of the same person":  device.RegisterFor("ann", other),
		"the same code for another person": device.RegisterFor("bob", c),
		"another code, another person":     device.RegisterFor("bob", other),
		"no code at all":                   device.Register(),
	} {
		same(t, name, h.brings(c, made).reason(), "malformed")
	}
	same(t, "offers", len(h.waiting("sam").Offers), 0)
	same(t, "what was made for it", h.offers(c, device).Status, http.StatusCreated)
}

// TestPasskeyOfAnotherInvites: who picks another person's passkey to sign an
// invitation is told whose it is not, as everywhere else.
func TestPasskeyOfAnotherInvites(t *testing.T) {
	h := open(t, withPasskeys)
	_, id := code()
	w := h.wish(enrol.Invite, "sam", "ann", id)
	data, err := w.Encode()
	must(t, err)
	made := deviceOf("lea").Assert(enrol.Kind, data)
	body, err := json.Marshal(map[string]any{"invitation": jsontext.Value(data), "signature": map[string]any{"passkey": map[string][]byte{
		"authenticator_data": made.AuthenticatorData, "client_data": made.ClientData, "signature": made.Signature,
	}}})
	must(t, err)
	got := h.do("POST", "/api/v1/invitations", body)
	same(t, "reason", got.reason(), "malformed")
	contains(t, "whose it is not", string(got.Body), "the passkey that signed is none of sam's in this cell")
	contains(t, "what to do", string(got.Body), "when the device asks, choose the passkey of sam")
}

// TestT17StrangersOfferNothing: without a code nothing is kept, an address that
// tries many is bounded, and people go on from the same address.
func TestT17StrangersOfferNothing(t *testing.T) {
	h := open(t, func(h *house) { h.rate = api.Rate{Each: 0.001, Burst: 60} })
	made, bounded := passkeytest.New("phone", celltest.Origin), 0
	for range 200 {
		c, _ := code()
		switch got := h.offers(c, made).reason(); got {
		case "invitation-code":
		case "too-many-attempts":
			bounded++
		default:
			t.Fatal(got)
		}
	}
	if bounded < 100 {
		t.Errorf("%d of 200 attempts were bounded", bounded)
	}
	same(t, "offers", len(h.waiting("sam").Offers), 0)
	h.invites("ann") // from the same address
	_, id := code()
	for range 30 {
		_, id = code()
		h.wishes("sam", h.wish(enrol.Invite, "sam", "ann", id))
	}
	same(t, "one too many of sam", h.wishes("sam", h.wish(enrol.Invite, "sam", "ann", id)).reason(), "invitations-many")
	same(t, "lea invites all the same", h.wishes("lea", h.wish(enrol.Invite, "lea", "ann", id)).Status, http.StatusNoContent)
}

// TestT61CodesAreNowhere: a code is in no log and in nothing that is kept.
func TestT61CodesAreNowhere(t *testing.T) {
	h := open(t)
	c := h.invites("ann")
	h.lookUp(c)
	h.offers(c, passkeytest.New("phone", celltest.Origin))
	for name, text := range map[string]string{"the log": h.log.String(), "the list": string(h.get("sam", "/api/v1/invitations").Body), "the file": h.enrolled()} {
		if strings.Contains(text, c.String()) || strings.Contains(text, base64.StdEncoding.EncodeToString(c[:])) {
			t.Errorf("the code is in %s", name)
		}
	}
	same(t, "something is kept", strings.Contains(h.enrolled(), `"enrolments":"v1"`), true)
}
