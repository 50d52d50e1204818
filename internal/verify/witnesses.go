package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Cosigned is the newest checkpoint of which the evidence shows that enough of the
// anchor's witnesses cosigned it.
type Cosigned struct {
	Size int64      `json:"size"`
	By   []string   `json:"by"` // names
	At   canon.Time `json:"at"` // by when enough had, by their clocks
}

// Tail is what no cosignature covers: somebody may have written it anew.
type Tail struct {
	Entries int64      `json:"entries"`
	Since   canon.Time `json:"since,omitzero"` // recorded time of its first entry
}

// How a credential left: what the ledger says of its witnesses then.
const (
	LeftWitnessed   = "witnessed"
	LeftUnwitnessed = "unwitnessed"
)

// clockLeeway is how far a witness's clock may be ahead of the reader's.
const clockLeeway = time.Minute

// witnesses follows how far a ledger is cosigned while it is replayed.
type witnesses struct {
	policy   ledger.Policy
	recorded bool // cosignatures that entries hold count: they are of the pinned policy
	newest   Cosigned
	after    []stamp // entries that newest does not cover, in order
}

type stamp struct {
	index int64
	at    canon.Time
}

// begin reads the cosignatures under the evidence's own checkpoint.
func (w *witnesses) begin(e *examination, signed []byte, size int64) *Fault {
	w.policy = e.anchor.Policy()
	if w.policy.None() {
		return nil
	}
	e.report.Witnesses = fmt.Sprintf("%d of %d", w.policy.Need(), len(w.policy.Names()))
	latest := ledger.Whenever
	if !e.opts.Now.IsZero() {
		latest = e.opts.Now.Add(clockLeeway)
	}
	found, err := w.policy.Check(signed, latest)
	if err != nil {
		return classified(err)
	}
	if found.Enough() {
		w.newest = Cosigned{Size: size, By: namesOf(found), At: found.At()}
	}
	return nil
}

func namesOf(found ledger.Witnessed) []string {
	by := []string{}
	for _, c := range found.By {
		by = append(by, c.Witness)
	}
	return by
}

// take follows one replayed entry. A checkpoint that an entry holds is, for the
// rules took it, one of this very log; partial evidence cannot show that.
func (w *witnesses) take(r cell.Recorded) {
	if w.policy.None() {
		return
	}
	if r.Index >= w.newest.Size {
		w.after = append(w.after, stamp{r.Index, r.Entry.At})
	}
	if !w.recorded {
		return
	}
	for _, event := range r.Outcome.Events {
		switch e := event.(type) {
		case *cell.Witnessed:
			w.cosigned(Cosigned{e.Size, e.By, e.At})
		case *cell.CredentialWitnessed:
			w.cosigned(Cosigned{e.Size, e.By, e.At})
		}
	}
}

func (w *witnesses) cosigned(newest Cosigned) {
	if newest.Size <= w.newest.Size {
		return
	}
	w.newest = newest
	for len(w.after) > 0 && w.after[0].index < newest.Size {
		w.after = w.after[1:]
	}
}

// tell writes into the report what was found.
func (w *witnesses) tell(r *Report) {
	if w.policy.None() {
		return
	}
	if w.newest.Size > 0 {
		newest := w.newest
		r.Cosigned = &newest
	}
	if len(w.after) > 0 {
		r.Tail = &Tail{Entries: int64(len(w.after)), Since: w.after[0].at}
	}
}

// of says how far what ends with an entry is cosigned.
func (w *witnesses) of(first, last int64) string {
	switch {
	case w.policy.None():
		return NoWitnesses
	case last < w.newest.Size:
		return fmt.Sprintf("%s cosigned all of it, by %s", strings.Join(w.newest.By, ", "), w.newest.At)
	case first < w.newest.Size:
		return fmt.Sprintf("%s cosigned it up to entry %d, by %s; what came later nobody did", strings.Join(w.newest.By, ", "), w.newest.Size-1, w.newest.At)
	}
	return "nobody cosigned it"
}

// left notes how a credential left.
func (t *trail) left(event cell.Event) {
	note := func(target string, fetch canon.Digest, how string) {
		for i := range t.certificates[target] {
			if t.certificates[target][i].fetch == fetch {
				t.certificates[target][i].Left = how
			}
		}
	}
	switch event := event.(type) {
	case *cell.CredentialWitnessed:
		note(event.Target, event.Fetch, LeftWitnessed)
	case *cell.CredentialUnwitnessed:
		note(event.Target, event.Fetch, LeftUnwitnessed)
	}
}

// sayWitnesses says how far the ledger is cosigned.
func (r *Report) sayWitnesses(w *writer) {
	if r.Witnesses == NoWitnesses {
		w.say("Witnesses: none. Truncation and forks beyond your own checkpoint are not excluded.")
		return
	}
	if r.Cosigned == nil {
		w.say("Witnesses: %s must cosign, and this evidence shows no checkpoint that so many did. Truncation and forks beyond your own checkpoint are not excluded.", r.Witnesses)
		return
	}
	w.say("Witnesses: %s must cosign; %s did, up to entry %d, by %s.", r.Witnesses, strings.Join(r.Cosigned.By, ", "), r.Cosigned.Size-1, r.Cosigned.At)
	if r.Tail != nil {
		w.say("NOT WITNESSED since %s: the newest %d entries here. The server could have shown others there to somebody else.", r.Tail.Since, r.Tail.Entries)
	}
}

// unwitnessed says what witnesses leave open.
func (r *Report) unwitnessed() string {
	cut := "a log that was cut short, or that shows others another version, would look the same"
	switch {
	case r.Witnesses != NoWitnesses && r.Cosigned != nil && r.Tail == nil:
		return fmt.Sprintf("whether this is the newest of the log: what was written after %s may be missing", r.Cosigned.At)
	case r.Witnesses != NoWitnesses && r.Cosigned != nil:
		return fmt.Sprintf("no witness cosigned what was written since %s: of that, %s", r.Tail.Since, cut)
	case r.Seen != nil:
		return fmt.Sprintf("no witness cosigned: that this log has no other version is known only up to your own checkpoint of %d entries", r.Seen.Size)
	}
	return "no witness cosigned and you gave no checkpoint of your own: " + cut
}
