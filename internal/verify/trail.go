package verify

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// ourKeyIDs begin the key ids of every certificate of a cell.
const ourKeyIDs = "halligan:"

// trail is what a request left behind, entry by entry.
type trail struct {
	line         Request
	agreed       int64
	seats        map[string]string
	certificates map[string][]Certificate // by target
	proofs       map[string][]Proof       // by target
	rests        Rests
	waited       []Waited
}

// witness notes what an entry rests on and what it shows.
func (e *examination) witness(r cell.Recorded, p cell.Prepared) {
	if e.report.Entries == 0 {
		e.report.From = p.Entry.At
	}
	e.report.To = p.Entry.At
	rests := &e.report.Cell
	id, ofRequest := cell.RequestOf(r.Outcome.Stream)
	var t *trail
	if ofRequest {
		t = e.trail(id, r, p)
		rests = &t.rests
	}
	if stream := r.Outcome.Stream; ofRequest || stream == cell.StreamCell {
		rests.add(r.Index, p, e.proved(p))
	}
	e.count(p)
	for _, event := range r.Outcome.Events {
		if refused, ok := event.(*cell.Refused); ok {
			e.report.Counts.Refused[string(refused.Reason)]++
		}
		if amended, ok := event.(*cell.Amended); ok {
			e.report.Amendments = append(e.report.Amendments, Amendment{r.Index, p.Entry.At, amended.Change, amended.From, amended.To, amended.Widened, p.Entry.Cause.Effect != ""}) // what follows from a signature, a quorum filled; from an effect, its notice ended
		}
		if t != nil {
			e.follow(id, t, r.Index, p, event)
		}
	}
	if reported := p.Command.Observed.Report; reported != nil && p.Command.Effect != nil {
		e.sessions(r.Index, reported)
	}
}

func (e *examination) count(p cell.Prepared) {
	if p.Command.Signed != nil {
		e.report.Counts.Statements++
		if sshsig.OriginOf(p.Command.Signed.Signature.SSHSig) != "" {
			e.report.Counts.Passkeys++
		}
		return
	}
	e.report.Counts.Effects++
	if p.Command.Observed.Report != nil {
		e.report.Counts.HostReports++
	}
}

func (e *examination) trail(id canon.Digest, r cell.Recorded, p cell.Prepared) *trail {
	if t, ok := e.trails[id]; ok {
		return t
	}
	t := &trail{
		line:         Request{ID: id, Entry: r.Index, At: p.Entry.At, Salt: p.Command.Observed.Salt},
		certificates: map[string][]Certificate{}, proofs: map[string][]Proof{}, rests: newRests(),
	}
	e.trails[id] = t
	e.order = append(e.order, id)
	return t
}

// follow notes what one event of a request shows.
func (e *examination) follow(id canon.Digest, t *trail, index int64, p cell.Prepared, event cell.Event) {
	switch event := event.(type) {
	case *cell.Agreed:
		t.agreed = index
		request := e.world.Requests[id]
		quorum := request.Quorum(e.world.Scenarios[request.Scenario].Severities[request.Severity])
		t.seats = quorum.Seats(event.Grant.By, request.Admits(e.world.Roster.In))
		e.begins(event.Leases)
	case *cell.SoloBegun:
		t.agreed = index
		e.begins(event.Leases)
	case *cell.RequestWitnessed:
		t.waited = append(t.waited, Waited{Entry: index, Size: event.Size, By: event.By, At: event.At})
	case *cell.CredentialAuthorised:
		e.report.Counts.Certificates++
		t.certificates[event.Target] = append(t.certificates[event.Target], Certificate{
			Entry: index, Serial: event.Serial, After: event.After, Before: event.Before, Unsigned: event.Unsigned, Console: event.Console, fetch: event.Fetch,
		})
		lease, _ := e.world.Requests[id].Lease(event.Target)
		e.issued[lease.KeyID][event.Serial] = true
	case *cell.CredentialWitnessed, *cell.CredentialUnwitnessed:
		t.left(event)
	case *cell.LeaseProved:
		t.proofs[event.Target] = append(t.proofs[event.Target], Proof{
			Kind: event.Proof.Kind, At: event.Proof.At, By: event.Proof.By, Entry: index, RestsOn: e.basis(id, event),
		})
	}
}

// begins notes that nothing was issued yet under leases.
func (e *examination) begins(leases []access.Lease) {
	for _, lease := range leases {
		e.issued[lease.KeyID] = map[string]bool{}
	}
}

// basis says what stands behind a proof of a lease. What a program, AWS or Identity Center showed,
// the server alone has seen.
func (e *examination) basis(id canon.Digest, event *cell.LeaseProved) Basis {
	lease, ok := e.world.Requests[id].Lease(event.Target)
	if ok && lease.Driven() && event.Proof.Kind != access.ProofAttested || ok && lease.Account != "" && event.Proof.Kind == access.ProofEnded ||
		event.Proof.By == access.ByCenter {
		return OnServer
	}
	return basis(event.Proof.Kind)
}

// basis says what stands behind a kind of proof. That a certificate has expired
// is computed from its own end; that the time had come is the server's word.
func basis(kind access.ProofKind) Basis {
	switch kind {
	case access.ProofEnded, access.ProofAttested:
		return OnSignature
	case access.ProofExpired, access.ProofUnissued:
		return OnRecomputation
	}
	return OnServer
}

// proved is what a statement's signature proves by the rules; empty of a task.
func (e *examination) proved(p cell.Prepared) string {
	if p.Command.Signed == nil {
		return ""
	}
	return string(e.world.Proves(p.Command.Signed.Signer))
}

// add notes on what one entry rests.
func (r *Rests) add(index int64, p cell.Prepared, proved string) {
	r.Recomputed = append(r.Recomputed, index)
	c := p.Command
	if s := c.Signed; s != nil {
		r.Statements = append(r.Statements, Signed{
			Entry: index, Kind: string(s.Statement.Body.Kind()), Actor: s.Statement.Actor,
			Digest: s.Statement.Digest, Key: s.Signer.Fingerprint, Strength: proved,
			Page: sshsig.OriginOf(s.Signature.SSHSig),
		})
		if c.Observed.Address != "" {
			r.Server = append(r.Server, Word{Entry: index, At: c.At, What: "address", Says: "the statement came from " + plain(c.Observed.Address)})
		}
		return
	}
	if report := c.Observed.Report; report != nil {
		r.Reports = append(r.Reports, Reported{
			Entry: index, Host: report.Facts.Host, Digest: canon.Sum(report.Report), Key: report.Facts.Fingerprint,
		})
	}
	r.Server = append(r.Server, Word{Entry: index, At: c.At, What: string(c.Effect.Kind), Task: c.Effect.Task, Says: says(c)})
}

// shown is what a program answered about the end of a lease.
func shown(s *cell.Shut) string {
	words := "the program said that it closed"
	if s.Round != nil {
		words += fmt.Sprintf("; it found the lease %s and the control %s", s.Round.Twin, s.Round.Control)
	}
	if s.Listed != "" {
		words += "; by the target's list the lease " + map[access.Listing]string{access.ListedGone: "is gone", access.ListedStands: "stands"}[s.Listed]
	}
	return words
}

// says puts the result of a task into words.
func says(c cell.Command) string {
	o := c.Observed
	switch c.Effect.Kind {
	case cell.EffectOpened:
		return "the target was opened"
	case cell.EffectOpenFailed:
		return "the target could not be opened: " + o.Why
	case cell.EffectDelivered:
		return "the certificate was signed and handed over"
	case cell.EffectMintFailed:
		if o.Why == "interrupted" { // it may have left before the server died
			return "whether the certificate was handed over is not known: " + o.Why
		}
		return "the certificate was not handed over: " + o.Why
	case cell.EffectProbed:
		return fmt.Sprintf("a probe found the twin %s and the control %s", o.Round.Twin, o.Round.Control)
	case cell.EffectShut:
		return shown(o.Shut)
	case cell.EffectListed:
		return "the host's signed report came in at this time"
	case cell.EffectAlarmReceipt:
		if o.Receipt.Delivered {
			return fmt.Sprintf("the alarm was delivered (status %d)", o.Receipt.Status)
		}
		return fmt.Sprintf("the alarm was not delivered (status %d)", o.Receipt.Status)
	case cell.EffectCosigned:
		return "the witnesses' cosignatures came in at this time"
	case cell.EffectUnwitnessed:
		return "nothing was cosigned since " + o.Since.String()
	case cell.EffectLooked:
		return "a look at a symptom: " + string(o.Seen)
	case cell.EffectDue:
		return "the time had come"
	case cell.EffectConsequence:
		return "what follows from what was signed was done"
	case cell.EffectClock:
		return fmt.Sprintf("the wall clock was %d ms off the monotonic one", o.Step)
	case cell.EffectRefusedCount:
		return "so many attempts were refused without an entry of their own"
	}
	return string(c.Effect.Kind)
}

// sessions compares what a host listed with what the ledger authorised. Partial
// evidence does not know the other requests' certificates, so it is not asked.
func (e *examination) sessions(index int64, reported *cell.Reported) {
	report, err := revocation.DecodeReport(reported.Report)
	if err != nil || e.report.Scope == ScopePartial {
		return
	}
	for _, s := range report.Sessions {
		u := Unauthorised{Host: report.Host, KeyID: s.KeyID, Serial: access.SerialText(s.Serial), User: s.User}
		switch serials, known := e.issued[s.KeyID]; {
		case known && (serials[u.Serial] || s.Serial == access.TwinSerial(s.KeyID)):
			continue
		case known:
			u.Why = "unknown-serial"
		case strings.HasPrefix(s.KeyID, ourKeyIDs):
			u.Why = "unknown-key-id"
		default:
			e.report.Foreign++
			continue
		}
		if !e.found[u] {
			e.found[u] = true
			u.Entry = index
			e.report.Sessions = append(e.report.Sessions, u)
		}
	}
}
