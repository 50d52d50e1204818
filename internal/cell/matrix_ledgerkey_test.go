package cell_test

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// keyStory is a cell whose ledger key is the one named "cell", with a witness's key
// that no ledger can have.
func keyStory() *story {
	g := celltest.WitnessedBy(celltest.Genesis(), 1, "w1")
	_, g.Revocations = celltest.LedgerKey("lists")
	s := &story{Cell: celltest.New(celltest.Keyed(g), celltest.Scenario())}
	return s.cosignedBy("w1")
}

func (s *story) cosignedBy(witness string) *story {
	t, _ := s.Task(cell.TaskWitness, canon.Digest{}, "")
	s.Must(s.Effect(cell.EffectCosigned, t.ID, cosigned(s.signed(witness))))
	return s
}

// keyChange is a proposal of the ledger key of a name, which the server holds.
func (s *story) keyChange(person, name string) cell.Command {
	_, vkey := celltest.LedgerKey(name)
	return s.keyed(s.By(person, person, &statement.Change{LedgerKey: vkey, Reason: celltest.Note("five years old")}))
}

// keyed says of a command that the server holds the key that it is about.
func (s *story) keyed(c cell.Command) cell.Command {
	c.Observed.Held = true
	return c
}

// proposeKey lets sam propose it.
func (s *story) proposeKey(name string) *story {
	r := s.Must(s.keyChange("sam", name))
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	return s
}

// rotated lets sam and lea put it in force.
func (s *story) rotated(name string) *story {
	s.proposeKey(name)
	s.Must(s.keyed(s.Approve("lea", s.change)))
	return s
}

// overlap is what the server observes of the newest rotation.
func (s *story) overlap(names ...string) cell.Observed {
	return cell.Observed{Overlap: s.Overlap(s.World.Rotations[len(s.World.Rotations)-1].Entry, names...)}
}

// over lets the ledger hold a checkpoint of both keys.
func (s *story) over(from, to string) *story {
	t, _ := s.Task(cell.TaskOverlap, canon.Digest{}, "")
	s.Must(s.Effect(cell.EffectOverlapped, t.ID, s.overlap(to, from)))
	return s
}

var statesOfLedgerKey = []state{
	{"the key that the founders signed", keyStory},
	{"sam proposed another", func() *story { return keyStory().proposeKey("next") }},
	{"both keys sign", func() *story { return keyStory().rotated("next") }},
	{"the other key signs", func() *story { return keyStory().rotated("next").over("cell", "next") }},
	{"the other key signs, and sam proposed a third", func() *story { return keyStory().rotated("next").over("cell", "next").proposeKey("third") }},
	{"both keys sign, in epoch 2", func() *story { return keyStory().rotated("next").begun() }},
	{"a cell whose key no program can read", newStory},
	{"a cell of rules 1", oldStory},
}

func ledgerKeyDeeds() []deed {
	propose := func(who, person, name string) deed {
		return deed{"change", who, func(s *story) cell.Command { return s.keyChange(person, name) }}
	}
	key := func(who, vkey string) deed {
		return deed{"change", who, func(s *story) cell.Command {
			return s.keyed(s.By("sam", "sam", &statement.Change{LedgerKey: vkey, Reason: celltest.Note("new")}))
		}}
	}
	agree := func(who, person string, held bool) deed {
		return deed{"decision", who, func(s *story) cell.Command {
			of := s.change
			if of.IsZero() {
				of = s.Digest // of no change
			}
			c := s.Approve(person, of)
			c.Observed.Held = held
			return c
		}}
	}
	seen := func(who string, see func(*story) *cell.Overlap) deed {
		return observedOf(cell.EffectOverlapped, who, cell.TaskOverlap, func(s *story) cell.Observed {
			if len(s.World.Rotations) == 0 {
				return cell.Observed{}
			}
			return cell.Observed{Overlap: see(s)}
		})
	}
	last := func(s *story) int64 { return s.World.Rotations[len(s.World.Rotations)-1].Entry }
	both := func(s *story) *cell.Overlap { return s.Overlap(last(s), "next", "cell") }
	_, lists := celltest.LedgerKey("lists")
	_, elsewhere := celltest.LedgerKeyOf("elsewhere.example.com", "next")
	return []deed{
		propose("sam, the key \"next\"", "sam", "next"),
		propose("ann, of no leg, the key \"next\"", "ann", "next"),
		propose("sam, the key of the founders", "sam", "cell"),
		key("sam, the key of revocation lists", lists),
		key("sam, a key of another name", elsewhere),
		key("sam, what is no key", "halligan"),
		key("sam, the key of a witness", celltest.Witness("w1").VKey()),
		{"change", "sam, a key that the server has not", func(s *story) cell.Command {
			c := s.keyChange("sam", "next")
			c.Observed.Held = false
			return c
		}},
		agree("lea", "lea", true),
		agree("lea, and the key is gone", "lea", false),
		agree("sam, once more", "sam", true),
		agree("ann, of no leg", "ann", true),
		seen("signed by both", both),
		seen("signed by the new key alone", func(s *story) *cell.Overlap { return s.Overlap(last(s), "next") }),
		seen("signed by the old key alone", func(s *story) *cell.Overlap { return s.Overlap(last(s), "cell") }),
		seen("signed by the old key and a thief's", func(s *story) *cell.Overlap { return s.Overlap(last(s), "cell", "thief") }),
		seen("of another ledger", func(s *story) *cell.Overlap {
			o := both(s)
			fork := s.World.Newest()
			fork.Root = s.Digest
			o.Checkpoint = celltest.SignedWith(s.World.Origin, fork, "next", "cell")
			return o
		}),
		seen("with the proof of another entry", func(s *story) *cell.Overlap {
			o := both(s)
			o.Proof = s.Overlap(0, "next").Proof
			return o
		}),
		seen("of before the exchange", func(s *story) *cell.Overlap {
			o := both(s)
			o.Checkpoint = celltest.SignedWith(s.World.Origin, s.World.Published[0], "next", "cell")
			return o
		}),
		seen("nothing observed", func(*story) *cell.Overlap { return nil }),
	}
}

// keyName is the name of the ledger key that a test made.
func keyName(vkey string) string {
	for _, name := range []string{"cell", "next", "third"} {
		if _, known := celltest.LedgerKey(name); known == vkey {
			return name
		}
	}
	return vkey
}
