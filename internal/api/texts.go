package api

import (
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
)

// texts remembers what notes say that were shown lately: those of an emergency are
// shown with every answer in it. None can be erased meanwhile, for the store is
// locked while it is served from.
type texts struct {
	mu   sync.Mutex
	kept map[canon.Digest]string
}

// textsMost bounds the texts that are remembered, of some kilobytes at most each.
const textsMost = 256

// get is the text with a hash; empty when it is not remembered.
func (t *texts) get(hash canon.Digest) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept[hash]
}

func (t *texts) keep(hash canon.Digest, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) >= textsMost {
		t.kept = map[canon.Digest]string{}
	}
	t.kept[hash] = text
}
