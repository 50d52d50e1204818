package api_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/totp/totptest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// takesCodes is a house whose scenario takes codes.
func takesCodes(h *house) { h.mfa = roster.ServerAttested }

// app is a person's code device.
type app struct {
	totptest.Phone
	person, key, link string
}

// scans makes a code device with the code of an invitation.
func (h *house) scans(c canon.Key32) (app, reply) {
	h.Helper()
	got := h.do("POST", "/api/v1/enrol/device", fmt.Appendf(nil, `{"code":"%s"}`, c))
	if got.Status != http.StatusCreated {
		return app{}, got
	}
	var made struct {
		Person string `json:"person"`
		Key    string `json:"key"`
		Link   string `json:"link"`
	}
	got.into(h, &made)
	phone, err := totptest.Scan(made.Link)
	must(h, err)
	return app{phone, made.Person, made.Key, made.Link}, got
}

// confirms shows a code of a device.
func (h *house) confirms(c canon.Key32, a app, digits string) reply {
	h.Helper()
	body, err := json.Marshal(map[string]string{"code": c.String(), "key": a.key, "digits": digits})
	must(h, err)
	return h.do("POST", "/api/v1/enrol/device/confirm", body)
}

// devices are the code devices of people, in force and cooled off.
func (h *house) devices(people ...string) map[string]app {
	h.Helper()
	all := map[string]app{}
	for _, person := range people {
		c := h.invites(person)
		a, _ := h.scans(c)
		same(h, "confirmed", h.confirms(c, a, a.Code(h.wall.now())).Status, http.StatusCreated)
		all[person] = a
	}
	change := h.took(h.amends("sam", "apps", func(g *cell.Genesis) {
		for i, p := range g.People {
			if a, ok := all[p.ID]; ok {
				key, err := roster.ParseKey(a.key)
				must(h, err)
				key.Code = true
				g.People[i].Keys = append(p.Keys, key)
			}
		}
	})).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	h.wall.move(73 * time.Hour)
	h.tokens = map[string]string{}
	return all
}

// codeBody is what goes to the server that shall sign.
func codeBody(t testing.TB, data []byte, key, digits string) []byte {
	t.Helper()
	rest, err := json.Marshal(map[string]string{"key": key, "code": digits})
	must(t, err)
	return fmt.Appendf(nil, `{"statement":%s,%s`, data, rest[1:])
}

// signs has the server sign a statement of a person with digits.
func (h *house) signs(a app, data []byte, digits string) reply {
	h.Helper()
	return h.do("POST", "/api/v1/codes", codeBody(h, data, a.key, digits))
}

// encoded is a statement of the app's person.
func (h *house) encoded(person string, body statement.Body) []byte {
	h.Helper()
	data, err := statement.Encode(h.statement(person, body))
	must(h, err)
	return data
}

// byCode signs with the app's code of the next step, and sends.
func (h *house) byCode(a app, body statement.Body, notes ...text) reply {
	h.Helper()
	h.wall.move(31 * time.Second)
	data := h.encoded(a.person, body)
	got := h.signs(a, data, a.Code(h.wall.now()))
	same(h, "signed: "+string(got.Body), got.Status, http.StatusOK)
	var signed ledger.Signature
	got.into(h, &signed)
	return h.do("POST", "/api/v1/statements", envelope(h, data, signed, notes...))
}

// TestCodesThroughAnEmergency: asked, agreed to and stopped with codes alone, marked
// wherever it stands, and replayed by the rules.
func TestCodesThroughAnEmergency(t *testing.T) {
	h := open(t, takesCodes)
	apps := h.devices("ann", "sam", "lea")
	body, why := h.ask("ann", "one", "db-1")
	id := h.took(h.byCode(apps["ann"], body, why)).Digest
	contains(t, "the request", string(h.get("lea", "/api/v1/requests/"+id.String()).Body), "that it was ann is the server's word")
	for _, person := range []string{"sam", "lea"} {
		h.took(h.byCode(apps[person], approval(id)))
	}
	same(t, "state", string(h.state(id)), "granted")
	contains(t, "decisions", string(h.get("lea", "/api/v1/requests/"+id.String()).Body), "with a code: that it was them is the server's word")
	reason, beside := written(t, "enough")
	h.took(h.byCode(apps["lea"], &statement.Stop{Of: id, Reason: reason}, beside))
	shown := string(h.get("lea", "/api/v1/requests/"+id.String()).Body)
	contains(t, "the end", shown, "it was stopped by lea, with a code")
	contains(t, "the key", string(h.get("bob", "/api/v1/people").Body), `"code":true`)
	if w := h.replayed(); w.Requests[id] == nil || !w.Requests[id].Code {
		t.Error("the replay has it otherwise")
	}
	token := h.took(h.byCode(apps["ann"], &statement.Session{For: 300})).Session.Token
	same(t, "a session by code reads", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token).Status, http.StatusOK)
}

// TestT20WhatIsNoCode is refused, and uses up none: of another spelling, time or
// device, by whom it is not, and for what no code is enough.
func TestT20WhatIsNoCode(t *testing.T) {
	h := open(t, takesCodes)
	apps := h.devices("ann", "lea")
	id := h.asked("ann", "one", "db-1")
	lea, ann := apps["lea"], apps["ann"]
	digits := lea.Code(h.wall.now())
	data := h.encoded("lea", approval(id))
	for name, try := range map[string]struct {
		a      app
		data   []byte
		digits string
		reason string
	}{
		"a space before":          {lea, data, " " + digits, "malformed"},
		"a space behind":          {lea, data, digits + " ", "malformed"},
		"a space within":          {lea, data, digits[:3] + " " + digits[3:], "malformed"},
		"a line end":              {lea, data, digits + "\n", "malformed"},
		"seven digits":            {lea, data, "0" + digits, "malformed"},
		"full-width digits":       {lea, data, strings.Map(func(r rune) rune { return r - '0' + '０' }, digits), "malformed"},
		"of another's device":     {lea, data, ann.Code(h.wall.now()), "code-wrong"},
		"on another's device":     {ann, data, digits, "code-wrong"},
		"of two minutes ago":      {lea, data, lea.Code(h.wall.now().Add(-2 * time.Minute)), "code-wrong"},
		"of two minutes to come":  {lea, data, lea.Code(h.wall.now().Add(2 * time.Minute)), "code-wrong"},
		"on lea's own SSH key":    {app{lea.Phone, "lea", celltest.Line("lea").Line, ""}, data, digits, "code-wrong"},
		"on a key of nobody":      {app{lea.Phone, "lea", celltest.Line("mallory").Line, ""}, data, digits, "code-wrong"},
		"a key with a comment":    {app{lea.Phone, "lea", lea.key + " lea", ""}, data, digits, "code-wrong"},
		"as ann":                  {lea, h.encoded("ann", &statement.Session{For: 300}), digits, "code-wrong"},
		"a change of the cell":    {lea, h.encoded("lea", &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: celltest.Note("why")}), digits, "not-by-a-code"},
		"a vouch":                 {lea, h.encoded("lea", &statement.Vouch{Person: "ann", Key: fingerprintOf(t, ann.key), How: statement.InPerson}), digits, "not-by-a-code"},
		"an attest":               {lea, h.encoded("lea", &statement.Attest{Of: id, Target: "db-1", Note: celltest.Note("why")}), digits, "not-by-a-code"},
		"not in its one spelling": {lea, append([]byte("{ "), data[1:]...), digits, "malformed"},
	} {
		same(t, name, h.signs(try.a, try.data, try.digits).reason(), try.reason)
	}
	h.took(h.byCode(lea, approval(id)))
}

// TestT20CodesAreGoodOnce: for one statement; also for fifty at once, and after a
// restart.
func TestT20CodesAreGoodOnce(t *testing.T) {
	h := open(t, takesCodes)
	lea := h.devices("lea")["lea"]
	id := h.asked("ann", "one", "db-1")
	now := h.wall.now()
	h.wall.move(now.Truncate(30 * time.Second).Add(31 * time.Second).Sub(now)) // a code has just begun
	digits := lea.Code(h.wall.now())
	var mu sync.Mutex
	var all sync.WaitGroup
	got := map[string]int{}
	var kept []byte
	for range 50 {
		each := h.encoded("lea", approval(id))
		all.Go(func() {
			r, err := h.send("POST", "/api/v1/codes", codeBody(t, each, lea.key, digits))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case r.Status == http.StatusOK:
				got["signed"]++
				kept = each
			default:
				got[r.reason()]++
			}
		})
	}
	all.Wait()
	if got["signed"] != 1 || got["signed"]+got["code-used"]+got["too-many-codes"] != 50 {
		t.Fatalf("fifty at once: %v", got)
	}
	h.again()
	same(t, "after a restart, for another", h.signs(lea, h.encoded("lea", approval(id)), digits).reason(), "code-used")
	same(t, "after a restart, the same again", h.signs(lea, kept, digits).Status, http.StatusOK)
	h.wall.move(31 * time.Second)
	same(t, "the one before", h.signs(lea, h.encoded("lea", approval(id)), digits).reason(), "code-used")
	h.took(h.byCode(lea, approval(id)))
}

// TestT20WrongCodesAreSlowedAndTold: whoever guesses is slowed at that device, the
// owner hears of it, and no other key of theirs waits for it, nor the device for
// whoever gave no wrong code from elsewhere.
func TestT20WrongCodesAreSlowedAndTold(t *testing.T) {
	h := open(t, takesCodes)
	lea := h.devices("lea")["lea"]
	id := h.asked("ann", "one", "db-1")
	got := map[string]int{}
	for n := range 30 {
		got[h.signs(lea, h.encoded("lea", approval(id)), wrong(lea, h.wall.now(), n)).reason()]++
	}
	if got["code-wrong"] != 5 || got["too-many-codes"] != 25 {
		t.Errorf("thirty guesses: %v", got)
	}
	right := h.signs(lea, h.encoded("lea", approval(id)), lea.Code(h.wall.now()))
	same(t, "the right one after them, from there", right.reason(), "too-many-codes")
	same(t, "is told when", right.Header.Get("Retry-After"), "600")
	h.took(h.submit("lea", "lea", approval(id))) // by her key, at once, from there
	told := strings.Join(h.tried("lea"), "\n")
	contains(t, "lea is told", told, "31 signatures or codes named a key of lea and are not by it")
	contains(t, "of what", told, "31 of kind code")
	same(t, "bob is not", len(h.tried("bob")), 0)
}

// TestT20NobodyLearnsWhoHasADevice: whoever guesses is answered alike, and slowed alike,
// whether there is a device or not; named or not.
func TestT20NobodyLearnsWhoHasADevice(t *testing.T) {
	h := open(t, takesCodes)
	lea := h.devices("lea")["lea"]
	nobodys := celltest.Line("mallory").Line
	guesses := func(person, key string) (got []string) {
		for n := range 8 {
			r := h.signs(app{lea.Phone, person, key, ""}, h.encoded(person, &statement.Session{For: 300}), wrong(lea, h.wall.now(), n))
			got = append(got, fmt.Sprint(r.Status, " ", r.Header.Get("Retry-After"), " ", string(r.Body)))
		}
		return got
	}
	for key, want := range map[string][]string{nobodys: guesses("lea", nobodys), "": guesses("lea", "")} {
		if !strings.HasPrefix(want[0], "403 ") || !strings.HasPrefix(want[7], "429 600 ") {
			t.Errorf("lea, key %q: %q", key, want)
		}
		for _, person := range []string{"bob", "nobody"} {
			if got := guesses(person, key); !slices.Equal(got, want) {
				t.Errorf("%s, key %q: %q, want %q", person, key, got, want)
			}
		}
	}
	same(t, "lea's is slowed still", h.signs(lea, h.encoded("lea", &statement.Session{For: 300}), lea.Code(h.wall.now())).reason(), "too-many-codes")
}

// TestSecondDeviceAsGoodAsTheFirst: who names none uses the second as often as they like,
// though each of its codes is a wrong one of the first.
func TestSecondDeviceAsGoodAsTheFirst(t *testing.T) {
	h := open(t, takesCodes)
	var second app
	var keys []roster.Key
	for range 2 {
		c := h.invites("ann")
		second, _ = h.scans(c)
		same(t, "confirmed", h.confirms(c, second, second.Code(h.wall.now())).Status, http.StatusCreated)
		key, err := roster.ParseKey(second.key)
		must(t, err)
		key.Code = true
		keys = append(keys, key)
	}
	change := h.took(h.amends("sam", "apps", func(g *cell.Genesis) {
		for i, p := range g.People {
			if p.ID == "ann" {
				g.People[i].Keys = append(p.Keys, keys...)
			}
		}
	})).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	second.key = ""
	for n := range 7 {
		h.wall.move(31 * time.Second)
		got := h.signs(second, h.encoded("ann", &statement.Session{For: 300}), second.Code(h.wall.now()))
		same(t, fmt.Sprintf("use %d", n), got.Status, http.StatusOK)
	}
}

// TestT20KeysOfTheirOwnMakeNoRoom: whoever was invited guesses no oftener by naming
// another key each time, of which the server would have to remember them all.
func TestT20KeysOfTheirOwnMakeNoRoom(t *testing.T) {
	h := open(t, takesCodes)
	c := h.invites("ann")
	a, _ := h.scans(c)
	got := map[string]int{}
	for n := range 20 {
		other := app{a.Phone, "ann", celltest.Line(fmt.Sprint("mallory ", n)).Line, ""}
		got[h.confirms(c, other, "123456").reason()]++
	}
	if got["code-wrong"] != 5 || got["too-many-codes"] != 15 {
		t.Errorf("twenty keys: %v", got)
	}
}

// wrong is a code that is not right about now.
func wrong(a app, at time.Time, n int) string {
	for ; ; n += 1000 {
		digits := fmt.Sprintf("%06d", n)
		if !slices.Contains([]string{a.Code(at.Add(-time.Minute)), a.Code(at.Add(-30 * time.Second)), a.Code(at), a.Code(at.Add(30 * time.Second)), a.Code(at.Add(time.Minute))}, digits) {
			return digits
		}
	}
}

// TestT20RemovedDeviceSignsNothing: nor does one that was offered and not agreed to,
// and whoever has the code of an invitation alone gets no further.
func TestT20RemovedDeviceSignsNothing(t *testing.T) {
	h := open(t, takesCodes)
	c := h.invites("ann")
	a, _ := h.scans(c)
	session := func() []byte { return h.encoded("ann", &statement.Session{For: 300}) }
	same(t, "not confirmed", h.signs(a, session(), a.Code(h.wall.now())).reason(), "code-wrong")
	same(t, "a wrong one confirms nothing", h.confirms(c, a, wrong(a, h.wall.now(), 0)).reason(), "code-wrong")
	same(t, "nor no digits", h.confirms(c, a, "12345").reason(), "malformed")
	other, _ := code()
	same(t, "nor with another invitation", h.confirms(other, a, a.Code(h.wall.now())).reason(), "invitation-code")
	second, _ := h.scans(c)
	same(t, "the picture before is void", h.confirms(c, a, a.Code(h.wall.now())).reason(), "code-wrong")
	same(t, "the newest", h.confirms(c, second, second.Code(h.wall.now())).Status, http.StatusCreated)
	same(t, "the invitation is spent", h.confirms(c, second, second.Code(h.wall.now().Add(30*time.Second))).reason(), "invitation-code")
	_, again := h.scans(c)
	same(t, "for another device too", again.reason(), "invitation-code")
	offer := h.waiting("lea").Offers[0]
	same(t, "it is offered as what it is", offer.Code && offer.Key == second.key && strings.Join(offer.Words, " ") == strings.Join(enrol.WordsOf("totp "+second.key), " "), true)
	h.wall.move(time.Minute)
	same(t, "offered alone it signs nothing", h.signs(second, session(), second.Code(h.wall.now())).reason(), "code-wrong")

	h = open(t, takesCodes)
	mine := h.devices("ann")["ann"]
	h.took(h.byCode(mine, &statement.Session{For: 300}))
	same(t, "files", len(h.codeFiles()), 1)
	why, beside := written(t, "lost")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "ann", Key: fingerprintOf(t, mine.key)}, Reason: why}, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	h.wall.move(time.Minute)
	same(t, "removed", h.signs(mine, h.encoded("ann", &statement.Session{For: 300}), mine.Code(h.wall.now())).reason(), "code-wrong")
	h.invites("bob")
	same(t, "files once somebody is invited", len(h.codeFiles()), 0)
}

// TestSecretOfACodeDeviceIsShownOnce: it is in the one answer that it is made with,
// and in no other, no log, no file in clear and not in the ledger.
func TestSecretOfACodeDeviceIsShownOnce(t *testing.T) {
	h := open(t, takesCodes)
	ann := h.devices("ann")["ann"]
	h.took(h.byCode(ann, &statement.Session{For: 300}))
	digits := ann.Code(h.wall.now())
	h.signs(ann, h.encoded("ann", &statement.Session{For: 300}), digits)
	spellings := [][]byte{
		ann.Secret(), []byte(base32.StdEncoding.EncodeToString(ann.Secret())), []byte(hex.EncodeToString(ann.Secret())),
		[]byte(base64.StdEncoding.EncodeToString(ann.Secret())), []byte(`"` + digits + `"`), []byte("=" + digits + " "),
	}
	look := func(where string, data []byte) {
		for i, spelled := range spellings {
			if bytes.Contains(data, spelled) {
				t.Errorf("%s holds the secret or a code (spelling %d)", where, i)
			}
		}
	}
	for _, path := range []string{"/api/v1/people", "/api/v1/me", "/api/v1/invitations", "/api/v1/findings", "/api/v1/entries", "/api/v1/cell/evidence"} {
		look(path, h.get("sam", path).Body)
	}
	look("the log", []byte(h.log.String()))
	h.stop()
	seen := 0
	must(t, filepath.WalkDir(h.folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		data, err := os.ReadFile(path)
		look(path, data)
		return err
	}))
	if seen < 4 {
		t.Errorf("%d files", seen)
	}
}

// TestServerWithoutCodes says so, and takes everything else.
func TestServerWithoutCodes(t *testing.T) {
	h := open(t, func(h *house) { h.noCodes = true })
	_, got := h.scans(h.invites("ann"))
	same(t, "a device", got.reason(), "not-found")
	same(t, "a code", h.do("POST", "/api/v1/codes", codeBody(t, h.encoded("ann", &statement.Session{For: 300}), celltest.Line("ann").Line, "123456")).reason(), "not-found")
	h.asked("ann", "one", "db-1")
}

func (h *house) codeFiles() []string {
	h.Helper()
	files, err := filepath.Glob(filepath.Join(h.folder, "codes", "*"))
	must(h, err)
	return files
}

func fingerprintOf(t testing.TB, line string) string {
	t.Helper()
	key, err := roster.ParseKey(line)
	must(t, err)
	return key.Fingerprint
}
