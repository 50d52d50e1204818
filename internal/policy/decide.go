package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Action is what somebody would do.
type Action string

// The actions. Whatever ends access, and whatever is said no with, is none.
const (
	Request Action = "request" // ask: for access, for more time, or to go in alone
	Decide  Action = "decide"  // agree, or give a share
	Fetch   Action = "fetch"   // fetch a credential
)

// Actions lists them.
var Actions = []Action{Request, Decide, Fetch}

// Facts are what is known of one act. Texts of the requester are not among them.
type Facts struct {
	Action   Action
	Person   string
	Groups   []string
	Scenario string
	Severity access.Severity
	Targets  []string
	Address  string     // the server's word; empty: nobody saw it
	At       canon.Time // recorded time
	Incident bool
	Symptoms []string // that were shown lately
	Overdue  int      // negative: nobody knows
	Strength string   // as roster spells it; not of a fetch
	Cooling  bool
	Longer   bool
	Alone    bool
	Share    bool
}

// Verdict is what the rules say of one act.
type Verdict struct {
	Allowed bool
	Reasons []string // of the rules that said no, or could not be asked, in their order; each once
}

// Judge asks every rule of some files. No file says nothing, and nothing that one
// says takes back what another said.
func Judge(files []*File, f Facts) Verdict {
	verdict := Verdict{Allowed: true}
	no := func(reason string) {
		verdict.Allowed = false
		if !slices.Contains(verdict.Reasons, reason) {
			verdict.Reasons = append(verdict.Reasons, reason)
		}
	}
	asked, entities := f.request(), f.entities()
	contexts := map[time.Duration]types.Record{}
	for _, file := range files {
		if file == nil {
			no("a policy cannot be read, and what it would say is not known")
			continue
		}
		for _, rule := range file.Rules {
			context, made := contexts[rule.offset]
			if !made {
				context = types.NewRecord(f.context(rule.offset))
				contexts[rule.offset] = context
			}
			asked.Context = context
			switch answer := rule.ask(asked, entities); {
			case answer.failed != "":
				no(fmt.Sprintf("%s (it cannot be judged: %s)", rule.Reason, answer.failed))
			case answer.forbids:
				no(rule.Reason)
			}
		}
	}
	return verdict
}

// answer is what one rule says.
type answer struct {
	forbids bool
	failed  string
}

// ask asks one rule. Cedar leaves a forbid that fails out of account; here that
// is a no.
func (r Rule) ask(asked cedar.Request, entities types.EntityMap) answer {
	_, why := cedar.Authorize(cedar.PolicyMap{"rule": r.cedar}, entities, asked)
	if len(why.Errors) > 0 {
		return answer{failed: oneLine(why.Errors[0].Message)}
	}
	return answer{forbids: len(why.Reasons) > 0}
}

func (f Facts) request() cedar.Request {
	return cedar.Request{
		Principal: types.NewEntityUID("Person", types.String(f.Person)),
		Action:    types.NewEntityUID("Action", types.String(f.Action)),
		Resource:  types.NewEntityUID("Scenario", types.String(f.Scenario)),
	}
}

// entities are who acts, with their groups, and the scenario.
func (f Facts) entities() types.EntityMap {
	asked := f.request()
	var groups []types.EntityUID
	for _, group := range f.Groups {
		groups = append(groups, types.NewEntityUID("Group", types.String(group)))
	}
	return types.EntityMap{
		asked.Principal: {UID: asked.Principal, Parents: types.NewEntityUIDSet(groups...)},
		asked.Resource: {UID: asked.Resource, Attributes: types.NewRecord(types.RecordMap{
			"severity": types.NewEntityUID("Severity", types.String(f.Severity)), "targets": set(f.Targets),
		})},
	}
}

// context is what is known besides, by a clock that is so far from UTC. What
// nobody knows is left out, so that a rule that asks for it fails.
func (f Facts) context(offset time.Duration) types.RecordMap {
	local := f.At.Std().UTC().Add(offset)
	known := types.RecordMap{
		"at":   types.NewDatetime(f.At.Std()),
		"hour": types.Long(local.Hour()), "minute": types.Long(local.Minute()),
		"weekday":  types.NewEntityUID("Weekday", types.String(strings.ToLower(local.Weekday().String()[:3]))),
		"incident": types.Boolean(f.Incident), "symptoms": set(f.Symptoms),
	}
	if from, err := netip.ParseAddr(f.Address); err == nil {
		from = from.Unmap().WithZone("")
		known["source"] = types.IPAddr(netip.PrefixFrom(from, from.BitLen()))
	}
	if f.Overdue >= 0 {
		known["overdue"] = types.Long(f.Overdue)
	}
	if f.Action != Fetch {
		known["strength"] = types.NewEntityUID("Strength", types.String(f.Strength))
		known["cooling"], known["longer"] = types.Boolean(f.Cooling), types.Boolean(f.Longer)
	}
	switch f.Action {
	case Request:
		known["alone"] = types.Boolean(f.Alone)
	case Decide:
		known["share"] = types.Boolean(f.Share)
	}
	return known
}

func set(words []string) types.Set {
	values := make([]types.Value, 0, len(words))
	for _, word := range words {
		values = append(values, types.String(word))
	}
	return types.NewSet(values...)
}
