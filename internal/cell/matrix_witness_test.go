package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// witnessStory is a cell that needs two of the witnesses w1, w2 and w3.
func witnessStory() *story {
	return &story{Cell: celltest.New(celltest.WitnessedBy(celltest.Genesis(), 2, "w1", "w2", "w3"), celltest.Scenario())}
}

// signed is the newest checkpoint with the cosignatures of witnesses.
func (s *story) signed(witnesses ...string) string {
	return celltest.Signed(s.World.Newest(), s.Now, witnesses...)
}

func cosigned(text string) cell.Observed { return cell.Observed{Cosigned: text} }

// cosigned tells the cell that w1 and w3 cosigned its newest checkpoint.
func (s *story) cosigned() *story {
	t, _ := s.Task(cell.TaskWitness, canon.Digest{}, "")
	s.Must(s.Effect(cell.EffectCosigned, t.ID, cosigned(s.signed("w1", "w3"))))
	return s
}

// silent tells the cell that nothing is cosigned for a quarter of a minute.
func (s *story) silent() *story {
	t, _ := s.Task(cell.TaskWitness, canon.Digest{}, "")
	since := s.Now
	s.later(cell.SilentAfter.Duration())
	s.Must(s.Effect(cell.EffectUnwitnessed, t.ID, cell.Observed{Since: since}))
	return s
}

// overdue tells it that this goes on for ten minutes.
func (s *story) overdue() *story {
	t, _ := s.Task(cell.TaskSilent, canon.Digest{}, "")
	s.Now = canon.Later(s.Now, t.Due)
	s.Must(s.Effect(cell.EffectDue, t.ID, cell.Observed{}))
	return s
}

var statesOfWitness = []state{
	{"the witnesses have cosigned nothing yet", witnessStory},
	{"they cosign", func() *story { return witnessStory().cosigned() }},
	{"they are silent", func() *story { return witnessStory().cosigned().silent() }},
	{"they are silent for ten minutes", func() *story { return witnessStory().cosigned().silent().overdue() }},
	{"they cosign again", func() *story { return witnessStory().cosigned().silent().cosigned() }},
	{"ann's credential was authorised", func() *story {
		s := witnessStory().cosigned().granted("db-1").opened("db-1")
		s.Must(s.fetch("db-1"))
		return s
	}},
	{"ann's credential was authorised, and they are silent", func() *story {
		s := witnessStory().cosigned().granted("db-1").opened("db-1")
		s.Must(s.fetch("db-1"))
		return s.silent()
	}},
	{"nobody cosigns this cell", func() *story {
		s := newStory().granted("db-1").opened("db-1")
		s.Must(s.fetch("db-1"))
		return s
	}},
}

// observedOf is the result of a task of any stream, with what was observed.
func observedOf(verb cell.EffectKind, who string, kind cell.TaskKind, see func(*story) cell.Observed) deed {
	return deed{string(verb), who, func(s *story) cell.Command {
		task, ok := s.Task(kind, canon.Digest{}, "")
		if !ok {
			task.ID = "none"
		}
		s.Now = canon.Later(s.Now, task.Due)
		return s.Effect(verb, task.ID, see(s))
	}}
}

func witnessDeeds() []deed {
	by := func(witnesses ...string) func(*story) cell.Observed {
		return func(s *story) cell.Observed { return cosigned(s.signed(witnesses...)) }
	}
	since := func(before time.Duration) func(*story) cell.Observed {
		return func(s *story) cell.Observed { return cell.Observed{Since: s.Now.Add(-before)} }
	}
	none := func(*story) cell.Observed { return cell.Observed{} }
	return []deed{
		observedOf(cell.EffectCosigned, "by w1 and w2", cell.TaskWitness, by("w1", "w2")),
		observedOf(cell.EffectCosigned, "by w2 and a stranger", cell.TaskWitness, by("w2", "w9")),
		observedOf(cell.EffectCosigned, "by w2, twice", cell.TaskWitness, by("w2", "w2")),
		observedOf(cell.EffectCosigned, "by w1 and w2, another root", cell.TaskWitness, func(s *story) cell.Observed {
			fork := s.World.Newest()
			fork.Root = s.Digest
			return cosigned(celltest.Signed(fork, s.Now, "w1", "w2"))
		}),
		observedOf(cell.EffectCosigned, "by w1 and w2, of the first entry", cell.TaskWitness, func(s *story) cell.Observed {
			return cosigned(celltest.Signed(s.World.Published[0], s.Now, "w1", "w2"))
		}),
		observedOf(cell.EffectCosigned, "by w1 and w2, a size not reached", cell.TaskWitness, func(s *story) cell.Observed {
			ahead := s.World.Newest()
			ahead.Size += 5
			return cosigned(celltest.Signed(ahead, s.Now, "w1", "w2"))
		}),
		observedOf(cell.EffectCosigned, "nothing observed", cell.TaskWitness, none),
		observedOf(cell.EffectUnwitnessed, "for 15 s", cell.TaskWitness, since(cell.SilentAfter.Duration())),
		observedOf(cell.EffectUnwitnessed, "for 14 s", cell.TaskWitness, since(cell.SilentAfter.Duration()-time.Second)),
		observedOf(cell.EffectUnwitnessed, "nothing observed", cell.TaskWitness, none),
		observedOf(cell.EffectDue, "silent", cell.TaskSilent, none),
		observedOf(cell.EffectDelivered, "cosigned by w1 and w3", cell.TaskDeliver, by("w1", "w3")),
		observedOf(cell.EffectDelivered, "cosigned by w3", cell.TaskDeliver, by("w3")),
		observedOf(cell.EffectDelivered, "not in time", cell.TaskDeliver, none),
		observedOf(cell.EffectMintFailed, "internal, cosigned", cell.TaskDeliver, func(s *story) cell.Observed {
			return cell.Observed{Why: "internal", Cosigned: s.signed("w1", "w2")}
		}),
		signed("request", "ann, on call", "ann", "ann", func(s *story) statement.Body { return s.Ask("ann", "2", "db-1").Signed.Statement.Body }),
	}
}
