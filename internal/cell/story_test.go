package cell_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// story is a cell in which one request of ann's is followed, step by step. Every
// step must succeed.
type story struct {
	*celltest.Cell
	id     canon.Digest // of ann's request, when she has asked
	change canon.Digest // of the newest proposed change
}

// guardedScenario may be asked for only strongly, from one network, at night.
func guardedScenario() access.Scenario {
	s := celltest.Scenario()
	s.ID, s.Title = "guarded", "Only strongly, from inside, at night"
	s.Controls = access.Controls{
		MFA: "user-verified", Source: []string{"10.0.0.0/8"},
		Hours: []access.Hours{{Days: []string{"sat", "sun"}, From: "22:00", To: "06:00"}},
	}
	return s
}

// newStory is a cell of celltest.Genesis with three more people: max, who
// approves SEV3 alone, and is no approver of SEV1; roy, a lead who was removed;
// and bob has a request of his own waiting, with the holder key "other".
func newStory() *story { return storyOf(func(*cell.Genesis) {}) }

// storyOf is newStory with a genesis that is changed before it is signed.
func storyOf(change func(*cell.Genesis)) *story {
	g := celltest.Genesis()
	for _, person := range []string{"max", "roy"} {
		g.People = append(g.People, people(person)...)
	}
	g.Groups["managers"], g.Groups["leads"] = []string{"max"}, []string{"lea", "leo", "roy"}
	s := celltest.Scenario()
	s.Severities["SEV3"] = access.Terms{Longest: 900, Quorum: access.Quorum{{From: "group:managers", Count: 1}}, ReviewDue: 72 * 3600}
	change(&g)
	st := &story{Cell: celltest.New(g, s, guardedScenario())}
	st.remove("roy")
	st.Must(st.Ask("bob", "other", "db-1"))
	return st
}

func (s *story) propose(person, key string) *story {
	r := s.Must(s.By("sam", "sam", &statement.Change{Remove: statement.Removal{Person: person, Key: key}, Reason: celltest.Note("left")}))
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	return s
}

// oldStory is a story in a cell that began with rules 1.
func oldStory() *story {
	g := celltest.Genesis()
	g.Rules = 1
	return &story{Cell: celltest.New(g, celltest.Scenario())}
}

// raise proposes, as sam, that the cell decides by rules.
func (s *story) raise(rules int) *story {
	r := s.Must(s.By("sam", "sam", &statement.Upgrade{Rules: rules, Reason: celltest.Note("new")}))
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	return s
}

// remove takes a person out of the roster, by sam and lea.
func (s *story) remove(person string) *story { return s.removeBy(person, "sam", "lea") }

func (s *story) ask(targets ...string) *story {
	r := s.Must(s.Ask("ann", "1", targets...))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	return s
}

func (s *story) approve(people ...string) *story {
	for _, person := range people {
		s.Must(s.Approve(person, s.id))
	}
	return s
}

func (s *story) narrow(person string, narrow statement.Narrow) *story {
	s.Must(s.By(person, person, narrowing(s.id, narrow)))
	return s
}

func narrowing(of canon.Digest, narrow statement.Narrow) *statement.Decision {
	return &statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.Video, Narrow: &narrow}
}

// granted asks and lets one of security and one lead agree.
func (s *story) granted(targets ...string) *story { return s.ask(targets...).approve("sam", "lea") }

func (s *story) effect(kind cell.EffectKind, task cell.TaskKind, target string, observed cell.Observed) *story {
	t, ok := s.Task(task, s.id, target)
	if !ok {
		panic(fmt.Sprintf("no task %s at %q is waiting", task, target))
	}
	s.Must(s.Effect(kind, t.ID, observed))
	return s
}

func (s *story) opened(targets ...string) *story {
	for _, target := range targets {
		s.effect(cell.EffectOpened, cell.TaskOpen, target, cell.Observed{})
	}
	return s
}

func (s *story) fetched(target string) *story {
	s.Must(s.fetch(target))
	return s.effect(cell.EffectDelivered, cell.TaskDeliver, target, cell.Observed{})
}

// fetch is a fetch by the holder of the request.
func (s *story) fetch(target string) cell.Command {
	r := s.request()
	command := s.By(r.Requester, r.Requester, &statement.Fetch{Of: s.id, Target: target})
	command.Signed.Signer = cell.Signer{Fingerprint: roster.Ed25519Fingerprint(r.Holder), Ed25519: r.Holder, Strength: roster.Possession}
	return command
}

func (s *story) worked(target string) *story {
	return s.effect(cell.EffectProbed, cell.TaskBaseline, target, celltest.Round(access.Accepted, access.Accepted))
}

func (s *story) stopped() *story {
	s.Must(s.Stop("sue", s.id))
	return s
}

func (s *story) refused(target string) *story {
	return s.effect(cell.EffectProbed, cell.TaskProve, target, celltest.Round(access.Refused, access.Accepted))
}

// expired waits until the last credential is over, and says so.
func (s *story) expired(target string) *story {
	t, _ := s.Task(cell.TaskExpire, s.id, target)
	s.Now = canon.Later(s.Now, t.Due)
	return s.effect(cell.EffectDue, cell.TaskExpire, target, cell.Observed{})
}

func (s *story) listed(target string) *story {
	return s.effect(cell.EffectListed, cell.TaskList, target, s.Report(target, s.World.List, s.Now))
}

func (s *story) attested(person, target string) *story {
	s.Must(s.By(person, person, &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")}))
	return s
}

// stepped reports how far the wall clock has left the monotonic one.
func (s *story) stepped(milliseconds int64) *story {
	t, _ := s.Task(cell.TaskClock, canon.Digest{}, "")
	s.Must(s.Effect(cell.EffectClock, t.ID, cell.Observed{Step: milliseconds}))
	return s
}

func (s *story) later(d time.Duration) *story {
	s.Now = s.Now.Add(d)
	return s
}

// request is ann's request as it stands.
func (s *story) request() *access.Request { return s.World.Requests[s.id] }

// refusalOf gives the refusal that an error is, or nil.
func refusalOf(err error) *cell.Refusal {
	var refusal *cell.Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	return nil
}
