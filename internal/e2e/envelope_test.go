package e2e_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

const canarySecret = "canary-secret-5ca1e the password of root"

// sealRoot has lea seal the canary, from a file.
func sealRoot(t *testing.T, w *town) {
	t.Helper()
	if err := os.WriteFile(w.path("secret-in"), []byte(canarySecret), 0o600); err != nil {
		t.Fatal(err)
	}
	ok[string](t)(w.as("lea", "envelope", "seal", "prod-root", "--secret", w.path("secret-in"), "--yes"))
}

// grantRoot has ann ask for the envelope, and sam and lea agree.
func grantRoot(t *testing.T, w *town) canon.Digest {
	t.Helper()
	id := ok[string](t)(at(ok[string](t)(w.as("ann", "request", "cloud-root-locked-out", "--why", "nobody can sign in", "--only", "prod-root", "--json")), "id"))
	for _, person := range []string{"sam", "lea"} {
		ok[string](t)(w.as(person, "approve", id, "--check", "call-back", "--yes"))
	}
	return ok[canon.Digest](t)(canon.ParseDigest(id))
}

// openShares opens everybody's share of an exported envelope, as only they can.
func openShares(t *testing.T, w *town, folder string) (*seal.Description, []seal.Share) {
	t.Helper()
	d := ok[*seal.Description](t)(seal.Decode([]byte(raw(t, folder+"/description.json"))))
	var shares []seal.Share
	for _, s := range d.Shares {
		identities, err := seal.ParseIdentities([]byte(raw(t, w.path("people", s.Custodian, "key"))), nil)
		if err != nil {
			t.Fatal(err)
		}
		file := []byte(raw(t, fmt.Sprintf("%s/share-%d-%s.age", folder, s.Index, s.Custodian)))
		shares = append(shares, ok[seal.Share](t)(d.OpenShare(s.Custodian, file, identities...)))
	}
	if len(shares) != 3 {
		t.Fatalf("%d shares", len(shares))
	}
	return d, shares
}

// TestT53NothingIsOpenAtRest (T53, I9): an envelope is sealed, inspected, shared,
// opened and rotated with everything logged. Neither the secret nor any share is
// in the database, a log, an answer, an alarm, an argument or the evidence.
func TestT53NothingIsOpenAtRest(t *testing.T) {
	t.Parallel()
	w := foundTown(t, founding{envelope: true})
	w.serveAs = []string{"--log", "debug"}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	look := lookAround(t, w)
	sealRoot(t, w)
	var transcript strings.Builder
	do := func(person string, args ...string) {
		out, err := exec.Command(w.path("bin", person), args...).CombinedOutput()
		fmt.Fprintf(&transcript, "%s %s: %v\n%s\n", person, strings.Join(args, " "), err, out)
		if err != nil {
			t.Errorf("%s %v: %v\n%s", person, args, err, out)
		}
	}
	do("sue", "envelope", "export", "prod-root", "-o", w.path("exported"))
	do("sue", "envelope", "inspect", "prod-root")
	do("sid", "envelope", "inspect", "prod-root", "--json")
	id := grantRoot(t, w).String()
	do("sue", "share", id, "--yes")
	do("sid", "share", id, "--yes", "--json")
	do("ann", "envelope", "open", id, "-o", w.path("opened"))
	do("ann", "status", id, "--timeline")
	do("sid", "envelope", "show", "prod-root", "--json")
	do("sue", "evidence", id, "-o", w.path("one.json"))
	do("sue", "evidence", "--all", "-o", w.path("evidence"))
	badCalls(t, w)
	if raw(t, w.path("opened")) != canarySecret {
		t.Error("what was opened is not what was sealed")
	}
	look.end(t)
	gather(t, w)
	d, shares := openShares(t, w, w.path("exported"))
	key := ok[*seal.Key](t)(d.Combine(shares))
	// Where each is known to be, so that a search that finds nothing fails.
	known := key.Text() + "\n"
	all := []canary{{"secret", spelled([]byte(canarySecret)), []string{"secret-in", "opened"}}, {"key of the content", [][]byte{[]byte(key.Text())}, []string{"known"}}}
	for _, s := range shares {
		words := strings.Join(ok[[]string](t)(s.Words(statement.WordList()))[8:20], " ")
		known += hex.EncodeToString(s.Value[:]) + words + "\n"
		all = append(all, canary{"share", append(spelled(s.Value[:]), []byte(words)), []string{"known"}})
	}
	if err := os.WriteFile(w.path("known"), []byte(known), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.path("transcript"), []byte(transcript.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		c.search(t, w)
	}
}

// TestT52SharesAtARunningServer: what a custodian, a stranger or the responder
// may send in the place of a good share opens nothing, counts once at most, and
// no answer holds anything of a share.
func TestT52SharesAtARunningServer(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{envelope: true})
	sealRoot(t, w)
	id := grantRoot(t, w)
	ok[string](t)(w.as("sue", "envelope", "export", "prod-root", "-o", w.path("exported")))
	_, shares := openShares(t, w, w.path("exported"))
	holder := holderOf(t, w, id)
	file := ok[[]byte](t)(seal.Reseal(shares[0], holder))
	good := func() *statement.Share {
		return &statement.Share{Of: id, Envelope: "prod-root", Serial: 1, Holder: holder, Sealed: &statement.Blob{Digest: canon.Sum(file), Length: len(file)}}
	}
	wr := newWire(t, w)
	send := func(person string, body statement.Body, files ...[]byte) said {
		t.Helper()
		s := ok[said](t)(wr.sendFiles(person, body, files))
		for _, share := range shares {
			if strings.Contains(s.text, hex.EncodeToString(share.Value[:])) {
				t.Errorf("an answer holds a share: %s", s.text)
			}
		}
		return s
	}
	other, foreign, late, bagged, elsewhere := good(), good(), good(), good(), good()
	other.Holder = canon.Key32{9}
	foreign.Envelope = "old-admin"
	late.Serial = 2
	bagged.Holder, bagged.Sealed, bagged.Bag = canon.Key32{}, nil, "B-1"
	elsewhere.Of = canon.Sum([]byte("another request"))
	for name, c := range map[string]struct {
		person string
		body   *statement.Share
		files  [][]byte
		reason string
	}{
		"sealed to another key":        {"sam", other, [][]byte{file}, string(cell.WrongShare)},
		"of an envelope not asked":     {"sam", foreign, [][]byte{file}, string(cell.UnknownTarget)},
		"of a sealing that is not":     {"sam", late, [][]byte{file}, string(cell.WrongSerial)},
		"in a bag":                     {"sam", bagged, nil, string(cell.WrongShare)},
		"to no request":                {"sam", elsewhere, [][]byte{file}, string(cell.UnknownSubject)},
		"by the requester":             {"ann", good(), [][]byte{file}, string(cell.SelfShare)},
		"by an approver":               {"lea", good(), [][]byte{file}, string(cell.NotCustodian)},
		"by a stranger to it":          {"bob", good(), [][]byte{file}, string(cell.NotCustodian)},
		"without its file":             {"sam", good(), nil, "malformed"},
		"with another file":            {"sam", good(), [][]byte{[]byte("another")}, "malformed"},
		"with a file too many":         {"sam", good(), [][]byte{file, []byte("another")}, "malformed"},
		"with the right file, doubled": {"sam", good(), [][]byte{file, file}, "malformed"},
	} {
		if s := send(c.person, c.body, c.files...); ok[string](t)(at(s.text, "reason")) != c.reason {
			t.Errorf("%s: %d %s, want %s", name, s.status, s.text, c.reason)
		}
	}
	if got := status(t, w, id, "leases.target=prod-root.state"); got[0] != "opening" {
		t.Errorf("the lease is %s", got)
	}
	ok[string](t)(send("sam", good(), file).must(nil, "digest"))
	again := ok[[]byte](t)(seal.Reseal(shares[0], holder))
	twice := good()
	twice.Sealed = &statement.Blob{Digest: canon.Sum(again), Length: len(again)}
	if s := send("sam", twice, again); ok[string](t)(at(s.text, "reason")) != string(cell.AlreadyShared) {
		t.Errorf("a share again: %s", s.text)
	}
	// sue gives sam's share as her own: the server cannot see that, ann's machine does.
	stolen := ok[[]byte](t)(seal.Reseal(shares[0], holder))
	theirs := good()
	theirs.Sealed = &statement.Blob{Digest: canon.Sum(stolen), Length: len(stolen)}
	ok[string](t)(send("sue", theirs, stolen).must(nil, "digest"))
	said := refused(t, exec.Command(w.path("bin", "ann"), "envelope", "open", id.String()), 6)
	if !strings.Contains(said, "(sue's)") || strings.Contains(said, canarySecret) {
		t.Errorf("the bad share is not named: %s", said)
	}
	ok[string](t)(w.as("sid", "share", id.String(), "--yes"))
	if opened := ok[string](t)(w.as("ann", "envelope", "open", id.String())); opened != canarySecret {
		t.Errorf("opened %q", opened)
	}
}

// holderOf is the key that shares for a request are sealed to: of ann's machine.
func holderOf(t *testing.T, w *town, id canon.Digest) canon.Key32 {
	t.Helper()
	ok[string](t)(w.as("sam", "evidence", id.String(), "-o", w.path("holder.json")))
	p := ok[*ledger.Partial](t)(ledger.OpenPartial(newWire(t, w).anchor, []byte(raw(t, w.path("holder.json")))))
	for _, e := range p.Entries {
		entry := ok[ledger.Entry](t)(ledger.DecodeEntry(e.Body))
		if s, err := statement.Decode(entry.Cause.Statement); err == nil && s.Digest == id {
			return s.Body.(*statement.Request).Holder.X25519
		}
	}
	t.Fatal("the request is not in its evidence")
	return canon.Key32{}
}

// sendFiles sends a statement with files.
func (w *wire) sendFiles(person string, body statement.Body, files [][]byte) (said, error) {
	signer, err := w.signer(person)
	if err != nil {
		return said{}, err
	}
	s, err := w.submission(person, signer, body)
	if err != nil {
		return said{}, err
	}
	data, err := json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Files     [][]byte         `json:"files,omitempty"`
	}{s.Statement, s.Signature, files})
	if err != nil {
		return said{}, err
	}
	return w.post(data)
}
