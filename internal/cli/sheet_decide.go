package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// brief is a proved request with everything that an approver is shown.
type brief struct {
	*proof
	request  *access.Request
	asked    *statement.Request
	scenario *access.Scenario
	shown    view.Request
	words    string

	of        canon.Digest      // what a decision names
	extension *access.Extension // that the brief is about; nil: the request itself
	grant     *access.Grant     // that it would extend
}

// brief is briefOf the one request of the evidence that digits name.
func (p *proof) brief(digits string) (*brief, error) {
	var named []canon.Digest
	for id, s := range p.statements {
		if _, ok := s.Body.(*statement.Request); ok && strings.HasPrefix(id.String(), digits) {
			named = append(named, id)
		}
	}
	switch len(named) {
	case 0:
		return nil, unproved("the evidence is not of the request " + digits)
	case 1:
		return briefOf(p, named[0])
	}
	return nil, unproved("the evidence is of several requests that begin with " + digits)
}

// briefOf gathers a brief. It fails when anything that the approver must see is
// not in the evidence.
func briefOf(p *proof, id canon.Digest) (*brief, error) {
	b := &brief{proof: p, of: id}
	var err error
	if b.request, b.asked, err = p.request(id); err != nil {
		return nil, err
	}
	b.scenario = p.world.ScenarioOf(b.request)
	if b.scenario.ID == "" || b.request.ScenarioDigest != b.asked.ScenarioDigest {
		return nil, unproved("the scenario that was signed is not the cell's")
	}
	if b.words, err = p.words(id); err != nil {
		return nil, unproved("the evidence has no salt, so the words cannot be worked out")
	}
	if _, ok := p.text(b.asked.Why.Hash); !ok {
		return nil, unproved("the reason that was signed is not in the evidence")
	}
	b.shown = p.view.Show(b.request, view.Instant{Now: p.at})
	return b, nil
}

// sheet is the one screen that an approver reads.
func (b *brief) sheet() string {
	s := new(sheet)
	s.say("Checked on this machine, from your own anchor: every signature, and every rule,")
	s.say("up to entry %d of %s, recorded at %s.", b.newest, b.checkpoint.Origin, clock(b.at, b.request.At))
	s.say("")
	if b.extension != nil {
		b.extensionSheet(s)
		return s.String()
	}
	if g := b.request.Grant; g != nil && b.request.Live(b.at) {
		s.say("LIVE until %s: %s. A no, or halligan stop, closes it at once.", clock(g.Until, b.at), both(g.Targets))
		if b.request.Extending() != nil {
			s.say("More time is asked for; a no to that alone is halligan deny %s --extension.", b.request.ID.Short())
		}
		s.say("")
	}
	b.who(s, "asks for emergency access")
	s.say("Scenario: %s (%s), %s", line(b.scenario.Title), b.scenario.ID, b.asked.Severity)
	if b.asked.Incident != "" {
		s.say("Incident: %s", b.asked.Incident)
	}
	why, _ := b.text(b.asked.Why.Hash)
	s.say("Why:")
	s.WriteString(quoted("  ", why))
	s.say("Asked at %s from %s. It lapses at %s.", clock(b.request.At, b.at), known(b.request.Address), clock(b.request.Lapses, b.at))
	s.late(b.shown.Code)
	s.say("")
	s.say("Call back on a number that you know, and hear these words:")
	s.say("")
	s.say("    %s", b.words)
	s.say("")
	s.say("It opens, for %s at most from the last signature:", b.asked.For)
	for _, o := range b.shown.Opens {
		s.say("  - %s: %s", o.Target, o.Text)
	}
	s.items("Conditions:", b.conditions())
	s.items("It is for when:", b.scenario.UseWhen)
	s.items("It is not for when:", b.scenario.DoNotUseWhen)
	s.symptoms(b.shown)
	s.late(b.shown.Late)
	if solo := b.shown.Solo; solo != nil && solo.Offered {
		s.say("%s", solo.Text)
	}
	s.signed(b.shown, b.at)
	if n := b.shown.Narrowed; n != nil {
		s.say("Narrowed so far to %s on %s.", n.For, both(n.Targets))
	}
	s.say("Not known from here: what was recorded after entry %d.", b.newest)
	return s.String()
}

// who tells who asks, from the roster that the founders signed.
func (b *brief) who(s *sheet, asks string) {
	person, _ := b.world.Roster.Person(b.request.Requester)
	s.say("%s %s.", person.ID, asks)
	for _, note := range []struct {
		name string
		hash canon.Digest
	}{{"Name", person.Name}, {"Contact", person.Contact}} {
		if note.hash.IsZero() {
			continue
		}
		if text, ok := b.text(note.hash); ok {
			s.say("%s, as %s signed it: %s", note.name, b.proof.signatories(), line(text))
		} else {
			s.say("%s: not in the evidence, or erased", note.name)
		}
	}
}

func (b *brief) conditions() []string {
	shown, _ := b.view.Scenario("", b.scenario.ID)
	return shown.Conditions
}

// meaning is what a decision will say, in one paragraph. Unripe says why the key
// that signs agrees to nothing yet; empty: it does.
func (b *brief) meaning(actor, unripe string, d *statement.Decision) string {
	if d.Verdict == statement.Deny {
		text := fmt.Sprintf("Your signature, as %s, says no to exactly this %s (%s), %s.", actor, b.what(), b.of.Short(), checkedBy(d.Check))
		if actor == b.request.Requester {
			return text + ownWord
		}
		return text + fmt.Sprintf(" It ends it%s.", b.stays())
	}
	length, targets := b.left(d)
	text := fmt.Sprintf("Your signature, as %s, says yes to exactly this %s (%s): %s for %s at most, %s.",
		actor, b.what(), b.of.Short(), both(targets), length, checkedBy(d.Check))
	quorum := b.request.Quorum(b.scenario.Severities[b.request.Severity])
	agreed := b.request.Approvers(b.counts)
	in := b.request.Admits(b.world.Roster.In)
	before := places(quorum.Missing(agreed, in))
	after := places(quorum.Missing(append(agreed, actor), in))
	switch {
	case actor == b.request.Requester:
		text += ownWord
	case unripe != "":
		text += " " + unripe
	case after == 0:
		text += " It is the last one that is needed: " + b.effect(length) + "."
	case after < before:
		text += fmt.Sprintf(" It fills one place; %s needed after it.", areMore(after))
	case !slices.Contains(agreed, actor) && quorum.Names(actor, in):
		text += " It fills no place that is empty: it counts when a signature before it counts no more"
		if len(b.request.Widened) < b.rungs() {
			text += ", or when the ladder lets somebody sit elsewhere"
		}
		text += "."
	default:
		text += " It fills no place of the quorum: the rules will refuse it."
	}
	return text
}

// rungs are how many of the ladder's let somebody sit elsewhere.
func (b *brief) rungs() int {
	if b.scenario.Solo() != nil {
		return len(b.scenario.Ladder) - 1
	}
	return len(b.scenario.Ladder)
}

// left is what a request comes to with this decision.
func (b *brief) left(d *statement.Decision) (canon.Seconds, []string) {
	length, targets := b.request.Narrowed(b.counts)
	if d.Narrow == nil {
		return length, targets
	}
	if d.Narrow.For > 0 {
		length = min(length, d.Narrow.For)
	}
	if len(d.Narrow.Targets) > 0 {
		targets = slices.DeleteFunc(targets, func(t string) bool { return !slices.Contains(d.Narrow.Targets, t) })
	}
	return length, targets
}

// counts tells whether a decision counts, as the rules have it.
func (p *proof) counts(d access.Decision) bool {
	owner, ok := p.world.Roster.Owner(d.Key)
	return ok && owner == d.Approver
}

func places(q access.Quorum) int {
	n := 0
	for _, leg := range q {
		n += leg.Count
	}
	return n
}

func areMore(n int) string {
	if n == 1 {
		return "one more is"
	}
	return fmt.Sprintf("%d more are", n)
}

func checkedBy(check statement.Check) string {
	switch check {
	case statement.CallBack:
		return "and that you called them back on a number you knew"
	case statement.Video:
		return "and that you saw them on a video call"
	case statement.InPerson:
		return "and that you saw them in person"
	}
	return "and that you did not check who asks, for the reason in your note"
}

func known(address string) string {
	if address == "" {
		return "an address that was not recorded"
	}
	return address
}

// changeSheet is the one screen of a proposed change.
func changeSheet(p *proof, change *cell.Change, asked statement.Body) string {
	s := new(sheet)
	s.say("Checked on this machine, from your own anchor, up to entry %d of %s.", p.newest, p.checkpoint.Origin)
	s.say("")
	var reason canon.Digest
	switch asked := asked.(type) {
	case *statement.Change:
		reason = asked.Reason.Hash
		switch {
		case asked.Amend != nil:
			p.amendSheet(s, change, asked.Amend)
		case asked.LedgerKey != "":
			p.ledgerKeySheet(s, change)
		default:
			p.removalSheet(s, change.Proposer, asked.Remove)
		}
	case *statement.Recover:
		reason = asked.Reason.Hash
		p.recoverSheet(s, change, asked)
	case *statement.Clock:
		reason = asked.Reason.Hash
		p.clockSheet(s, change)
	case *statement.Upgrade:
		reason = asked.Reason.Hash
		s.say("%s proposes that the cell decides by rules %d from then on; it decides by rules %d now.", change.Proposer, asked.Rules, p.world.Rules)
		s.say("That is for good: a version that does not know rules %d can no longer run this cell.", asked.Rules)
	}
	if why, ok := p.text(reason); ok {
		s.say("Why:")
		s.WriteString(quoted("  ", why))
	} else {
		s.say("Why: the text is not in the evidence, or was erased.")
	}
	if change.Until.IsZero() {
		s.say("Proposed at %s; it lapses at %s.", clock(change.At, p.at), clock(change.Lapses, p.at))
	}
	for _, shown := range p.view.Changes() {
		if shown.ID != change.ID {
			continue
		}
		if !change.Until.IsZero() {
			s.recoveryWaits(&shown, p.at)
		}
		var legs []string
		for _, leg := range shown.Legs {
			legs = append(legs, leg.Text)
		}
		s.items("Who must agree:", legs)
		if words, err := p.words(change.ID); err == nil {
			s.say("Words: %s", words)
		}
	}
	return strings.TrimRight(s.String(), "\n") + "\n"
}

// removalSheet says what a removal would do.
func (p *proof) removalSheet(s *sheet, proposer string, asked statement.Removal) {
	what := asked.Person
	if asked.Key != "" {
		what = "the key " + asked.Key + " of " + asked.Person
	}
	s.say("%s proposes to remove %s.", proposer, what)
	person, ok := p.world.Roster.Person(asked.Person)
	if !ok {
		return
	}
	if name, ok := p.text(person.Name); ok {
		s.say("Name, as %s signed it: %s", p.signatories(), line(name))
	}
	if asked.Key == "" {
		s.say("That is for good: no signature of theirs counts any more, and what they have open ends.")
	} else {
		s.say("That is for good: no signature by that key counts any more, and what that key asked for ends.")
	}
}

// ownWord is said before somebody signs on a request of their own.
const ownWord = " Nobody decides on their own request: the rules will refuse it."
