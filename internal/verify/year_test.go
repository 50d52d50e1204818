package verify_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
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
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestYear: a year of a cell in virtual time, with an emergency on most days,
// people who leave and keys that are lost. Every evening nothing is left open; at
// the end the whole ledger verifies from genesis.
func TestYear(t *testing.T) {
	for name, begin := range map[string]func() *year{
		"rules raised in spring": func() *year { return newYear(1, 1) },
		"envelopes that rotate":  func() *year { return newYear(2, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			days := 365
			if testing.Short() {
				days = 20
			}
			y := begin()
			for day := range days {
				y.day(t, day)
			}
			log, _ := y.export(y.bodies)
			begun := time.Now()
			report := check(t, log, y.anchor, ledger.Checkpoint{})
			if !report.Good() {
				t.Errorf("after a year:\n%s", report.Text())
			}
			if !testing.Short() && (y.agreed < 100 || y.left < 4 || y.lost < 4 || y.World.Rules != 2 || y.rotates && y.rotations < 4 || y.reviewed < 100 || y.late < 3 || y.World.EpochNow() != 3 || y.rotates && (y.recovered < 3 || y.cancelled < 3)) {
				t.Errorf("%d grants (%d late), %d reviews, %d who left, %d lost keys, %d rotations, %d recoveries (%d cancelled), rules %d, epoch %d",
					y.agreed, y.late, y.reviewed, y.left, y.lost, y.rotations, y.recovered, y.cancelled, y.World.Rules, y.World.EpochNow())
			}
			if len(report.Rotations) != y.exchanged || y.exchanged < 1 && !testing.Short() {
				t.Errorf("%d exchanges of the ledger's key are told of, want %d", len(report.Rotations), y.exchanged)
			}
			if told := strings.Contains(report.Text(), "by the RECOVERY quorum, after its notice"); len(report.Amendments) != y.recovered || told != (y.recovered > 0) {
				t.Errorf("%d amendments are told of, want %d by the recovery quorum: %v", len(report.Amendments), y.recovered, told)
			}
			t.Logf("%d entries, %d grants (%d while a review was overdue), %d reviews, %d left, %d keys lost, %d rotations, %d recoveries and %d cancelled; verified in %s",
				len(y.bodies), y.agreed, y.late, y.reviewed, y.left, y.lost, y.rotations, y.recovered, y.cancelled, time.Since(begun).Round(time.Millisecond))
		})
	}
}

// year is a cell with more people than the others, each with two keys.
type year struct {
	*cellOf
	rotates bool
	serial  int64               // of the newest sealing of the envelope
	told    map[string]int      // custodian and serial → proofs told
	keys    map[string][]string // person → names of the keys that count

	document canon.Digest // that was in force when the newest recovery was proposed

	agreed, left, lost, rotations, reviewed, late, recovered, cancelled, exchanged int
}

// team are the people of a group on the first day.
func team(group string) (people []string) {
	for i := range 6 {
		people = append(people, fmt.Sprintf("%s-%d", group, i))
	}
	return people
}

func newYear(seed uint64, rules int) *year {
	y := &year{rotates: rules > 1, told: map[string]int{}, keys: map[string][]string{}}
	scenario := celltest.Scenario()
	if y.rotates {
		scenario.Opens = append(scenario.Opens, access.Open{Envelope: &access.Envelope{
			Name: "root", Custodians: "group:security", Threshold: 2, SealedBy: "group:leads", RotateEvery: 60 * 24 * 3600,
		}})
	}
	y.cellOf = newCellOf(seed, 1, scenario, func(g *cell.Genesis) {
		g.Rules = rules
		g.People, g.Groups = nil, map[string][]string{"security": team("sec"), "leads": team("lead"), "on-call": team("call")}
		g.Founders = []string{"sec-0", "lead-0"}
		groups := []string{"call", "lead", "sec"}
		if y.rotates {
			groups = append(groups, "trustee")
			g.Groups["trustees"] = team("trustee")
			g.Recovery = cell.Recovery{Quorum: access.Quorum{{From: "group:trustees", Count: 2}}, Notice: cell.NoticeLeast}
		}
		for _, group := range groups {
			for _, person := range team(group) {
				y.keys[person] = []string{person, person + "/2"}
				g.People = append(g.People, personOf(person, y.keys[person]))
			}
		}
	})
	return y
}

func personOf(id string, keys []string) roster.Person {
	person := roster.Person{ID: id}
	for _, key := range keys {
		person.Keys = append(person.Keys, celltest.Line(key))
	}
	return person
}

// sign makes a statement of a person with a key that counts.
func (y *year) sign(person string, body statement.Body) cell.Command {
	return y.By(person, y.keys[person][0], body)
}

// one is somebody of a group who is still there and is none of some.
func (y *year) one(group string, but ...string) string {
	there := slices.DeleteFunc(team(group), func(p string) bool { return !y.World.Roster.Has(p) || slices.Contains(but, p) })
	return there[y.rand.IntN(len(there))]
}

// day goes through what happens between one morning and the next.
func (y *year) day(t *testing.T, day int) {
	evening := celltest.Start.Add(time.Duration(day+1) * 24 * time.Hour)
	y.World.Publish()
	if y.rotates && y.serial == 0 {
		y.seal()
	}
	if day == 90 && y.World.Rules < cell.RulesNow {
		y.change(&statement.Upgrade{Rules: cell.RulesNow, Reason: y.note("spring")}, "")
	}
	if y.rand.IntN(4) > 0 {
		y.emergency()
	}
	switch y.rand.IntN(40) {
	case 0, 1:
		y.leave()
	case 2, 3:
		y.lose()
	case 4:
		y.stumble()
	}
	if owed := y.World.Envelopes["root"]; owed != nil && owed.State(y.World.Given(owed)) != custody.Sealed {
		y.rotate()
	}
	if (day == 150 || day == 300 || testing.Short() && day == 15) && y.World.Rules > 1 {
		y.goOn()
	}
	if y.rotates {
		y.recover(day)
	}
	if (day == 60 || day == 200 || testing.Short() && (day == 8 || day == 17)) && y.World.Rules > 1 {
		y.exchange(byte(100 + day%100))
	}
	y.until(evening)
	y.review()
	for _, r := range y.World.Requests {
		if !r.Settled() {
			t.Fatalf("day %d: request %s is %s, and something of it is left: %+v", day, r.ID.Short(), r.State, r.Leases)
		}
	}
	if envelope := y.World.Envelopes["root"]; envelope != nil && envelope.State(y.World.Given(envelope)) == custody.Broken {
		t.Fatalf("day %d: the envelope is broken overnight", day)
	}
}

// change has the change quorum agree to a change about somebody.
func (y *year) change(body statement.Body, about string) {
	change, of := body.(*statement.Change)
	held := func(c cell.Command) cell.Command {
		c.Observed.Held = of && change.LedgerKey != ""
		return c
	}
	proposed := y.must(held(y.sign(y.one("sec", about), body)))
	y.World.Publish()
	y.must(held(y.sign(y.one("lead", about), &statement.Decision{Of: canon.Sum(proposed.Entry.Cause.Statement), Verdict: statement.Approve, Check: statement.InPerson})))
}

// leave has somebody leave, unless too few would stay.
func (y *year) leave() {
	group := pick(y.cellOf, "sec", "lead", "call")
	there := slices.DeleteFunc(team(group), func(p string) bool { return !y.World.Roster.Has(p) })
	if len(there) <= 4 {
		return
	}
	who := pick(y.cellOf, there...)
	y.change(&statement.Change{Remove: statement.Removal{Person: who}, Reason: y.note("left")}, who)
	y.left++
}

// lose has somebody lose a key, and go on with the other.
func (y *year) lose() {
	person := y.one(pick(y.cellOf, "sec", "lead", "call"))
	keys := y.keys[person]
	if len(keys) < 2 {
		return
	}
	y.change(&statement.Change{Remove: statement.Removal{Person: person, Key: celltest.Line(keys[0]).Fingerprint}, Reason: y.note("lost")}, person)
	y.keys[person] = keys[1:]
	y.lost++
}

// stumble has the clock step, and come back.
func (y *year) stumble() {
	task := y.task(cell.TaskClock)
	y.must(y.Effect(cell.EffectClock, task.ID, cell.Observed{Step: 90_000}))
	y.Now = y.Now.Add(time.Minute)
	y.must(y.Effect(cell.EffectClock, task.ID, cell.Observed{Step: 10}))
}

// goOn has the ledger lose its end, and go on in a new epoch with something open.
func (y *year) goOn() {
	y.emergency()
	y.World.Publish()
	newest := y.World.Newest()
	body := &statement.Epoch{
		Number: y.World.EpochNow() + 1, Lost: statement.Seen{Size: newest.Size + 20, Root: canon.Sum([]byte("lost"))},
		Salt: canon.Key32(canon.Sum(fmt.Appendf(nil, "salt %d", newest.Size))), Reason: y.note("the disk burnt"),
	}
	first, second := y.sign(y.one("sec"), body), y.sign(y.one("lead"), body)
	y.must(first)
	y.must(second)
	y.World.Publish()
	y.until(y.Now.Add(time.Minute))
	if y.rotates { // whether it was opened in what is lost, nobody knows
		y.rotate()
	}
}

// recover has the trustees give one of them another key, time after time: some of it
// is cancelled, some is void because somebody was removed meanwhile, and the rest is
// in force a week later.
func (y *year) recover(day int) {
	if y.World.Document != y.document && !y.document.IsZero() {
		y.recovered++
	}
	y.document = y.World.Document
	for id, change := range y.World.Changes {
		if !change.Recovers {
			continue
		}
		if y.rand.IntN(30) == 0 {
			y.World.Publish()
			y.must(y.sign(y.one("sec"), &statement.Cancel{Of: id, Why: y.note("not now")}))
			y.World.Publish()
			y.must(y.sign(y.one("lead"), &statement.Cancel{Of: id, Why: y.note("no")}))
			y.cancelled++
		}
		return
	}
	if day%5 > 0 {
		return
	}
	who := fmt.Sprintf("trustee-%d", 2+day/5%4)
	body := y.Recovering(func(g *cell.Genesis) {
		gone := func(person string) bool { return !y.World.Roster.Has(person) }
		g.People = slices.DeleteFunc(g.People, func(p roster.Person) bool { return gone(p.ID) })
		for i := range g.People {
			known, _ := y.World.Roster.Person(g.People[i].ID)
			g.People[i].Keys = slices.DeleteFunc(slices.Clone(known.Keys), func(k roster.Key) bool { return k.Removed })
		}
		for group, members := range g.Groups {
			g.Groups[group] = slices.DeleteFunc(members, gone)
		}
		if g.Founders = slices.DeleteFunc(g.Founders, gone); len(g.Founders) == 0 {
			g.Founders = []string{"trustee-0"}
		}
		celltest.Rekeyed(who, fmt.Sprintf("%s/%d", who, day))(g)
	})
	body.Reason = y.note("a key is lost")
	y.World.Publish()
	proposed := y.must(y.sign("trustee-0", body))
	y.World.Publish()
	y.must(y.sign("trustee-1", &statement.Decision{Of: canon.Sum(proposed.Entry.Cause.Statement), Verdict: statement.Approve, Check: statement.InPerson}))
}

// exchange has the change quorum put another ledger key in force.
func (y *year) exchange(key byte) {
	y.change(y.exchanging(key), "")
	y.World.Publish()
	y.exchanged++
}

func (y *year) task(kind cell.TaskKind) cell.Task {
	for _, t := range y.World.Tasks {
		if t.Kind == kind {
			return t
		}
	}
	panic("no task " + string(kind))
}

// emergency goes from a request to one of the ends that it can have.
func (y *year) emergency() {
	who := y.one("call")
	targets := pick(y.cellOf, []string{"db-1"}, []string{"db-2"}, []string{"db-1", "db-2"})
	if y.rotates && y.rand.IntN(8) == 0 {
		targets = append(slices.Clone(targets), "root")
	}
	ask := y.ask(who, targets...)
	body := *ask.Signed.Statement.Body.(*statement.Request)
	salt := ask.Observed.Salt
	ask = y.sign(who, &body)
	ask.Observed.Salt = salt
	id, holder := ask.Signed.Statement.Digest, fmt.Sprint(y.made)
	y.must(ask)
	y.World.Publish()
	approver := y.one("sec", who)
	if y.rand.IntN(12) == 0 {
		y.must(y.sign(approver, &statement.Decision{Of: id, Verdict: statement.Deny, Check: statement.CallBack}))
		return
	}
	if y.rand.IntN(12) == 0 {
		return // nobody looks, and it lapses
	}
	y.must(y.sign(approver, &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack}))
	y.must(y.sign(y.one("lead", who), &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.Video}))
	if late := y.World.Requests[id].Late; late != nil && late.Leg.Count > 0 {
		y.late++
		y.must(y.sign(y.one("sec", who, approver), &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.InPerson}))
	}
	y.agreed++
	y.until(y.Now.Add(time.Minute))
	y.use(who, holder, id)
	y.World.Publish()
	switch y.rand.IntN(4) {
	case 0:
		y.must(y.Release(who, holder, id))
	case 1:
		y.must(y.sign(y.one("sec", who), &statement.Stop{Of: id, Reason: y.note("enough")}))
	case 2:
		y.must(y.sign(y.one("sec", who, approver), &statement.Decision{Of: id, Verdict: statement.Deny, Check: statement.CallBack}))
	}
}

// review looks back on what has ended: on most of it in time.
func (y *year) review() {
	if y.World.Rules < 2 {
		return
	}
	for _, id := range slices.SortedFunc(maps.Keys(y.World.Requests), func(a, b canon.Digest) int { return bytes.Compare(a[:], b[:]) }) {
		r := y.World.Requests[id]
		if !r.Review.Open() || y.rand.IntN(4) == 0 {
			continue
		}
		y.World.Publish()
		writer := r.Requester
		if !y.World.Roster.Has(writer) {
			writer = y.one("lead")
		}
		written := y.must(y.sign(writer, &statement.Review{Of: id, Necessary: statement.Yes, Misuse: statement.No, Note: y.note("looked back")}))
		y.World.Publish()
		y.must(y.sign(y.one("sec"), &statement.SignOff{Of: id, Review: canon.Sum(written.Entry.Cause.Statement), Verdict: statement.Accept}))
		y.reviewed++
	}
}

// use fetches what a grant opens, and gives the shares that it takes.
func (y *year) use(who, holder string, id canon.Digest) {
	for _, lease := range y.World.Requests[id].Leases {
		if lease.Envelope == "" && lease.State == access.LeaseOpen {
			y.must(y.Fetch(who, holder, id, lease.Target))
			continue
		}
		if lease.Envelope == "" || y.rand.IntN(4) == 0 {
			continue // one that did not open, or was not needed after all
		}
		var given []string
		for _, held := range y.World.Envelopes["root"].Current.Holders {
			if len(given) < 2 && y.World.Roster.Has(held.Custodian) {
				given = append(given, held.Custodian)
				y.must(y.sign(held.Custodian, &statement.Share{
					Of: id, Envelope: "root", Serial: y.serial, Holder: celltest.Public("sealed " + holder), Sealed: y.blob("for " + holder),
				}))
			}
		}
	}
}

// seal seals the envelope for everybody of security who is there.
func (y *year) seal() {
	y.serial++
	body := &statement.Seal{
		Envelope: "root", Serial: y.serial, Threshold: 2, Description: y.blob("description"), Content: y.blob("content"),
		Commitments: y.digest("commitments"),
	}
	for _, person := range team("sec") {
		if y.World.Roster.Has(person) {
			body.Holders = append(body.Holders, statement.Held{Custodian: person, Proof: y.proof(person, 0), Sealed: y.blob("share of " + person)})
		}
	}
	y.must(y.sign(y.one("lead"), body))
}

// rotate seals fresh content, has custodians show that they can open it, and
// puts it in force.
func (y *year) rotate() {
	y.seal()
	for range 2 {
		for _, held := range y.World.Envelopes["root"].Next.Holders[:2] {
			y.told[held.Custodian]++
			y.must(y.sign(held.Custodian, &statement.Inspect{Envelope: "root", Serial: y.serial, Proof: y.proof(held.Custodian, y.told[held.Custodian])}))
		}
	}
	y.must(y.sign(y.one("lead"), &statement.Rotate{Envelope: "root", Serial: y.serial, New: statement.SeenAccepted, Old: statement.SeenRefused}))
	clear(y.told)
	y.rotations++
}

// digest is one of something of the newest sealing.
func (y *year) digest(of string) canon.Digest {
	return canon.Sum(fmt.Appendf(nil, "%s %d", of, y.serial))
}

// proof is a link of a custodian's chain; the higher, the later it is told.
func (y *year) proof(person string, link int) canon.Digest {
	d := y.digest("chain of " + person)
	for range 10 - link {
		d = canon.Sum(d[:])
	}
	return d
}

// blob is an encrypted file, as far as anybody here can tell.
func (y *year) blob(of string) *statement.Blob {
	data := fmt.Appendf(nil, "%s %d %d", of, y.serial, y.rand.Uint64())
	y.Beside[canon.Sum(data)] = data
	return &statement.Blob{Digest: canon.Sum(data), Length: len(data)}
}

// until does what is due, in order, as a server does, until an instant.
func (y *year) until(at canon.Time) {
	for {
		var next []cell.Task
		for _, t := range y.World.Tasks {
			if t.Kind != cell.TaskClock && t.Kind != cell.TaskCount && !t.Due.After(at) {
				next = append(next, t)
			}
		}
		slices.SortFunc(next, func(a, b cell.Task) int {
			return cmp.Or(a.Due.Std().Compare(b.Due.Std()), cmp.Compare(a.ID, b.ID))
		})
		moved := false
		for _, t := range next {
			if moved && t.Due.After(y.Now) {
				break
			}
			y.Now = canon.Later(y.Now, t.Due).Add(time.Second)
			command := y.result(t)
			if t.Kind == cell.TaskRotated {
				command = y.Effect(cell.EffectConsequence, t.ID, cell.Observed{})
			}
			_, err := y.do(command)
			var refusal *cell.Refusal
			if err != nil && !errors.As(err, &refusal) {
				panic(err)
			}
			moved = moved || err == nil
		}
		if !moved {
			break
		}
	}
	y.Now = canon.Later(y.Now, at)
}
