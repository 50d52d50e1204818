package cell_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// The small world of the search: ann, bob and cat may all ask; SEV1 needs one of
// red (ann, bob, cat) and one of blue (bob, cat), so that bob and cat could each
// fill both legs, and are alike. fay founded the cell, is security, and removes
// people on her own.
var (
	trio   = []string{"ann", "bob", "cat"}
	signer = signers("ann", "bob", "cat", "fay")
)

func signers(people ...string) map[string]cell.Signer {
	all := map[string]cell.Signer{}
	for _, person := range people {
		all[person] = cell.Signer{Fingerprint: celltest.Line(person).Fingerprint, Ed25519: celltest.Public(person), Strength: roster.Possession}
	}
	return all
}

// tick is how far the search's clock goes at a time.
const tick = 15 * time.Minute

func smallWorld() *celltest.Cell {
	g := celltest.Genesis()
	g.Founders, g.People, g.Channels = []string{"fay"}, people("ann", "bob", "cat", "fay"), nil
	g.Groups = map[string][]string{"red": {"ann", "bob", "cat"}, "blue": {"bob", "cat"}, "founders": {"fay"}}
	g.Security, g.Change = "group:founders", access.Quorum{{From: "group:founders", Count: 1}}
	s := celltest.Scenario()
	s.MayRequest = []string{"group:red"}
	s.Severities = map[access.Severity]access.Terms{"SEV1": {
		Longest: 3600, ReviewDue: 30 * 24 * 3600, Quorum: access.Quorum{{From: "group:red", Count: 1}, {From: "group:blue", Count: 1}},
	}}
	return celltest.New(g, s)
}

// starts are where the search begins: a cell in which nobody asked, and places
// that are too deep for a search from there.
func starts() []node {
	empty := smallWorld()
	open := &story{Cell: empty.Fork()}
	open.ask("db-1", "db-2").approve("bob", "cat").opened("db-1", "db-2").fetched("db-1")
	asked := open.fork()
	asked.other("bob", "ann")
	both := &story{Cell: empty.Fork()}
	both.ask("db-1").approve("bob", "cat").opened("db-1").fetched("db-1").worked("db-1")
	first := both.id
	both.other("cat", "ann", "bob").opened("db-1").fetched("db-1").worked("db-1")
	closing := both.fork()
	for _, id := range []canon.Digest{first, both.id} {
		closing.Must(closing.Stop("fay", id))
	}
	var all []node
	for _, c := range []*celltest.Cell{empty, open.Cell, asked.Cell, both.Cell, closing.Cell} {
		all = append(all, node{c.World.Lean(), c.Now})
	}
	return all
}

// other lets another person ask, and some approve.
func (s *story) other(person string, approvers ...string) *story {
	r := s.Must(s.Ask(person, "2", "db-1"))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	return s.approve(approvers...)
}

// node is a place in the search: a world, and what time it is.
type node struct {
	w   *cell.World
	now canon.Time
}

// move is what is tried at a node. A zero command is the clock going on.
type move struct {
	name    string
	command cell.Command
	may     expectation
}

type expectation byte

const (
	either expectation = iota
	must               // the rules owe this to somebody
	never              // the rules forbid this to everybody
)

// mover lists the moves of one node.
type mover struct {
	node
	scenario cell.ScenarioRef
	requests []*access.Request
	moves    []move
}

// movesAt lists every move of a node, always in the same order.
func movesAt(n node, moves []move) []move {
	m := mover{node: n, scenario: n.w.Genesis.Scenarios[0], moves: moves[:0]}
	for _, r := range n.w.Requests {
		m.requests = append(m.requests, r)
	}
	slices.SortFunc(m.requests, func(a, b *access.Request) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	m.moves = append(m.moves, move{name: "tick"})
	m.cellMoves()
	for i, r := range m.requests {
		m.statements(r, m.requests[len(m.requests)-1-i])
		m.results(r)
	}
	return m.moves
}

// signed is a statement of a person with a key.
func (m *mover) signed(may expectation, name, person string, key cell.Signer, body statement.Body) {
	var id [32]byte
	binary.BigEndian.PutUint64(id[:], uint64(m.w.Next())+1)
	id[31] = byte(len(m.moves))
	m.moves = append(m.moves, move{name, cell.Command{
		At: m.now, Observed: cell.Observed{Address: "192.0.2.7"},
		Signed: &cell.Signed{Signer: key, Statement: statement.Statement{Body: body, Header: statement.Header{
			Actor: person, Expires: m.now.Add(5 * time.Minute), Ledger: m.w.Origin, Nonce: canon.Key32(id), Digest: id,
		}}},
	}, may})
}

func (m *mover) by(may expectation, name, person string, body statement.Body) {
	m.signed(may, name+" by "+person, person, signer[person], body)
}

func (m *mover) effect(may expectation, name string, kind cell.EffectKind, task string, o cell.Observed) {
	m.moves = append(m.moves, move{name, cell.Command{At: m.now, Effect: &cell.Effect{Kind: kind, Task: task}, Observed: o}, may})
}

// cellMoves are asking, removing people, and the clock's doubts.
func (m *mover) cellMoves() {
	for _, person := range trio {
		here := m.w.Roster.Has(person)
		if len(m.requests) < 2 {
			for _, targets := range [][]string{{"db-1"}, {"db-1", "db-2"}} {
				m.by(when(!here, never), "ask", person, &statement.Request{
					Scenario: m.scenario.ID, ScenarioDigest: m.scenario.Digest, Severity: "SEV1", For: 1800, Targets: targets,
					Why: someNote, Holder: m.holder(),
				})
			}
		}
		if here {
			m.by(either, "remove "+person, "fay", &statement.Change{Remove: statement.Removal{Person: person}, Reason: someNote})
		}
	}
	for _, id := range m.w.TasksOf(cell.StreamCell) {
		if m.w.Tasks[id].Kind == cell.TaskClock {
			m.effect(when(m.w.Doubted, never), "clock jumps", cell.EffectClock, id, cell.Observed{Step: -60_000})
			m.effect(when(!m.w.Doubted, never), "clock agrees", cell.EffectClock, id, cell.Observed{})
		}
	}
}

var someNote = celltest.Note("note")

func when(condition bool, e expectation) expectation {
	if condition {
		return e
	}
	return either
}

func (m *mover) holder() statement.Holder {
	var key canon.Key32
	binary.BigEndian.PutUint64(key[:], uint64(m.w.Next())+1)
	return statement.Holder{Ed25519: key, X25519: key}
}

// statements are what people say about a request; other is the other request,
// or the same if there is one only.
func (m *mover) statements(r, other *access.Request) {
	live := r.State == access.Pending || r.State == access.Granted
	for _, person := range trio {
		here, own := m.w.Roster.Has(person), person == r.Requester
		m.by(when(!here || own || r.State != access.Pending, never), "approve", person, m.decision(r, statement.Approve, nil))
		if r.State == access.Pending && here && !own {
			m.by(either, "approve half", person, m.decision(r, statement.Approve, &statement.Narrow{For: 900}))
			m.by(never, "approve more", person, m.decision(r, statement.Approve, &statement.Narrow{For: 3600}))
			if len(r.Targets) == 2 {
				m.by(either, "approve db-2", person, m.decision(r, statement.Approve, &statement.Narrow{Targets: []string{"db-2"}}))
			} else {
				m.by(never, "approve db-2", person, m.decision(r, statement.Approve, &statement.Narrow{Targets: []string{"db-2"}}))
			}
		}
		m.by(when(!here || own || !live, never), "deny", person, m.decision(r, statement.Deny, nil))
		m.by(stopping(here, live), "stop", person, &statement.Stop{Of: r.ID, Reason: someNote})
		m.by(when(!here || !own || r.State != access.Pending, never), "withdraw", person, &statement.Withdraw{Of: r.ID})
	}
	m.by(stopping(true, live), "stop", "fay", &statement.Stop{Of: r.ID, Reason: someNote})
	m.by(never, "approve", "fay", m.decision(r, statement.Approve, nil))
	m.leaseStatements(r, other)
}

// stopping says what I6 owes: whoever is eligible and present can stop whatever
// waits or lives.
func stopping(here, live bool) expectation {
	if here && live {
		return must
	}
	return never
}

func (m *mover) decision(r *access.Request, verdict statement.Verdict, narrow *statement.Narrow) statement.Body {
	return &statement.Decision{Of: r.ID, Verdict: verdict, Check: statement.CallBack, Narrow: narrow}
}

func (m *mover) leaseStatements(r, other *access.Request) {
	holder := cell.Signer{Fingerprint: "of a holder key", Ed25519: r.Holder, Strength: roster.Possession}
	wrong := cell.Signer{Fingerprint: "of another holder key", Ed25519: other.Holder, Strength: roster.Possession}
	for i := range r.Leases {
		l := &r.Leases[i]
		fetch := &statement.Fetch{Of: r.ID, Target: l.Target}
		if !m.waits(r, cell.TaskDeliver, l.Target) { // at most one is on its way
			m.signed(when(l.State != access.LeaseOpen || r.State != access.Granted, never), "fetch "+l.Target, r.Requester, holder, fetch)
		}
		m.signed(never, "fetch with the person's key", r.Requester, signer[r.Requester], fetch)
		m.signed(never, "fetch as another", "fay", holder, fetch)
		if other != r {
			m.signed(never, "fetch with the other's holder key", r.Requester, wrong, fetch)
		}
		m.signed(when(r.State != access.Granted, never), "release "+l.Target, r.Requester, holder, &statement.Release{Of: r.ID, Targets: []string{l.Target}})
		closing := l.State == access.LeaseClosing
		m.by(when(!closing, never), "attest "+l.Target, "fay", &statement.Attest{Of: r.ID, Target: l.Target, Note: someNote})
		m.by(never, "attest "+l.Target, r.Requester, &statement.Attest{Of: r.ID, Target: l.Target, Note: someNote})
	}
	if len(r.Leases) > 0 {
		m.signed(when(r.State != access.Granted, never), "release all", r.Requester, holder, &statement.Release{Of: r.ID})
	}
}

func (m *mover) waits(r *access.Request, kind cell.TaskKind, target string) bool {
	return slices.ContainsFunc(m.w.TasksOf(cell.StreamOf(r.ID)), func(id string) bool {
		t := m.w.Tasks[id]
		return t.Kind == kind && t.Target == target
	})
}

// results are what may come back from the tasks of a request.
func (m *mover) results(r *access.Request) {
	for _, id := range m.w.TasksOf(cell.StreamOf(r.ID)) {
		switch t := m.w.Tasks[id]; t.Kind {
		case cell.TaskOpen:
			m.effect(must, "opened "+t.Target, cell.EffectOpened, id, cell.Observed{})
		case cell.TaskBaseline:
			m.effect(must, "twin works at "+t.Target, cell.EffectProbed, id, celltest.Round(access.Accepted, access.Accepted))
			m.effect(never, "twin fails at "+t.Target, cell.EffectProbed, id, celltest.Round(access.Refused, access.Accepted))
		case cell.TaskDeliver:
			m.effect(must, "delivered "+t.Target, cell.EffectDelivered, id, cell.Observed{})
		case cell.TaskProve:
			m.effect(either, "refused at "+t.Target, cell.EffectProbed, id, celltest.Round(access.Refused, access.Accepted))
			m.effect(never, "both refused at "+t.Target, cell.EffectProbed, id, celltest.Round(access.Refused, access.Refused))
			m.effect(never, "unreachable "+t.Target, cell.EffectProbed, id, celltest.Round(access.Unreachable, access.Accepted))
		case cell.TaskList:
			l, _ := r.Lease(t.Target)
			m.effect(when(!l.DoorShut(), never), "listed "+t.Target, cell.EffectListed, id, m.report(l, l.Closing.List, m.now))
			m.effect(never, "listed with an old list", cell.EffectListed, id, m.report(l, l.Closing.List-1, m.now))
			m.effect(never, "listed too early", cell.EffectListed, id, m.report(l, l.Closing.List, l.Closing.At.Add(-1e6)))
			m.effect(never, "listed with a session", cell.EffectListed, id, m.report(l, l.Closing.List, m.now, l.KeyID))
		case cell.TaskConsequence:
			m.effect(must, "consequence", cell.EffectConsequence, id, cell.Observed{})
		default: // what is due at an instant
			m.effect(due(t, m.now), "due "+string(t.Kind)+" "+t.Target, cell.EffectDue, id, cell.Observed{})
		}
	}
}

func due(t cell.Task, now canon.Time) expectation {
	if now.Before(t.Due) {
		return never
	}
	return must
}

func (m *mover) report(l *access.Lease, list int64, listAt canon.Time, sessions ...string) cell.Observed {
	host, _ := m.w.Genesis.Host(l.Host)
	return cell.Observed{Report: &cell.Reported{Facts: cell.ReportFacts{
		Host: l.Host, Origin: m.w.Origin, Fingerprint: host.Report.Fingerprint, List: list, ListAt: listAt, KeyIDs: sessions, Complete: true,
	}}}
}
