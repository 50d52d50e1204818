package api_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// offersKey sends a security key and a file that ssh-keygen would have written.
func (h *house) offersKey(c canon.Key32, line string, file []byte) reply {
	h.Helper()
	body, err := json.Marshal(map[string]any{"code": c, "key": line, "attestation": file})
	must(h, err)
	return h.do("POST", "/api/v1/enrol/key", body)
}

// madeFor is a key that a device of a maker made for ann under the challenge of a code.
func madeFor(m *attestationtest.Maker, c canon.Key32) attestationtest.SSH {
	return m.SSH("ssh:", enrol.KeyChallenge(celltest.Origin, "ann", c))
}

// securityKeySigns signs as a security key does, with flags.
func securityKeySigns(key attestationtest.SSH, flags byte, kind statement.Kind, message []byte) ledger.Signature {
	namespace, digest := []byte(sshsig.Namespace(string(kind))), sha512.Sum512(message)
	inner := sha256.Sum256(slices.Concat([]byte("SSHSIG"), attestationtest.Fields(namespace, nil, []byte("sha512"), digest[:])))
	of, tail := sha256.Sum256([]byte("ssh:")), binary.BigEndian.AppendUint32([]byte{flags}, 7)
	value := ed25519.Sign(key.Private, slices.Concat(of[:], tail, inner[:]))
	outer := append(attestationtest.Fields([]byte("sk-ssh-ed25519@openssh.com"), value), tail...)
	return ledger.Signature{SSHSig: slices.Concat([]byte("SSHSIG"), []byte{0, 0, 0, 1}, attestationtest.Fields(key.Wire, namespace, nil, []byte("sha512"), outer))}
}

// agreed has lea propose the one offer that waits, and sam agree.
func (h *house) agreed() {
	h.Helper()
	var shown struct {
		Document []byte        `json:"document"`
		Compared view.Compared `json:"compared"`
	}
	h.get("lea", "/api/v1/offers/"+h.waiting("lea").Offers[0].ID.String()).into(h, &shown)
	why, beside := written(h, "a new key")
	data, signature := sign(h, "lea", h.statement("lea", &statement.Change{Reason: why, Amend: &statement.Amend{
		From: shown.Compared.InForce, To: statement.Blob{Digest: canon.Sum(shown.Document), Length: len(shown.Document)},
	}}))
	body, err := json.Marshal(map[string]any{"statement": jsontext.Value(data), "signature": signature, "notes": []text{beside}, "files": [][]byte{shown.Document}})
	must(h, err)
	h.took(h.submit("sam", "sam", approval(h.took(h.do("POST", "/api/v1/statements", body)).Digest)))
}

// TestAnAttestedSecurityKeyIsHardware: what ssh-keygen wrote comes with the offer and
// stands in the document, and signatures of the key are hardware where a maker of the
// cell stands behind it and the device verified its user. Whoever replays says so too.
func TestAnAttestedSecurityKeyIsHardware(t *testing.T) {
	acme, other, past := attestationtest.New("Acme"), attestationtest.New("Other"), attestationtest.New("Past")
	past.Until = past.From.AddDate(1, 0, 0)
	h := open(t, withPasskeys, func(h *house) {
		h.genesis.Makers = []cell.Maker{{ID: "acme", Roots: [][]byte{acme.Root.Raw}}, {ID: "past", Roots: [][]byte{past.Root.Raw}}}
	})
	strength := func(key attestationtest.SSH, flags byte) string {
		data := h.encoded("ann", &statement.Session{For: 60})
		entry := h.took(h.do("POST", "/api/v1/statements", envelope(t, data, securityKeySigns(key, flags, statement.KindSession, data)))).Entry
		var shown struct {
			Signed struct {
				Strength string `json:"strength"`
			} `json:"signed"`
		}
		h.get("sam", fmt.Sprintf("/api/v1/entries/%d", entry)).into(t, &shown)
		return shown.Signed.Strength
	}
	type offered struct {
		Words []string `json:"words"`
		Maker string   `json:"maker"`
		Doubt string   `json:"doubt"`
	}
	enrolled := map[string]attestationtest.SSH{}
	for _, c := range []struct {
		name         string
		maker        *attestationtest.Maker
		stands, says string
	}{
		{"acme", acme, "acme", ""},
		{"another maker", other, "", "has no chain of valid certificates to a root of the maker"},
		{"a certificate that is over", past, "", "has no chain of valid certificates to a root of the maker"},
	} {
		code := h.invites("ann")
		key := madeFor(c.maker, code)
		got := h.offersKey(code, key.Line(), key.File())
		same(t, c.name, got.Status, http.StatusCreated)
		var told offered
		got.into(t, &told)
		same(t, c.name+": maker", told.Maker, c.stands)
		contains(t, c.name+": doubt", told.Doubt, c.says)
		same(t, c.name+": words", strings.Join(told.Words, " "), strings.Join(enrol.WordsOf(key.Line()), " "))
		waits := h.waiting("lea").Offers[0]
		same(t, c.name+": offered", waits.What(), "A security key")
		same(t, c.name+": model", waits.Model, key.Attestation.Model())
		contains(t, "lea's findings", string(h.get("lea", "/api/v1/findings").Body), "A security key was made for ann")
		same(t, "the code again", h.offersKey(code, key.Line(), key.File()).reason(), "invitation-code")
		h.agreed()
		enrolled[c.name] = key
	}
	for range 2 {
		same(t, "attested", strength(enrolled["acme"], 5), "hardware")
		same(t, "attested, and nobody verified", strength(enrolled["acme"], 1), "possession")
		same(t, "of another maker", strength(enrolled["another maker"], 5), "user-verified")
		same(t, "over when it came", strength(enrolled["a certificate that is over"], 5), "user-verified")
		h.again()
	}
	h.asked("bob", "one", "db-1")
	h.replayed()
}

// TestT21SecurityKeyOfAnotherInvitation: a file that is of another code, person, cell,
// key or application, or a challenge of somebody's own, is taken for none, and
// neither is one that is in another form; nothing is kept, and the code is still good.
func TestT21SecurityKeyOfAnotherInvitation(t *testing.T) {
	h := open(t)
	acme := attestationtest.New("Acme")
	c, other := h.invites("ann"), h.invites("bob")
	good := madeFor(acme, c)
	under := func(challenge []byte) []byte {
		a := acme.Attest(good.Attestation.Data, sha256.Sum256(challenge))
		return attestationtest.File(a)
	}
	old := append(attestationtest.Fields([]byte("ssh-sk-attest-v00"), good.Attestation.Chain[0], good.Attestation.Signature), make([]byte, 8)...)
	web := acme.SSH(celltest.Origin, enrol.KeyChallenge(celltest.Origin, "ann", c))
	for name, sent := range map[string]struct {
		line   string
		file   []byte
		reason string
	}{
		"another code":              {good.Line(), under(enrol.KeyChallenge(celltest.Origin, "ann", other)), "security-key-challenge"},
		"another person":            {good.Line(), under(enrol.KeyChallenge(celltest.Origin, "bob", c)), "security-key-challenge"},
		"another cell":              {good.Line(), under(enrol.KeyChallenge("other.example.com", "ann", c)), "security-key-challenge"},
		"a challenge of one's own":  {good.Line(), under([]byte("mine")), "security-key-challenge"},
		"the challenge of passkeys": {good.Line(), under(h.challengeOf(c)), "security-key-challenge"},
		"another key":               {madeFor(acme, c).Line(), good.File(), "security-key-untrue"},
		"a passkey":                 {web.Line(), web.File(), "security-key-kind"},
		"a key in a file":           {celltest.Line("ann").Line, good.File(), "security-key-kind"},
		"of an older OpenSSH":       {good.Line(), old, "security-key-old"},
		"trailing bytes":            {good.Line(), append(good.File(), 0), "security-key-malformed"},
		"far too much":              {good.Line(), bytes.Repeat([]byte{0xff}, 32<<10), "security-key-malformed"},
		"more than a body may be":   {good.Line(), make([]byte, 1<<20), "body-too-large"},
		"no file":                   {good.Line(), nil, "malformed"},
		"no key":                    {"", good.File(), "malformed"},
		"a key with a comment":      {good.Line() + " ann", good.File(), "malformed"},
		"no base64":                 {"sk-ssh-ed25519@openssh.com !", good.File(), "malformed"},
	} {
		same(t, name, h.offersKey(c, sent.line, sent.file).reason(), sent.reason)
	}
	stranger, _ := code()
	same(t, "no invitation", h.offersKey(stranger, good.Line(), good.File()).reason(), "invitation-code")
	same(t, "no code", h.do("POST", "/api/v1/enrol/key", []byte(`{"key":"k","attestation":"AA=="}`)).reason(), "malformed")
	same(t, "offers", len(h.waiting("sam").Offers), 0)
	same(t, "what was made for it", h.offersKey(c, good.Line(), good.File()).Status, http.StatusCreated)
	h.agreed()
	// The very same key again, by another invitation: only its device could attest it anew.
	again := h.invites("ann")
	same(t, "a known key", h.offersKey(again, good.Line(), under(enrol.KeyChallenge(celltest.Origin, "ann", again))).reason(), "key-known")
	why, beside := written(t, "left")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: why}, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	gone := acme.SSH("ssh:", enrol.KeyChallenge(celltest.Origin, "bob", other))
	same(t, "the code of who was removed", h.offersKey(other, gone.Line(), gone.File()).reason(), "invitation-code")
	h.wall.move(enrol.InvitationLasts + time.Minute)
	h.took(h.submit("sam", "sam", &statement.Session{For: 60})) // recorded time goes on
	late := madeFor(acme, again)
	same(t, "a day later", h.offersKey(again, late.Line(), late.File()).reason(), "invitation-code")
}

// challengeOf is what a passkey would be made under with a code.
func (h *house) challengeOf(c canon.Key32) []byte {
	h.Helper()
	var opened struct {
		Challenge []byte `json:"challenge"`
	}
	h.lookUp(c).into(h, &opened)
	return opened.Challenge
}
