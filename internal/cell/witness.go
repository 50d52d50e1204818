package cell

import (
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// WitnessState says how it stands with the witnesses of a cell that has any.
type WitnessState string

// The states. The zero state is that of a cell whose ledger was never cosigned.
const (
	Unwitnessed WitnessState = ""
	Cosigned    WitnessState = "cosigned"
	Silent      WitnessState = "silent" // what was written since SilentSince is not cosigned
)

// SilentAfter is how long the newest entry may lack cosignatures before that is a
// finding, and SilentPages how long it may be one before it pages.
const (
	SilentAfter = canon.Seconds(15)
	SilentPages = canon.Seconds(10 * 60)
)

// Events of witnesses; the first three are the cell's, the others a request's.
type (
	// Witnessed: enough witnesses cosigned a checkpoint, which the entry holds.
	Witnessed struct {
		Size int64      `json:"size"`
		By   []string   `json:"by"` // names
		At   canon.Time `json:"at"` // by when enough had cosigned, by their clocks
	}
	// WitnessesSilent: what was written since then has not been cosigned.
	WitnessesSilent struct {
		Since canon.Time `json:"since"`
	}
	// WitnessesOverdue: it has not been for so long that it pages.
	WitnessesOverdue struct {
		Since canon.Time `json:"since"`
	}
	// CredentialWitnessed: before the credential left, its authorisation was under
	// a cosigned checkpoint, which the entry holds.
	CredentialWitnessed struct {
		Target string       `json:"target"`
		Fetch  canon.Digest `json:"fetch"`
		Size   int64        `json:"size"`
		By     []string     `json:"by"`
		At     canon.Time   `json:"at"`
	}
	// CredentialUnwitnessed: the credential left although the witnesses had not
	// cosigned its authorisation in time.
	CredentialUnwitnessed struct {
		Target string       `json:"target"`
		Fetch  canon.Digest `json:"fetch"`
	}
)

func (*Witnessed) event() string             { return "witnessed" }
func (*WitnessesSilent) event() string       { return "witnesses-silent" }
func (*WitnessesOverdue) event() string      { return "witnesses-overdue" }
func (*CredentialWitnessed) event() string   { return "credential-witnessed" }
func (*CredentialUnwitnessed) event() string { return "credential-unwitnessed" }

// Policy is the cell's witness policy.
func (g *Genesis) Policy() ledger.Policy {
	policy, err := ledger.ParsePolicy(g.Witnesses)
	if err != nil {
		return ledger.Policy{} // Check refused such a genesis
	}
	return policy
}

var errRulesForWitnesses = errors.New("witnesses: need rules 2")

// checkWitnesses refuses a policy that cannot be read, whose witness is the ledger
// itself, or that older rules do not know.
func (g *Genesis) checkWitnesses() error {
	policy, err := ledger.ParsePolicy(g.Witnesses)
	if err != nil {
		return err
	}
	if !policy.None() && g.Rules < 2 {
		return errRulesForWitnesses
	}
	return policy.Strangers([]string{g.Ledger, g.Revocations})
}

// witnessed reads a checkpoint that was observed: it must be one of this ledger,
// cover an entry, and bear the cosignatures that the policy asks for. Their times
// are the witnesses' own; recorded time bounds them neither way, because a clock
// in doubt must not keep a cell from being witnessed.
func (w *World) witnessed(text string, covers int64) (ledger.Checkpoint, ledger.Witnessed, *Refusal) {
	cp, err := ledger.ParseCheckpoint([]byte(text))
	if err == nil {
		cp, err = ledger.OpenCheckpoint(w.Origin, []string{w.signerKey(cp.Size)}, []byte(text))
	}
	if err != nil {
		return cp, ledger.Witnessed{}, refuse(NotCosigned, "%v", err)
	}
	found, err := w.Genesis.Policy().Check([]byte(text), ledger.Whenever)
	switch {
	case err != nil:
		return cp, found, refuse(NotCosigned, "%v", err)
	case !found.Enough():
		return cp, found, refuse(NotCosigned, "%d witnesses cosigned, %d must", len(found.By), found.Need)
	case cp.Size <= covers || cp.Size > w.index:
		return cp, found, refuse(NotCosigned, "the checkpoint of size %d does not cover entry %d of this ledger", cp.Size, covers)
	case !w.partial && !w.publishedAs(cp):
		return cp, found, refuse(NotCosigned, "the checkpoint of size %d is not one that this ledger published lately", cp.Size)
	}
	return cp, found, nil
}

// publishedAs tells whether a checkpoint is one that signers may have seen.
func (w *World) publishedAs(cp ledger.Checkpoint) bool {
	for _, p := range w.Published {
		if p.Size == cp.Size {
			return p.Root == canon.Digest(cp.Root)
		}
	}
	return false
}

func names(found ledger.Witnessed) []string {
	var by []string
	for _, c := range found.By {
		by = append(by, c.Witness)
	}
	return by
}

// witnesses takes what the standing task tells: that the newest entry is cosigned,
// or that it has not been for a while.
func (w *World) witnesses(c Command) (Outcome, *Refusal) {
	if c.Effect.Kind == EffectUnwitnessed {
		since := c.Observed.Since
		switch {
		case w.Witness != Cosigned:
			return Outcome{}, refuse(NothingNew, "that is known")
		case since.IsZero():
			return Outcome{}, refuse(TaskMismatch, "since when must be observed")
		case c.At.Before(since.Add(SilentAfter.Duration())):
			return Outcome{}, refuse(NotDue, "witnesses have %s to cosign", SilentAfter)
		}
		return Outcome{StreamCell, []Event{&WitnessesSilent{Since: since}}}, nil
	}
	if w.Witness == Cosigned {
		return Outcome{}, refuse(NothingNew, "that is known")
	}
	cp, found, refusal := w.witnessed(c.Observed.Cosigned, w.last(StreamCell))
	if refusal != nil {
		return Outcome{}, refusal
	}
	return Outcome{StreamCell, []Event{&Witnessed{Size: cp.Size, By: names(found), At: found.At()}}}, nil
}

// left says how a credential left: witnessed, or not in time.
func (w *World) left(task Task, c Command) ([]Event, *Refusal) {
	delivered := &CredentialDelivered{Target: task.Target, Fetch: task.Fetch}
	if w.Genesis.Policy().None() {
		return []Event{delivered}, nil
	}
	if c.Observed.Cosigned == "" {
		return []Event{delivered, &CredentialUnwitnessed{Target: task.Target, Fetch: task.Fetch}}, nil
	}
	cp, found, refusal := w.witnessed(c.Observed.Cosigned, task.Entry)
	if refusal != nil {
		return nil, refusal
	}
	return []Event{delivered, &CredentialWitnessed{
		Target: task.Target, Fetch: task.Fetch, Size: cp.Size, By: names(found), At: found.At(),
	}}, nil
}

// begun refuses to open anything before the witnesses have cosigned that the cell
// exists: until then another beginning could be shown to them.
func (w *World) begun() *Refusal {
	if w.Witness == Unwitnessed && !w.Genesis.Policy().None() {
		return refuse(NotWitnessed, "the cell's witnesses have not cosigned its ledger yet: nothing is opened before")
	}
	return nil
}

// applyWitness moves on how it stands with the witnesses.
func (w *World) applyWitness(e Event) {
	switch e := e.(type) {
	case *Witnessed:
		w.Witness, w.SilentSince = Cosigned, canon.Time{}
	case *WitnessesSilent:
		w.Witness, w.SilentSince = Silent, e.Since
	}
}

// followWitness enqueues what pages while the witnesses are silent.
func (w *World) followWitness(p place, e Event) {
	switch e.(type) {
	case *Sealed:
		if !w.Genesis.Policy().None() {
			w.enqueue(p, Task{Kind: TaskWitness})
		}
	case *WitnessesSilent:
		w.enqueue(p, Task{Kind: TaskSilent, Due: p.at.Add(SilentPages.Duration())})
	case *WitnessesOverdue:
		w.enqueue(p, Task{Kind: TaskSilent, Due: p.at.Add(PageAgain.Duration())})
	case *Witnessed:
		w.finish(p.stream, func(t Task) bool { return t.Kind == TaskSilent })
	}
}

// silent pages that the witnesses are silent for long.
func (w *World) silent() (Outcome, *Refusal) {
	if w.Witness != Silent {
		return Outcome{}, refuse(NothingNew, "the witnesses cosign again")
	}
	return Outcome{StreamCell, []Event{&WitnessesOverdue{Since: w.SilentSince}}}, nil
}

// unasked refuses facts about witnesses where nobody asked for them: what no rule
// reads is not recorded.
func (w *World) unasked(task Task, c Command) *Refusal {
	if c.Observed.Cosigned == "" && c.Observed.Since.IsZero() {
		return nil
	}
	cosigned := c.Effect.Kind == EffectCosigned || c.Effect.Kind == EffectDelivered || c.Effect.Kind == EffectClock
	switch {
	case w.Genesis.Policy().None(),
		c.Observed.Cosigned != "" && !cosigned,
		!c.Observed.Since.IsZero() && c.Effect.Kind != EffectUnwitnessed:
		return refuse(TaskMismatch, "nothing of witnesses belongs to %s of a task %s", c.Effect.Kind, task.Kind)
	}
	return nil
}

// witnessTarget is the target that an event of witnesses is about.
func witnessTarget(e Event) string {
	switch e := e.(type) {
	case *CredentialWitnessed:
		return e.Target
	case *CredentialUnwitnessed:
		return e.Target
	}
	return ""
}
