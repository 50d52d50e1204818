package verify

import (
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

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
