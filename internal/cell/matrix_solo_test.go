package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// soloScenario asks managers after ten minutes; after twenty the requester may go
// in alone, for a quarter of an hour, to db-1. Its alarms go to the pager only.
func soloScenario() access.Scenario {
	s := celltest.Scenario()
	s.Severities["SEV2"] = access.Terms{Longest: 7200, Quorum: access.Quorum{{From: "group:managers", Count: 1}}, ReviewDue: 72 * 3600}
	s.Alarms = access.Alarms{To: []string{"pager"}}
	s.Ladder = []access.Rung{
		{After: 600, Widen: "group:managers", Legs: []string{"group:security"}},
		{After: 1200, Solo: &access.SoloStep{Longest: 900, RaiseTo: "SEV1", Opens: []string{"db-1"}}},
	}
	return s
}

// soloGenesis is celltest.Genesis with a manager, and a siren beside the pager.
func soloGenesis() cell.Genesis {
	g := celltest.Genesis()
	g.People = append(g.People, people("max")...)
	g.Groups["managers"] = []string{"max"}
	g.Channels = append(g.Channels, cell.Channel{ID: "siren", Kind: "webhook"})
	return g
}

// soloStory is a cell of that scenario, and another without the step.
func soloStory() *story {
	return &story{Cell: celltest.New(soloGenesis(), soloScenario(), guardedScenario())}
}

// soloWitnessed is soloStory in a cell whose witnesses cosign.
func soloWitnessed() *story {
	g := celltest.WitnessedBy(soloGenesis(), 2, "w1", "w2", "w3")
	return (&story{Cell: celltest.New(g, soloScenario(), guardedScenario())}).cosigned()
}

// waitedTask is the task that asks witnesses about the request, or its offer.
func (s *story) waitedTask(offer bool) string {
	found := "none"
	for id, t := range s.World.Tasks {
		r := s.request()
		if t.Kind == cell.TaskWaited && t.Stream == cell.StreamOf(s.id) && offer == (r.Offered() && t.Entry == r.Solo.Entry) {
			found = id
		}
	}
	return found
}

// waited has witnesses cosign that the request is there, or that it was offered.
func (s *story) waited(offer bool, witnesses ...string) cell.Command {
	return s.Effect(cell.EffectCosigned, s.waitedTask(offer), cosigned(s.signed(witnesses...)))
}

func (s *story) wait(offer bool) *story {
	s.Must(s.waited(offer, "w1", "w2"))
	return s
}

// offered is twenty minutes after the request, with every rung reached.
func (s *story) offered() *story { return s.climbed(2) }

// alone is the person's word, by a key that verified them, that they go in alone.
func (s *story) alone(person string) cell.Command {
	c := s.By(person, person, &statement.Solo{Of: s.id})
	c.Signed.Signer.Strength = roster.UserVerified
	return c
}

func (s *story) taken() *story {
	s.Must(s.alone(s.request().Requester))
	return s
}

// alarm is the waiting alarm of an event of the request on a channel.
func (s *story) alarm(event, channel string) string {
	for id, t := range s.World.Tasks {
		if t.Kind == cell.TaskAlarm && t.Stream == cell.StreamOf(s.id) && t.Event == event && t.Channel == channel {
			return id
		}
	}
	return "none"
}

// answered is what a channel answered to an alarm of the request.
func (s *story) answered(event, channel string, delivered bool) cell.Command {
	return s.Effect(cell.EffectAlarmReceipt, s.alarm(event, channel), cell.Observed{Receipt: &cell.Receipt{Delivered: delivered}})
}

func (s *story) heard() *story {
	s.Must(s.answered("solo-taken", "siren", true))
	return s
}

func (s *story) unheard() *story {
	return s.later(time.Minute).effect(cell.EffectDue, cell.TaskSolo, "", cell.Observed{})
}

// wentIn is ann's grant without a quorum, ended and closed: its review is due.
func (s *story) wentIn() *story {
	return s.ask("db-1", "db-2").offered().taken().heard().opened("db-1").fetched("db-1").worked("db-1").stopped().refused("db-1").listed("db-1")
}

// again asks once more, as somebody, until going in alone is offered.
func (s *story) again(person string) *story { return s.next(person, "again "+person).offered() }

var statesOfSolo = []state{
	{"pending: ten minutes later managers may sign", func() *story { return soloStory().ask("db-1", "db-2").climbed(1) }},
	{"twenty minutes later, the last rung not yet reached", func() *story { return soloStory().ask("db-1", "db-2").climbed(1).later(10 * time.Minute) }},
	{"of db-2, which nobody opens alone, twenty minutes later", func() *story { return soloStory().ask("db-2").climbed(2) }},
	{"offered", func() *story { return soloStory().ask("db-1", "db-2").offered() }},
	{"offered, and the clock is in doubt", func() *story { return soloStory().ask("db-1", "db-2").offered().stepped(45_000) }},
	{"offered, lea approved", func() *story { return soloStory().ask("db-1", "db-2").offered().approve("lea") }},
	{"offered, lea approved ten minutes of it", func() *story {
		return soloStory().ask("db-1", "db-2").offered().narrow("lea", statement.Narrow{For: 600})
	}},
	{"offered, lea approved db-2 of it", func() *story {
		return soloStory().ask("db-1", "db-2").offered().narrow("lea", statement.Narrow{Targets: []string{"db-2"}})
	}},
	{"offered, and the key that ann asked with was just removed", func() *story {
		return soloStory().ask("db-1").offered().removeKey("ann")
	}},
	{"offered, and an hour old, not yet lapsed", func() *story { return soloStory().ask("db-1").offered().later(40 * time.Minute) }},
	{"offered of SEV2", func() *story {
		s := soloStory()
		s.id, _ = cell.RequestOf(s.Must(s.askAt("ann", "SEV2")).Outcome.Stream)
		return s.offered()
	}},
	{"offered in a cell with witnesses: they have cosigned nothing of it", func() *story { return soloWitnessed().ask("db-1").offered() }},
	{"they cosigned the request, and nothing since", func() *story { return soloWitnessed().ask("db-1").wait(false).offered() }},
	{"they cosigned the request and, twenty minutes later, the offer", func() *story {
		return soloWitnessed().ask("db-1").wait(false).offered().wait(true)
	}},
	{"they cosigned the request ten minutes after it was made", func() *story {
		s := soloWitnessed().ask("db-1").climbed(1).wait(false)
		return s.climbed(1)
	}},
	{"taken", func() *story { return soloStory().ask("db-1", "db-2").offered().taken() }},
	{"taken, and the clock is in doubt", func() *story { return soloStory().ask("db-1", "db-2").offered().taken().stepped(45_000) }},
	{"taken, and a minute later", func() *story { return soloStory().ask("db-1", "db-2").offered().taken().later(time.Minute) }},
	{"taken, heard while the clock was in doubt, and a minute later", func() *story {
		return soloStory().ask("db-1", "db-2").offered().taken().stepped(45_000).heard().stepped(0).later(time.Minute)
	}},
	{"taken, and sam approved", func() *story { return soloStory().ask("db-1", "db-2").offered().taken().approve("sam") }},
	{"taken, and the key that ann asked with was just removed", func() *story {
		return soloStory().ask("db-1").offered().taken().removeKey("ann")
	}},
	{"heard: granted", func() *story { return soloStory().ask("db-1", "db-2").offered().taken().heard().opened("db-1") }},
	{"unheard: granted", func() *story { return soloStory().ask("db-1", "db-2").offered().taken().unheard().opened("db-1") }},
	{"of SEV2, heard: granted, at SEV1", func() *story {
		s := soloStory()
		s.id, _ = cell.RequestOf(s.Must(s.askAt("ann", "SEV2")).Outcome.Stream)
		return s.offered().taken().heard().opened("db-1")
	}},
	{"ann went in alone; nobody has reviewed it; ann asked again, and is offered it again", func() *story { return soloStory().wentIn().again("ann") }},
	{"ann went in alone; nobody has reviewed it; bob is offered it", func() *story { return soloStory().wentIn().again("bob") }},
	{"ann went in alone, which is signed off; ann is offered it again", func() *story {
		return soloStory().wentIn().wrote("ann").signedOff("lea").again("ann")
	}},
	{"offered, and nothing shows that it is real", soloUnshown},
	{"offered, and sam, a custodian, says that it is real", func() *story {
		s := soloUnshown()
		s.Must(s.By("sam", "sam", outageOf(s)))
		return s
	}},
	{"the review of another request is overdue", func() *story {
		s := soloStory().granted("db-1").opened("db-1").fetched("db-1").worked("db-1").stopped().refused("db-1").listed("db-1")
		old := s.id
		s.later(24*time.Hour - 25*time.Minute).again("ann")
		asked := s.id
		s.id = old
		s.late()
		s.id = asked
		return s
	}},
}

// soloUnshown is offered, under a scenario with a symptom that nobody has seen.
func soloUnshown() *story {
	g, of := soloGenesis(), soloScenario()
	g.Networks = []string{"office"}
	of.Symptoms = []access.Symptom{{Name: "port", TCP: "db.example.com:5432"}}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:security", Threshold: 2, SealedBy: "group:leads"}})
	return (&story{Cell: celltest.New(g, of, guardedScenario())}).ask("db-1").offered()
}

// askAt asks for both targets at a severity.
func (s *story) askAt(person string, severity string) cell.Command {
	return s.By(person, person, &statement.Request{
		Scenario: s.Genesis.Scenarios[0].ID, ScenarioDigest: s.Scenario, Severity: severity, For: 1800,
		Targets: []string{"db-1", "db-2"}, Why: celltest.Note("cannot connect"), Incident: "INC-1",
		Holder: statement.Holder{Ed25519: celltest.Public("holder 1"), X25519: celltest.Public("sealed 1")},
	})
}

// aloneBy is a deed of somebody who says that they go in alone.
func aloneBy(who, person string, change func(*story, *cell.Command)) deed {
	return deed{"solo", who, func(s *story) cell.Command {
		c := s.alone(person)
		if change != nil {
			change(s, &c)
		}
		return c
	}}
}

// receipt is a deed of a channel.
func receipt(who, event, channel string, delivered bool) deed {
	return deed{"alarm-receipt", who, func(s *story) cell.Command { return s.answered(event, channel, delivered) }}
}

func soloDeeds() []deed {
	strength := func(strength roster.Strength) func(*story, *cell.Command) {
		return func(_ *story, c *cell.Command) { c.Signed.Signer.Strength = strength }
	}
	return flatten([][]deed{
		{
			aloneBy("ann, the requester", "ann", nil),
			aloneBy("ann, by a key that proves possession", "ann", strength(roster.Possession)),
			aloneBy("ann, by a key of hardware", "ann", strength(roster.Hardware)),
			aloneBy("ann, signed before it was offered", "ann", signedBefore),
			aloneBy("bob, on call", "bob", nil), aloneBy("sam, security", "sam", nil), aloneBy("eve, not in the roster", "eve", nil),
			signed("solo", "signed by the holder key as ann", "ann", "holder 1", func(s *story) statement.Body { return &statement.Solo{Of: s.id} }),
			rungTask("2"),
			{"cosigned", "the request, by w1 and w2", func(s *story) cell.Command { return s.waited(false, "w1", "w2") }},
			{"cosigned", "the offer, by w1 and w2", func(s *story) cell.Command { return s.waited(true, "w1", "w2") }},
			{"cosigned", "the offer, by w1 alone", func(s *story) cell.Command { return s.waited(true, "w1") }},
			receipt("siren took the alarm of it", "solo-taken", "siren", true),
			receipt("pager took the alarm of it", "solo-taken", "pager", true),
			receipt("siren did not take the alarm of it", "solo-taken", "siren", false),
			receipt("pager took another alarm", "request-made", "pager", true),
			effect(cell.EffectDue, "nobody was heard of", cell.TaskSolo, nothing),
		},
		each("approve", decision(statement.Approve), "sam", "lea", "max"),
		each("deny", decision(statement.Deny), "lea", "max", "bob"),
		each("withdraw", withdraw, "ann"),
		each("stop", stop, "ann", "sue"),
		{
			signed("fetch", "ann's holder key, of db-1", "ann", "holder 1", fetch("db-1")),
			signed("fetch", "ann's holder key, of db-2", "ann", "holder 1", fetch("db-2")),
			signed("extend", "ann, by half an hour", "ann", "ann", func(s *story) statement.Body { return extension(s.id, 1800) }),
			effect(cell.EffectDue, "lapse", cell.TaskLapse, nothing),
			effect(cell.EffectDue, "end", cell.TaskEnd, nothing),
			effect(cell.EffectConsequence, "what a removal means", cell.TaskConsequence, nothing),
		},
	})
}

// signedBefore has the statement name the checkpoint with the request in it.
func signedBefore(s *story, c *cell.Command) {
	if r := s.request(); r != nil {
		*c = s.Resign(*c, func(st *statement.Statement) { st.Seen = s.seenAt(r.Solo) })
	}
}

// seenAt is the checkpoint before a step was offered; the newest while it is not.
func (s *story) seenAt(solo *access.Solo) statement.Seen {
	newest := s.World.Newest()
	if solo != nil && solo.Rung > 0 {
		for _, p := range s.World.Published {
			if p.Size == solo.Entry {
				newest = p
			}
		}
	}
	return statement.Seen{Size: newest.Size, Root: newest.Root}
}
