package cell_test

import (
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// device is the key of a person's code device, which the server holds.
func device(person string) roster.Key {
	key := celltest.Line(person + "'s app")
	key.Code = true
	return key
}

// withDevices gives people a code device each.
func withDevices(people ...string) func(*cell.Genesis) {
	return func(g *cell.Genesis) {
		for i, p := range g.People {
			for _, person := range people {
				if p.ID == person {
					g.People[i].Keys = append(p.Keys, device(person))
				}
			}
		}
	}
}

// coded is a cell in which ann, sam, lea and leo have code devices, under a scenario
// of which the signatures must prove mfa.
func coded(mfa string) *story {
	g := celltest.Genesis()
	withDevices("ann", "sam", "lea", "leo")(&g)
	s := celltest.Scenario()
	s.Controls.MFA = mfa
	return &story{Cell: celltest.New(g, s)}
}

// byCode is a statement of a person with a code of theirs.
func (s *story) byCode(person string, body statement.Body) cell.Command {
	return s.By(person, person+"'s app", body)
}

// askedByCode has ann ask for db-1 with a code.
func (s *story) askedByCode() *story {
	s.id = s.Must(s.byCode("ann", s.Ask("ann", "laptop", "db-1").Signed.Statement.Body)).Outcome.Events[0].(*cell.RequestMade).Request.ID
	return s
}

func (s *story) agreedByCode() *story {
	for _, person := range []string{"sam", "lea"} {
		s.Must(s.byCode(person, &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.CallBack}))
	}
	return s
}

var statesOfCode = []state{
	{"ann asked with a code", func() *story { return coded("server-attested").askedByCode() }},
	{"ann asked, sam and lea agreed, all with codes", func() *story { return coded("server-attested").askedByCode().agreedByCode() }},
	{"a scenario says nothing of it; ann asked with her key", func() *story { return coded("").ask("db-1") }},
	{"a scenario says nothing of it; granted", func() *story { return coded("").granted("db-1") }},
	{"ann asked with a code, and sam proposed to remove bob", func() *story { return coded("server-attested").askedByCode().propose("bob", "") }},
}

func codeDeeds() []deed {
	by := func(verb, person string, body func(*story) statement.Body) deed {
		return signed(verb, person+", with a code", person, person+"'s app", body)
	}
	fixed := func(body statement.Body) func(*story) statement.Body {
		return func(*story) statement.Body { return body }
	}
	return []deed{
		by("session", "ann", fixed(&statement.Session{For: 900})),
		by("request", "ann", func(s *story) statement.Body { return s.Ask("ann", "another", "db-2").Signed.Statement.Body }),
		by("approve", "sam", decision(statement.Approve)),
		by("approve", "leo", decision(statement.Approve)),
		by("deny", "leo", decision(statement.Deny)),
		signed("approve", "leo, with lea's code", "leo", "lea's app", decision(statement.Approve)),
		by("withdraw", "ann", withdraw),
		by("stop", "sam", stop),
		by("extend", "ann", func(s *story) statement.Body { return extension(s.id, 600) }),
		by("attest", "sam", attest("db-1")),
		by("review", "ann", func(s *story) statement.Body {
			return &statement.Review{Of: s.id, Necessary: "yes", Misuse: "no", Note: celltest.Note("it was the database")}
		}),
		signed("approve", "lea, with a code: the change", "lea", "lea's app", func(s *story) statement.Body {
			of := s.change
			if of.IsZero() {
				of = s.id
			}
			return &statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.InPerson}
		}),
		by("change", "sam", fixed(&statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: celltest.Note("left")})),
		by("upgrade", "sam", fixed(&statement.Upgrade{Rules: cell.RulesNow + 1, Reason: celltest.Note("newer")})),
		by("vouch", "lea", fixed(&statement.Vouch{Person: "leo", Key: device("leo").Fingerprint, How: statement.InPerson})),
		by("clock", "sam", fixed(&statement.Clock{Step: 45_000, Reason: celltest.Note("it is right")})),
	}
}
