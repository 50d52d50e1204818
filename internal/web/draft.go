package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// draftValid is how long a draft may be signed and sent: a person reads, and finds
// their security key.
const draftValid = 10 * time.Minute

// draft is a statement that nobody has signed yet.
type draft struct {
	Body  statement.Body
	Notes []sent
	Files [][]byte
	// Done is the page to go to once it is taken; "{digest}" in it stands for the
	// statement's own.
	Done string
	// Line is the command that does the same, for a browser that cannot sign.
	Line string
}

// sent is the text of a note and its salt, as the API takes them.
type sent struct {
	Salt []byte `json:"salt"`
	Text string `json:"text"`
}

// drafted is what the browser is given to sign.
type drafted struct {
	Statement string   `json:"statement"` // the bytes to sign
	Namespace string   `json:"namespace"` // that they are signed under
	Notes     []sent   `json:"notes,omitempty"`
	Files     [][]byte `json:"files,omitempty"`
	RP        string   `json:"rp"`           // id of the relying party: the cell's name
	Done      string   `json:"done"`         // the page to go to once it is taken
	To        string   `json:"to,omitempty"` // path that takes it; none: where statements go
	As        string   `json:"as,omitempty"` // member that it is sent in; none: statement
}

// drafts makes the body of each kind out of a form.
var drafts = map[statement.Kind]func(*pages, *call) (draft, error){
	statement.KindStop:     (*pages).draftStop,
	statement.KindReview:   (*pages).draftReview,
	statement.KindSignOff:  (*pages).draftSignOff,
	statement.KindDecision: (*pages).draftDecision,
	statement.KindWithdraw: (*pages).draftWithdraw,
	statement.KindSolo:     (*pages).draftSolo,
	statement.KindExtend:   (*pages).draftExtend,
	statement.KindAttest:   (*pages).draftAttest,

	statement.KindWitnessedOutage: (*pages).draftOutage,
	statement.KindRequest:         (*pages).draftRequest,
	statement.KindRelease:         (*pages).draftRelease,
	statement.KindFetch:           (*pages).draftFetch,

	// Of the cell itself.
	statement.KindChange:  (*pages).draftChange,
	statement.KindCancel:  (*pages).draftCancel,
	statement.KindVouch:   (*pages).draftVouch,
	statement.KindSuspend: (*pages).draftSuspend,
	statement.KindLift:    (*pages).draftLift,
	statement.KindInspect: (*pages).draftInspect,
}

// draft writes out the statement that a form asks for, of who has signed in. It
// decides nothing: what the rules refuse, they refuse once it was signed.
func (p *pages) draft(c *call) error {
	make, ok := drafts[statement.Kind(c.r.PathValue("kind"))]
	if !ok {
		return p.nowhere(c)
	}
	d, err := make(p, c)
	if err != nil {
		return err
	}
	return p.hand(c, c.me.ID, d)
}

// draftSession writes out the session statement of whoever says who they are. The
// signature will tell.
func (p *pages) draftSession(c *call) error {
	person := strings.TrimSpace(c.form.Get("person"))
	if err := canon.CheckID(person); err != nil {
		return invalid("person", "is not an id of a person", "write yours as it stands in cell.yaml, such as mara")
	}
	return p.hand(c, person, draft{Body: &statement.Session{For: statement.SessionLongest}, Done: local(c.form.Get("to")), Line: "halligan status"})
}

// hand gives a draft to the browser; to one that runs no script, or is to sign with a
// code, the page for that.
func (p *pages) hand(c *call, actor string, d draft) error {
	if !wantsJSON(c.r) {
		return p.byHand(c, actor, d)
	}
	var nonce canon.Key32
	if err := nonce.UnmarshalText([]byte(c.form.Get("nonce"))); err != nil || nonce.IsZero() {
		return invalid("nonce", "is not 32 random bytes", "load the page again")
	}
	data, err := p.written(c, actor, nonce, d.Body)
	if err != nil {
		return err
	}
	return p.json(c, http.StatusOK, drafted{
		Statement: string(data), Namespace: "halligan.v1." + string(d.Body.Kind()), Notes: d.Notes, Files: d.Files, RP: p.Name,
		Done: doneOf(d, data),
	})
}

// written is a statement of a person in its one spelling, valid for some minutes.
func (p *pages) written(c *call, actor string, nonce canon.Key32, body statement.Body) ([]byte, error) {
	seen, err := p.checkpoint(c)
	if err != nil {
		return nil, err
	}
	data, err := statement.Encode(statement.Statement{
		Header: statement.Header{
			Actor: actor, Ledger: seen.Origin, Expires: canon.At(p.Now().Add(draftValid)), Nonce: nonce,
			Seen: statement.Seen{Size: seen.Size, Root: canon.Digest(seen.Root)},
		},
		Body: body,
	})
	if err != nil {
		return nil, &Problem{Status: http.StatusUnprocessableEntity, Reason: "malformed", Title: "That cannot be signed", Detail: err.Error()}
	}
	return data, nil
}

// checkpoint is where the ledger stands, as it will be named as seen.
func (p *pages) checkpoint(c *call) (ledger.Checkpoint, error) {
	text, err := p.inside(c.r.Context(), c, "/ledger/checkpoint")
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	return ledger.ParseCheckpoint(text)
}

// note makes a note of a field, with a new salt. What looks like a secret is not
// taken from a page: at a command line somebody is asked whether to keep it.
func (c *call) note(field string) (statement.Note, sent, error) {
	var salt [ledger.SaltSize]byte
	rand.Read(salt[:])
	text := strings.TrimSpace(strings.ReplaceAll(c.form.Get(field), "\r\n", "\n"))
	note, err := statement.NewNote(salt, text)
	kind := c.secretIn(text)
	switch {
	case kind != "":
		return note, sent{}, invalid(field, "holds what looks like "+kind+", and everybody would see it who may see this", "write it without the secret; one that was shown must be replaced")
	case errors.Is(err, statement.ErrEmptyNote):
		return note, sent{}, invalid(field, "is empty", "one sentence is enough")
	case err != nil:
		return note, sent{}, invalid(field, "cannot be used: "+err.Error(), fmt.Sprintf("write plain text, up to %d bytes", statement.NoteLimit))
	}
	return note, sent{Salt: salt[:], Text: text}, nil
}

// of is the request, or whatever else the form is about.
func (c *call) of() (canon.Digest, error) {
	id, err := canon.ParseDigest(c.form.Get("of"))
	if err != nil {
		return id, invalid("of", "is not a whole id", "load the page again")
	}
	return id, nil
}

// invalid says which field of a form is wrong, and how to mend it.
func invalid(field, what, hint string) *Problem {
	return &Problem{Status: http.StatusUnprocessableEntity, Reason: "field", Title: "Something is missing", Detail: field + " " + what, Hint: hint}
}

// wantsJSON tells whether a script asks.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// json sends a value to a script.
func (p *pages) json(c *call, status int, v any) error {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(data) // an error means that the reader has gone
	return nil
}
