package cell

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Apply moves the world on by the events of one entry. It is told the cause so
// that it can remember a statement's nonce and take a task's result off the
// list; it decides nothing. Its only error is a world that does not fit the
// events, which Decide never gives.
func (w *World) apply(p place, c Command, events []Event) error {
	w.changes, w.copied = Changes{Stream: p.stream}, nil
	for _, e := range events {
		if err := w.applyOne(p, e); err != nil {
			return fmt.Errorf("entry %d: %s: %w", p.index, e.event(), err)
		}
		w.follow(p, e)
	}
	if c.Signed != nil {
		w.use(c.Signed.Statement.Header, p, refusedIn(events))
	} else if !w.Tasks[c.Effect.Task].repeats(events) {
		w.done(c.Effect.Task)
	}
	w.sweep(p)
	w.LastAt = p.at
	w.Last[p.stream] = p.index
	w.forgetPublished()
	return nil
}

// refusedIn is the refusal among events; nil when the command was taken.
func refusedIn(events []Event) *Refused {
	for _, e := range events {
		if refused, ok := e.(*Refused); ok {
			return refused
		}
	}
	return nil
}

// applyOne dispatches to the part of the world that an event changes.
func (w *World) applyOne(p place, e Event) error {
	switch e := e.(type) {
	case *Founded, *Sealed, *ChangeProposed, *ChangeDecided, *ChangeOver, *PersonRemoved, *KeyRemoved, *RulesRaised, *Amended, *KeyAdded, *KeyVouched,
		*RecoveryAgreed, *RecoveryWaits, *RecoveryOver, *KeySuspended, *SuspensionOpposed, *SuspensionOver, *AssignmentsFound:
		w.changes.Cell = true
		return w.applyCell(p, e)
	case *EnvelopeSealed, *EnvelopeRotated, *EnvelopeInspected, *EnvelopeOwed, *EnvelopeOverdue:
		w.changes.Cell = true
		ApplyCustody(w.Envelopes, p.at, e)
		return nil
	case *Witnessed, *WitnessesSilent, *WitnessesOverdue:
		w.changes.Cell = true
		w.applyWitness(e)
		return nil
	case *ClockDoubted, *ClockTrusted, *ClockAgreed:
		w.changes.Cell = true
		w.applyClock(p, e)
		return nil
	case *EpochSigned, *EpochBegun, *StraysFound, *HostSurveyed:
		w.changes.Cell = true
		w.applyEpoch(p, e)
		return nil
	case *LedgerKeyRotated, *OverlapRecorded:
		w.changes.Cell = true
		w.applyLedgerKey(p, e)
		return nil
	case *SessionOpened, *Refused, *RefusalsCounted, *AlarmAnswered, *CredentialDelivered, *MintFailed, *ClosingOverdue, *HoneyTouched,
		*CredentialWitnessed, *CredentialUnwitnessed, *UserMoved:
		return nil
	case *RequestMade:
		r := e.Request
		w.put(&r)
		return nil
	case *Reconciled:
		r := e.Request
		w.put(&r)
		return nil
	}
	return w.applyToRequest(p, e)
}

// applyToRequest changes the request of the stream. Others hold it as it was: an
// entry copies it before its first event, and once, however many follow.
func (w *World) applyToRequest(p place, e Event) error {
	id, ok := RequestOf(p.stream)
	before, known := w.Requests[id]
	if !ok || !known {
		return fmt.Errorf("stream %s is of no request in the world", p.stream)
	}
	after := before
	if before != w.copied {
		after = before.Clone()
	}
	w.drop(id)
	if err := applyRequest(p, after, e); err != nil {
		w.put(before)
		return err
	}
	if said, ok := e.(*LeaseShut); ok {
		l, _ := after.Lease(said.Target)
		if l.Shut = p.at; l.Assignment != nil {
			l.NotAfter = l.Outlived(p.at)
		}
	}
	w.put(after)
	w.copied = after
	if closing, ok := e.(*LeaseClosing); ok {
		w.revoke(after, closing)
	}
	return nil
}

func (w *World) applyCell(p place, e Event) error {
	switch e := e.(type) {
	case *Founded:
		w.Founded = append(w.Founded, e.Person)
	case *ChangeProposed:
		change := e.Change
		w.Changes[change.ID] = &change
	case *ChangeDecided:
		change := *w.Changes[e.Change]
		change.Decisions = append(change.Decisions[:len(change.Decisions):len(change.Decisions)], e.Decision)
		w.Changes[e.Change] = &change
	case *ChangeOver:
		delete(w.Changes, e.Change)
	case *RecoveryAgreed:
		change := *w.Changes[e.Change]
		change.Until = e.Until
		w.Changes[e.Change] = &change
	case *RecoveryOver:
		delete(w.Changes, e.Change)
	case *PersonRemoved:
		w.Roster = w.Roster.Clone()
		return w.Roster.RemovePerson(e.Person)
	case *KeyRemoved:
		w.Roster = w.Roster.Clone()
		return w.Roster.RemoveKey(e.Person, e.Key)
	case *Amended:
		return w.applyAmended(p, e)
	case *KeyAdded:
		w.Cooling[e.Key] = e.Until
		delete(w.Vouched, e.Key)
	case *KeyVouched:
		w.applyVouched(e)
	case *KeySuspended, *SuspensionOpposed, *SuspensionOver:
		w.applySuspension(e)
	case *RulesRaised:
		w.Rules = e.Rules
	case *AssignmentsFound:
		w.Standing = e.After(w.Standing)
	case *Sealed:
		w.Sealed = true
	}
	return nil
}

// found reads genesis into the world: at the first founder's signature.
func (w *World) found(c Command) error {
	body, ok := genesisOf(c)
	if !ok || w.Genesis != nil {
		return nil
	}
	genesis, r, err := w.readGenesis(body)
	if err != nil {
		return err
	}
	scenarios, err := w.readScenarios(genesis, &r)
	if err != nil {
		return err
	}
	genesis.Attest(&r, &w.Roster, c.At)
	w.Genesis, w.GenesisDigest, w.Document, w.Roster, w.Scenarios, w.Rules = genesis, body, body, r, scenarios, genesis.Rules
	w.Digests = digestsOf(genesis)
	return nil
}

// applyRequest changes a copy of a request.
func applyRequest(p place, r *access.Request, e Event) error {
	switch e := e.(type) {
	case *LadderWidened:
		r.Widened = append(r.Widened, e.Widened)
	case *Decided:
		r.Decisions = append(r.Decisions, e.Decision)
	case *Agreed:
		grant := e.Grant
		r.State, r.Grant, r.Leases = access.Granted, &grant, append([]access.Lease(nil), e.Leases...)
	case *RequestOver:
		r.State = e.State
	case *GrantEnded:
		end := e.End
		if waits := r.Extending(); waits != nil {
			waits.State = access.Lapsed
		}
		r.State, r.End = access.Ended, &end
	default:
		if !applyReview(r, e) && !applyExtension(r, e) && !applySymptom(r, e) && !applySolo(p, r, e) {
			return applyLease(r, e)
		}
	}
	return nil
}

// applyLease changes one lease of a copy of a request.
func applyLease(r *access.Request, e Event) error {
	target := TargetOf(e)
	l, ok := r.Lease(target)
	if !ok {
		return fmt.Errorf("the request has no lease at %q", target)
	}
	switch e := e.(type) {
	case *AssignmentClaimed:
		l.Claimed, l.Trouble = true, ""
	case *LeaseOpened:
		l.State, l.Trouble, l.Worked = access.LeaseOpen, "", l.Worked || l.Automation != ""
	case *OpenFailed:
		l.Trouble = e.Why
	case *TwinWorked:
		l.Worked, l.Trouble = true, ""
	case *CredentialAuthorised:
		l.Issued++
		if e.Before.After(l.NotAfter) {
			l.NotAfter = e.Before
		}
	case *ShareGiven:
		l.Issued, l.Shares = l.Issued+1, append(l.Shares, e.Share)
	case *LeaseClosing:
		closing := e.Closing
		l.State, l.Closing = access.LeaseClosing, &closing
		if closing.Lost && !l.Driven() && l.Assignment == nil { // whatever can have been issued in what is lost
			until := r.Grant.Until
			if l.Account != "" && l.Task == "" {
				until = until.Add(access.ConsoleLongest.Duration())
			}
			l.Issued, l.NotAfter = max(1, l.Issued), canon.Later(l.NotAfter, until)
		}
	case *LeaseShut: // the time of it is the entry's
	case *DenialSeen:
		l.Denial, l.DenialAt = e.Denial, e.At
	case *LeaseProved:
		l.Proofs = append(l.Proofs, e.Proof)
	case *LeaseClosed:
		l.State, l.Closed = access.LeaseClosed, l.Proofs[len(l.Proofs)-1].At
	default:
		return fmt.Errorf("%T is not an event of a request", e)
	}
	return nil
}

// TargetOf is what an event is about below its stream: the target of a lease, a
// host, a key, an envelope. Tasks that alarm of it bear it.
func TargetOf(e Event) string {
	switch e := e.(type) {
	case *LeaseOpened:
		return e.Target
	case *OpenFailed:
		return e.Target
	case *TwinWorked:
		return e.Target
	case *CredentialAuthorised:
		return e.Target
	case *LeaseClosing:
		return e.Target
	case *LeaseShut:
		return e.Target
	case *LeaseProved:
		return e.Target
	case *LeaseClosed:
		return e.Target
	case *ClosingOverdue:
		return e.Target
	case *KeyAdded:
		return e.Key
	case *KeyVouched:
		return e.Key
	case *KeySuspended:
		return e.Key
	case *SuspensionOpposed:
		return e.Key
	case *SuspensionOver:
		return e.Key
	case *RecoveryAgreed:
		return e.Change.String()
	case *RecoveryWaits:
		return e.Change.String()
	case *RecoveryOver:
		return e.Change.String()
	case *StraysFound:
		return e.Host
	case *HostSurveyed:
		return e.Host
	case *CredentialDelivered:
		return e.Target
	case *MintFailed:
		return e.Target
	case *ShareGiven:
		return e.Target
	case *HoneyTouched:
		return e.Target
	case *SymptomLookedAt:
		return e.Look.Symptom
	}
	if target := cmp.Or(witnessTarget(e), centerTarget(e)); target != "" {
		return target
	}
	return envelopeOf(e)
}

// revoke puts a lease's key id on the revocation list, until no certificate
// that bears it can be valid any more. The twin's lives as long as the grant.
func (w *World) revoke(r *access.Request, e *LeaseClosing) {
	l, _ := r.Lease(e.Target)
	if !l.Listed() {
		return
	}
	until := r.Grant.Until
	if l.NotAfter.After(until) {
		until = l.NotAfter
	}
	// Key ids leave only now, with the new number: the list of one number never
	// changes, or hosts would take it for a forged one. Once for each number: the
	// leases of one entry close at one instant, and the list may be long.
	if e.Closing.List != w.List {
		w.prune(e.Closing.At)
	}
	w.list(l.KeyID, Revoked{List: e.Closing.List, Until: until.Add(RevokedFor.Duration())})
	w.List = max(w.List, e.Closing.List)
	w.changes.Revoked = append(w.changes.Revoked, l.KeyID)
}

// list puts a key id on the revocation list.
func (w *World) list(id string, r Revoked) {
	w.Revoked[id] = r
	if w.soonest.IsZero() || r.Until.Before(w.soonest) {
		w.soonest = r.Until
	}
}

// prune takes the key ids off the revocation list whose time was over at an instant.
// In a storm thousands are listed, one entry after the other, and none is over.
func (w *World) prune(at canon.Time) {
	if !w.soonest.Before(at) {
		return
	}
	w.soonest = canon.Time{}
	for id, old := range w.Revoked {
		if old.Until.Before(at) {
			delete(w.Revoked, id)
			w.changes.Revoked = append(w.changes.Revoked, id)
		} else {
			w.list(id, old)
		}
	}
}

// Evict takes a settled request out of the world; whoever keeps the world has
// its snapshot and may bring it back with Recall.
func (w *World) Evict(stream string) {
	if id, ok := RequestOf(stream); ok && w.settled(stream) {
		w.drop(id)
		delete(w.Last, stream)
	}
}

// settled tells whether nothing can follow in a request's stream but by itself,
// and no rule asks for the request.
func (w *World) settled(stream string) bool {
	id, ok := RequestOf(stream)
	if !ok {
		return false
	}
	r, known := w.Requests[id]
	return known && r.AtRest() && len(w.tasksOf[stream]) == 0
}

// Recall brings a request back into the world.
func (w *World) Recall(r *access.Request, last int64) {
	w.put(r)
	w.Last[StreamOf(r.ID)] = last
}

// Revocations are the key ids on the revocation list at an instant, and its
// number.
func (w *World) Revocations() (map[string]Revoked, int64) { return maps.Clone(w.Revoked), w.List }
