package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// AmendMost bounds the people, keys and users of Identity Center that one amendment
// adds, moves or takes away: what it does stands in one entry.
const AmendMost = 100

// amendment is a proposed document, read and found fit to be in force.
type amendment struct {
	Document
	digests map[string]canon.Digest // of the scenarios
	roster  roster.Roster           // after it
	roster.Amended
}

// decideAmend takes a proposal to amend the document in force. What depends on
// the document comes last and has one reason: the files of a refused proposal
// are not kept, and whoever replays the refusal must come to the same without
// them.
func (w *World) decideAmend(change Change, asked *statement.Amend, s *Signed, c Command) (Outcome, *Refusal) {
	if w.Rules < rulesAmend {
		return Outcome{}, refuse(RulesTooOld, "to amend the cell's document needs rules %d; this cell decides by rules %d", rulesAmend, w.Rules)
	}
	if refusal := w.mayPropose(&change, s, c); refusal != nil {
		return Outcome{}, refusal
	}
	change.From, change.To = asked.From, asked.To.Digest
	if refusal := w.inForce(&change); refusal != nil {
		return Outcome{}, refusal
	}
	made, refusal := w.amendment(&change)
	if refusal != nil {
		return Outcome{}, refusal
	}
	for _, ref := range made.Genesis.Scenarios {
		brought := slices.ContainsFunc(asked.With, func(b statement.Blob) bool { return b.Digest == ref.Digest })
		if !brought && w.Digests[ref.ID] != ref.Digest {
			return Outcome{}, refuse(NotAmendable, "scenario %s is other than in force and does not come with the change", ref.ID)
		}
	}
	for _, ref := range made.Genesis.Policies {
		brought := slices.ContainsFunc(asked.With, func(b statement.Blob) bool { return b.Digest == ref.Digest })
		if !brought && !slices.Contains(w.Genesis.Policies, ref) {
			return Outcome{}, refuse(NotAmendable, "policy %s is other than in force and does not come with the change", ref.ID)
		}
	}
	change.Without = made.Gone
	return w.propose(change, s, c)
}

// rulesAmend are the first rules by which the document can be amended.
const rulesAmend = 2

// inForce refuses an amendment of what is not in force any more: those who
// signed it compared the new document with another.
func (w *World) inForce(change *Change) *Refusal {
	if waits := w.recovering(); change.Recovers && waits != nil && waits.ID != change.ID {
		return refuse(TooMany, "recovery %s is agreed and waits: it takes effect or is cancelled before another is agreed to", waits.ID.Short())
	}
	if change.From != w.Document {
		return refuse(NotInForce, "the change amends the document %s; %s is in force", change.From.Short(), w.Document.Short())
	}
	return nil
}

// amendment reads the document that a change proposes and refuses one that could
// not be in force.
func (w *World) amendment(change *Change) (*amendment, *Refusal) {
	data, err := w.attachment(change.To)
	if err != nil {
		return nil, refuse(NotAmendable, "document %s: %v", change.To.Short(), err)
	}
	genesis, err := DecodeGenesis(data)
	if err != nil {
		return nil, refuse(NotAmendable, "the document cannot be used: %v", err)
	}
	if fault := w.Genesis.fixed(genesis); fault != "" {
		return nil, refuse(NotAmendable, "no change can touch %s", fault)
	}
	if fault := w.Genesis.beyondPeople(genesis); change.Recovers && fault != "" {
		return nil, refuse(NotAmendable, "a recovery touches people and groups alone, and the document has another %s", fault)
	}
	people, err := genesis.Check()
	if err != nil {
		return nil, refuse(NotAmendable, "the document cannot be used: %v", err)
	}
	scenarios, err := w.readScenarios(genesis, &people)
	if err != nil {
		return nil, refuse(NotAmendable, "the document cannot be used: %v", err)
	}
	made := &amendment{Document: w.document(genesis, scenarios), digests: digestsOf(genesis)}
	if made.roster, made.Amended, err = w.Roster.Amend(genesis.People, genesis.Groups); err != nil {
		return nil, refuse(NotAmendable, "%v", err)
	}
	if n := len(made.Gone) + len(made.Lost) + len(made.Arrived) + len(w.usersMoved(genesis)); n > AmendMost {
		return nil, refuse(NotAmendable, "it adds, moves or takes away %d people, keys and users of Identity Center; one change does at most %d", n, AmendMost)
	}
	if busy := w.busy(genesis); busy != "" {
		return nil, refuse(NotAmendable, "%s has a lease that is not closed: nobody could prove its end without", busy)
	}
	if person := w.userMoved(genesis); person != "" {
		return nil, refuse(NotAmendable, "a request of %s waits for a permission set, which whoever agreed knows to be for another user of Identity Center: withdraw it or let it lapse first", person)
	}
	if slot := w.slotLost(scenarios); slot != "" {
		return nil, refuse(NotAmendable, "%s: nobody could stop it by itself", slot)
	}
	return made, nil
}

func digestsOf(g *Genesis) map[string]canon.Digest {
	digests := map[string]canon.Digest{}
	for _, ref := range g.Scenarios {
		digests[ref.ID] = ref.Digest
	}
	return digests
}

// fixed names what of a document in force no other may change; empty when
// nothing of it differs. Founders may only leave, with the people: who is named
// a founder later founded nothing, unless none of them is left.
func (g *Genesis) fixed(after *Genesis) string {
	stay := slices.DeleteFunc(slices.Clone(g.Founders), func(founder string) bool {
		return !slices.ContainsFunc(after.People, func(p roster.Person) bool { return p.ID == founder })
	})
	switch {
	case after.Version != g.Version || after.Origin != g.Origin:
		return "the cell's name"
	case after.Ledger != g.Ledger || after.Revocations != g.Revocations:
		return "the keys of the ledger and the revocation lists"
	case after.Authority != g.Authority:
		return "the SSH authority"
	case after.Rules != g.Rules:
		return "the rules that the cell began with; an upgrade raises those it decides by"
	case after.Witnesses != g.Witnesses || after.Trial != g.Trial:
		return "witnesses and trial"
	case !same(g.unamendable(), after.unamendable()):
		return "what this version has no words for"
	case len(stay) > 0 && !slices.Equal(slices.Sorted(slices.Values(stay)), slices.Sorted(slices.Values(after.Founders))):
		return "the founders"
	}
	return ""
}

// unamendable is a document without everything that a change may touch.
func (g *Genesis) unamendable() Genesis {
	rest := *g
	rest.Founders, rest.People, rest.Groups, rest.Hosts, rest.Channels, rest.Scenarios = nil, nil, nil, nil, nil, nil
	rest.Programs, rest.Networks, rest.Policies, rest.GuardRails = nil, nil, nil, nil
	rest.Recovery, rest.AWS, rest.Makers = Recovery{}, AWS{}, nil
	rest.Security, rest.Change, rest.Pending, rest.CoolOff = "", nil, 0, 0
	return rest
}

// busy is a host or program with a lease that is not closed, which a document
// leaves out, or a host that it gives another report key; empty when there is
// none.
func (w *World) busy(after *Genesis) string {
	for _, id := range sortedRequests(w.Requests) {
		for _, l := range w.Requests[id].Leases {
			if l.State == access.LeaseClosed && !l.Owes() && !l.Denying() {
				continue
			}
			if l.Program != "" && !slices.ContainsFunc(after.Programs, func(p Program) bool { return p.ID == l.Program }) {
				return "program " + l.Program
			}
			if gone := w.Genesis.leavesAWS(&l, after); gone != "" {
				return gone
			}
			before, _ := w.Genesis.Host(l.Host)
			host, stays := after.Host(l.Host)
			if before != nil && (!stays || host.Report != before.Report) {
				return "host " + l.Host
			}
		}
	}
	return ""
}

// amendEvents are what an amendment does when its quorum is filled: who goes is
// removed as by a removal, then the new document is in force, and the keys that
// came with it begin to cool off.
func (w *World) amendEvents(change *Change, agreed []string, at canon.Time) []Event {
	made, refusal := w.amendment(change)
	if refusal != nil {
		return nil // possible refused it before
	}
	var events []Event
	for _, person := range made.Gone {
		events = append(events, &PersonRemoved{Person: person})
	}
	var keys []string
	for _, lost := range made.Lost {
		events, keys = append(events, &KeyRemoved{Person: lost.Person, Key: lost.Key}), append(keys, lost.Key)
	}
	events = append(events, w.freedWith(made.Gone, keys)...)
	until := at.Add(w.cools(at).Duration())
	amended := &Amended{Change: change.ID, From: change.From, To: change.To}
	if amended.Widened = Widened(w.InForce(), made.Document); len(amended.Widened) > 0 {
		amended.Signers, amended.Until = slices.Sorted(slices.Values(agreed)), until
	}
	events = append(events, amended)
	if waits := w.recovering(); waits != nil && waits.ID != change.ID { // it was compared with another document
		events = append(events, &RecoveryOver{Change: waits.ID, State: ChangeVoid})
	}
	for _, moved := range w.usersMoved(made.Genesis) {
		events = append(events, &moved)
	}
	for _, arrived := range made.Arrived {
		events = append(events, &KeyAdded{Person: arrived.Person, Key: arrived.Key, Until: until})
	}
	return events
}

// applyAmended puts another document in force.
func (w *World) applyAmended(p place, e *Amended) error {
	made, refusal := w.amendment(&Change{From: e.From, To: e.To})
	if refusal != nil {
		return refusal
	}
	w.leaving = nil
	for _, channel := range w.Genesis.Channels {
		if !slices.Contains(made.Genesis.Channels, channel) {
			w.leaving = append(w.leaving, channel)
		}
	}
	if before := w.cools(p.at); made.Genesis.Cools() < before && before > w.CoolsWas {
		w.CoolsWas, w.CoolsUntil = before, p.at.Add(before.Duration())
	}
	made.Genesis.Attest(&made.roster, &w.Roster, p.at)
	w.Document, w.Genesis, w.Roster = e.To, made.Genesis, made.roster
	w.Scenarios, w.Digests = made.Scenarios, made.digests
	if !w.Doubted {
		w.forgetCooled(p.at)
	}
	for _, scenario := range e.Widened {
		for _, signer := range e.Signers {
			key := barredKey(signer, scenario)
			w.Barred[key] = canon.Later(w.Barred[key], e.Until)
		}
	}
	return nil
}

// scenarioOf is the scenario that a request was signed for: a grant goes on
// under what was agreed, whatever is in force since.
func (w *World) scenarioOf(r *access.Request) *access.Scenario {
	if inForce, ok := w.Scenarios[r.Scenario]; ok && w.Digests[r.Scenario] == r.ScenarioDigest {
		return inForce
	}
	if known, ok := w.former[r.ScenarioDigest]; ok {
		return known
	}
	former := new(access.Scenario)
	data, err := w.attachment(r.ScenarioDigest)
	if err != nil || canon.Decode(data, access.ScenarioLimit, former) != nil {
		return former // names no target and no quorum: it allows nothing
	}
	w.former[r.ScenarioDigest] = former
	return former
}

// ScenarioOf is the scenario that a request was signed for, whatever is in force.
func (w *World) ScenarioOf(r *access.Request) *access.Scenario { return w.scenarioOf(r) }

// outdated tells whether a request waits under a scenario that is not in force
// any more: nobody could agree to it.
func (w *World) outdated(r *access.Request) bool {
	return r.State == access.Pending && w.Digests[r.Scenario] != r.ScenarioDigest
}

// followAmended enqueues what another document means for envelopes: fresh
// content is owed where those who hold shares are not who should.
func (w *World) followAmended(p place) {
	w.followRemoval(p)
	for _, name := range sortedKeys(w.Envelopes) {
		envelope := w.Envelopes[name]
		waits := slices.ContainsFunc(w.tasksOf[p.stream], func(id string) bool {
			return w.Tasks[id].Kind == TaskOwe && w.Tasks[id].Target == name && !w.Tasks[id].Due.After(p.at)
		})
		if envelope.Current == nil || envelope.Owed != nil || waits {
			continue
		}
		for _, of := range w.opening(name) {
			if envelope.Current.Fits(of, w.Roster.In) != "" {
				w.finish(p.stream, func(t Task) bool { return t.Target == name && t.Kind == TaskOwe })
				w.enqueue(p, Task{Kind: TaskOwe, Target: name, Event: custody.WhyChanged})
				break
			}
		}
	}
}

// InForce is the document in force.
func (w *World) InForce() Document { return w.document(w.Genesis, w.Scenarios) }

func (w *World) document(g *Genesis, scenarios map[string]*access.Scenario) Document {
	files, _ := w.readPolicies(g) // readScenarios refused what cannot be read
	return Document{g, scenarios, files}
}

// Proposed is the document that a change proposes. Its error says why the rules
// would refuse it as things stand.
func (w *World) Proposed(change *Change) (Document, error) {
	made, refusal := w.amendment(change)
	if refusal != nil {
		return Document{}, refusal
	}
	return made.Document, nil
}

// Removes tells whether a change removes a person, or a key of theirs by name:
// they have no say in it.
func (c *Change) Removes(person string) bool {
	return person == c.Person || slices.Contains(c.Without, person)
}
