package server

import (
	"sync/atomic"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// beside is something that the server itself found and the ledger does not tell, until
// it looks again.
type beside struct{ found atomic.Pointer[view.Finding] }

// is says what is wrong, or, by an empty sentence, that nothing is. Since when is kept
// while something is.
func (b *beside) is(kind view.FindingKind, text string, now canon.Time) {
	if text == "" {
		b.found.Store(nil)
		return
	}
	found := view.Finding{Kind: kind, Since: now, Text: text}
	if before := b.found.Load(); before != nil {
		found.Since = before.Since
	}
	b.found.Store(&found)
}

// found is what all of them say now.
func found(all ...*beside) (now []view.Finding) {
	for _, b := range all {
		if f := b.found.Load(); f != nil {
			now = append(now, *f)
		}
	}
	return now
}

// beside is what the work found that the ledger does not tell.
func (w *works) beside() []view.Finding { return found(&w.unlisted, &w.unwritten) }
