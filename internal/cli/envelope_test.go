package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

const rootPassword = "hunter2-of-the-cloud"

// sealedCell is a signed cell with an envelope, root, of which bob, lea and sue
// hold shares, and a granted request of ann's for it.
type sealedCell struct {
	*signedCell
	*liar
	beside files // what lies beside the ledger
	sealed *seal.Envelope
	id     canon.Digest
	holder *client.Holder
}

func newSealedCell(t *testing.T) *sealedCell {
	t.Helper()
	return sealedCellAt(t, time.Now().Add(-time.Minute))
}

// sealedCellAt is one that began at an instant.
func sealedCellAt(t *testing.T, began time.Time) *sealedCell {
	t.Helper()
	g, of := celltest.Genesis(), celltest.Scenario()
	g.Groups["custodians"], g.Groups["keepers"] = []string{"bob", "lea", "sue"}, []string{"leo"}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:keepers"}})
	s := &sealedCell{signedCell: signedCellOf(t, canon.At(began), g, of), beside: files{}}
	s.liar = newLiar(t, s.signedCell)
	s.seal()
	s.ask()
	for _, approver := range []string{"sam", "lea"} {
		s.do(s.Approve(approver, s.id))
	}
	s.tell()
	return s
}

// seal seals a password and has leo sign that.
func (s *sealedCell) seal() {
	order := seal.Order{Origin: s.anchor.Origin, Name: "root", Serial: 1, Threshold: 2}
	for _, id := range []string{"bob", "lea", "sue"} {
		order.Custodians = append(order.Custodians, seal.Custodian{ID: id, Recipient: celltest.Line(id).Line})
	}
	s.sealed = must(seal.Seal(order, []byte(rootPassword)))
	description := s.sealed.Description.Encode()
	body := &statement.Seal{Envelope: "root", Serial: 1, Threshold: 2, Description: s.lies(description), Content: s.lies(s.sealed.Content), Commitments: s.sealed.Description.CommitmentsDigest()}
	for i, share := range s.sealed.Shares {
		body.Holders = append(body.Holders, statement.Held{Custodian: order.Custodians[i].ID, Proof: s.sealed.Description.Shares[i].Proof, Sealed: s.lies(share)})
	}
	s.do(s.By("leo", "leo", body))
}

// lies puts a file beside the ledger.
func (s *sealedCell) lies(data []byte) *statement.Blob {
	digest := canon.Sum(data)
	s.beside[ledger.AttachmentPath(ledger.Hash(digest))] = data
	return &statement.Blob{Digest: digest, Length: len(data)}
}

// ask asks as ann, with new keys of hers.
func (s *sealedCell) ask() {
	s.holder = must(client.NewHolder())
	command := s.By("ann", "ann", &statement.Request{
		Scenario: s.Genesis.Scenarios[0].ID, ScenarioDigest: s.Scenario, Severity: "SEV1", For: 3600,
		Targets: []string{"root"}, Why: s.note(fmt.Sprintf("federation is down since entry %d", len(s.bodies))), Holder: must(s.holder.Public()),
	})
	command.Observed.Salt = strings.Repeat("5a", 16)
	s.do(command)
	s.id = command.Signed.Statement.Digest
}

// tell makes the server tell the truth of now.
func (s *sealedCell) tell() {
	s.honest(s.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, data := range s.beside {
		s.liar.log[path] = data
	}
	s.answers["cell/evidence"] = s.evidence(s.bodies, func(e ledger.Entry) bool { return e.Stream == cell.StreamCell })
}

// share has a custodian give a file as their share.
func (s *sealedCell) share(person string, file []byte) {
	s.do(s.By(person, person, &statement.Share{Of: s.id, Envelope: "root", Serial: 1, Holder: must(s.holder.Public()).X25519, Sealed: s.lies(file)}))
}

// responder is ann's machine, with the keys of the request.
func (s *sealedCell) responder(t *testing.T) *desk {
	t.Helper()
	d := s.desk(t, "ann")
	folder := filepath.Join(d.folder, "state", canon.Digest(s.anchor.Genesis).Short()+"-ann")
	if err := client.SaveHolder(folder, s.id, s.holder); err != nil {
		t.Fatal(err)
	}
	return d
}

// resealed is a custodian's share, encrypted to the holder of the request.
func (s *sealedCell) resealed(t *testing.T, person string) []byte {
	t.Helper()
	return must(seal.Reseal(s.opened(t, person), must(s.holder.Public()).X25519))
}

func (s *sealedCell) opened(t *testing.T, person string) seal.Share {
	t.Helper()
	d := s.desk(t, person)
	identities := must(seal.ParseIdentities(must(os.ReadFile(filepath.Join(d.folder, "key"))), nil))
	of, _ := s.sealed.Description.Of(person)
	return must(s.sealed.Description.OpenShare(person, s.sealed.Shares[of.Index-1], identities...))
}

// TestShareGoesToTheHolderAlone: what a custodian's machine sends is encrypted
// to the key of the signed request, is the share, and nothing of it is open.
func TestShareGoesToTheHolderAlone(t *testing.T) {
	s := newSealedCell(t)
	code, out, errOut := s.desk(t, "bob").run("share", s.id.Short())
	if code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	public := must(s.holder.Public())
	for _, want := range []string{"ann asks", "federation is down", "agreed by sam and lea", "any 2 of 3 shares", public.X25519.String(), "for this request alone"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	sent := s.taken()
	if len(sent) != 1 {
		t.Fatalf("%d statements were sent", len(sent))
	}
	body := sent[0].Body.(*statement.Share)
	if body.Of != s.id || body.Holder != public.X25519 || body.Serial != 1 {
		t.Errorf("sent %+v", body)
	}
	share := s.opened(t, "bob")
	identity := must(seal.Holder(s.holder.X25519[:]))
	given := must(s.sealed.Description.UnwrapFrom("bob", s.came(body.Sealed.Digest), identity))
	if given.Value != share.Value {
		t.Error("what was given is not bob's share")
	}
	if strings.Contains(out+errOut, fmt.Sprintf("%x", share.Value[:])) {
		t.Error("the share is on the screen")
	}
}

// envelopeLies are what a server may show a custodian so as to get a share.
var envelopeLies = []struct {
	name string
	tell func(t *testing.T, s *sealedCell)
	says string
}{
	{"the share recipient of the request is swapped, in evidence written anew", func(t *testing.T, s *sealedCell) {
		s.forged(t, s.id, must(s.holder.Public()).X25519.String(), must(must(client.NewHolder()).Public()).X25519.String())
	}, "signature"},
	{"the share recipient is swapped in the bytes of the evidence", func(t *testing.T, s *sealedCell) {
		s.edited(t, s.id, must(s.holder.Public()).X25519.String(), must(must(client.NewHolder()).Public()).X25519.String())
	}, "proof"},
	{"the request is not agreed, whatever the server says", func(_ *testing.T, s *sealedCell) {
		s.ask()
		s.tell()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answers["requests/"+s.id.String()] = map[string]any{"id": s.id, "state": "granted"}
	}, "has no grant"},
	{"an approval is left out of the evidence", func(_ *testing.T, s *sealedCell) {
		s.evidenceIs(s.id, s.evidence(s.bodies, func(e ledger.Entry) bool {
			return about(s.id)(e) && !bytes.Contains(must(canon.Encode(e)), []byte(`"agreed"`))
		}))
	}, "has no grant"},
	{"the sealing is left out of the evidence", func(_ *testing.T, s *sealedCell) {
		s.evidenceIs(s.id, s.evidence(s.bodies, func(e ledger.Entry) bool {
			return about(s.id)(e) && !bytes.Contains(must(canon.Encode(e)), []byte(`"envelope-sealed"`))
		}))
	}, "it names entry"},
	{"another description stands in the place of the one that was signed", func(t *testing.T, s *sealedCell) {
		s.otherFile(t, s.sealed.Description.Encode(), []byte(`{}`))
	}, "something else"},
	{"another file stands in the place of the share", func(t *testing.T, s *sealedCell) {
		s.otherFile(t, s.sealed.Shares[0], s.sealed.Shares[1])
	}, "something else"},
}

// otherFile makes the server answer with other bytes for a file.
func (s *sealedCell) otherFile(t *testing.T, of, with []byte) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	path := ledger.AttachmentPath(ledger.Hash(canon.Sum(of)))
	if _, ok := s.liar.log[path]; !ok {
		t.Fatal("there is no such file")
	}
	s.liar.log[path] = with
}

// TestT10NoShareForALie: whatever a server shows that was not signed, no share
// leaves the custodian's machine.
func TestT10NoShareForALie(t *testing.T) {
	for _, lie := range envelopeLies {
		t.Run(lie.name, func(t *testing.T) {
			s := newSealedCell(t)
			lie.tell(t, s)
			code, out, errOut := s.desk(t, "bob").run("share", s.id.String(), "--yes")
			if code == 0 || len(s.taken()) != 0 {
				t.Fatalf("code %d, %d statements sent: %s", code, len(s.taken()), out)
			}
			if !strings.Contains(errOut, lie.says) {
				t.Errorf("it does not say %q: %s", lie.says, errOut)
			}
		})
	}
}

// TestNoShareForAnEndThatIsWithheld: a server that shows a grant of this morning
// as live gets no share, though every signature of it is good.
func TestNoShareForAnEndThatIsWithheld(t *testing.T) {
	s := sealedCellAt(t, time.Now().Add(-3*time.Hour))
	code, out, errOut := s.desk(t, "bob").run("share", s.id.Short(), "--yes")
	if code != 6 || len(s.taken()) != 0 || !strings.Contains(errOut, "was over at") {
		t.Errorf("code %d, %d statements sent: %s %s", code, len(s.taken()), out, errOut)
	}
}

// TestNoShareForWhatWasStopped: the end of a grant is in the evidence.
func TestNoShareForWhatWasStopped(t *testing.T) {
	s := newSealedCell(t)
	s.do(s.By("sam", "sam", &statement.Stop{Of: s.id, Reason: s.note("enough")}))
	s.tell()
	code, out, errOut := s.desk(t, "bob").run("share", s.id.Short(), "--yes")
	if code != 3 || len(s.taken()) != 0 {
		t.Errorf("code %d, %d statements sent: %s %s", code, len(s.taken()), out, errOut)
	}
}

// TestT52OpenNamesABadShare: with a bad share among them the others open the
// envelope; with too few good ones nothing is opened, and who gave it is named.
func TestT52OpenNamesABadShare(t *testing.T) {
	s := newSealedCell(t)
	holder := must(s.holder.Public()).X25519
	another := must(seal.Seal(seal.Order{Origin: s.anchor.Origin, Name: "root", Serial: 1, Threshold: 2, Custodians: []seal.Custodian{
		{ID: "bob", Recipient: celltest.Line("bob").Line}, {ID: "lea", Recipient: celltest.Line("lea").Line}, {ID: "sue", Recipient: celltest.Line("sue").Line}}}, []byte("other")))
	foreign := s.opened(t, "bob")
	foreign.Value, foreign.Envelope = seal.Value(celltest.Public("x")), another.Description.ID()
	foreign.Value[31] = 0 // a scalar
	s.share("bob", must(seal.Reseal(foreign, holder)))
	s.share("sue", s.resealed(t, "sue"))
	s.tell()
	d := s.responder(t)
	code, out, errOut := d.run("envelope", "open", s.id.Short())
	if code != 6 || out != "" || !strings.Contains(errOut, "share 1 (bob's) belongs to another envelope") {
		t.Fatalf("code %d, %q, %s", code, out, errOut)
	}
	// lea's share is beyond the threshold: the lease is open, and takes it.
	s.share("lea", s.resealed(t, "lea"))
	s.tell()
	code, out, errOut = d.run("envelope", "open", s.id.Short())
	if code != 0 || out != rootPassword {
		t.Fatalf("code %d, %q, %s", code, out, errOut)
	}
	for _, want := range []string{"bad share: share 1 (bob's)", "shares of sue and lea"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("it does not say %q: %s", want, errOut)
		}
	}
}

// TestT52AnothersShareIsNoSecond: a custodian who gives another's share as their
// own is named, and opens nothing with it.
func TestT52AnothersShareIsNoSecond(t *testing.T) {
	s := newSealedCell(t)
	s.share("bob", s.resealed(t, "sue"))
	s.share("sue", s.resealed(t, "sue"))
	s.tell()
	code, out, errOut := s.responder(t).run("envelope", "open", s.id.Short())
	if code != 6 || out != "" || !strings.Contains(errOut, "share 1 (bob's) bears a number") {
		t.Errorf("code %d, %q, %s", code, out, errOut)
	}
}

// TestCard: a card is taken only from whom it says it is, in this cell, and
// nothing that was changed in it goes unnoticed.
func TestCard(t *testing.T) {
	s := newSealedCell(t)
	bob, leo, sue := s.desk(t, "bob"), s.desk(t, "leo"), s.desk(t, "sue")
	file := filepath.Join(bob.folder, "custodian.txt")
	if code, _, errOut := bob.run("envelope", "identity", file); code != 0 {
		t.Fatal(errOut)
	}
	card := must(os.ReadFile(file + ".card"))
	identity := must(seal.ParseIdentities(must(os.ReadFile(file)), nil))[0].(*age.X25519Identity)
	if _, text, errOut := leo.run("envelope", "seal", "root", "--dry-run", "--to", "bob="+file+".card"); !strings.Contains(text, "bob, to "+identity.Recipient().String()) {
		t.Errorf("the share is not sealed to the card's key: %s %s", text, errOut)
	}
	if code, _, errOut := bob.run("envelope", "identity", file); code != 2 || !strings.Contains(errOut, "is there already") {
		t.Errorf("code %d: %s", code, errOut)
	}
	other := filepath.Join(sue.folder, "hers.txt")
	if code, _, errOut := sue.run("envelope", "identity", other); code != 0 {
		t.Fatal(errOut)
	}
	hers := must(os.ReadFile(other + ".card"))
	swapped := bytes.ReplaceAll(card, []byte(identity.Recipient().String()), []byte(must(age.GenerateX25519Identity()).Recipient().String()))
	for name, c := range map[string]struct {
		card []byte
		says string
	}{
		"another key":           {swapped, "signature"},
		"another's card":        {hers, "is sue's"},
		"another's in her name": {bytes.ReplaceAll(hers, []byte(`"person":"sue"`), []byte(`"person":"bob"`)), "signature"},
		"no signature":          {bytes.SplitAfter(card, []byte("\n"))[0], "two lines"},
		"more":                  {append(bytes.Clone(card), "x"...), "two lines"},
		"not a card":            {[]byte("age1\n\n"), "line 1"},
	} {
		leo.write("card", c.card)
		code, _, errOut := leo.run("envelope", "seal", "root", "--dry-run", "--to", "bob="+filepath.Join(leo.folder, "card"))
		if code != 6 || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: code %d, want 6 and %q: %s", name, code, c.says, errOut)
		}
	}
}

// TestSecretIsNeverOnTheCommandLine: there is no flag or argument for it, and a
// secret that cannot be sealed is not quoted.
func TestSecretIsNeverOnTheCommandLine(t *testing.T) {
	s := newSealedCell(t)
	leo := s.desk(t, "leo")
	code, out, errOut := leo.run("envelope", "seal", "root", rootPassword)
	if code != 2 || strings.Contains(out, rootPassword) {
		t.Errorf("code %d: %s %s", code, out, errOut)
	}
	leo.write("long", bytes.Repeat([]byte(rootPassword), 4000))
	code, out, errOut = leo.run("envelope", "seal", "root", "--yes", "--secret", filepath.Join(leo.folder, "long"))
	if code != 2 || strings.Contains(out+errOut, rootPassword) || !strings.Contains(errOut, "longer than 32768 bytes") {
		t.Errorf("code %d: %s %s", code, out, errOut)
	}
	if len(s.taken()) != 0 {
		t.Error("something was sent")
	}
}

// TestSealToARemovedKeyIsRefused: the roster of the ledger counts, not genesis.
func TestSealToARemovedKeyIsRefused(t *testing.T) {
	s := newSealedCell(t)
	change := s.By("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "bob", Key: celltest.Line("bob").Fingerprint}, Reason: s.note("stolen")})
	s.do(change)
	s.do(s.By("lea", "lea", &statement.Decision{Of: change.Signed.Statement.Digest, Verdict: statement.Approve, Check: statement.Video}))
	s.tell()
	code, _, errOut := s.desk(t, "leo").run("envelope", "seal", "root", "--dry-run")
	if code != 3 || !strings.Contains(errOut, "bob has no key that a share can be sealed to") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// FuzzCard: no bytes but a signed card are one.
func FuzzCard(f *testing.F) {
	f.Add([]byte("{\"at\":\"2026-11-26T00:00:00.000Z\",\"custodian\":\"v1\",\"origin\":\"halligan.example.com\",\"person\":\"bob\",\"recipient\":\"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"}\nU1NIU0lH\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if person, err := cli.ReadCard(data); err == nil {
			t.Errorf("%q is taken for a card of %s", data, person)
		}
	})
}

// run at a desk with something on stdin.
func (d *desk) piped(in string, args ...string) (code int, out, errOut string) {
	d.t.Helper()
	d.t.Setenv("HALLIGAN_PROFILE", filepath.Join(d.folder, "profile.json"))
	d.t.Setenv("HALLIGAN_STATE", filepath.Join(d.folder, "state"))
	d.t.Setenv("HALLIGAN_KEY", "")
	var stdout, stderr bytes.Buffer
	code = cli.Run(context.Background(), args, cli.Streams{In: strings.NewReader(in), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// TestSealSendsCiphertextOnly: nothing that leaves the sealer's machine holds the
// secret, in any spelling, and every file that is named comes along.
func TestSealSendsCiphertextOnly(t *testing.T) {
	s := newSealedCell(t)
	secret := "a secret that nobody else may see"
	code, _, errOut := s.desk(t, "leo").piped(secret, "envelope", "seal", "root", "--yes")
	if code != 0 {
		t.Fatal(errOut)
	}
	sent := s.taken()
	if len(sent) != 1 {
		t.Fatalf("%d statements were sent", len(sent))
	}
	body := sent[0].Body.(*statement.Seal)
	if body.Serial != 2 || body.Threshold != 2 || len(body.Holders) != 3 {
		t.Errorf("sent %+v", body)
	}
	blobs := statement.Blobs(body)
	if len(blobs) != 5 {
		t.Fatalf("%d files are named", len(blobs))
	}
	for _, blob := range blobs {
		if file := s.came(blob.Digest); len(file) != blob.Length || bytes.Contains(file, []byte(secret)) {
			t.Errorf("file %s: %d bytes", blob.Digest.Short(), len(file))
		}
	}
	d := must(seal.Decode(s.came(body.Description.Digest)))
	if d.Serial != 2 || d.Content.Digest != body.Content.Digest {
		t.Errorf("%+v", d)
	}
}

// TestNoProgramBeforeItIsShown: that custodians can open the new secret is taken
// from the ledger, not from what the server says; before that no program runs.
func TestNoProgramBeforeItIsShown(t *testing.T) {
	s := newSealedCell(t)
	leo := s.desk(t, "leo")
	program, ran := filepath.Join(leo.folder, "program"), filepath.Join(leo.folder, "ran")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.answers["envelopes"] = map[string]any{"envelopes": []any{map[string]any{"envelope": "root", "next": map[string]any{"serial": 2, "shown": 3}}}}
	s.mu.Unlock()
	code, _, errOut := leo.run("envelope", "rotate", "root", "--with", program, "--yes")
	if code != 3 || !strings.Contains(errOut, "nothing was changed") {
		t.Errorf("code %d: %s", code, errOut)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the program ran, though nobody has shown that they can open the secret")
	}
	for _, sent := range s.taken() {
		if sent.Body.Kind() != statement.KindSeal {
			t.Errorf("a %s was sent", sent.Body.Kind())
		}
	}
}
