package cell_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

func TestT40NoCertificateForEverybody(t *testing.T) {
	g := celltest.Genesis()
	r, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	for name, principals := range map[string][]string{
		"none": nil, "an empty one": {""}, "a blank": {" "}, "any": {"*"}, "two in one": {"a,b"}, "empty beside good": {"dba", ""},
		"too many": slices.Repeat([]string{"dba"}, 17),
	} {
		s := celltest.Scenario()
		s.Opens[0].SSH.Principals = principals
		if err := cell.CheckScenario(&s, &g, &r); err == nil {
			t.Errorf("principals %s: taken", name)
		}
	}
	s := working()
	for _, after := range []time.Duration{0, time.Second, 10 * time.Minute, 29 * time.Minute} {
		f := s.fork().later(after)
		fetched := f.Must(f.Fetch("ann", "1", f.id, "db-1"))
		authorised := fetched.Outcome.Events[0].(*cell.CredentialAuthorised)
		c, ok := cell.Certificate(f.World.Genesis, f.World.Scenarios["database-locked-out"], f.request(), cell.Fetched{Digest: authorised.Fetch, Target: "db-1", At: f.Now})
		switch {
		case !ok || canon.Sum(c.Unsigned()) != authorised.Unsigned:
			t.Error("the certificate cannot be rebuilt from the ledger")
		case !slices.Equal(c.Principals, []string{"emergency-dba"}) || c.Key != celltest.Public("holder 1"):
			t.Errorf("principals %v, key %s", c.Principals, c.Key)
		case c.KeyID != "halligan:"+f.id.Short()+":db-1":
			t.Errorf("key id %s", c.KeyID)
		case c.Before.Sub(c.After) > 5*time.Minute || c.Before.After(f.request().Grant.Until):
			t.Errorf("valid from %s until %s", c.After, c.Before)
		}
	}
}

// hostile are names that mean something to somebody: a shell, a list, a path, a
// terminal, a certificate, SQL, another alphabet.
var hostile = []string{
	"", "*", "a*", "a,b", "a/b", "../a", "a b", "a\nb", "a\x00", "a;b", "a'b", `a"b`, "a%sb", "{a}", "$a", "a|b", "a=b", "a:b", "-a", ".a",
	"A", "а", "a\u202eb", "a\u200b", "a+b", "~a", "a@b", strings.Repeat("a", 64),
}

func TestT41NamesMeanNothingElse(t *testing.T) {
	for _, name := range hostile {
		for where, change := range map[string]func(*access.Scenario){
			"scenario":  func(s *access.Scenario) { s.ID = name },
			"target":    func(s *access.Scenario) { s.Opens[0].SSH.Name = name },
			"user":      func(s *access.Scenario) { s.Opens[0].SSH.User = name },
			"principal": func(s *access.Scenario) { s.Opens[0].SSH.Principals = []string{name} },
			"source":    func(s *access.Scenario) { s.Opens[0].SSH.SourceAddress = []string{name} },
			"permit":    func(s *access.Scenario) { s.Opens[0].SSH.Permit = []string{name} },
			"host":      func(s *access.Scenario) { s.Opens[0].SSH.Host = name },
		} {
			g, s := celltest.Genesis(), celltest.Scenario()
			r, err := g.Check()
			if err != nil {
				t.Fatal(err)
			}
			change(&s)
			if err := cell.CheckScenario(&s, &g, &r); err == nil {
				t.Errorf("%s %q: taken", where, name)
			}
		}
		for where, change := range map[string]func(*cell.Genesis){
			"person":  func(g *cell.Genesis) { g.People = append(g.People, people(name)...) },
			"group":   func(g *cell.Genesis) { g.Groups[name] = []string{"sam"} },
			"host":    func(g *cell.Genesis) { g.Hosts[0].ID = name },
			"channel": func(g *cell.Genesis) { g.Channels[0].ID = name },
		} {
			g := celltest.Genesis()
			change(&g)
			if _, err := g.Check(); err == nil {
				t.Errorf("%s %q: taken", where, name)
			}
		}
	}
	g := celltest.Genesis()
	g.People = append(g.People, people("o.k-2_x")...)
	if _, err := g.Check(); err != nil {
		t.Errorf("a plain name is refused: %v", err)
	}
}

func TestT41AddressesMeanNothingElse(t *testing.T) {
	s := newStory()
	for _, address := range []string{"192.0.2.7,0.0.0.0/0", "0.0.0.0/0", "*", "192.0.2.7/0", "request", "192.0.2.7 ", ""} {
		c := s.Ask("ann", "2", "db-2")
		c.Observed.Address = address
		if _, err := s.Do(c); err == nil {
			t.Errorf("asked from %q: taken", address)
		}
	}
	expect(t, s.Must(s.Ask("ann", "2", "db-2")), "request-made")
}

// TestT47GrantsOverlap: ending one grant neither ends another at the same host
// nor leaves anything of itself in it.
func TestT47GrantsOverlap(t *testing.T) {
	s := working()
	first := s.id
	s.id = s.Granted("2", "db-1")
	s.Must(s.fetch("db-1"))
	second := s.id
	s.Must(s.Stop("sue", first))
	s.id = first
	expectRefusal(t, s.Cell, s.fetch("db-1"), cell.NotLive)
	s.id = second
	expect(t, s.Must(s.fetch("db-1")), "credential-authorised")
	a, b := s.World.Requests[first].Leases[0].KeyID, s.World.Requests[second].Leases[0].KeyID
	if _, listed := s.World.Revoked[a]; !listed || a == b {
		t.Errorf("key ids %s and %s; the stopped one is revoked: %v", a, b, listed)
	}
	if _, listed := s.World.Revoked[b]; listed {
		t.Error("the live grant's key id is on the revocation list")
	}
	s.id = first
	s.refused("db-1")
	list, _ := s.Task(cell.TaskList, first, "db-1")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectListed, list.ID, s.Report("db-1", s.World.List, s.Now, a, b)), cell.NothingNew)
	expect(t, s.Must(s.Effect(cell.EffectListed, list.ID, s.Report("db-1", s.World.List, s.Now, b))), "lease-proved", "lease-closed")
	if r := s.World.Requests[second]; !r.Live(s.Now) || r.Leases[0].State != access.LeaseOpen {
		t.Errorf("the other grant is %s, its lease %s", r.State, r.Leases[0].State)
	}
}

func TestT51NothingBeforeApproval(t *testing.T) {
	pending, opening := newStory().ask("db-1").approve("sam"), newStory().granted("db-1")
	for name, c := range map[string]struct {
		s    *story
		want cell.Reason
	}{"pending": {pending, cell.NotLive}, "opening": {opening, cell.LeaseNotOpen}} {
		if len(c.s.World.Revoked) != 0 {
			t.Errorf("%s: something is revoked", name)
		}
		expectRefusal(t, c.s.Cell, c.s.fetch("db-1"), c.want)
	}
	expectRefusal(t, pending.Cell, pending.Release("ann", "1", pending.id), cell.NotLive)
	for _, kind := range []cell.TaskKind{cell.TaskOpen, cell.TaskDeliver, cell.TaskBaseline} {
		if _, waits := pending.Task(kind, pending.id, ""); waits {
			t.Errorf("a task %s waits for a pending request", kind)
		}
	}
	opening.opened("db-1")
	expect(t, opening.Must(opening.fetch("db-1")), "credential-authorised")
}

// TestLargestRequestCanBeEnded: the most targets, with the longest names, fit
// into the one entry that ends them all, whatever came before.
func TestLargestRequestCanBeEnded(t *testing.T) {
	g, sc := celltest.Genesis(), celltest.Scenario()
	host := strings.Repeat("h", 63)
	g.Hosts[0].ID, sc.Opens = host, nil
	var targets []string
	for i := range statement.TargetsMost {
		name := fmt.Sprintf("%02d%s", i, strings.Repeat("t", 61))
		targets = append(targets, name)
		sc.Opens = append(sc.Opens, access.Open{SSH: &access.SSH{Name: name, Host: host, User: "root", Principals: []string{"dba"}}})
	}
	for name, issue := range map[string]bool{"nothing issued": false, "all issued": true} {
		s := &story{Cell: celltest.New(g, sc)}
		s.ask(targets...).approve("sam", "lea").opened(targets...)
		if issue {
			for _, target := range targets {
				s.Must(s.fetch(target))
			}
		}
		for end, c := range map[string]cell.Command{
			"stop": s.Stop("sue", s.id), "deny": s.Deny("leo", s.id), "release": s.Release("ann", "1", s.id), "release of each": s.Release("ann", "1", s.id, targets...),
		} {
			recorded, err := s.fork().Do(c)
			if err != nil {
				t.Errorf("%s, %s: %v", name, end, err)
			}
			t.Logf("%s, %s: an entry of %d bytes", name, end, len(recorded.Body))
		}
	}
}
