package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// FindingKind names what kind of thing was found.
type FindingKind string

// The kinds of finding.
const (
	FindingOverdue FindingKind = "closing-overdue" // a lease should be proved dead by now
	FindingOpening FindingKind = "open-failed"     // a target could not be opened yet
	FindingUnheard FindingKind = "alarm-unheard"   // a channel missed alarms and has taken none since
	FindingClock   FindingKind = "clock-doubted"
	// FindingReview: a review is not signed off by when it was due.
	FindingReview FindingKind = "review-overdue"
	// FindingAlone: somebody went in alone, and nobody has signed off the review.
	FindingAlone FindingKind = "alone-unreviewed"
	// FindingRecovery: other people and keys are put in place when the notice is over.
	FindingRecovery FindingKind = "recovery-waits"
	// FindingOffered: somebody made a passkey that nobody has proposed yet.
	FindingOffered FindingKind = "passkey-offered"
	// FindingInvited: whoever has a code may offer a passkey.
	FindingInvited FindingKind = "passkey-invited"
	// FindingUnwitnessed: what is written is not cosigned.
	FindingUnwitnessed FindingKind = "unwitnessed"
	// FindingCertificate: browsers will refuse the server, or do.
	FindingCertificate FindingKind = "certificate"
	// FindingUnready: the server could not do what a grant would ask of it.
	FindingUnready FindingKind = "not-ready"
	// FindingStanding: somebody has, by another hand, what only a grant should give.
	FindingStanding FindingKind = "standing-assignment"
	// FindingUndenied: sessions that a policy should deny are not denied.
	FindingUndenied FindingKind = "not-denied"
	// FindingUnlisted: nobody knows who has what only a grant should give.
	FindingUnlisted FindingKind = "assignments-unlisted"
	// FindingTried: somebody tries what they may not.
	FindingTried FindingKind = "tried"
)

// Finding is something that people should look at. Target and Text are empty
// where the viewer may not see the request.
type Finding struct {
	Kind     FindingKind  `json:"kind"`
	Request  canon.Digest `json:"request,omitzero"`
	Scenario string       `json:"scenario,omitempty"`
	Target   string       `json:"target,omitempty"`
	Channel  string       `json:"channel,omitempty"`
	Since    canon.Time   `json:"since,omitzero"`
	Text     string       `json:"text,omitempty"`
	Urgency  Urgency      `json:"urgency"` // how soon somebody should look
	Do       string       `json:"do"`      // what to do about it, with the command that does it

	byAWS bool // of an envelope: AWS can change what lies in it
}

// Findings is everything that is not as it should be, worst first, and what
// was refused. Who was refused is told to security alone.
type Findings struct {
	Findings []Finding `json:"findings"`
	Refused  Refusals  `json:"refused"`
}

// Findings shows what is not as it should be.
func (c *Cell) Findings(viewer string, at Instant) Findings {
	return read(c, func(s *state) Findings {
		v := Findings{Findings: []Finding{}, Refused: s.learned.refused.clone()}
		if !s.security(viewer) {
			v.Refused.ByPerson = nil
		}
		oldest := s.unsettled()
		slices.Reverse(oldest)
		v.add(viewer, s, oldest, s.overdue(at))
		v.Findings = append(v.Findings, s.aloneFindings(viewer)...)
		v.Findings = append(v.Findings, s.offlineFindings(viewer)...)
		v.Findings = append(v.Findings, s.recoveryFindings()...)
		v.Findings = append(v.Findings, s.suspended(at.Now)...)
		v.Findings = append(v.Findings, s.envelopeFindings(at)...)
		v.living(viewer, s, at.Now)
		if s.doubted {
			v.Findings = append(v.Findings, Finding{
				Kind: FindingClock,
				Text: "The clock left its own measure by more than 30 seconds; until both agree again, or two witnesses or the change quorum say that it is right, nothing is granted for longer than the shortest window.",
			})
		}
		v.Findings = append(v.Findings, s.epochs.findings()...)
		v.Findings = append(v.Findings, s.denialFindings(viewer, at.Now)...)
		v.Findings = append(v.Findings, s.standingFindings()...)
		v.Findings = append(v.Findings, s.witnessing(at.Now)...)
		for _, channel := range slices.Sorted(maps.Keys(s.learned.unheard)) {
			v.Findings = append(v.Findings, s.learned.unheard[channel].finding(at.Now))
		}
		v.Findings = append(v.Findings, s.underway.findings(at.Now)...)
		v.Findings = append(v.Findings, s.lateFindings(viewer, at)...)
		v.add(viewer, s, oldest, failing)
		v.Findings = answered(append(v.Findings, s.unprovedKeys()...))
		return v
	})
}

// add looks at every lease of the requests.
func (v *Findings) add(viewer string, s *state, held []Held, look func(*access.Lease) (Finding, bool)) {
	for _, h := range held {
		for i := range h.Request.Leases {
			found, ok := look(&h.Request.Leases[i])
			if !ok {
				continue
			}
			found.Request, found.Scenario = h.Request.ID, h.Request.Scenario
			if !s.maySee(viewer, h.Request) {
				found.Target, found.Text = "", ""
			}
			v.Findings = append(v.Findings, found)
		}
	}
}

func (s *state) overdue(at Instant) func(*access.Lease) (Finding, bool) {
	return func(l *access.Lease) (Finding, bool) {
		if !cell.Overdue(l, at.Now) || s.kept(l) {
			return Finding{}, false
		}
		text := fmt.Sprintf("%s is not proved dead: it is %s.", l.Target, leaseKnown(l, at))
		return Finding{Kind: FindingOverdue, Target: l.Target, Since: l.Closing.At, Text: text}, true
	}
}

// troubled tells whether a lease could not be opened yet.
func troubled(l *access.Lease) bool { return l.Held() && l.Trouble != "" }

func failing(l *access.Lease) (Finding, bool) {
	if !troubled(l) {
		return Finding{}, false
	}
	text := fmt.Sprintf("%s could not be opened yet: %s.", l.Target, troubleWords(l, l.Trouble))
	if l.State == access.LeaseOpen {
		text = fmt.Sprintf("%s is open, and nothing was seen to work there yet: %s.", l.Target, troubleWords(l, l.Trouble))
	}
	return Finding{Kind: FindingOpening, Target: l.Target, Text: text}, true
}

// Unready is the finding of what a server lacks; none of an empty sentence.
func Unready(text string) []Finding {
	if text == "" {
		return nil
	}
	return []Finding{{Kind: FindingUnready, Text: text}}
}

func (u Unheard) finding(now canon.Time) Finding {
	text := fmt.Sprintf("Channel %s missed %s, the first at %s", u.Channel, count(u.Count, "alarm"), clock(u.Since, now))
	if u.Status != 0 {
		text += fmt.Sprintf("; it answered with status %d", u.Status)
	}
	return Finding{Kind: FindingUnheard, Channel: u.Channel, Since: u.Since, Text: text + "."}
}
