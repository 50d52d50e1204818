package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// replayed replays the whole stored ledger by the law and demands that every
// request in the store is what the entries give.
func (h *house) replayed() *cell.World {
	h.Helper()
	ctx := context.Background()
	w := cell.New(celltest.Origin, func(digest canon.Digest) ([]byte, bool) {
		data, err := h.store.Attachment(ctx, digest)
		return data, err == nil
	})
	for {
		bodies, err := h.store.Entries(ctx, w.Next(), 256)
		must(h, err)
		for _, body := range bodies {
			p, err := cell.Prepare(body, verify.Signatures{})
			must(h, err)
			if _, err := w.Replay(p); err != nil {
				h.Fatalf("entry %d: %v", w.Next(), err)
			}
		}
		if len(bodies) == 0 {
			break
		}
	}
	if len(w.Requests) == 0 {
		h.Fatal("nothing was replayed")
	}
	for id, r := range w.Requests {
		kept, err := h.store.Stream(ctx, cell.StreamOf(id))
		must(h, err)
		if !bytes.Equal(kept.Snapshot, canon.MustEncode(r)) {
			h.Errorf("request %s: the store and the replay differ:\n%s\n%s", id.Short(), kept.Snapshot, canon.MustEncode(r))
		}
	}
	return w
}

func TestT01OnlyApproversOfOthersRequests(t *testing.T) {
	h := open(t)
	own, others := h.asked("lea", "own", "db-1"), h.asked("ann", "one", "db-1")
	for _, c := range []struct {
		person, key string
		of          canon.Digest
		reason      cell.Reason
	}{
		{"lea", "lea", own, cell.SelfApproval},      // an approver, of her own
		{"lea", "holder own", own, cell.UnknownKey}, // with the key made for it
		{"bob", "bob", others, cell.NotApprover},    // no approver
		{"ann", "ann", others, cell.SelfApproval},
		{"sam", "bob", others, cell.NotYours},        // in another's name
		{"sam", "stranger", others, cell.UnknownKey}, // with nobody's key
	} {
		same(t, c.person+" with "+c.key, h.submit(c.person, c.key, approval(c.of)).reason(), string(c.reason))
	}
	for _, id := range []canon.Digest{own, others} {
		same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 0)
		same(t, "state", h.state(id), access.Pending)
	}
	h.replayed()
}

// TestT05ApproveThenRetarget: whatever of a request changes, no approval of it
// counts for what it then is.
func TestT05ApproveThenRetarget(t *testing.T) {
	h := open(t)
	body, beside := h.ask("ann", "one", "db-1")
	data, signature := sign(t, "ann", h.statement("ann", body))
	first := h.took(h.do("POST", "/api/v1/statements", envelope(t, data, signature, beside))).Digest
	h.took(h.submit("sam", "sam", approval(first)))
	for what, edited := range map[string][]byte{
		"nothing but the nonce": data,
		"target":                bytes.Replace(data, []byte(`"db-1"`), []byte(`"db-2"`), 1),
		"length":                bytes.Replace(data, []byte(`"for":1800`), []byte(`"for":3600`), 1),
		"severity":              bytes.Replace(data, []byte(`SEV1`), []byte(`SEV2`), 1),
		"holder":                bytes.Replace(data, []byte(celltest.Public("holder one").String()), []byte(celltest.Public("holder evil").String()), 1),
	} {
		if bytes.Equal(edited, data) != (what == "nothing but the nonce") {
			t.Fatalf("%s: nothing was edited", what)
		}
		if !bytes.Equal(edited, data) {
			got := h.do("POST", "/api/v1/statements", envelope(t, edited, signature, beside))
			same(t, what+" under the old signature", got.reason(), "malformed")
		}
		edited = renewed(t, edited)
		again := h.took(h.do("POST", "/api/v1/statements", envelope(t, edited, signBytes(t, "ann", "request", edited), beside)))
		if again.Digest == first {
			t.Errorf("%s: the same request", what)
		}
		same(t, what+": approvals of the new one", times(h.entries(again.Stream), "decided"), 0)
		h.took(h.submit("ann", "ann", &statement.Withdraw{Of: again.Digest}))
	}
	same(t, "approvals of the first", times(h.entries(cell.StreamOf(first)), "decided"), 1)
	h.replayed()
}

// renewed gives a request's bytes another nonce, and a holder key of its own, as
// a new request must have.
func renewed(t testing.TB, data []byte) []byte {
	t.Helper()
	s, err := statement.Decode(data)
	must(t, err)
	rand.Read(s.Nonce[:])
	s.Body.(*statement.Request).Holder.Ed25519 = celltest.Public("holder " + canon.Sum(data).String())
	out, err := statement.Encode(s)
	must(t, err)
	return out
}

func TestT07TooLate(t *testing.T) {
	h := open(t)
	withdrawn := h.asked("ann", "withdrawn", "db-1")
	h.took(h.submit("ann", "ann", &statement.Withdraw{Of: withdrawn}))
	denied := h.asked("ann", "denied", "db-1")
	h.took(h.submit("sam", "sam", denial(denied)))
	for what, id := range map[string]canon.Digest{"withdrawn": withdrawn, "denied": denied} {
		got := h.submit("lea", "lea", approval(id)).reason()
		if got != string(cell.NotPending) && got != string(cell.UnknownSubject) {
			t.Errorf("an approval of a %s request: %q", what, got)
		}
	}
	// Sue agrees, then is removed: her vote goes with her.
	pending := h.asked("ann", "pending", "db-1")
	h.took(h.submit("sue", "sue", approval(pending)))
	why, beside := written(h, "left")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "sue"}, Reason: why}, beside)).Digest
	h.took(h.submit("leo", "leo", approval(change)))
	h.took(h.submit("lea", "lea", approval(pending)))
	same(t, "with the vote of somebody removed", h.state(pending), access.Pending)
	same(t, "the removed one herself", h.submit("sue", "sue", approval(pending)).reason(), string(cell.KeyRemovedReason))

	lapsing := h.asked("bob", "lapsing", "db-1")
	h.wall.move(61 * time.Minute)
	h.again()
	got := h.submit("lea", "lea", approval(lapsing)).reason()
	if got != string(cell.NotPending) {
		t.Errorf("an approval after the time to wait: %q", got)
	}
	h.replayed()
}

// thousand is how many are sent at once. With -short they are a hundred: under the race
// detector each signature takes many times as long, and as many of them meet.
func thousand() int {
	if testing.Short() {
		return 100
	}
	return 1000
}

// TestT08ThousandApprovals: one person approves a thousand times at once, half
// of them the very same bytes, while another withdraws and a third denies. At
// most one thing happens, and the ledger replays to the same.
func TestT08ThousandApprovals(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	data, signature := sign(t, "sam", h.statement("sam", approval(id)))
	identical, bodies := envelope(t, data, signature), make([][]byte, 0, thousand())
	for i := range thousand() {
		if i%2 == 0 {
			bodies = append(bodies, identical)
			continue
		}
		data, signature := sign(t, "sam", h.statement("sam", approval(id)))
		bodies = append(bodies, envelope(t, data, signature))
	}
	data, signature = sign(t, "ann", h.statement("ann", &statement.Withdraw{Of: id}))
	bodies[thousand()/3] = envelope(t, data, signature)
	data, signature = sign(t, "lea", h.statement("lea", denial(id)))
	bodies[thousand()*2/3] = envelope(t, data, signature)

	replies := h.all(bodies)
	reasons := map[string]int{}
	for _, r := range replies {
		reasons[fmt.Sprintf("%d %s", r.Status, r.reason())]++
	}
	t.Logf("answers: %v", reasons)
	for answer := range reasons {
		switch answer {
		case "201 ", "200 ", "409 already-decided", "409 not-pending", "404 unknown-subject":
		default:
			t.Errorf("an answer that should not be: %s", answer)
		}
	}
	events := h.entries(cell.StreamOf(id))
	if n := times(events, "request-over"); n != 1 || times(events, "agreed") != 0 || times(events, "decided") > 2 {
		t.Errorf("the request's events: %v", events)
	}
	if state := h.state(id); state != access.Withdrawn && state != access.Denied {
		t.Errorf("the request is %s", state)
	}
	w := h.replayed()
	same(t, "the state by replay", w.Requests[id].State, h.state(id))
}

// allAtOnce is how many of many bodies are under way at a time: a server is given a
// minute for each, and on a busy machine a thousand at once would take longer.
const allAtOnce = 200

// all sends bodies, as many at once as there may be.
func (h *house) all(bodies [][]byte) []reply {
	h.Helper()
	replies, errs := make([]reply, len(bodies)), make([]error, len(bodies))
	var sending sync.WaitGroup
	places, start := make(chan struct{}, allAtOnce), make(chan struct{})
	for i, body := range bodies {
		sending.Go(func() {
			<-start
			places <- struct{}{}
			defer func() { <-places }()
			replies[i], errs[i] = h.send("POST", "/api/v1/statements", body)
		})
	}
	close(start)
	sending.Wait()
	for _, err := range errs {
		must(h, err)
	}
	return replies
}

// TestT13NoMachineDecides: no key that is not a person's can decide, nor can a
// reading token.
func TestT13NoMachineDecides(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	for _, key := range []string{"holder one", "authority", "db-1", "report db-1"} {
		same(t, key, h.submit("sam", key, approval(id)).reason(), string(cell.UnknownKey))
	}
	// The ledger's and the list's keys are no SSH keys at all; what they sign is
	// no signature of a statement.
	data, _ := sign(t, "sam", h.statement("sam", approval(id)))
	checkpoint := ledger.Signature{SSHSig: h.broker.Head().Text}
	same(t, "a checkpoint as a signature", h.do("POST", "/api/v1/statements", envelope(t, data, checkpoint)).reason(), "malformed")
	bearer := "Bearer " + h.token("sam")
	unsigned := `{"statement":` + string(data) + `}`
	same(t, "a token instead of a signature", h.do("POST", "/api/v1/statements", []byte(unsigned), "Authorization", bearer).reason(), "malformed")
	empty := envelope(t, data, ledger.Signature{SSHSig: []byte{}})
	same(t, "an empty signature", h.do("POST", "/api/v1/statements", empty, "Authorization", bearer).reason(), "malformed")
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 0)
	h.replayed()
}

// TestT15Strict: nothing unknown, doubled, misspelt or trailing is passed over.
func TestT15Strict(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	data, signature := sign(t, "sam", h.statement("sam", approval(id)))
	good := string(envelope(t, data, signature))
	blob := base64.StdEncoding.EncodeToString(signature.SSHSig)
	inner := string(data)
	cases := map[string]string{
		"unknown member":           strings.Replace(good, `{"statement"`, `{"force":true,"statement"`, 1),
		"statement twice":          strings.Replace(good, `{"statement"`, `{"statement":{},"statement"`, 1),
		"signature twice":          strings.Replace(good, `"signature"`, `"signature":{"sshsig":""},"signature"`, 1),
		"another case":             strings.Replace(good, `"statement"`, `"Statement"`, 1),
		"trailing":                 good + `{}`,
		"trailing text":            good + `x`,
		"no signature":             `{"statement":` + inner + `}`,
		"no statement":             `{"signature":{"sshsig":"` + blob + `"}}`,
		"null statement":           `{"statement":null,"signature":{"sshsig":"` + blob + `"}}`,
		"unknown in the signature": strings.Replace(good, `{"sshsig"`, `{"kind":"x","sshsig"`, 1),
		"armoured signature":       strings.Replace(good, blob, base64.StdEncoding.EncodeToString([]byte("-----BEGIN SSH SIGNATURE-----")), 1),
		"url base64":               strings.Replace(good, blob, "-_"+blob[2:], 1),
		"statement as text":        strings.Replace(good, inner, `"`+strings.ReplaceAll(inner, `"`, `\"`)+`"`, 1),
		"space in the statement":   strings.Replace(good, inner, strings.Replace(inner, `,`, `, `, 1), 1),
		"member in the statement":  strings.Replace(good, `"verdict":`, `"role":"admin","verdict":`, 1),
		"doubled in the statement": strings.Replace(good, `"verdict":"approve"`, `"verdict":"deny","verdict":"approve"`, 1),
		"other verdict":            strings.Replace(good, `"verdict":"approve"`, `"verdict":"deny"`, 1),
		"a stray note":             strings.TrimSuffix(good, "}") + `,"notes":[{"salt":"` + strings.Repeat("A", 43) + `=","text":"x"}]}`,
		"invalid UTF-8":            strings.Replace(good, `"verdict"`, "\"verdict\xff\"", 1),
		"deep":                     strings.Repeat(`{"statement":`, 20000),
		"array":                    `[` + good + `]`,
	}
	for what, body := range cases {
		if body == good {
			t.Fatalf("%s: nothing was changed", what)
		}
		got := h.do("POST", "/api/v1/statements", []byte(body))
		same(t, what, got.reason(), "malformed")
		same(t, what+": status", got.Status, http.StatusBadRequest)
	}
	if len(cases) < 20 {
		t.Errorf("only %d cases", len(cases))
	}
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 0)
	h.took(h.do("POST", "/api/v1/statements", []byte(good)))
}

// TestT21NoUseForAnother: a signature of one kind, verdict, request or cell is
// none of another. Every pair of kinds is tried.
func TestT21NoUseForAnother(t *testing.T) {
	h := open(t)
	one, two := h.asked("ann", "one", "db-1"), h.asked("ann", "two", "db-1")
	kinds := 0
	for _, as := range statement.Kinds {
		data, _ := sign(t, "sam", h.statement("sam", approval(one)))
		signature := signBytes(t, "sam", as, data)
		got := h.do("POST", "/api/v1/statements", envelope(t, data, signature))
		if as == statement.KindDecision {
			h.took(got)
			continue
		}
		kinds++
		same(t, "signed as a "+string(as), got.reason(), "malformed")
	}
	same(t, "other kinds", kinds, len(statement.Kinds)-1)
	data, signature := sign(t, "sam", h.statement("sam", approval(two)))
	for what, edited := range map[string][]byte{
		"for another request":  bytes.Replace(data, []byte(two.String()), []byte(one.String()), 1),
		"turned into a denial": bytes.Replace(data, []byte(`"verdict":"approve"`), []byte(`"verdict":"deny"`), 1),
		"for another cell":     bytes.Replace(data, []byte(celltest.Origin), []byte("cell.example.org"), 1),
		"by another":           bytes.Replace(data, []byte(`"actor":"sam"`), []byte(`"actor":"sue"`), 1),
	} {
		if bytes.Equal(edited, data) {
			t.Fatalf("%s: nothing was edited", what)
		}
		same(t, what, h.do("POST", "/api/v1/statements", envelope(t, edited, signature)).reason(), "malformed")
	}
	other := h.statement("sam", approval(two))
	other.Ledger = "cell.example.org"
	data, signature = sign(t, "sam", other)
	same(t, "signed for another cell", h.do("POST", "/api/v1/statements", envelope(t, data, signature)).reason(), string(cell.WrongLedger))
	same(t, "decisions on the second", times(h.entries(cell.StreamOf(two)), "decided"), 0)
}

// TestT22ReplayAfterRestart: what was used stays used across a restart.
func TestT22ReplayAfterRestart(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	data, signature := sign(t, "sam", h.statement("sam", approval(id)))
	sent := envelope(t, data, signature)
	first := h.took(h.do("POST", "/api/v1/statements", sent))
	session, sessionSignature := sign(t, "sam", h.statement("sam", &statement.Session{For: 900}))
	token := h.took(h.do("POST", "/api/v1/statements", envelope(t, session, sessionSignature))).Session.Token
	// The same nonce under another statement, signed anew.
	s, err := statement.Decode(data)
	must(t, err)
	s.Body = denial(id)
	reused, reusedSignature := sign(t, "sam", s)
	for range 2 {
		h.again()
		again := h.took(h.do("POST", "/api/v1/statements", sent))
		same(t, "again", again.Again, true)
		same(t, "entry", again.Entry, first.Entry)
		same(t, "the nonce again", h.do("POST", "/api/v1/statements", envelope(t, reused, reusedSignature)).reason(), string(cell.NonceUsed))
		same(t, "the session again", h.do("POST", "/api/v1/statements", envelope(t, session, sessionSignature)).reason(), "already-opened")
		same(t, "the token after a restart", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token).Status, http.StatusOK)
	}
	h.wall.move(16 * time.Minute)
	h.again()
	for what, got := range map[string]string{
		"expired":             h.do("POST", "/api/v1/statements", sent).reason(),
		"expired, other body": h.do("POST", "/api/v1/statements", envelope(t, reused, reusedSignature)).reason(),
	} {
		// While its nonce is remembered it is answered as before; after that it is over.
		if got != "" && got != string(cell.StatementExpired) && got != string(cell.NonceUsed) {
			t.Errorf("%s: %q", what, got)
		}
	}
	same(t, "the token after its time", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token).reason(), "token-refused")
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 1)
	h.replayed()
}

// TestT51NothingWhilePending: a request that waits opens nothing, whoever asks
// and however.
func TestT51NothingWhilePending(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	for _, key := range []string{"holder one", "ann", "sam"} {
		for _, body := range []statement.Body{&statement.Fetch{Of: id, Target: "db-1"}, &statement.Release{Of: id}} {
			got := h.submit("ann", key, body)
			if got.Status < 400 || strings.Contains(string(got.Body), "cert-v01") {
				t.Errorf("%s with %s: %s", body.Kind(), key, got.Body)
			}
		}
	}
	h.took(h.submit("sam", "sam", approval(id))) // one leg of two
	same(t, "half agreed", h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}).reason(), string(cell.NotLive))
	h.took(h.submit("lea", "lea", approval(id)))
	same(t, "agreed and not open", h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}).reason(), string(cell.LeaseNotOpen))
	h.opened(id)
	same(t, "another target", h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-2"}).reason(), string(cell.UnknownTarget))
	same(t, "authorised before", times(h.entries(cell.StreamOf(id)), "credential-authorised"), 0)
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}))
}

// TestThousandFetches: a thousand fetches of a live grant, by everybody but its
// holder. None gets anything, and every one is recorded or counted.
func TestThousandFetches(t *testing.T) {
	h := open(t)
	live, other, ended := h.granted("ann", "live", "db-1"), h.granted("bob", "other", "db-1"), h.granted("ann", "ended", "db-1")
	h.took(h.stopped("sue", ended))
	bearer := h.token("ann")
	before := times(h.entries(cell.StreamRefused), "refused")
	bodies, bare := [][]byte{}, 0
	for i := range thousand() {
		fetch := &statement.Fetch{Of: live, Target: "db-1"}
		var who, key string
		switch i % 5 {
		case 0:
			who, key = "ann", "sam" // an approver's key
		case 1:
			who, key = "ann", "ann" // the requester's own roster key
		case 2:
			who, key = "bob", "holder other" // another request's holder
		case 3:
			who, key, fetch = "ann", "holder ended", &statement.Fetch{Of: ended, Target: "db-1"}
		case 4: // bare, with a session token where the signature should be
			data, _ := sign(t, "ann", h.statement("ann", fetch))
			bodies = append(bodies, envelope(t, data, ledger.Signature{SSHSig: []byte(bearer)}))
			bare++
			continue
		}
		data, signature := sign(t, key, h.statement(who, fetch))
		bodies = append(bodies, envelope(t, data, signature))
	}
	reasons := map[string]int{}
	for _, r := range h.all(bodies) {
		reasons[r.reason()]++
		if r.Status < 400 || strings.Contains(string(r.Body), "cert-v01") {
			t.Errorf("a fetch was answered %d: %s", r.Status, r.Body)
		}
	}
	t.Logf("answers: %v", reasons)
	same(t, "bare tokens", reasons["malformed"], bare)
	same(t, "other keys", reasons[string(cell.NotHolder)], thousand()*3/5)
	same(t, "an ended grant", reasons[string(cell.NotLive)], thousand()/5)
	for _, id := range []canon.Digest{live, other, ended} {
		same(t, "authorised", times(h.entries(cell.StreamOf(id)), "credential-authorised"), 0)
	}
	recorded, counted := times(h.entries(cell.StreamRefused), "refused")-before, int64(0)
	for _, n := range h.broker.Refused() {
		counted += n
	}
	same(t, "recorded and counted", int64(recorded)+counted, int64(thousand())*4/5)
	if recorded < 20 {
		t.Errorf("only %d refusals have an entry", recorded)
	}
	w := h.replayed()
	same(t, "the live grant", w.Requests[live].State, access.Granted)
	h.took(h.submit("ann", "holder live", &statement.Fetch{Of: live, Target: "db-1"}))
}

// TestStrangersRunDry: whoever proves nothing is slowed down; whoever is
// somebody never is, from the same address.
func TestStrangersRunDry(t *testing.T) {
	h := open(t, func(h *house) { h.rate = api.Rate{Each: 0.001, Burst: 30} })
	id := h.asked("ann", "one", "db-1")
	for range 60 {
		h.submit("sam", "sam", approval(id)) // the first counts, the others are refused to sam
	}
	refusals := map[string]int{}
	for range 40 {
		refusals[h.submit("sam", "stranger", approval(id)).reason()]++
	}
	if n := refusals["too-many-attempts"]; n < 5 || refusals[string(cell.UnknownKey)] < 20 {
		t.Errorf("a stranger's attempts: %v", refusals)
	}
	got := h.do("GET", "/api/v1/me", nil)
	same(t, "tokens too", got.Status, http.StatusTooManyRequests)
	if got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	same(t, "with a token", h.do("GET", "/revocations", nil).Status, http.StatusOK)
}

// TestT61NoSecretInTheLog: tokens, certificates and what people write stay out
// of the server's log, also where something fails.
func TestT61NoSecretInTheLog(t *testing.T) {
	h := open(t)
	body, beside := h.ask("ann", "canary-7f3a91", "db-1")
	data, signature := sign(t, "ann", h.statement("ann", body))
	id := h.took(h.do("POST", "/api/v1/statements", envelope(t, data, signature, beside))).Digest
	h.took(h.submit("sam", "sam", approval(id)))
	h.took(h.submit("leo", "leo", approval(id)))
	h.opened(id)
	credential := h.took(h.submit("ann", "holder canary-7f3a91", &statement.Fetch{Of: id, Target: "db-1"})).Credential
	token := h.token("sam")
	h.get("sam", "/api/v1/requests/"+id.String()[:8]+"?wait=0")
	h.get("sam", "/api/v1/requests/"+id.String()+"/evidence")
	h.do("GET", "/api/v1/me?token=query-canary-55", nil, "Authorization", "Bearer "+token+"x")
	h.do("GET", "/no/such/path-canary-66", nil)
	h.do("POST", "/api/v1/statements", []byte(`{"statement":{"why":"body-canary-77"}}`))
	h.do("POST", "/api/v1/statements", envelope(t, append(data[:len(data)-1:len(data)-1], `,"x":"body-canary-88"}`...), signature))
	log := h.log.String()
	_, certificate, _ := strings.Cut(credential.Certificate, " ")
	for _, secret := range []string{
		token, token[:40], certificate[:60], certificate[len(certificate)-60:], "canary", beside.Text,
		base64.StdEncoding.EncodeToString(beside.Salt), hexes(beside.Salt), base64.StdEncoding.EncodeToString(signature.SSHSig)[:40],
		"Bearer", "hs1.",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	contains(t, "the log", log, `route="POST /api/v1/statements"`)
	contains(t, "the log", log, "person=sam")
	if strings.Count(log, "msg=request") < 11 {
		t.Errorf("the log has too few lines to mean anything:\n%s", log)
	}
}

// TestT63NobodyWritesTheLog: what a stranger sends neither breaks a line of the
// log nor makes anybody else of them.
func TestT63NobodyWritesTheLog(t *testing.T) {
	h := open(t)
	before := strings.Count(h.log.String(), "\n")
	h.do("GET", "/api/v1/%0atime=now%20level=INFO%20msg=request%20person=sam", nil,
		"X-Request-Id", "x person=sam", "X-Forwarded-For", "192.0.2.99", "X-Real-Ip", "192.0.2.99", "Forwarded", "for=192.0.2.99",
		"X-Forwarded-User", "sam", "User-Agent", "person=sam")
	id := h.asked("ann", "one", "db-1")
	body, beside := h.ask("ann", "two", "db-2")
	data, signature := sign(t, "ann", h.statement("ann", body))
	shown := h.took(h.do("POST", "/api/v1/statements", envelope(t, data, signature, beside),
		"X-Forwarded-For", "192.0.2.99", "Forwarded", "for=192.0.2.99", "X-Real-Ip", "192.0.2.99"))
	if log := h.log.String(); strings.Contains(log, "192.0.2.99") || strings.Contains(log, "person=sam") {
		t.Errorf("a header went into the log:\n%s", log)
	}
	same(t, "lines of the log", strings.Count(h.log.String(), "\n")-before, 3)
	w := h.replayed()
	same(t, "the address in the ledger", w.Requests[shown.Digest].Address, "127.0.0.1")
	same(t, "who asked", w.Requests[id].Requester, "ann")
}

// TestT69Sizes: what is too large is refused before it costs anything.
func TestT69Sizes(t *testing.T) {
	h := open(t)
	huge := []byte(`{"statement":"` + strings.Repeat("x", 300<<10) + `"}`)
	got := h.do("POST", "/api/v1/statements", huge)
	same(t, "a large body", got.reason(), "body-too-large")
	same(t, "status", got.Status, http.StatusRequestEntityTooLarge)
	same(t, "a large report", h.do("POST", "/api/v1/hosts/report", huge).reason(), "body-too-large")
	same(t, "a body where none is due", h.do("GET", "/api/v1/cell", []byte(`{}`)).reason(), "malformed")
	same(t, "another type", h.do("POST", "/api/v1/statements", []byte(`{}`), "Content-Type", "text/plain").reason(), "media-type")
	same(t, "compressed", h.do("POST", "/api/v1/statements", []byte(`{}`), "Content-Encoding", "gzip").reason(), "media-type")
	large := h.statement("ann", &statement.Session{For: 60})
	data, signature := sign(t, "ann", large)
	padded := append(data[:len(data)-1:len(data)-1], `,"x":"`+strings.Repeat("y", 20<<10)+`"}`...)
	same(t, "a large statement", h.do("POST", "/api/v1/statements", envelope(t, padded, signature)).reason(), "malformed")
	var notes []text
	for range 17 {
		notes = append(notes, text{make([]byte, 32), "x"})
	}
	same(t, "many notes", h.do("POST", "/api/v1/statements", envelope(t, data, signature, notes...)).reason(), "malformed")
	same(t, "a long note", h.do("POST", "/api/v1/statements", envelope(t, data, signature, text{make([]byte, 32), strings.Repeat("z", 70<<10)})).reason(), "malformed")
	same(t, "a long token", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer hs1."+strings.Repeat("A", 8000)).reason(), "token-refused")
	same(t, "a long id", h.get("sam", "/api/v1/requests/"+strings.Repeat("a", 5000)).reason(), "malformed-query")
}
