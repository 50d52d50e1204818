package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Request is everything of one request for a screen. When Limited is set, the
// reader may know no more than ID, Short, Scenario and State, and the rest is
// empty but for Acts.
type Request struct {
	ID             canon.Digest    `json:"id"`
	Short          string          `json:"short"`
	Scenario       string          `json:"scenario"`
	ScenarioDigest canon.Digest    `json:"scenario_digest,omitzero"` // that was signed
	State          access.State    `json:"state"`
	Limited        bool            `json:"limited,omitzero"`
	Title          string          `json:"title,omitempty"`
	Requester      string          `json:"requester,omitempty"`
	Severity       access.Severity `json:"severity,omitempty"`
	For            canon.Seconds   `json:"for,omitzero"`
	Targets        []string        `json:"targets,omitempty"`
	Incident       string          `json:"incident,omitempty"`
	Why            *Note           `json:"why,omitzero"`
	Address        string          `json:"address,omitempty"`
	Holder         canon.Key32     `json:"holder,omitzero"` // public key that fetches and gives back: of the machine, or browser, that asked
	At             canon.Time      `json:"at,omitzero"`
	Code           string          `json:"code,omitempty"` // one sentence: that it was asked with a code, and what that is worth
	Lapses         canon.Time      `json:"lapses,omitzero"`
	Salt           string          `json:"salt,omitempty"`  // of the confirmation words
	Words          []string        `json:"words,omitempty"` // filled in by the caller, who works them out
	Opens          []Opening       `json:"opens,omitempty"` // what it opens, in plain words; what was asked for until it is agreed
	Symptoms       []Symptom       `json:"symptoms,omitempty"`
	Outages        []string        `json:"outages,omitempty"` // custodians who say that the emergency is real
	Legs           []Leg           `json:"legs,omitempty"`
	Missing        []string        `json:"missing,omitempty"` // sentences; only while the request waits
	Decisions      []Decision      `json:"decisions,omitempty"`
	Narrowed       *Narrowed       `json:"narrowed,omitzero"`
	Grant          *Grant          `json:"grant,omitzero"`
	Leases         []Lease         `json:"leases,omitempty"`
	Consoles       []string        `json:"consoles,omitempty"` // targets whose console the keys of the request, which a browser made, sign in to now
	End            *End            `json:"end,omitzero"`
	Solo           *Solo           `json:"solo,omitzero"`        // whether and when the requester may go in alone, or that they did
	Extensions     []Extension     `json:"extensions,omitempty"` // more time that was asked for, oldest first
	Late           string          `json:"late,omitempty"`       // one sentence: the overdue review that it was asked in spite of
	Review         *Review         `json:"review,omitzero"`
	Told           []Told          `json:"told,omitempty"`
	Known          string          `json:"known,omitempty"` // one sentence: what is known now
	Next           []Step          `json:"next,omitempty"`
	StopsToo       []string        `json:"stops_too,omitempty"`  // sentences: other grants that end with this one
	StopTakes      string          `json:"stop_takes,omitempty"` // one sentence: how soon a stop takes hold, where it does not at once
	Acts           []Act           `json:"acts,omitempty"`       // what the viewer may sign about it now, as far as can be known
	Also           []canon.Digest  `json:"also,omitempty"`       // what Cell.Also says, in the answer to a request
	Last           int64           `json:"last,omitzero"`        // index of the entry that left it so; 0 when the view does not hold it, or holds a newer
}

// Note is free text beside the ledger. Text is filled in by the caller; it is
// missing when it was erased.
type Note struct {
	Hash canon.Digest `json:"hash"`
	Text string       `json:"text,omitempty"`
	Salt canon.Key32  `json:"salt,omitzero"` // of names and contacts in a list of people: Hash is SHA-256 of it and Text
}

// Decision is one verdict.
type Decision struct {
	Approver string        `json:"approver"`
	Approves bool          `json:"approves"`
	Check    string        `json:"check"`
	For      canon.Seconds `json:"for,omitzero"`      // narrowed to
	Targets  []string      `json:"targets,omitempty"` // narrowed to
	At       canon.Time    `json:"at"`
	Key      string        `json:"key"`           // fingerprint
	Code     bool          `json:"code,omitzero"` // with a code: that it was them is the server's word
	Void     bool          `json:"void,omitzero"` // signer or key was removed since: it counts no more
	Text     string        `json:"text"`
}

// Narrowed is what the approvals so far leave of a request.
type Narrowed struct {
	For     canon.Seconds `json:"for"`
	Targets []string      `json:"targets"`
}

// Grant is the window and what it is for.
type Grant struct {
	From      canon.Time    `json:"from"`
	Until     canon.Time    `json:"until"`
	Remaining canon.Seconds `json:"remaining"` // 0 once the grant is over
	Targets   []string      `json:"targets"`
	By        []string      `json:"by"`
}

// End is when, why and by whom a grant ended.
type End struct {
	access.End `json:",embed"`
	Text       string `json:"text"`
}

// Request shows a request to a viewer, who need not be allowed to see it all.
// The request may be one that the view does not hold.
func (c *Cell) Request(viewer string, r *access.Request, at Instant) Request {
	return read(c, func(s *state) Request { return s.seen(viewer, r, at) })
}

// Show is Request without a viewer, for who holds the evidence anyway. On a
// server it owes MaySee.
func (c *Cell) Show(r *access.Request, at Instant) Request {
	return read(c, func(s *state) Request { return s.request(r, at) })
}

// Also is what else a requester has waiting or live under the same scenario,
// oldest first: perhaps they asked twice.
func (c *Cell) Also(of *access.Request) []canon.Digest {
	return read(c, func(s *state) []canon.Digest {
		var also []*access.Request
		for id, r := range s.open {
			if id != of.ID && r.Requester == of.Requester && r.Scenario == of.Scenario {
				also = append(also, r)
			}
		}
		slices.SortFunc(also, func(a, b *access.Request) int { return a.At.Std().Compare(b.At.Std()) })
		var ids []canon.Digest
		for _, r := range also {
			ids = append(ids, r.ID)
		}
		return ids
	})
}

func limited(r *access.Request) Request {
	return Request{ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, State: r.State, Limited: true}
}

// last is the index of the entry that left a request as it is. The view may know
// a later one already: whoever waits for news would wait past it.
func (s *state) last(r *access.Request) int64 {
	if held := s.requests[r.ID]; held.Request == r {
		return held.Last
	}
	return 0
}

func (s *state) request(r *access.Request, at Instant) Request {
	v := Request{
		ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, ScenarioDigest: r.ScenarioDigest, State: r.State, Title: s.title(r.Scenario),
		Requester: r.Requester, Severity: Gravity(r), For: r.For, Targets: r.Targets, Incident: r.Incident,
		Why: &Note{Hash: r.Why}, Address: r.Address, Holder: r.Holder, At: r.At, Code: askedWith(r.Code, r.Requester), Lapses: r.Lapses,
		Salt: s.learned.salts[r.ID], Told: s.learned.told[r.ID], Late: lateText(r.Late), Review: s.review(r, at.Now), Last: s.last(r),
	}
	if scenario, ok := s.Scenarios[r.Scenario]; ok && s.Digests[r.Scenario] == r.ScenarioDigest {
		v.Opens = s.openings(scenario, opened(r), r.Address)
	}
	v.Symptoms, v.Outages = s.symptoms(r, at.Now), s.outages(r)
	if b, ok := s.ballotOf(r); ok {
		v.Legs = s.legsOf(r, b)
		for _, leg := range v.Legs {
			if leg.Missing > 0 && r.State == access.Pending {
				v.Missing = append(v.Missing, leg.Text)
			}
		}
	}
	for _, d := range r.Decisions {
		v.Decisions = append(v.Decisions, s.decision(d))
	}
	if length, targets := r.Narrowed(s.counts); r.State == access.Pending && (length != r.For || len(targets) != len(r.Targets)) {
		v.Narrowed = &Narrowed{For: length, Targets: targets}
	}
	if g := r.Grant; g != nil {
		v.Grant = &Grant{From: g.From, Until: g.Until, Targets: g.Targets, By: g.By}
		if r.Live(at.Now) {
			v.Grant.Remaining = canon.SecondsOf(g.Until.Sub(at.Now))
		}
	}
	if r.End != nil {
		v.End = &End{End: *r.End, Text: endText(r.End)}
	}
	for i := range r.Leases {
		v.Leases = append(v.Leases, s.lease(&r.Leases[i], at))
	}
	v.Consoles = consoles(r, at.Now)
	v.Extensions, v.Solo = s.extensions(r, at), s.solo(r, at.Now)
	v.Known, v.Next = s.known(r, at), s.steps(r, v.Legs, at)
	v.StopsToo, v.StopTakes = s.stopsToo(r), strings.TrimSpace(strings.TrimSpace(stopTakes(r)+" "+s.centerTakes(r))+" "+automationTakes(r))
	return v
}

func opened(r *access.Request) []string {
	if r.Grant != nil {
		return r.Grant.Targets
	}
	return r.Targets
}

// legsOf shows the legs of a request. Once it is granted they are who filled
// them then: who was removed later takes nothing back.
func (s *state) legsOf(r *access.Request, b ballot) []Leg {
	if r.State == access.Pending {
		return b.legs(s.candidates(b.quorum, b.also...))
	}
	if r.Grant == nil || r.Alone() {
		return nil
	}
	legs := make([]Leg, 0, len(b.quorum))
	seats := b.quorum.Seats(r.Grant.By, r.Admits(s.member))
	for _, l := range b.quorum {
		leg := Leg{From: l.From, Count: l.Count}
		for _, person := range r.Grant.By {
			if seats[person] == l.From {
				leg.Filled = append(leg.Filled, person)
			}
		}
		leg.Text = leg.sentence()
		legs = append(legs, leg)
	}
	return legs
}

// member tells whether a person is or was in a group: groups of this version
// only ever lose people by removing them from the roster.
func (s *state) member(person, from string) bool {
	name, ok := access.Group(from)
	if !ok {
		return false
	}
	return slices.Contains(s.roster.Groups[name], person)
}

func (s *state) title(scenario string) string {
	if known, ok := s.Scenarios[scenario]; ok {
		return known.Title
	}
	return ""
}

func (s *state) decision(d access.Decision) Decision {
	return Decision{
		Approver: d.Approver, Approves: d.Approves, Check: d.Check, For: d.For, Targets: d.Targets, At: d.At, Key: d.Key, Code: d.Code,
		Void: !s.counts(d), Text: d.Approver + " " + verdict(d),
	}
}

// verdict is "agrees, after a call back".
func verdict(d access.Decision) string {
	text := "denies"
	if d.Approves {
		text = "agrees"
	}
	if d.For > 0 {
		text += fmt.Sprintf(" to %s at most", d.For)
	}
	if len(d.Targets) > 0 {
		text += " to " + both(d.Targets) + " only"
	}
	return text + ", " + say(checks, d.Check) + byCode(d.Code)
}

// askedWith says of a request that was asked with a code what that is worth.
func askedWith(code bool, who string) string {
	if !code {
		return ""
	}
	return "It was asked with a code from an app: that it was " + who + " is the server's word. Call them."
}

// byCode says of what somebody did with a code what that is worth.
func byCode(code bool) string {
	if code {
		return ", with a code: that it was them is the server's word"
	}
	return ""
}

func endText(e *access.End) string {
	text := say(ends, e.Why)
	if e.By != "" {
		text += " by " + e.By
	}
	return text + byCode(e.Code)
}
