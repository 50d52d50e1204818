package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// lostEntries is how far the ledger that ends is known to have gone on.
const lostEntries = 40

// epoch is what the signers of the next epoch agree to, from here.
func (s *story) epoch() *statement.Epoch {
	newest := s.World.Newest()
	return &statement.Epoch{
		Number: s.World.EpochNow() + 1, Lost: statement.Seen{Size: newest.Size + lostEntries, Root: canon.Sum([]byte("lost"))},
		Salt: canon.Key32(canon.Sum([]byte("salt"))), Reason: celltest.Note("the disk burnt"),
	}
}

// signEpoch is a person's signature under an epoch, over a checkpoint.
func (s *story) signEpoch(person string, body *statement.Epoch, base statement.Seen) cell.Command {
	return s.Resign(s.By(person, person, body), func(h *statement.Statement) { h.Seen = base })
}

// base is where the next epoch goes on.
func (s *story) base() statement.Seen {
	newest := s.World.Newest()
	return statement.Seen{Size: newest.Size, Root: newest.Root}
}

// begun lets sam and lea begin an epoch.
func (s *story) begun() *story {
	body, base := s.epoch(), s.base()
	s.Must(s.signEpoch("sam", body, base))
	s.Must(s.signEpoch("lea", body, base))
	return s
}

// surveyed lets a host report its sessions.
func (s *story) surveyed(host string, keyIDs ...string) *story {
	t, _ := s.Task(cell.TaskSurvey, canon.Digest{}, host)
	s.Must(s.Effect(cell.EffectListed, t.ID, s.Report(host, s.World.List, s.Now, keyIDs...)))
	return s
}

// stray is the key id of a lease that only lost entries know.
const stray = "halligan:0123456789abcdef:db-1"

var statesOfEpoch = []state{
	{"ann's grant is open", func() *story { return newStory().granted("db-1").opened("db-1") }},
	{"sam has signed the next epoch", func() *story {
		s := newStory().granted("db-1").opened("db-1")
		s.Must(s.signEpoch("sam", s.epoch(), s.base()))
		return s
	}},
	{"something came after sam's signature", func() *story {
		s := newStory().granted("db-1").opened("db-1")
		s.Must(s.signEpoch("sam", s.epoch(), s.base()))
		s.Must(s.By("bob", "bob", &statement.Session{For: 900}))
		return s
	}},
	{"epoch 2 has begun, and ann's grant was open", func() *story { return newStory().granted("db-1").opened("db-1").begun() }},
	{"epoch 2 has begun, and ann's request waited", func() *story { return newStory().ask("db-1").begun() }},
	{"epoch 2 has begun, and a host lists a stray", func() *story { return newStory().ask("db-1").begun().surveyed("db-1", stray) }},
	{"epoch 2 has begun, 13 hours ago", func() *story { return newStory().granted("db-1").opened("db-1").begun().later(13 * time.Hour) }},
	{"a cell of rules 1", func() *story { return oldStory().ask("db-1") }},
}

func epochDeeds() []deed {
	sign := func(who, person string, change func(*statement.Epoch, *statement.Seen)) deed {
		return deed{"epoch", who, func(s *story) cell.Command {
			body, base := s.epoch(), s.base()
			if w := s.World.Signing; w != nil { // what sam signed
				base.Size -= int64(len(w.By))
				for _, p := range s.World.Published {
					if p.Size == base.Size {
						base.Root = p.Root
					}
				}
				body.Lost.Size = base.Size + lostEntries
			}
			change(body, &base)
			return s.signEpoch(person, body, base)
		}}
	}
	same := func(*statement.Epoch, *statement.Seen) {}
	listed := func(who string, facts func(*story) cell.Observed) deed {
		return deed{string(cell.EffectListed), who, func(s *story) cell.Command {
			t, ok := s.Task(cell.TaskSurvey, canon.Digest{}, "db-1")
			if !ok {
				t.ID = "none"
			}
			return s.Effect(cell.EffectListed, t.ID, facts(s))
		}}
	}
	return []deed{
		sign("sam, security", "sam", same),
		sign("lea, lead", "lea", same),
		sign("bob, in no leg of the change quorum", "bob", same),
		sign("lea, another salt", "lea", func(b *statement.Epoch, _ *statement.Seen) { b.Salt[0]++ }),
		sign("lea, the epoch after the next", "lea", func(b *statement.Epoch, _ *statement.Seen) { b.Number++ }),
		sign("sam, from one entry less", "sam", func(_ *statement.Epoch, base *statement.Seen) { base.Size-- }),
		sign("sam, from another root", "sam", func(_ *statement.Epoch, base *statement.Seen) { base.Root[0]++ }),
		sign("sam, less is lost than is here", "sam", func(b *statement.Epoch, base *statement.Seen) { b.Lost.Size = base.Size - 1 }),
		sign("sam, nothing beyond is known", "sam", func(b *statement.Epoch, base *statement.Seen) { b.Lost = *base }),
		{"epoch", "sam, valid for two days", func(s *story) cell.Command {
			return s.Resign(s.signEpoch("sam", s.epoch(), s.base()), func(h *statement.Statement) { h.Expires = s.Now.Add(48 * time.Hour) })
		}},
		{"epoch", "sam, of another ledger", func(s *story) cell.Command {
			return s.Resign(s.signEpoch("sam", s.epoch(), s.base()), func(h *statement.Statement) { h.Ledger = "other.example.com" })
		}},
		{"stop", "ann, for the ledger before", func(s *story) cell.Command {
			return s.Resign(s.By("ann", "ann", stop(s)), func(h *statement.Statement) { h.Ledger = s.World.Name })
		}},
		signed("stop", "ann, the requester", "ann", "ann", stop),
		signed("decision", "sam, approves", "sam", "sam", decision(statement.Approve)),
		{"fetch", "ann, with the holder key", func(s *story) cell.Command { return s.fetch("db-1") }},
		{string(cell.EffectConsequence), "ann's request", func(s *story) cell.Command {
			t, ok := s.Task(cell.TaskConsequence, s.id, "")
			if !ok {
				t.ID = "none"
			}
			return s.Effect(cell.EffectConsequence, t.ID, cell.Observed{})
		}},
		listed("no session", func(s *story) cell.Observed { return s.Report("db-1", s.World.List, s.Now) }),
		listed("ann's session", func(s *story) cell.Observed {
			return s.Report("db-1", s.World.List, s.Now, cell.KeyID(s.id, "db-1"))
		}),
		listed("a stray", func(s *story) cell.Observed { return s.Report("db-1", s.World.List, s.Now, stray) }),
		listed("another authority's session", func(s *story) cell.Observed { return s.Report("db-1", s.World.List, s.Now, "corp:eve") }),
		listed("no session, under a list from before", func(s *story) cell.Observed { return s.Report("db-1", 3, s.Now) }),
		listed("another host's", func(s *story) cell.Observed { return s.Report("db-2", s.World.List, s.Now) }),
		listed("not all of its sessions", func(s *story) cell.Observed {
			o := s.Report("db-1", s.World.List, s.Now)
			o.Report.Facts.Complete = false
			return o
		}),
	}
}

// doubted tells the cell that its clock stepped.
func (s *story) doubted(step int64) *story {
	t, _ := s.Task(cell.TaskClock, canon.Digest{}, "")
	s.Must(s.Effect(cell.EffectClock, t.ID, cell.Observed{Step: step}))
	return s
}

// agreedClock lets sam and lea say that a step is right.
func (s *story) agreedClock(step int64) *story {
	r := s.Must(s.By("sam", "sam", &statement.Clock{Step: step, Reason: celltest.Note("looked")}))
	change := r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	s.Must(s.By("lea", "lea", &statement.Decision{Of: change, Verdict: statement.Approve, Check: statement.CallBack}))
	return s
}

const (
	hour = int64(3_600_000)
	day  = 24 * hour
)

var statesOfClock = []state{
	{"nobody doubts the clock", newStory},
	{"it stepped an hour ahead", func() *story { return newStory().doubted(hour) }},
	{"it was set back by a day", func() *story { return newStory().doubted(-day) }},
	{"it was set back by a day, and that is agreed", func() *story { return newStory().doubted(-day).agreedClock(-day) }},
	{"it stepped ahead, and witnesses cosign", func() *story {
		s := witnessStory().cosigned().doubted(hour)
		s.change = canon.Digest{}
		return s
	}},
	{"a cell of rules 1", oldStory},
}

func clockDeeds() []deed {
	propose := func(who, person string, step int64) deed {
		return signed("clock", who, person, person, func(*story) statement.Body {
			return &statement.Clock{Step: step, Reason: celltest.Note("looked")}
		})
	}
	observed := func(who string, see func(*story) cell.Observed) deed {
		return observedOf(cell.EffectClock, who, cell.TaskClock, see)
	}
	step := func(ms int64) func(*story) cell.Observed {
		return func(*story) cell.Observed { return cell.Observed{Step: ms} }
	}
	by := func(ms int64, off time.Duration, witnesses ...string) func(*story) cell.Observed {
		return func(s *story) cell.Observed {
			wall := s.Now.Add(time.Duration(ms)*time.Millisecond + off)
			return cell.Observed{Step: ms, Cosigned: celltest.Signed(s.World.Newest(), wall, witnesses...)}
		}
	}
	return []deed{
		propose("sam, an hour ahead", "sam", hour),
		propose("sam, a day behind", "sam", -day),
		propose("bob, in no leg of the change quorum", "bob", hour),
		observed("no step", step(0)),
		observed("an hour ahead", step(hour)),
		observed("an hour and a minute ahead", step(hour+60_000)),
		observed("a day behind", step(-day)),
		observed("23 hours behind", step(-23*hour)),
		observed("25 hours behind", step(-25*hour)),
		observed("an hour ahead, as w1 and w2 have it", by(hour, 0, "w1", "w2")),
		observed("an hour ahead, a minute off from w1 and w2", by(hour, time.Minute, "w1", "w2")),
		observed("an hour ahead, as w1 has it", by(hour, 0, "w1", "w9")),
		observed("an hour ahead, as w1 and w2 had it before", func(s *story) cell.Observed {
			wall := s.Now.Add(time.Hour)
			return cell.Observed{Step: hour, Cosigned: celltest.Signed(s.World.Published[len(s.World.Published)-2], wall, "w1", "w2")}
		}),
	}
}
