package view

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Moment is one event of a stream, as one sentence.
type Moment struct {
	Entry  int64      `json:"entry"` // index
	At     canon.Time `json:"at"`
	Event  string     `json:"event"`          // name, as entries spell it
	Who    string     `json:"who,omitempty"`  // person who signed; none: the server's word
	Host   string     `json:"host,omitempty"` // host whose signed report it rests on
	Target string     `json:"target,omitempty"`
	Text   string     `json:"text"`
}

// Timeline tells the entries of a stream, in the order given, one sentence for
// each event. It names no viewer: whoever shows it owes MaySee. It fails on a
// statement that cannot be read, which no ledger holds.
func Timeline(entries []cell.Recorded) ([]Moment, error) {
	moments := []Moment{}
	for _, r := range entries {
		t := teller{at: r.Entry.At, task: r.Entry.Cause.Task}
		if r.Entry.Cause.Statement != nil {
			s, err := statement.Decode(r.Entry.Cause.Statement)
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", r.Index, err)
			}
			t.who, t.body = s.Actor, s.Body
		}
		for _, e := range r.Outcome.Events {
			m := Moment{Entry: r.Index, At: r.Entry.At, Event: cell.NameOf(e), Who: t.who, Target: cell.TargetOf(e), Text: t.tell(e)}
			if proved, ok := e.(*cell.LeaseProved); ok && proved.Proof.Kind == access.ProofEnded && !strings.HasPrefix(proved.Proof.By, access.ByAWS) {
				m.Host = proved.Proof.By
			}
			moments = append(moments, m)
		}
	}
	return moments, nil
}

// teller knows what an entry says beside its events.
type teller struct {
	at   canon.Time
	who  string // empty: a task's result
	body statement.Body
	task string
}

// tell is the sentence of an event.
func (t teller) tell(e cell.Event) string {
	for _, part := range []func(cell.Event) string{t.ofRecovery, t.ofSuspension, t.ofCell, t.ofAmendment, t.ofReading, t.ofRequest, t.ofSolo, t.ofExtension, t.ofLease, t.ofProof, t.ofCustody, t.ofWitness, t.ofOffline} {
		if text := part(e); text != "" {
			return text
		}
	}
	return "Something happened that this version has no words for: " + plain(cell.NameOf(e)) + "."
}

func (t teller) ofCell(e cell.Event) string {
	switch e := e.(type) {
	case *cell.Founded:
		return fmt.Sprintf("%s, a founder, signed genesis.", e.Person)
	case *cell.AssignmentsFound:
		return ofCenter(e)
	case *cell.Sealed:
		return fmt.Sprintf("Every founder has signed genesis %s; the cell is sealed.", e.Genesis.Short())
	case *cell.ChangeProposed:
		return fmt.Sprintf("%s proposes to %s; it lapses at %s unless %s agrees.", e.Change.Proposer, proposal(&e.Change), clock(e.Change.Lapses, t.at), whoAgrees(&e.Change))
	case *cell.ChangeDecided:
		return fmt.Sprintf("%s %s, on change %s.", e.Decision.Approver, verdict(e.Decision), e.Change.Short())
	case *cell.ChangeOver:
		switch e.State {
		case cell.ChangeDone:
			return fmt.Sprintf("The change quorum is filled; change %s takes effect.", e.Change.Short())
		case cell.ChangeLapsed:
			return fmt.Sprintf("Change %s lapsed: its quorum was not filled in time.", e.Change.Short())
		}
		return fmt.Sprintf("Change %s is %s.", e.Change.Short(), e.State)
	case *cell.PersonRemoved:
		return fmt.Sprintf("%s is removed; no signature of theirs counts any more.", e.Person)
	case *cell.KeyRemoved:
		return fmt.Sprintf("The key %s of %s is removed; no signature by it counts any more.", e.Key, e.Person)
	case *cell.RulesRaised:
		return fmt.Sprintf("From here on the cell decides by rules %d.", e.Rules)
	case *cell.ClockDoubted:
		return clockText(e) + "; until both agree again, nothing is granted for longer than the shortest window."
	case *cell.ClockTrusted:
		if e.Step != 0 {
			return "The clock differs from its own measure by no more than was agreed."
		}
		return "The clock and its own measure agree again."
	}
	return cmp.Or(ofEpoch(e), ofLedgerKey(e))
}

// clockText is "The clock is 31.000 s ahead of its own measure".
func clockText(e *cell.ClockDoubted) string {
	step, way := e.Step, "ahead of"
	if step < 0 {
		step, way = -step, "behind"
	}
	return fmt.Sprintf("The clock is %d.%03d s %s its own measure", step/1000, step%1000, way)
}

// attempt says what a statement tries.
func attempt(body statement.Body) string {
	switch b := body.(type) {
	case *statement.Found:
		return "sign genesis"
	case *statement.Session:
		return "read"
	case *statement.Request:
		return fmt.Sprintf("ask for %s at %s", b.Scenario, b.Severity)
	case *statement.Decision:
		return fmt.Sprintf("%s %s", b.Verdict, b.Of.Short())
	case *statement.Withdraw:
		return "withdraw " + b.Of.Short()
	case *statement.Fetch:
		return fmt.Sprintf("fetch a credential of %s for %s", b.Of.Short(), b.Target)
	case *statement.Release:
		return "release " + b.Of.Short()
	case *statement.Stop:
		return "stop " + b.Of.Short()
	case *statement.Attest:
		return fmt.Sprintf("attest that nothing is left of %s at %s", b.Of.Short(), b.Target)
	case *statement.Seal:
		return "seal envelope " + b.Envelope
	case *statement.Share:
		return fmt.Sprintf("give a share of envelope %s to %s", b.Envelope, b.Of.Short())
	case *statement.Rotate:
		return "put a new sealing of envelope " + b.Envelope + " in force"
	case *statement.Inspect:
		return "say what they saw of envelope " + b.Envelope
	case *statement.Vouch:
		return fmt.Sprintf("vouch for the key %s of %s", b.Key, b.Person)
	case *statement.Extend:
		return fmt.Sprintf("ask for %s more of %s", b.For, b.Of.Short())
	case *statement.Solo:
		return "go in alone for " + b.Of.Short()
	case *statement.Review:
		return "write the review of " + b.Of.Short()
	case *statement.SignOff:
		if b.Verdict == statement.SendBack {
			return "send back the review of " + b.Of.Short()
		}
		return "sign off the review of " + b.Of.Short()
	case *statement.WitnessedOutage:
		return "witness the outage of " + b.Of.Short()
	case *statement.Reconcile:
		return "carry back what was signed with no server to " + b.Of.Short()
	}
	return attemptOnCell(body)
}

// attemptOnCell says what a statement tries to make of the cell itself.
func attemptOnCell(body statement.Body) string {
	switch b := body.(type) {
	case *statement.Change:
		if b.Amend != nil {
			return "propose document " + b.Amend.To.Digest.Short()
		}
		if b.LedgerKey != "" {
			return "propose another key of the ledger"
		}
		return "propose to remove " + removal(b.Remove.Person, b.Remove.Key)
	case *statement.Recover:
		return "propose to recover the cell with document " + b.To.Digest.Short()
	case *statement.Cancel:
		return "cancel recovery " + b.Of.Short()
	case *statement.Suspend:
		return fmt.Sprintf("suspend the key %s of %s", b.Key, b.Person)
	case *statement.Lift:
		return fmt.Sprintf("have the suspended key %s of %s sign again", b.Key, b.Person)
	case *statement.Clock:
		return "propose to trust the clock"
	case *statement.Epoch:
		return fmt.Sprintf("sign epoch %d", b.Number)
	case *statement.Upgrade:
		return fmt.Sprintf("propose to decide by rules %d", b.Rules)
	}
	return "do something"
}

func (t teller) ofReading(e cell.Event) string {
	switch e := e.(type) {
	case *cell.SessionOpened:
		return fmt.Sprintf("%s may read until %s.", e.Person, clock(e.Until, t.at))
	case *cell.Refused:
		text := fmt.Sprintf("%s tried to %s and was refused: %s.", e.Person, attempt(t.body), plain(string(e.Reason)))
		if t.who != "" && t.who != e.Person {
			text = fmt.Sprintf("%s tried to %s in the name of %s and was refused: %s.", e.Person, attempt(t.body), t.who, plain(string(e.Reason)))
		}
		return text
	case *cell.RefusalsCounted:
		total, words := tally(e.Counts)
		return fmt.Sprintf("%s refused without an entry of their own: %s.", total, words)
	case *cell.AlarmAnswered:
		about := plain(eventOfTask(t.task))
		if e.Delivered {
			return fmt.Sprintf("Channel %s took the alarm %q.", e.Channel, about)
		}
		if e.Status != 0 {
			return fmt.Sprintf("Channel %s did not take the alarm %q: it answered with status %d.", e.Channel, about, e.Status)
		}
		return fmt.Sprintf("Channel %s did not take the alarm %q: it did not answer.", e.Channel, about)
	}
	return ""
}

func (t teller) ofRequest(e cell.Event) string {
	switch e := e.(type) {
	case *cell.RequestMade:
		return t.made(&e.Request)
	case *cell.LadderWidened:
		return fmt.Sprintf("The ladder asks more people: %s may sign%s.", group(e.Widened.To), inPlaceOf(e.Widened.Legs))
	case *cell.Decided:
		return e.Decision.Approver + " " + verdict(e.Decision) + "."
	case *cell.Agreed:
		return fmt.Sprintf("The quorum is filled by %s: %s may be used until %s.", both(e.Grant.By), both(e.Grant.Targets), clock(e.Grant.Until, t.at))
	case *cell.RequestOver:
		return t.over(e)
	case *cell.GrantEnded:
		return fmt.Sprintf("The grant ended: %s.", endText(&e.End))
	}
	if text := t.ofSymptom(e); text != "" {
		return text
	}
	return t.ofReview(e)
}

func (t teller) made(r *access.Request) string {
	text := fmt.Sprintf("%s asks for %s at %s: %s, for %s", r.Requester, r.Scenario, r.Severity, both(r.Targets), r.For)
	if r.Incident != "" {
		text += ", incident " + r.Incident
	}
	if r.Address != "" {
		text += ", from " + r.Address
	}
	text += byCode(r.Code)
	text = fmt.Sprintf("%s. It lapses at %s unless it is agreed.", text, clock(r.Lapses, t.at))
	if late := lateText(r.Late); late != "" {
		text += " " + late
	}
	return text
}

func (t teller) over(e *cell.RequestOver) string {
	_, stop := t.body.(*statement.Stop)
	with := byCode(e.Code)
	switch {
	case e.State == access.Denied && stop:
		return fmt.Sprintf("%s stopped the request%s; nothing was opened.", e.By, with)
	case e.State == access.Denied:
		return fmt.Sprintf("The request is denied by %s%s; nothing was opened.", e.By, with)
	case e.State == access.Withdrawn:
		return fmt.Sprintf("%s withdrew the request%s; nothing was opened.", e.By, with)
	case e.State == access.Lapsed:
		return "The request lapsed: its quorum was not filled in time; nothing was opened."
	case e.State == access.Void:
		return "The request is void: its requester was removed, its scenario is another now, or entries of the ledger were lost while it waited."
	}
	return fmt.Sprintf("The request is %s.", e.State)
}
