package cell_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// attested is a key that an authenticator of a maker holds, with its attestation.
func attested(m *attestationtest.Maker) roster.Key {
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	point, err := made.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	var wire []byte
	for _, part := range [][]byte{[]byte("sk-ecdsa-sha2-nistp256@openssh.com"), []byte("nistp256"), point, []byte("ssh:")} {
		wire = append(binary.BigEndian.AppendUint32(wire, uint32(len(part))), part...)
	}
	key, err := roster.ParseKey("sk-ecdsa-sha2-nistp256@openssh.com " + base64.StdEncoding.EncodeToString(wire))
	if err != nil {
		panic(err)
	}
	key.Attestation = m.Attest(m.Data("ssh:", []byte("id"), point[1:33], point[33:]), sha256.Sum256([]byte("challenge"))).String()
	return key
}

// hardened is a cell of one maker in which ann, sam and lea have keys, whose scenario
// demands hardware.
func hardened(m *attestationtest.Maker, keys map[string]roster.Key) *story {
	g := celltest.Genesis()
	g.Makers = []cell.Maker{{ID: "acme", Roots: [][]byte{m.Root.Raw}}}
	for i := range g.People {
		if key, has := keys[g.People[i].ID]; has {
			g.People[i].Keys = append(slices.Clip(g.People[i].Keys), key)
		}
	}
	s := celltest.Scenario()
	s.Controls.MFA = string(roster.Hardware)
	return &story{Cell: celltest.New(g, s)}
}

// touched is a statement of a person as it would come signed by a key that verified
// its user.
func (s *story) touched(person string, key roster.Key, body statement.Body) cell.Command {
	c := s.By(person, person, body)
	c.Signed.Signer = cell.Signer{Fingerprint: key.Fingerprint, Strength: roster.UserVerified}
	return c
}

func TestHardwareIsWhatAMakerAttests(t *testing.T) {
	acme := attestationtest.New("Acme")
	keys := map[string]roster.Key{"ann": attested(acme), "sam": attested(acme), "lea": attested(acme), "leo": attested(attestationtest.New("Other"))}
	bare := attested(acme)
	bare.Attestation = ""
	keys["sue"] = bare
	s := hardened(acme, keys)
	ask := s.Ask("ann", "1", "db-1").Signed.Statement.Body
	expectRefusal(t, s.Cell, s.By("ann", "ann", ask), cell.TooWeak)
	r := s.Must(s.touched("ann", keys["ann"], ask))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	yes := &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.Video}
	// A key that verifies its user, of another maker or without an attestation, is not.
	expectRefusal(t, s.Cell, s.touched("leo", keys["leo"], yes), cell.TooWeak)
	expectRefusal(t, s.Cell, s.touched("sue", keys["sue"], yes), cell.TooWeak)
	// Nor is a signature for which the device verified nobody.
	held := s.touched("sam", keys["sam"], yes)
	held.Signed.Signer.Strength = roster.Possession
	expectRefusal(t, s.Cell, held, cell.TooWeak)
	s.Must(s.touched("sam", keys["sam"], yes))
	expect(t, s.Must(s.touched("lea", keys["lea"], yes)), "decided", "agreed")
	if s.request().State != access.Granted {
		t.Error(s.request().State)
	}
	restores(t, s.Cell)
}

// TestT23NoAttestationOfAnotherKey: what is taken from one key and put beside another,
// or changed, gives nothing; the document is taken all the same.
func TestT23NoAttestationOfAnotherKey(t *testing.T) {
	acme := attestationtest.New("Acme")
	good := attested(acme)
	changed, err := attestation.Parse(good.Attestation)
	if err != nil {
		t.Fatal(err)
	}
	changed.Signature = bytes.Clone(changed.Signature)
	changed.Signature[len(changed.Signature)-1]++
	stolen, spoiled := attested(acme), good
	stolen.Attestation, spoiled.Attestation = good.Attestation, changed.String()
	for name, key := range map[string]roster.Key{"another key's": stolen, "a changed one": spoiled} {
		s := hardened(acme, map[string]roster.Key{"ann": key})
		expectRefusal(t, s.Cell, s.touched("ann", key, s.Ask("ann", "1", "db-1").Signed.Statement.Body), cell.TooWeak)
		if made, _ := s.World.Roster.Key(key.Fingerprint); made.Made.By != "" || made.MayProve(roster.Hardware) {
			t.Errorf("%s makes it %+v", name, made.Made)
		}
	}
	g := celltest.Genesis()
	for what, change := range map[string]func(*roster.Key){
		"a text that is none": func(k *roster.Key) { k.Attestation = "AAAA" },
		"too long":            func(k *roster.Key) { k.Attestation = strings.Repeat("A", 3*attestation.Longest) },
		"who made it":         func(k *roster.Key) { k.Made.By = "acme" },
	} {
		key := good
		change(&key)
		g.People[0].Keys = []roster.Key{key}
		if _, err := g.Check(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	g.People[0].Keys = []roster.Key{good}
	if _, err := g.Check(); err != nil {
		t.Error(err)
	}
	g.Rules = 1
	if _, err := g.Check(); err == nil {
		t.Error("rules 1 read attestations")
	}
}

// TestAMakerThatIsTakenAwayIsBelievedNoMore, at once; and its certificates are asked
// about when the attestation came, not later.
func TestAMakerThatIsTakenAwayIsBelievedNoMore(t *testing.T) {
	acme, other := attestationtest.New("Acme"), attestationtest.New("Other")
	acme.Until = celltest.Sample().Now.Std().Add(24 * time.Hour)
	key := attested(acme)
	s := hardened(acme, map[string]roster.Key{"ann": key})
	made := func() roster.Made {
		k, _ := s.World.Roster.Key(key.Fingerprint)
		return k.Made
	}
	first := made()
	if first.By != "acme" {
		t.Fatalf("%+v", first)
	}
	s.later(7 * 24 * time.Hour) // the certificate is over
	s.Amend(s.Amending(withSpare("bob")))
	if made() != first {
		t.Errorf("a certificate that was valid then is asked about now: %+v", made())
	}
	s.Amend(s.Amending(func(g *cell.Genesis) { g.Makers = []cell.Maker{{ID: "other", Roots: [][]byte{other.Root.Raw}}} }))
	if made().By != "" {
		t.Error("a maker that is not in force is believed")
	}
	expectRefusal(t, s.Cell, s.touched("ann", key, s.Ask("ann", "1", "db-1").Signed.Statement.Body), cell.TooWeak)
	s.Amend(s.Amending(func(g *cell.Genesis) {
		g.Makers = append(g.Makers, cell.Maker{ID: "acme", Roots: [][]byte{acme.Root.Raw}, Models: []string{"00000000-0000-0000-0000-000000000000"}})
	}))
	if made().By != "" {
		t.Error("another model is believed")
	}
	s.Amend(s.Amending(func(g *cell.Genesis) { g.Makers[1].Models = nil }))
	if made() != first {
		t.Errorf("the maker is back: %+v, want %+v", made(), first)
	}
	late := attested(acme) // brought by its owner when the certificate is over
	s.Amend(s.Amending(func(g *cell.Genesis) { g.People[1].Keys = append(slices.Clip(g.People[1].Keys), late) }))
	if k, _ := s.World.Roster.Key(late.Fingerprint); k.Made.By != "" || k.Made.At.IsZero() {
		t.Errorf("a certificate that is over attests %+v", k.Made)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

func TestMakersAreCompared(t *testing.T) {
	acme, other := attestationtest.New("Acme"), attestationtest.New("Other")
	model := "2fc0579f-8113-47ea-b116-bb5a8db9202a"
	s := hardened(acme, nil)
	from := s.World.InForce()
	for what, c := range map[string]struct {
		makers  []cell.Maker
		bearing cell.Bearing
		text    string
	}{
		"none":       {nil, cell.Tightens, "is removed"},
		"one more":   {append(slices.Clip(from.Genesis.Makers), cell.Maker{ID: "other", Roots: [][]byte{other.Root.Raw}}), cell.Widens, "is added"},
		"a root":     {[]cell.Maker{{ID: "acme", Roots: [][]byte{acme.Root.Raw, other.Root.Raw}}}, cell.Widens, canon.Sum(other.Root.Raw).String() + " is added"},
		"one model":  {[]cell.Maker{{ID: "acme", Roots: [][]byte{acme.Root.Raw}, Models: []string{model}}}, cell.Tightens, "only 1 models count"},
		"the others": {[]cell.Maker{{ID: "other", Roots: [][]byte{other.Root.Raw}}}, cell.Tightens, "is removed"},
	} {
		g := *from.Genesis
		g.Makers = c.makers
		to := cell.Document{Genesis: &g, Scenarios: from.Scenarios}
		found := cell.Compare(from, to)
		if len(found) == 0 || found[0].Bearing != c.bearing || !strings.Contains(found[0].Text, c.text) {
			t.Errorf("%s: %+v", what, found)
		}
		if wider := slices.Contains(cell.Widened(from, to), "database-locked-out"); wider != (c.bearing == cell.Widens || what == "the others") {
			t.Errorf("%s: widens the scenario: %v", what, wider)
		}
	}
	for what, makers := range map[string][]cell.Maker{
		"no root": {{ID: "acme"}}, "twice": {from.Genesis.Makers[0], from.Genesis.Makers[0]}, "a bad id": {{ID: "A", Roots: from.Genesis.Makers[0].Roots}},
		"an empty root": {{ID: "acme", Roots: [][]byte{{}}}}, "a model": {{ID: "acme", Roots: from.Genesis.Makers[0].Roots, Models: []string{strings.ToUpper(model)}}},
	} {
		g := celltest.Genesis()
		g.Makers = makers
		if _, err := g.Check(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
