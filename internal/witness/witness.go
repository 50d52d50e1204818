package witness

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Log is a log that a witness knows: its origin and the keys that may sign for it.
type Log struct {
	Origin string
	Keys   []string // signed-note verifier keys, named after the origin
}

// Options is what a witness is made of.
type Options struct {
	Key    *ledger.Cosigner
	Folder string // made by Make
	Logs   []Log
	Now    func() canon.Time // called between keeping and signing
	Log    *slog.Logger
}

// Witness cosigns. Make one with Open; its methods may be called concurrently.
type Witness struct {
	key  *ledger.Cosigner
	now  func() canon.Time
	log  *slog.Logger
	held *os.File
	most int // logs, with their epochs

	mu   sync.Mutex // over the map
	logs map[string]*history
}

// epochsMost bounds the epochs that a witness follows of the logs it knows.
const epochsMost = 64

// of is what is remembered of a log. A later epoch of one that is known is a log of
// its own, under the same keys: that it began in due form is for its readers to
// judge, and that it has one history is for the witness.
func (w *Witness) of(origin string) (h *history, fresh, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h, known := w.logs[origin]; known {
		return h, false, true
	}
	name, _, ok := canon.CellOf(origin)
	first := w.logs[name]
	if !ok || first == nil || len(w.logs) >= w.most {
		return nil, false, false
	}
	log := Log{Origin: origin}
	for _, vkey := range first.known.Keys {
		key, err := ledger.KeyOf(origin, vkey)
		if err != nil {
			return nil, false, false
		}
		log.Keys = append(log.Keys, key)
	}
	return &history{folder: first.folder, known: log}, true, true
}

// follow takes an epoch up, once its log's key has signed in it.
func (w *Witness) follow(h *history) *history {
	w.mu.Lock()
	defer w.mu.Unlock()
	if other, known := w.logs[h.known.Origin]; known {
		return other
	}
	w.logs[h.known.Origin] = h
	return h
}

// history is what a witness remembers of one log.
type history struct {
	mu     sync.Mutex // over checking, keeping and signing: they are one step
	folder folder
	known  Log
	loaded bool              // newest is what the disk holds for good
	newest ledger.Checkpoint // of size 0 when nothing was cosigned
	text   []byte
}

// The refusals of a witness. A stale offer is a *Stale.
var (
	ErrUnknownLog = errors.New("the witness does not know this log")
	ErrSignature  = errors.New("no key of the log signed this checkpoint")
	ErrMalformed  = errors.New("the offer is malformed")
	ErrProof      = errors.New("the checkpoint is not proved to go on from the one that was cosigned last")
)

// Stale says that an offer does not begin where the witness is. With Fork set, a
// checkpoint of the same size and another root was cosigned before.
type Stale struct {
	Size int64
	Fork bool
}

// Error is for people.
func (s *Stale) Error() string {
	if s.Fork {
		return fmt.Sprintf("another checkpoint of size %d was cosigned before", s.Size)
	}
	return fmt.Sprintf("the witness is at size %d", s.Size)
}

// Open reads what a witness remembers. It refuses a log that stands twice or whose
// keys cannot be used, and a memory that cannot be read.
func Open(o Options) (*Witness, error) {
	w := &Witness{key: o.Key, now: o.Now, log: o.Log, most: len(o.Logs) + epochsMost, logs: map[string]*history{}}
	for _, known := range o.Logs {
		if err := ledger.CheckKeys(known.Origin, known.Keys); err != nil {
			return nil, fmt.Errorf("cannot witness %q: %w", known.Origin, err)
		}
		if w.logs[known.Origin] != nil {
			return nil, fmt.Errorf("cannot witness %q: it stands twice", known.Origin)
		}
		known.Keys = slices.Clone(known.Keys)
		w.logs[known.Origin] = &history{folder: folder(o.Folder), known: known}
	}
	var err error
	if w.held, err = folder(o.Folder).lock(); err != nil {
		return nil, err
	}
	for _, h := range w.logs {
		if err := h.load(); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	return w, nil
}

// Close lets another witness have the folder.
func (w *Witness) Close() error { return w.held.Close() }

// Name and VKey are what those who rely on the witness pin.
func (w *Witness) Name() string { return w.key.Name() }

// VKey is the witness's verifier key.
func (w *Witness) VKey() string { return w.key.VKey() }

// Newest is the newest checkpoint that was cosigned of a log, as the log signed
// it; nil when there is none.
func (w *Witness) Newest(origin string) ([]byte, error) {
	h, _, known := w.of(origin)
	if !known {
		return nil, ErrUnknownLog
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text, h.load()
}

// Add cosigns a checkpoint that goes on from the one of its log that was cosigned
// last, and gives the signature line. Its errors: ErrMalformed, ErrUnknownLog,
// ErrSignature, *Stale, ErrProof, or that of a disk, after which nothing was
// signed.
func (w *Witness) Add(o Offer) ([]byte, error) {
	origin, _, _ := bytes.Cut(o.Checkpoint, []byte("\n"))
	h, fresh, known := w.of(string(origin))
	if !known {
		return nil, ErrUnknownLog
	}
	offered, err := ledger.OpenCheckpoint(h.known.Origin, h.known.Keys, o.Checkpoint)
	if fault := (*ledger.Fault)(nil); errors.As(err, &fault) && fault.Class == ledger.ClassCheckpointSignature {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if fresh {
		h = w.follow(h)
	}
	if o.Old > offered.Size {
		return nil, fmt.Errorf("%w: it goes back from size %d to %d", ErrMalformed, o.Old, offered.Size)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.load(); err != nil {
		return nil, err
	}
	if h.newestKey(o.Checkpoint) < h.newestKey(h.text) {
		return nil, fmt.Errorf("%w: only a former key did, and one that is listed after it signed what was cosigned last", ErrSignature)
	}
	if err := h.follows(o, offered); err != nil {
		w.convict(h, o.Checkpoint, err)
		return nil, err
	}
	if err := h.keep(offered, o.Checkpoint); err != nil {
		return nil, fmt.Errorf("cannot remember the checkpoint: %w", err)
	}
	// What if we crash here: it is remembered and was not cosigned. Whoever offers
	// it again, or goes on from it, is answered.
	return w.key.Cosign(o.Checkpoint, w.now())
}

// newestKey is the place of the last of the log's keys that signed a checkpoint; -1:
// none did. Keys are listed as they came: whoever has a former one alone, a thief
// say, is cosigned no more once its successor was.
func (h *history) newestKey(text []byte) int {
	for i := len(h.known.Keys) - 1; i >= 0 && len(h.known.Keys) > 1 && text != nil; i-- {
		if _, err := ledger.OpenCheckpoint(h.known.Origin, h.known.Keys[i:i+1], text); err == nil {
			return i
		}
	}
	return -1
}

// follows demands that a checkpoint goes on from the newest.
func (h *history) follows(o Offer, offered ledger.Checkpoint) error {
	if o.Old != h.newest.Size {
		return &Stale{Size: h.newest.Size}
	}
	if offered.Size == h.newest.Size && h.text != nil && offered.Root != h.newest.Root {
		return &Stale{Size: h.newest.Size, Fork: true}
	}
	if offered.Size == h.newest.Size && len(o.Proof) == 0 {
		return nil
	}
	root := h.newest.Root
	if h.text == nil {
		root = ledger.EmptyRoot()
	}
	if err := ledger.CheckConsistency(o.Proof, o.Old, root, offered.Size, offered.Root); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}

// load reads the newest checkpoint, if it is not known for sure, and makes it
// durable: what a killed process or a failing disk left may lie in memory only.
func (h *history) load() error {
	if h.loaded {
		return nil
	}
	text, err := h.folder.read(name("log", h.known.Origin))
	if err != nil {
		return fmt.Errorf("cannot read what was cosigned of %s: %w", h.known.Origin, err)
	}
	h.newest, h.text = ledger.Checkpoint{}, nil
	if text != nil {
		// Its key may have been replaced since: the witness wrote the file itself.
		if h.newest, err = ledger.ParseCheckpoint(text); err != nil || h.newest.Origin != h.known.Origin {
			return fmt.Errorf("cannot use what was cosigned of %s: %w", h.known.Origin, errors.Join(err, errForeign))
		}
		if err := h.folder.replace(name("log", h.known.Origin), text); err != nil {
			return fmt.Errorf("cannot keep what was cosigned of %s: %w", h.known.Origin, err)
		}
		h.text = text
	}
	h.loaded = true
	return nil
}

var errForeign = errors.New("the file is not as this witness wrote it; do not go on under this key")

// keep makes a checkpoint the newest.
func (h *history) keep(cp ledger.Checkpoint, text []byte) error {
	if h.text != nil && cp == h.newest {
		return nil // it is durable already
	}
	// After an error it is not known which of the two the disk holds.
	h.loaded = false
	if err := h.folder.replace(name("log", h.known.Origin), text); err != nil {
		return err
	}
	h.newest, h.text, h.loaded = cp, bytes.Clone(text), true
	return nil
}

// convict keeps what a log signed beside what it had signed before for the same
// size: the two prove that it shows two histories. A proof that does not fit may
// be anybody's mistake and is only told.
func (w *Witness) convict(h *history, text []byte, why error) {
	var stale *Stale
	switch {
	case errors.Is(why, ErrProof):
		w.log.Warn("a checkpoint was offered with a proof that does not fit", "log", h.known.Origin, "size", h.newest.Size, "error", why)
		return
	case !errors.As(why, &stale) || !stale.Fork:
		return
	}
	w.log.Error("the log signed two roots for one size", "log", h.known.Origin, "size", h.newest.Size)
	kept, err := h.folder.read(name("fork", h.known.Origin))
	if err == nil && kept == nil {
		err = h.folder.replace(name("fork", h.known.Origin), slices.Concat(h.text, []byte("\n"), text))
	}
	if err != nil {
		w.log.Warn("cannot keep what convicts a log", "log", h.known.Origin, "error", err)
	}
}
