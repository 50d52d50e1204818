package web

import (
	"encoding/hex"
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// wordsKept bounds the remembered words: more than there are requests open at once
// anywhere, and some kilobytes.
const wordsKept = 256

// words works out confirmation words, which takes tens of milliseconds and 19 MiB
// by design, one at a time and each once.
type words struct {
	mu    sync.Mutex
	known map[asked][]string
}

// asked is what words are of.
type asked struct {
	id   canon.Digest
	salt string
}

// of gives the words of a request, or nil where its salt is not known.
func (w *words) of(id canon.Digest, salt string) []string {
	raw, err := hex.DecodeString(salt)
	if err != nil || len(raw) != 16 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if said, ok := w.known[asked{id, salt}]; ok {
		return said
	}
	four := statement.Words(id, [16]byte(raw))
	if w.known == nil || len(w.known) >= wordsKept {
		w.known = map[asked][]string{}
	}
	w.known[asked{id, salt}] = four[:]
	return four[:]
}
