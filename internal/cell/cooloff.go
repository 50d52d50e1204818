package cell

import (
	"fmt"
	"maps"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// CoolOff is how long a key that was added may agree to nothing, and how long
// those who widened a scenario may not ask under it, where the document in force
// does not say. CoolOffLeast and CoolOffMost bound what it may say.
const (
	CoolOff      = canon.Seconds(72 * 3600)
	CoolOffLeast = canon.Seconds(3600)
	CoolOffMost  = canon.Seconds(30 * 24 * 3600)
)

// Cools is the cool-off of the cell.
func (g *Genesis) Cools() canon.Seconds {
	if g.CoolOff == 0 {
		return CoolOff
	}
	return g.CoolOff
}

// checkCoolOff refuses a cool-off that protects nobody.
func (g *Genesis) checkCoolOff() error {
	if g.CoolOff != 0 && (g.CoolOff < CoolOffLeast || g.CoolOff > CoolOffMost) {
		return fmt.Errorf("cool_off: must be %s to %s", CoolOffLeast, CoolOffMost)
	}
	return nil
}

// cools is the cool-off of what is agreed at an instant: a shorter one than was
// in force cools off itself, for as long as that was.
func (w *World) cools(at canon.Time) canon.Seconds {
	if w.Doubted || at.Before(w.CoolsUntil) {
		return max(w.CoolsWas, w.Genesis.Cools())
	}
	return w.Genesis.Cools()
}

// forgetCooled forgets the cool-offs that were over at an instant.
func (w *World) forgetCooled(at canon.Time) {
	over := func(_ string, until canon.Time) bool { return !until.After(at) }
	maps.DeleteFunc(w.Cooling, over)
	maps.DeleteFunc(w.Barred, over)
	w.forgetVouched()
}

// barredKey names a person and a scenario in World.Barred.
func barredKey(person, scenario string) string { return person + ":" + scenario }

// cool refuses what a key may not do before its cool-off is over. While the
// clock is in doubt none ends: a clock that jumped ahead waited for nobody.
func (w *World) cool(s *Signed, at canon.Time) *Refusal {
	if until, cools := w.Cooling[s.Signer.Fingerprint]; cools && (w.Doubted || at.Before(until)) {
		return refuse(CoolingOff, "the key %s was added lately and can agree to nothing before %s", s.Signer.Fingerprint, until)
	}
	return nil
}

// spareKey refuses an added key of somebody who has one that has cooled off: it is
// not needed yet, and may not be theirs. Who has no other may ask with it: one that was
// removed is none, nor is a code device where a code is not enough.
func (w *World) spareKey(s *Signed, enough roster.Strength, at canon.Time) *Refusal {
	refusal := w.cool(s, at)
	if refusal == nil {
		return nil
	}
	p, _ := w.Roster.Person(s.Statement.Actor)
	for _, key := range p.Keys {
		until, cools := w.Cooling[key.Fingerprint]
		if w.Roster.Active(key) && (!key.Code || enough == roster.ServerAttested) && (!cools || !w.Doubted && !at.Before(until)) {
			return refusal
		}
	}
	return nil
}

// unbarred refuses a request under a scenario that the person widened lately.
func (w *World) unbarred(person, scenario string, at canon.Time) *Refusal {
	if until, barred := w.Barred[barredKey(person, scenario)]; barred && (w.Doubted || at.Before(until)) {
		return refuse(CoolingOff, "%s agreed to a change that widened %s and may not ask under it before %s", person, scenario, until)
	}
	return nil
}
