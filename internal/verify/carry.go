package verify

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Awaited is how many statements it takes until everything is open that a request asks
// for: itself, its quorum, and the shares of each envelope. Of more than
// access.ActsMost that count none can be taken: whoever asks must ask for less.
func Awaited(w *cell.World, r *access.Request) int {
	n := 1
	for _, leg := range w.ScenarioOf(r).Severities[r.Severity].Quorum {
		n += leg.Count
	}
	for _, target := range r.Targets {
		if of := w.Envelopes[target]; of != nil && of.Current != nil {
			n += of.Current.Threshold
		}
	}
	return n
}

// Carried is one statement by which a bundle goes back to a server, and the texts
// that come with it.
type Carried struct {
	Body  *statement.Reconcile
	Notes []ledger.Note
}

// Carry is a bundle in as many statements as it takes: an entry holds so much.
func (b *Bundle) Carry() []Carried {
	parts := []Carried{{Body: &statement.Reconcile{Of: b.ID()}}}
	size := 0
	for _, act := range b.Acts {
		length := len(act.Statement) + len(act.Signature)*4/3 + 4
		last := &parts[len(parts)-1]
		if size+length > statement.ActsBytes || len(last.Body.Acts) == statement.ActsMost {
			parts, size = append(parts, Carried{Body: &statement.Reconcile{Of: b.ID()}}), 0
			last = &parts[len(parts)-1]
		}
		last.Body.Acts, size = append(last.Body.Acts, act), size+length
	}
	for i := range parts {
		for _, due := range statement.Notes(parts[i].Body) {
			for _, n := range b.Notes {
				if ledger.Hash(due.Hash) == n.Hash() {
					parts[i].Notes = append(parts[i].Notes, n)
				}
			}
		}
	}
	return parts
}
