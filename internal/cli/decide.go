package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// decideFlags are what approve and deny share.
type decideFlags struct {
	ID    string `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	Check check  `complete:"call-back,video,in-person,not-checked" help:"How you made sure who asks: call-back, video, in-person, or not-checked (with --note). There is no default." placeholder:"HOW"`
	Note  string `help:"A sentence that goes with your decision. not-checked needs one." placeholder:"TEXT"`
	Yes   bool   `help:"Do not ask again before signing."`
	memberFlags
}

// decided is what a decision became, as JSON.
type decided struct {
	Request   canon.Digest `json:"request"`
	Extension canon.Digest `json:"extension,omitzero"` // that it was about
	Verdict   string       `json:"verdict"`
	Entry     int64        `json:"entry"`
	State     access.State `json:"state,omitempty"`
	Words     string       `json:"words,omitempty"`
}

// decide shows a proved request and signs a verdict on it. Every way to the
// signature leads through briefOf; what the server shows of the request is not
// asked for at all.
func (f decideFlags) decide(c *call, decision *statement.Decision, of subject) error {
	m, err := c.open(f.memberFlags)
	if err != nil {
		return err
	}
	b, err := m.brief(f.ID)
	if err != nil {
		return hinting(err, "not-found", "halligan inbox lists what waits for you; if it is a change of the cell: halligan change sign %s", f.ID)
	}
	if err := b.about(of, decision.Verdict); err != nil {
		return err
	}
	c.toPeople(b.sheet())
	switch state := b.request.State; {
	case state != access.Pending && decision.Verdict == statement.Approve:
		return failf(exitRefused, "the request waits no more: it is %s", state).or("halligan status %s", b.request.ID.Short())
	case over(state):
		return failf(exitRefused, "there is nothing left to deny: the request is %s", state).or("halligan status %s", b.request.ID.Short())
	}
	decision.Of = b.of
	if err := b.fits(decision.Narrow); err != nil {
		return err
	}
	texts, err := f.complete(c, decision)
	if err != nil {
		return err
	}
	c.toPeople("\n" + b.meaning(m.person(), m.unripe(b.proof), decision) + "\n")
	if err := c.confirm(f.Yes, string(decision.Verdict)); err != nil {
		return err
	}
	return f.send(m, b, decision, texts)
}

// subject is what a verdict is meant for.
type subject int

const (
	ofRequest   subject = iota
	ofExtension         // the more time that is asked for
	ofEither            // whichever of them it can be, if it can be one only
)

// about makes the brief one of the extension that waits, where that is meant: of
// a live grant nothing else can be approved, and a no can be to either.
func (b *brief) about(of subject, verdict statement.Verdict) error {
	waits, id := b.request.Extending(), b.request.ID.Short()
	switch {
	case waits == nil && of == ofExtension && verdict == statement.Deny:
		return failf(exitRefused, "no extension of the request waits").or("halligan status %s", id)
	case waits != nil && of == ofEither && verdict == statement.Deny:
		return failf(exitUsage, "%s is live, and more time is asked for: say which you deny; nothing was signed", id).
			or("halligan deny %s --extension refuses more time and leaves the grant; halligan deny %s --grant ends it at once", id, id)
	case waits != nil && of != ofRequest:
		return b.extend(waits)
	}
	return nil
}

// send signs a decision, naming the checkpoint of the evidence as the one that
// was seen, so that the rules themselves refuse one made on an old look.
func (f decideFlags) send(m *member, b *brief, d *statement.Decision, notes []client.Noted) error {
	answer, err := m.submitSeen(d, notes, b.seen())
	if d.Verdict == statement.Deny {
		err = hinting(err, "self-approval", "to give up what is yours: halligan withdraw %[1]s while it waits, halligan release %[1]s while it is live", b.request.ID.Short())
	}
	if err != nil {
		return err
	}
	out := decided{Request: b.request.ID, Verdict: string(d.Verdict), Entry: answer.Entry, Words: b.words}
	if b.extension != nil {
		out.Extension = b.of
	}
	if r := answer.request(); r != nil {
		out.State = r.State
	}
	return m.c.answer(out, func() {
		what := b.request.ID.Short()
		if b.extension != nil {
			what = "more time for " + what
		}
		m.c.say("Signed and recorded as entry %d: %s to %s (%s).", answer.Entry, verb(d.Verdict), what, b.words)
		if r := answer.request(); r != nil && r.Known != "" {
			m.c.say("Now: %s", sentence(r.Known))
		}
	})
}

// complete adds how the approver checked who asks, and the note.
func (f decideFlags) complete(c *call, d *statement.Decision) (texts []client.Noted, err error) {
	if d.Check, err = c.howChecked(f.Check); err != nil {
		return nil, err
	}
	if d.Check == statement.NotChecked && strings.TrimSpace(f.Note) == "" {
		if f.Note, err = c.ask("Why could you not check? One sentence, which is recorded: "); err != nil && !errors.Is(err, errNobody) {
			return nil, err
		}
		if f.Note == "" {
			return nil, failf(exitUsage, "not-checked needs a sentence that says why").or("give it with --note; better: call them back")
		}
	}
	if f.Note == "" {
		return nil, nil
	}
	note, text, err := c.note(f.Note, "--note")
	if err != nil {
		return nil, err
	}
	d.Note = &note
	return []client.Noted{text}, nil
}

// seen is the checkpoint of the evidence, which a statement names.
func (p *proof) seen() ledger.Checkpoint { return p.checkpoint }

func verb(v statement.Verdict) string {
	if v == statement.Approve {
		return "yes"
	}
	return "no"
}

// fits refuses a narrowing that is none, before the rules do.
func (b *brief) fits(n *statement.Narrow) error {
	if n == nil {
		return nil
	}
	if n.For > b.asked.For {
		return failf(exitUsage, "--for %s is more than the %s that was asked for: an approval makes less of a request, never more", n.For, b.asked.For).or("leave --for out to agree to all of it, or give less")
	}
	for _, target := range n.Targets {
		if _, ok := b.scenario.Target(target); !ok || !contains(b.asked.Targets, target) {
			return failf(exitUsage, "--only %s: the request is for %s", target, both(b.asked.Targets)).or("name one of those, or leave --only out")
		}
	}
	return nil
}

// howChecked is how the approver made sure who asks. There is no default.
func (c *call) howChecked(flag check) (statement.Check, error) {
	if flag != "" {
		return statement.Check(flag), nil
	}
	for prompt := "\nHow did you check who it is? Type call-back, video, in-person or not-checked: "; ; {
		text, err := c.ask(prompt)
		if err != nil && !errors.Is(err, errNobody) {
			return "", err
		}
		if slices.Contains(checks, statement.Check(text)) {
			return statement.Check(text), nil
		}
		if text == "" {
			break
		}
		prompt = "It is call-back, video, in-person or not-checked; nothing at all leaves without signing: "
	}
	return "", failf(exitUnsigned, "you did not say how you checked who asks; nothing was signed").
		or("--check call-back, video, in-person, or not-checked with --note")
}

// narrowing is what flags make less of a request; nil for nothing.
func narrowing(length time.Duration, only []string) (*statement.Narrow, error) {
	if length == 0 && len(only) == 0 {
		return nil, nil
	}
	seconds, err := span(length)
	if err != nil {
		return nil, err
	}
	return &statement.Narrow{For: seconds, Targets: statement.SortTargets(only)}, nil
}

// span is a duration in whole seconds.
func span(length time.Duration) (canon.Seconds, error) {
	if length < 0 || length%time.Second != 0 {
		return 0, failf(exitUsage, "--for %s is not a number of whole seconds", length).or("write it as 30m or 1h")
	}
	return canon.SecondsOf(length), nil
}
