package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// reviewCommand is about what is looked back on when a grant has ended.
type reviewCommand struct {
	Show    reviewShowCommand    `cmd:"" default:"withargs" help:"Show where the review of a request stands, and what was written."`
	Sign    reviewSignCommand    `cmd:"" help:"Write the review of a request, and sign it."`
	SignOff reviewSignOffCommand `cmd:"" name:"sign-off" help:"Check a review that somebody else wrote, and sign it off or send it back."`
}

type reviewShowCommand struct {
	ID string `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	memberFlags
}

// Help is the long help of `review show`.
func (reviewShowCommand) Help() string {
	return `It is the server's view; halligan review sign-off checks on this machine what it shows. halligan inbox lists the reviews that wait for you.

Examples:

    halligan review show 5f0c1a2b
    halligan review 5f0c1a2b --json`
}

// Run shows.
func (r reviewShowCommand) Run(c *call) error {
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	return show(m, "requests/"+url.PathEscape(r.ID), func(v view.Request) string { return requestSheet(v, now) })
}

type reviewSignCommand struct {
	ID        string           `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	Necessary statement.Answer `help:"Was the access necessary? yes, partly or no. There is no default." required:"" enum:"yes,partly,no" placeholder:"ANSWER"`
	Misuse    statement.Answer `help:"Was it used for anything else? yes or no. There is no default." required:"" enum:"yes,no" placeholder:"ANSWER"`
	Note      string           `help:"What happened, and what should be otherwise." required:"" placeholder:"TEXT"`
	Yes       bool             `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `review sign`.
func (reviewSignCommand) Help() string {
	return `Who asked writes it; an approver of the scenario or security may as well. Somebody else must then sign it off. Until they have, it can be written anew, and what was written last counts. That there was misuse is told to every channel at once.

Examples:

    halligan review sign 5f0c1a2b --necessary yes --misuse no --note "pool was full; alert on it"`
}

// Run signs.
func (r reviewSignCommand) Run(c *call) error {
	note, text, err := c.note(r.Note, "--note")
	if err != nil {
		return err
	}
	m, b, err := briefOfReview(c, r.memberFlags, r.ID)
	if err != nil {
		return err
	}
	c.toPeople(fmt.Sprintf("\nYour signature, as %s, says of exactly this request (%s): necessary: %s; misuse: %s.\n", m.person(), b.request.ID.Short(), r.Necessary, r.Misuse))
	if err := c.confirm(r.Yes, "review"); err != nil {
		return err
	}
	body := &statement.Review{Of: b.request.ID, Necessary: r.Necessary, Misuse: r.Misuse, Note: note}
	return b.reviewed(m, body, []client.Noted{text}, "Written")
}

type reviewSignOffCommand struct {
	ID       string `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	SendBack bool   `help:"Do not accept what was written: it must be written anew. Needs --note."`
	Note     string `help:"A sentence that goes with it." placeholder:"TEXT"`
	Yes      bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `review sign-off`.
func (reviewSignOffCommand) Help() string {
	return `It verifies the evidence of the request from your anchor and shows what was asked, what was done and what was written. You sign, as security or as an approver of the scenario, exactly the review that you were shown; never one that you wrote, nor one of your own request. With that the review is over.

Examples:

    halligan review sign-off 5f0c1a2b
    halligan review sign-off 5f0c1a2b --send-back --note "the deletes at 03:21 are not explained"`
}

var errNoNote = errors.New("sending back needs a note that says why")

// Run signs off, or sends back.
func (r reviewSignOffCommand) Run(c *call) error {
	body, word, did := &statement.SignOff{Verdict: statement.Accept}, "sign off", "Signed off"
	if r.SendBack {
		body.Verdict, word, did = statement.SendBack, "send back", "Sent back"
		if strings.TrimSpace(r.Note) == "" {
			return because(exitUsage, errNoNote, "").or("give it with --note")
		}
	}
	var texts []client.Noted
	if r.Note != "" {
		note, text, err := c.note(r.Note, "--note")
		if err != nil {
			return err
		}
		body.Note, texts = &note, []client.Noted{text}
	}
	m, b, err := briefOfReview(c, r.memberFlags, r.ID)
	if err != nil {
		return err
	}
	if b.shown.Review.Written == nil {
		return failf(exitRefused, "nobody has written the review of %s yet", b.request.ID.Short()).or("who asked writes it, or you: halligan review sign %s", b.request.ID.Short())
	}
	if b.shown.Review.Written.Note.Text == "" {
		return unproved("what " + b.shown.Review.Written.By + " wrote is not in the evidence")
	}
	body.Of, body.Review = b.request.ID, b.shown.Review.Written.Statement
	c.toPeople(fmt.Sprintf("\nYour signature, as %s, says to exactly this review (%s by %s): %s.\n", m.person(), body.Review.Short(), b.shown.Review.Written.By, word))
	if err := c.confirm(r.Yes, word); err != nil {
		return err
	}
	return b.reviewed(m, body, texts, did)
}

// briefOfReview proves a request and shows what became of it, its review
// included.
func briefOfReview(c *call, flags memberFlags, id string) (*member, *brief, error) {
	m, err := c.open(flags)
	if err != nil {
		return nil, nil, err
	}
	b, err := m.brief(id)
	if err != nil {
		return nil, nil, err
	}
	if b.shown.Review == nil {
		return nil, nil, failf(exitRefused, "the request has no review: it is %s, and a review opens when a grant ends", b.request.State).or("halligan status %s", b.request.ID.Short())
	}
	for _, note := range b.shown.Notes() {
		note.Text, _ = b.text(note.Hash)
	}
	c.toPeople(fmt.Sprintf("Checked on this machine, from your own anchor, up to entry %d of %s.\n\n%s", b.newest, b.checkpoint.Origin, requestSheet(b.shown, b.at)))
	return m, b, nil
}

// reviewed sends what was signed of a review, and says what it became.
func (b *brief) reviewed(m *member, body statement.Body, notes []client.Noted, did string) error {
	a, err := m.submitSeen(body, notes, b.seen())
	if err != nil {
		return err
	}
	out := done{Entry: a.Entry, Request: b.request.ID.String(), State: string(b.request.State)}
	if r := a.request(); r != nil && r.Review != nil {
		out.Known = r.Review.Text
	}
	return m.c.answer(out, func() {
		m.c.say("%s and recorded as entry %d.", did, a.Entry)
		if out.Known != "" {
			m.c.say("Now: %s", out.Known)
		}
	})
}

// review tells what was written of a request, and who says what to it.
func (s *sheet) review(v *view.Review, now canon.Time) {
	if v == nil || v.Written == nil && v.Overdue.IsZero() {
		return // what comes next tells of it
	}
	s.say("%s", v.Text)
	if w := v.Written; w != nil {
		s.say("%s wrote at %s: necessary: %s; misuse: %s.", w.By, clock(w.At, now), w.Necessary, w.Misuse)
		s.remark(w.Note)
	}
	if back := v.Returned; back != nil {
		s.say("%s sent it back at %s.", back.By, clock(back.At, now))
		s.remark(back.Note)
	}
	if off := v.SignedOff; off != nil {
		s.say("%s signed it off at %s.", off.By, clock(off.At, now))
		s.remark(off.Note)
	}
}

// remark is a note, as it was written.
func (s *sheet) remark(n *view.Note) {
	switch {
	case n == nil:
	case n.Text == "":
		s.say("  (the text is not there, or was erased)")
	default:
		s.WriteString(quoted("  ", n.Text))
	}
}
