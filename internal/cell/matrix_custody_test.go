package cell_test

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Shares of ann (who asks), bob, lea and sue open the envelope root, two of
// them; leo seals it. The bag safe is leo's own, and bait is honey.
func custodyGenesis() cell.Genesis {
	g := celltest.Genesis()
	g.Groups["custodians"], g.Groups["keepers"] = []string{"ann", "bob", "lea", "sue"}, []string{"leo"}
	return g
}

func custodyScenario() access.Scenario {
	s := celltest.Scenario()
	s.Opens = append(s.Opens,
		access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:keepers", RotateEvery: 90 * 24 * 3600}},
		access.Open{Envelope: &access.Envelope{Name: "bait", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:keepers", Honey: true}},
		access.Open{Envelope: &access.Envelope{Name: "safe", Custodians: "group:custodians", Threshold: 1, SealedBy: "group:keepers", Physical: true}})
	return s
}

func custodyStory() *story { return &story{Cell: celltest.New(custodyGenesis(), custodyScenario())} }

// secret stands for bytes that a test need not make.
func secret(of string, args ...any) canon.Digest { return canon.Sum(fmt.Appendf(nil, of, args...)) }

// proofOf is a link of a custodian's chain of proofs; the higher, the later told.
func proofOf(person string, serial int64, link int) canon.Digest {
	d := secret("chain of %s, sealing %d", person, serial)
	for range 10 - link {
		d = canon.Sum(d[:])
	}
	return d
}

func blob(of canon.Digest) *statement.Blob { return &statement.Blob{Digest: of, Length: 100} }

func sealing(name string, serial int64, custodians ...string) *statement.Seal {
	body := &statement.Seal{
		Envelope: name, Serial: serial, Threshold: 2, Description: blob(secret("%s %d", name, serial)),
		Content: blob(secret("content of %s %d", name, serial)), Commitments: secret("commitments of %s %d", name, serial),
	}
	for _, person := range custodians {
		body.Holders = append(body.Holders, statement.Held{
			Custodian: person, Proof: proofOf(person, serial, 0), Sealed: blob(secret("share of %s of %s %d", person, name, serial)),
		})
	}
	return body
}

func bagged(serial int64) *statement.Seal {
	return &statement.Seal{Envelope: "safe", Serial: serial, Threshold: 1, Physical: true, Holders: []statement.Held{{Custodian: "bob", Bag: "B-1", Place: "hq/safe-1"}}}
}

func (s *story) sealed() *story {
	for _, body := range []*statement.Seal{sealing("root", 1, "ann", "bob", "lea", "sue"), sealing("bait", 1, "bob", "sue"), bagged(1)} {
		s.Must(s.By("leo", "leo", body))
	}
	return s
}

func (s *story) shared(people ...string) *story {
	for _, person := range people {
		s.Must(s.By(person, person, giving(s, "root", 1, "1")))
	}
	return s
}

// giving is a share for ann's request, sealed to the holder key of a name.
func giving(s *story, envelope string, serial int64, holder string) *statement.Share {
	return &statement.Share{Of: s.id, Envelope: envelope, Serial: serial, Holder: celltest.Public("sealed " + holder), Sealed: blob(secret("for %s", holder))}
}

func (s *story) inspected(serial int64, people ...string) *story {
	for _, person := range people {
		s.Must(s.By(person, person, &statement.Inspect{Envelope: "root", Serial: serial, Proof: proofOf(person, serial, 1)}))
	}
	return s
}

func (s *story) resealed() *story {
	s.Must(s.By("leo", "leo", sealing("root", 2, "bob", "lea", "sue")))
	return s
}

func (s *story) rotatedTo(serial int64) *story {
	s.Must(s.By("leo", "leo", rotating(serial)))
	return s
}

func rotating(serial int64) *statement.Rotate {
	return &statement.Rotate{Envelope: "root", Serial: serial, New: statement.SeenAccepted, Old: statement.SeenRefused}
}

// statesOfCustody are the places where envelopes and their leases can stand.
var statesOfCustody = []state{
	{"nothing is sealed", custodyStory},
	{"sealed", func() *story { return custodyStory().sealed() }},
	{"sealed; ann's request for root and safe is granted", func() *story { return custodyStory().sealed().granted("root", "safe") }},
	{"one share of root was given", func() *story { return custodyStory().sealed().granted("root", "safe").shared("bob") }},
	{"root is open", func() *story { return custodyStory().sealed().granted("root", "safe").shared("bob", "sue") }},
	{"root was opened and the grant has ended", func() *story {
		s := custodyStory().sealed().granted("root", "safe").shared("bob", "sue")
		s.Must(s.Release("ann", "1", s.id))
		return s
	}},
	{"root was opened and sealed again", func() *story { return custodyStory().sealed().granted("root", "safe").shared("bob", "sue").resealed() }},
	{"bob and lea have shown that they can open it", func() *story {
		return custodyStory().sealed().granted("root", "safe").shared("bob", "sue").resealed().inspected(2, "bob", "lea")
	}},
	{"root was rotated", func() *story {
		return custodyStory().sealed().granted("root", "safe").shared("bob", "sue").resealed().inspected(2, "bob", "lea").rotatedTo(2)
	}},
	{"bob is removed", func() *story { return custodyStory().sealed().granted("root", "safe").remove("bob") }},
	{"bob is removed, and fresh content is owed", func() *story {
		s := custodyStory().sealed().remove("bob")
		for _, name := range []string{"root", "bait", "safe"} {
			s.effect(cell.EffectDue, cell.TaskOwe, name, cell.Observed{})
		}
		return s
	}},
	{"bait is granted", func() *story { return custodyStory().sealed().granted("bait") }},
}

func custodyDeeds() []deed {
	give := func(envelope string, serial int64, holder string) func(*story) statement.Body {
		return func(s *story) statement.Body {
			body := giving(s, envelope, serial, holder)
			body.Of = s.subject()
			return body
		}
	}
	bag := func(number string) func(*story) statement.Body {
		return func(s *story) statement.Body {
			return &statement.Share{Of: s.subject(), Envelope: "safe", Serial: 1, Bag: number}
		}
	}
	always := func(body statement.Body) func(*story) statement.Body {
		return func(*story) statement.Body { return body }
	}
	other := sealing("root", 1, "bob", "sam")
	looks := &statement.Inspect{Envelope: "root", Serial: 2, Proof: proofOf("bob", 2, 1)}
	return flatten([][]deed{
		each("seal", always(sealing("root", 1, "bob", "lea")), "leo", "sam", "eve"),
		{
			signed("seal", "leo, for sam too, who is no custodian", "leo", "leo", always(other)),
			signed("seal", "leo, an envelope that nothing opens", "leo", "leo", always(sealing("gone", 1, "bob", "sue"))),
			signed("seal", "leo, as the second sealing", "leo", "leo", always(sealing("root", 2, "bob", "sue"))),
			signed("seal", "leo, a file where a bag is due", "leo", "leo", always(sealing("safe", 1, "bob", "sue"))),
			signed("inspect", "bob, custodian, of the first sealing", "bob", "bob", always(&statement.Inspect{Envelope: "root", Serial: 1, Proof: proofOf("bob", 1, 1)})),
			signed("inspect", "bob, custodian, of the second", "bob", "bob", always(looks)),
			signed("inspect", "bob, with lea's proof", "bob", "bob", always(&statement.Inspect{Envelope: "root", Serial: 1, Proof: proofOf("lea", 1, 1)})),
			signed("inspect", "bob, with the proof that is known", "bob", "bob", always(&statement.Inspect{Envelope: "root", Serial: 1, Proof: proofOf("bob", 1, 0)})),
			signed("inspect", "sue, her share is damaged", "sue", "sue", always(&statement.Inspect{Envelope: "root", Serial: 1, Damaged: true})),
			signed("inspect", "bob, the bag, in another place", "bob", "bob", always(&statement.Inspect{Envelope: "safe", Serial: 1, Bag: "B-1", Place: "lab/safe"})),
			signed("inspect", "sam, who holds nothing", "sam", "sam", always(&statement.Inspect{Envelope: "root", Serial: 1, Damaged: true})),
		},
		each("share", give("root", 1, "1"), "ann", "bob", "lea", "sam", "eve"),
		{
			signed("share", "lea, of the second sealing", "lea", "lea", give("root", 2, "1")),
			signed("share", "lea, sealed to another holder key", "lea", "lea", give("root", 1, "other")),
			signed("share", "lea, of an envelope not granted", "lea", "lea", give("bait", 1, "1")),
			signed("share", "bob, the bag", "bob", "bob", bag("B-1")),
			signed("share", "bob, another bag", "bob", "bob", bag("B-2")),
			signed("fetch", "ann, of the envelope", "ann", "holder 1", func(s *story) statement.Body {
				return &statement.Fetch{Of: s.subject(), Target: "root"}
			}),
			signed("request", "ann, the bait", "ann", "ann", func(s *story) statement.Body {
				return s.Ask("ann", "2", "bait").Signed.Statement.Body
			}),
			signed("request", "bob, root", "bob", "bob", func(s *story) statement.Body {
				return s.Ask("bob", "3", "root").Signed.Statement.Body
			}),
		},
		each("rotate", always(rotating(2)), "leo", "sam"),
		{
			signed("attest", "sam, security", "sam", "sam", func(s *story) statement.Body {
				return &statement.Attest{Of: s.subject(), Target: "root", Note: celltest.Note("changed by hand")}
			}),
			custodyTask("consequence", cell.TaskRotated, cell.EffectConsequence), custodyTask("due", cell.TaskOwe, cell.EffectDue),
			custodyTask("due", cell.TaskOverdue, cell.EffectDue), custodyTask("due", cell.TaskPage, cell.EffectDue),
		},
	})
}

// subject is ann's request, or, before she has asked, nothing that is one.
func (s *story) subject() canon.Digest {
	if s.id.IsZero() {
		return s.Digest
	}
	return s.id
}

// custodyTask is the result of a task of root, at the hour when it is due.
func custodyTask(verb string, kind cell.TaskKind, result cell.EffectKind) deed {
	return deed{verb, "task " + string(kind), func(s *story) cell.Command {
		for _, t := range s.World.Tasks {
			if t.Kind == kind && t.Target == "root" {
				s.Now = canon.Later(s.Now, t.Due)
				return s.Effect(result, t.ID, cell.Observed{})
			}
		}
		return s.Effect(result, "none", cell.Observed{})
	}}
}
