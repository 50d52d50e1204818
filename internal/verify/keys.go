package verify

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// Rotation is an exchange of the ledger's key, which the change quorum agreed to.
type Rotation struct {
	Entry int64  `json:"entry"` // in which the quorum was filled; checkpoints that count it are signed with To
	Epoch int64  `json:"epoch"`
	From  string `json:"from"`
	To    string `json:"to"`
	Both  int64  `json:"both,omitzero"` // size of the checkpoint of both keys that the ledger holds; zero: the newest one bears both
}

// See takes a signed checkpoint that the reader kept for Seen. One that is signed
// with a key that came after those of the anchor is checked when the replay gives
// that key.
func (o *Options) See(anchor ledger.Anchor, signed []byte) (err error) {
	if o.Seen, err = anchor.OpenIn(signed); ledger.UnknownKey(err) {
		anchor.Deferred, o.deferred = true, slices.Clone(signed)
		o.Seen, err = anchor.OpenIn(signed)
	}
	return err
}

// deferring opens evidence. If no key of the anchor signed it, it may have been
// signed with one that came after them, which only the replay can show: it is opened
// all the same, and e remembers what is wrong unless that is so.
func deferring[T any](e *examination, open func(ledger.Anchor) (T, error)) (T, error) {
	opened, err := open(e.anchor)
	if !ledger.UnknownKey(err) {
		return opened, err
	}
	e.deferred = err
	anchor := e.anchor
	anchor.Deferred = true
	return open(anchor)
}

// refuse gives the report of evidence in which something is wrong. What nobody
// signed who is known is refused for that, whatever else is wrong with it.
func (e *examination) refuse(f *Fault) *Report {
	if e.deferred != nil && (e.world == nil || len(e.world.Rotations) == 0) {
		f = classified(e.deferred)
	}
	return e.report.refuse(f)
}

// signed demands of the evidence's checkpoint that the key in force signed it, and in
// an overlap the one before it too: whoever has another key alone speaks for nobody.
func (e *examination) signed(text []byte) error {
	if e.deferred != nil && len(e.world.Rotations) == 0 {
		return e.deferred
	}
	anchor := e.anchor
	anchor.Successors = e.world.Successors()
	if _, err := anchor.OpenIn(text); err != nil {
		return err
	}
	if e.opts.deferred != nil {
		if _, err := anchor.OpenIn(e.opts.deferred); err != nil {
			f := classified(err)
			f.Where = "the checkpoint that you had seen"
			return f
		}
	}
	if len(e.world.Rotations) == 0 {
		return nil
	}
	for _, vkey := range e.world.SignedBy()[1:] {
		key, err := ledger.KeyOf(e.world.Origin, vkey)
		if err == nil {
			_, err = ledger.OpenCheckpoint(e.world.Origin, []string{key}, text)
		}
		if err != nil {
			f := classified(err)
			f.Detail = "the ledger's key was exchanged, and the ledger holds no checkpoint of both keys yet; this one lacks the old key's signature: " + f.Detail
			return f
		}
	}
	return nil
}

// tellKeys writes the rotations into the report.
func (e *examination) tellKeys() {
	e.report.successors = e.world.Successors()
	for _, r := range e.world.Rotations {
		e.report.Rotations = append(e.report.Rotations, Rotation{Entry: r.Entry, Epoch: r.Epoch, From: r.From, To: r.To, Both: r.Both})
	}
}

// Successors are the ledger keys that came after those of the anchor, as the replay
// gave them; of refused evidence there are none.
func (r *Report) Successors() []ledger.Successor { return r.successors }

// sayKeys says which key is in force.
func (r *Report) sayKeys(w *writer) {
	n := len(r.Rotations)
	if n == 0 {
		return
	}
	newest := r.Rotations[n-1]
	w.say("The ledger's key was exchanged by the change quorum, %d times; since entry %d it is %s.", n, newest.Entry, newest.To)
	if newest.Both == 0 {
		w.say("Its newest checkpoint bears the signatures of both keys.")
	} else {
		w.say("The ledger holds the checkpoint of %d entries, which both keys signed.", newest.Both)
	}
}
