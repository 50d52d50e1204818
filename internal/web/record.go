package web

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// told is an entry as a sentence.
type told struct {
	Entry    int64      `json:"entry"`
	At       canon.Time `json:"at"`
	Stream   string     `json:"stream"`
	Sentence string     `json:"sentence"`
	Who      string     `json:"who"`
}

// paper is what ties the ledger down: its newest checkpoint, who signed and who
// cosigned that, and what a verifier pins. It is what the server says of itself.
type paper struct {
	Origin   string
	Genesis  canon.Digest
	Document canon.Digest // in force
	Keys     []string
	Size     int64
	Root     canon.Digest
	Note     string
	Need     int                  // witnesses, by the policy; 0: there are none
	Witness  []ledger.Cosignature // whose signatures are good
	Trouble  string               // why the checkpoint cannot be shown
}

// record is the ledger as sentences, newest first.
func (p *pages) record(c *call) error {
	wanted := c.wanted("before", "stream", "person")
	var body struct {
		Entries        []told `json:"entries"`
		Hidden         int    `json:"hidden"`
		Next           int64  `json:"next"`
		Size           int64  `json:"size"`
		Stream, Person string `json:"-"`
		Newer, Older   string `json:"-"`
		Paper          paper  `json:"-"`
	}
	if err := p.get(c, address("/api/v1/entries", wanted), &body); err != nil {
		return err
	}
	var err error
	if body.Paper, err = p.paper(c, ""); err != nil {
		return err
	}
	body.Stream, body.Person = wanted.Get("stream"), wanted.Get("person")
	if wanted.Has("before") {
		body.Newer = address("/record", without(wanted, "before"))
	}
	if body.Next != 0 {
		body.Older = address("/record", with(wanted, "before", strconv.FormatInt(body.Next, 10)))
	}
	return p.show(c, "record", shown{Title: "Ledger", Place: "record", Live: address("/record", wanted), Body: body})
}

// paper reads what the server says of the ledger. With a note it is that checkpoint,
// else the newest.
func (p *pages) paper(c *call, note string) (paper, error) {
	var claim struct {
		Document canon.Digest   `json:"document"`
		Anchor   jsontext.Value `json:"anchor"`
	}
	if err := p.get(c, "/api/v1/cell", &claim); err != nil {
		return paper{}, err
	}
	if note == "" {
		text, err := p.inside(c.r.Context(), c, "/ledger/checkpoint")
		if err != nil {
			return paper{}, err
		}
		note = string(text)
	}
	anchor, err := ledger.DecodeAnchor(claim.Anchor)
	if err != nil {
		return paper{}, err
	}
	of := paper{Origin: anchor.Origin, Genesis: anchor.Genesis, Document: claim.Document, Keys: anchor.LedgerKeys, Note: note, Need: anchor.Policy().Need()}
	cp, err := ledger.ParseCheckpoint([]byte(note))
	if err != nil {
		of.Trouble = err.Error()
		return of, nil
	}
	of.Size, of.Root = cp.Size, cp.Root
	witnessed, err := anchor.Policy().Check([]byte(note), ledger.Whenever)
	if err != nil {
		of.Trouble = err.Error()
	}
	of.Witness = witnessed.By
	return of, nil
}

// What a search may be for.
var (
	aNumber = regexp.MustCompile(`^[0-9]{1,12}$`)
	aDigest = regexp.MustCompile(`^[0-9a-f]{8,64}$`)
)

// find goes from what somebody looks for to where it stands: the number of an entry,
// the digest of a statement, the id of a request, or a person.
func (p *pages) find(c *call) error {
	q := c.wanted("q").Get("q")
	switch {
	case aNumber.MatchString(q):
		p.redirect(c, "/record/"+q)
		return nil
	case aDigest.MatchString(q):
		return p.findDigest(c, q)
	case canon.CheckID(q) == nil:
		p.redirect(c, address("/record", url.Values{"person": {q}}))
		return nil
	}
	return &Problem{Status: http.StatusUnprocessableEntity, Reason: "field", Title: "Nothing can be found by that",
		Detail: "The ledger is searched by the number of an entry, by a person's id, by 8 or more digits of a request's id, or by all 64 of a statement's digest."}
}

// findDigest looks for a statement by its whole digest, then for a request by the
// first digits of its id.
func (p *pages) findDigest(c *call, q string) error {
	var problem *Problem
	if len(q) == 64 {
		var receipt struct {
			Index int64 `json:"index"`
		}
		err := p.get(c, "/api/v1/statements/"+q, &receipt)
		if err == nil {
			p.redirect(c, "/record/"+strconv.FormatInt(receipt.Index, 10))
			return nil
		}
		if !errors.As(err, &problem) || problem.Status != http.StatusNotFound {
			return err
		}
	}
	var found struct {
		ID canon.Digest `json:"id"`
	}
	if err := p.get(c, "/api/v1/requests/"+q, &found); err != nil {
		return err
	}
	p.redirect(c, address("/record", url.Values{"stream": {"request/" + found.ID.String()}}))
	return nil
}
