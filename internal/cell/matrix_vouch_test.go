package cell_test

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// keyed is a cell in which bob, on call, is the third of the leads, and a change
// gave leo another key, and sue one that an authenticator holds.
func keyed() *story {
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withoutRoy(g)
		g.Groups["leads"] = append(g.Groups["leads"], "bob")
		withSpare("leo")(g)
		i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "sue" })
		g.People[i].Keys = append(slices.Clip(g.People[i].Keys), authenticator())
	}))
	return s.later(time.Hour)
}

// authenticator is a key that a security key holds.
func authenticator() roster.Key {
	var wire []byte
	public := celltest.Public("authenticator")
	for _, part := range [][]byte{[]byte("sk-ssh-ed25519@openssh.com"), public[:], []byte("ssh:")} {
		wire = append(binary.BigEndian.AppendUint32(wire, uint32(len(part))), part...)
	}
	key, err := roster.ParseKey("sk-ssh-ed25519@openssh.com " + base64.StdEncoding.EncodeToString(wire))
	if err != nil {
		panic(err)
	}
	return key
}

func vouch(person, key string) *statement.Vouch {
	return &statement.Vouch{Person: person, Key: key, How: statement.InPerson}
}

var leosSpare = celltest.Line("leo's spare").Fingerprint

// vouched lets people vouch for leo's new key.
func (s *story) vouched(people ...string) *story {
	for _, person := range people {
		s.Must(s.By(person, person, vouch("leo", leosSpare)))
	}
	return s
}

var statesOfVouch = []state{
	{"leo and sue each have a key that cools off", keyed},
	{"bob vouched for leo's", func() *story { return keyed().vouched("bob") }},
	{"bob vouched for leo's, and was removed", func() *story { return keyed().vouched("bob").removeBy("bob", "sam", "lea") }},
	{"bob vouched for leo's, and the clock is in doubt", func() *story { return keyed().vouched("bob").stepped(45_000) }},
	{"bob and lea vouched for leo's", func() *story { return keyed().vouched("bob", "lea") }},
	{"bob vouched for leo's, which was removed", func() *story {
		s := keyed().vouched("bob").propose("leo", leosSpare)
		s.Must(s.Approve("lea", s.change))
		return s
	}},
	{"half an hour before both have cooled off", func() *story { return keyed().vouched("bob").later(70*time.Hour + 30*time.Minute) }},
	{"rules 1: nobody's key cools off", oldStory},
}

func vouchDeeds() []deed {
	of := func(person, key string) func(*story) statement.Body {
		return func(*story) statement.Body { return vouch(person, key) }
	}
	return flatten([][]deed{
		each("vouch", of("leo", leosSpare), "ann", "bob", "sam", "lea", "leo", "max", "roy", "eve"),
		{
			signed("vouch", "leo, by the key itself", "leo", "leo's spare", of("leo", leosSpare)),
			signed("vouch", "signed by ann as lea", "lea", "ann", of("leo", leosSpare)),
			signed("vouch", "lea, of leo's old key", "lea", "lea", of("leo", celltest.Line("leo").Fingerprint)),
			signed("vouch", "lea, as if it were bob's", "lea", "lea", of("bob", leosSpare)),
			signed("vouch", "sue, of her stronger key", "sue", "sue", of("sue", authenticator().Fingerprint)),
		},
	})
}
