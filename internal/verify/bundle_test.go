package verify_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// offlineCell is a cell whose envelope root leo sealed for bob, sue and lea.
func offlineCell() *cellOf {
	s := celltest.Scenario()
	s.Opens = append(s.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:leads"}})
	c := newCellOf(1, 1, s, func(g *cell.Genesis) { g.Groups["custodians"] = []string{"bob", "lea", "sue"} })
	blob := func(of string) *statement.Blob { return &statement.Blob{Digest: canon.Sum([]byte(of)), Length: 100} }
	body := &statement.Seal{
		Envelope: "root", Serial: 1, Threshold: 2, Description: blob("description"), Content: blob("content"), Commitments: canon.Sum([]byte("c")),
	}
	for _, person := range []string{"bob", "lea", "sue"} {
		body.Holders = append(body.Holders, statement.Held{Custodian: person, Proof: canon.Sum([]byte(person)), Sealed: blob(person)})
	}
	c.must(c.By("leo", "leo", body))
	c.World.Publish()
	return c
}

// carriedAct is what a person signed with no server, as it is carried.
func (c *cellOf) carriedAct(person, key string, body statement.Body) statement.Act {
	signed := c.Offline(person, key, body)
	return statement.Act{Signature: signature(key, body.Kind(), signed.Bytes).SSHSig, Statement: signed.Bytes}
}

// offlineBundle is a request for root by ann, agreed by sam and lea, with the shares
// of bob and sue.
func (c *cellOf) offlineBundle() *verify.Bundle {
	note := ledger.Note{Salt: [32]byte{1}, Text: "all is down"}
	b := &verify.Bundle{Notes: []ledger.Note{note}}
	ask := &statement.Request{
		Scenario: c.Genesis.Scenarios[0].ID, ScenarioDigest: c.Scenario, Severity: "SEV1", For: 1800, Targets: []string{"root"},
		Why:    statement.Note{Hash: canon.Digest(note.Hash()), Length: len(note.Text)},
		Holder: statement.Holder{Ed25519: celltest.Public("holder off"), X25519: celltest.Public("sealed off")},
	}
	b.Acts = append(b.Acts, c.carriedAct("ann", "ann", ask))
	for _, person := range []string{"sam", "lea"} {
		b.Acts = append(b.Acts, c.carriedAct(person, person, &statement.Decision{Of: b.ID(), Verdict: statement.Approve, Check: statement.CallBack}))
	}
	for _, person := range []string{"bob", "sue"} {
		file := []byte("sealed to ann by " + person)
		b.Files = append(b.Files, file)
		b.Acts = append(b.Acts, c.carriedAct(person, person, &statement.Share{
			Of: b.ID(), Envelope: "root", Serial: 1, Holder: ask.Holder.X25519, Sealed: &statement.Blob{Digest: canon.Sum(file), Length: len(file)},
		}))
	}
	return b
}

// TestBundleHasOneForm: what is written is read again, and nothing else is.
func TestBundleHasOneForm(t *testing.T) {
	c := offlineCell()
	b := c.offlineBundle()
	data := must(b.Encode())
	again := must(verify.DecodeBundle(data))
	if !bytes.Equal(must(again.Encode()), data) || again.ID() != b.ID() || again.Text(canon.Digest(b.Notes[0].Hash())) != "all is down" {
		t.Errorf("it is not read as it was written: %+v", again)
	}
	r := must(again.Count(c.World, c.Now))
	if !r.Offline.Filled || len(r.Leases[0].Shares) != 2 {
		t.Errorf("it comes to %+v", r.Offline)
	}
	text := string(data)
	for name, altered := range map[string]string{
		"an unknown member": strings.Replace(text, `{"acts"`, `{"aaa":1,"acts"`, 1),
		"another version":   strings.Replace(text, `"offline":"v1"`, `"offline":"v2"`, 1),
		"a space":           strings.Replace(text, `"notes":`, `"notes": `, 1),
		"another text":      strings.Replace(text, "all is down", "all is fine", 1),
		"no text":           strings.Replace(text, text[strings.Index(text, `"notes":[`)+8:strings.Index(text, `,"offline":"v1"`)], "[]", 1),
		"two ends":          text + "\n",
		"a signature gone":  strings.Replace(text, `"signature":"`, `"signature":"","x":"`, 1),
		"cut":               text[:len(text)/2],
		"nothing":           "",
	} {
		if altered == text {
			t.Fatalf("%s: nothing was altered", name)
		}
		if _, err := verify.DecodeBundle([]byte(altered)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	for name, spoil := range map[string]func(*verify.Bundle){
		"without its request": func(b *verify.Bundle) { b.Acts = b.Acts[1:] },
		"a file more":         func(b *verify.Bundle) { b.Files = append(b.Files, []byte("x")) },
		"a file less":         func(b *verify.Bundle) { b.Files = b.Files[1:] },
		"a note more":         func(b *verify.Bundle) { b.Notes = append(b.Notes, ledger.Note{Text: "x"}) },
		"an act twice":        func(b *verify.Bundle) { b.Acts = append(b.Acts, b.Acts[1]) },
		"two requests":        func(b *verify.Bundle) { b.Acts = append(b.Acts, c.offlineBundle().Acts[0]) },
		"an act of another":   func(b *verify.Bundle) { b.Acts = append(b.Acts, c.offlineBundle().Acts[1]) },
		"signed for a server": func(b *verify.Bundle) {
			online := c.By("sam", "sam", &statement.Decision{Of: b.ID(), Verdict: statement.Deny, Check: statement.Video})
			b.Acts = append(b.Acts, statement.Act{Signature: []byte("x"), Statement: online.Signed.Bytes})
		},
		"a long signature": func(b *verify.Bundle) { b.Acts[1].Signature = make([]byte, 4<<10+1) },
		"nothing":          func(b *verify.Bundle) { b.Acts = nil },
	} {
		spoiled := *b
		spoiled.Acts, spoiled.Files, spoiled.Notes = slices.Clone(b.Acts), slices.Clone(b.Files), slices.Clone(b.Notes)
		spoil(&spoiled)
		if _, err := spoiled.Encode(); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

// TestBundlesAreTakenTogether: copies that were signed apart, and a forged copy of
// what somebody signed takes nobody's place.
func TestBundlesAreTakenTogether(t *testing.T) {
	c := offlineCell()
	whole := c.offlineBundle()
	part := func(acts ...statement.Act) *verify.Bundle {
		return &verify.Bundle{Acts: append([]statement.Act{whole.Acts[0]}, acts...), Notes: whole.Notes}
	}
	forged := whole.Acts[1]
	forged.Signature = signature("eve", statement.KindShare, forged.Statement).SSHSig
	all := part(forged)
	if r := must(all.Count(c.World, c.Now)); len(r.Decisions) != 0 || r.Offline.Faulty()[0].Fault != string(cell.BadSignature) {
		t.Fatalf("a forged yes counts: %+v", r.Offline)
	}
	for _, more := range []*verify.Bundle{part(whole.Acts[1]), part(whole.Acts[2]), whole} {
		if err := all.Add(c.World, more); err != nil {
			t.Fatal(err)
		}
	}
	if err := all.Add(c.World, part(forged)); err != nil {
		t.Fatal(err)
	}
	if r := must(all.Count(c.World, c.Now)); !r.Offline.Filled || len(r.Offline.Faulty()) != 0 || len(r.Leases[0].Shares) != 2 {
		t.Errorf("together they come to %+v", r.Offline)
	}
	if err := all.Add(c.World, c.offlineBundle()); err == nil {
		t.Error("two requests were taken together")
	}
}

// TestT75NobodysCopyComesFirst: whoever hands a file on can sign what somebody said with
// a key of their own. That is well signed, and does not count: in whatever order the
// copies are taken, the one that its person signed stays.
func TestT75NobodysCopyComesFirst(t *testing.T) {
	c := offlineCell()
	whole := c.offlineBundle()
	for name, forger := range map[string]string{"a stranger": "eve", "somebody of the cell": "bob"} {
		for at := range whole.Acts {
			forged := *whole
			forged.Acts = slices.Clone(whole.Acts)
			s := must(statement.Decode(whole.Acts[at].Statement))
			forged.Acts[at].Signature = signature(forger, s.Body.Kind(), whole.Acts[at].Statement).SSHSig
			if s.Actor == forger {
				continue
			}
			for _, order := range [][]*verify.Bundle{{&forged, whole}, {whole, &forged}} {
				all := must(verify.DecodeBundle(must(order[0].Encode())))
				if err := all.Add(c.World, order[1]); err != nil {
					t.Fatal(err)
				}
				if r := must(all.Count(c.World, c.Now)); !r.Offline.Filled || len(r.Offline.Faulty()) != 0 || len(r.Leases[0].Shares) != 2 {
					t.Errorf("%s signed act %d: together they come to %+v", name, at, r.Offline)
				}
			}
		}
	}
}

// TestR43NoMoreIsAskedForThanCanBeTaken: eight envelopes of which four open each take
// more statements than a request keeps. It is known when they are asked for, and half of
// them can be had.
func TestR43NoMoreIsAskedForThanCanBeTaken(t *testing.T) {
	c := offlineCell()
	r := must(c.offlineBundle().Count(c.World, c.Now))
	if n := verify.Awaited(c.World, r); n != 1+2+2 {
		t.Errorf("%d statements until it is open, want the request, two who agree and two shares", n)
	}
	of := *c.World.Envelopes["root"].Current
	of.Threshold = 4
	for i := range 8 {
		r.Targets = append(r.Targets[:i:i], string(rune('a'+i)))
		c.World.Envelopes[r.Targets[i]] = &custody.Envelope{Current: &of}
	}
	if n := verify.Awaited(c.World, r); n != 1+2+32 || n <= access.ActsMost {
		t.Errorf("%d statements for all eight", n)
	}
	r.Targets = r.Targets[:4] // what the kit says then
	if n := verify.Awaited(c.World, r); n > access.ActsMost {
		t.Errorf("%d statements for half of them", n)
	}
}

// TestR43CarriedBackIsVerified: in as many statements as it takes, with every
// signature checked again, in the whole log and in the evidence of the request.
func TestR43CarriedBackIsVerified(t *testing.T) {
	c := offlineCell()
	b := c.offlineBundle()
	for i := range 20 { // more than one entry holds
		s := c.Offline("sue", "sue", &statement.Decision{Of: b.ID(), Verdict: statement.Approve, Check: statement.Video})
		name := []string{"sue", "eve"}[i%2]
		b.Acts = append(b.Acts, statement.Act{Signature: signature(name, statement.KindDecision, s.Bytes).SSHSig, Statement: s.Bytes})
	}
	_ = must(b.Encode()) // sorts
	parts := b.Carry()
	if len(parts) < 2 || len(parts[0].Notes) != 1 {
		t.Fatalf("%d parts", len(parts))
	}
	c.notes = append(c.notes, b.Notes...)
	for _, part := range parts {
		command := c.By("bob", "bob", part.Body)
		command.Signed.Acts = must(cell.Acts(part.Body, verify.Signatures{}))
		c.must(command)
		c.World.Publish()
	}
	r := c.World.Requests[b.ID()]
	if !r.Offline.Filled || len(r.Leases[0].Shares) != 2 || len(r.Offline.Faulty()) != 19 {
		t.Fatalf("it is %+v", r)
	}
	log, cp := c.export(c.bodies)
	report := check(t, log, c.anchor, ledger.Checkpoint{})
	if !report.Good() || len(report.Offline) != 1 || len(report.Grants) != 0 {
		t.Fatal(report.Text())
	}
	for _, want := range []string{"Those fill the quorum", "bob gave a share of envelope root, serial 1", "OWED", "DOES NOT COUNT", "is not written"} {
		if !strings.Contains(report.Text(), want) {
			t.Errorf("it does not say %q:\n%s", want, report.Text())
		}
	}
	s := &subject{cellOf: c, id: b.ID(), src: log, cp: cp, rand: c.rand}
	if partial := checkPartial(t, c.anchor, s.encoded(s.partial(everything)), ledger.Checkpoint{}); !partial.Good() || len(partial.Offline) != 1 {
		t.Error(partial.Text())
	}
	c.Now = c.Now.Add(25 * time.Hour)
	var world *cell.World
	if _, err := verify.Log(t.Context(), log, c.anchor, verify.Options{World: func(w *cell.World) { world = w }}); err != nil || world == nil {
		t.Errorf("no world: %v", err)
	}
	world = nil
	if _, err := verify.Log(t.Context(), log, ledger.Anchor{}, verify.Options{World: func(w *cell.World) { world = w }}); err != nil || world != nil {
		t.Errorf("a world without an anchor: %v", err)
	}
}

// TestT75AnEntryThatChangesWhatWasCarried is found: an altered signature in it is
// another entry, and one that says that a forged one counts is refused.
func TestT75AnEntryThatChangesWhatWasCarried(t *testing.T) {
	c := offlineCell()
	b := c.offlineBundle()
	body := &statement.Reconcile{Of: b.ID(), Acts: slices.Clone(b.Acts)}
	body.Acts[1].Signature = signature("eve", statement.KindDecision, body.Acts[1].Statement).SSHSig
	command := c.By("bob", "bob", body)
	command.Signed.Acts = must(cell.Acts(body, verify.Signatures{}))
	command.Signed.Acts[1].Signer = command.Signed.Acts[2].Signer // a server that lies about whose it is
	command.Signed.Acts[1].Signer.Fingerprint = celltest.Line("sam").Fingerprint
	c.must(command)
	log, _ := c.export(c.bodies)
	if report := check(t, log, c.anchor, ledger.Checkpoint{}); report.Good() {
		t.Error("a decision that sam never signed was verified")
	}
}

// FuzzBundle: what is read has one form, and is of one request.
func FuzzBundle(f *testing.F) {
	c := offlineCell()
	f.Add(must(c.offlineBundle().Encode()))
	f.Add([]byte(`{"acts":[],"notes":[],"offline":"v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := verify.DecodeBundle(data)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil || !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), bytes.TrimSuffix(data, []byte("\n"))) {
			t.Errorf("%q is read, and written as %q: %v", data, again, err)
		}
		if _, _, err := b.Asked(); err != nil {
			t.Error(err)
		}
		for _, part := range b.Carry() {
			if part.Body.Of != b.ID() || len(part.Body.Acts) == 0 {
				t.Errorf("%q is carried as %+v", data, part)
			}
		}
		if r, err := b.Count(c.World, c.Now); err == nil && r.Grant != nil {
			t.Error("it grants")
		}
	})
}
