package cell_test

import (
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// offline is what ann, sam, lea, bob and sue sign with no server: a request for
// root, two approvals, two shares.
type offline struct {
	*story
	ask *cell.Signed
}

// offlineRequest is what ann asks for with no server.
func offlineRequest(s *story, targets ...string) *statement.Request {
	return &statement.Request{
		Scenario: s.Genesis.Scenarios[0].ID, ScenarioDigest: s.Scenario, Severity: "SEV1", For: 1800, Targets: targets,
		Why: celltest.Note("the server is down too"), Holder: statement.Holder{Ed25519: celltest.Public("holder off"), X25519: celltest.Public("sealed off")},
	}
}

func (s *story) offline(targets ...string) offline {
	o := offline{story: s, ask: s.Offline("ann", "ann", offlineRequest(s, targets...))}
	s.id = o.ask.Statement.Digest
	return o
}

func (o offline) yes(person string) *cell.Signed { return o.says(person, statement.Approve) }

func (o offline) says(person string, verdict statement.Verdict) *cell.Signed {
	return o.Offline(person, person, &statement.Decision{Of: o.id, Verdict: verdict, Check: statement.CallBack})
}

func (o offline) gives(person string) *cell.Signed {
	return o.Offline(person, person, giving(o.story, "root", o.inForce(), "off"))
}

// inForce is the serial of root that is in force.
func (o offline) inForce() int64 {
	if root, ok := o.World.Envelopes["root"]; ok {
		return root.Current.Serial
	}
	return 1
}

// whole is everything that is needed to open root.
func (o offline) whole() []*cell.Signed {
	return []*cell.Signed{o.ask, o.yes("sam"), o.yes("lea"), o.gives("bob"), o.gives("sue")}
}

func (o offline) carried(acts ...*cell.Signed) *story {
	o.Must(o.Reconcile("ann", o.id, acts...))
	return o.story
}

var statesOfOffline = []state{
	{"nothing was carried back", func() *story { return custodyStory().sealed().offline("root").story }},
	{"root was opened with no server, and that carried back", func() *story {
		o := custodyStory().sealed().offline("root")
		return o.carried(o.whole()...)
	}},
	{"carried back, and root was rotated since", func() *story {
		o := custodyStory().sealed().offline("root")
		return o.carried(o.whole()...).resealed().inspected(2, "bob", "lea").rotatedTo(2).
			effect(cell.EffectConsequence, cell.TaskRotated, "root", cell.Observed{})
	}},
	{"one share too few was carried back", func() *story {
		o := custodyStory().sealed().offline("root")
		return o.carried(o.ask, o.yes("sam"), o.yes("lea"), o.gives("bob"))
	}},
	{"sam and bob are removed since", func() *story {
		return custodyStory().sealed().offline("root").remove("bob").removeBy("sam", "sue", "lea")
	}},
	{"the key that ann asked with is removed since", func() *story { return custodyStory().sealed().offline("root").removeKey("ann") }},
	{"rules 1", func() *story { return oldStory().offline("db-1").story }},
}

// again is the offline request of a state, as it was signed.
func again(s *story) offline {
	fresh := s.fork()
	o := offline{story: s, ask: fresh.Offline("ann", "ann", offlineRequest(s, "root"))}
	return o
}

func offlineDeeds() []deed {
	// The acts are made anew in each state: the request has another digest there
	// than what was carried back, but for those who repeat it.
	carry := func(who, person string, acts func(offline) []*cell.Signed) deed {
		return deed{"reconcile", who, func(s *story) cell.Command {
			o := again(s)
			o.story = s.fork()
			o.id = o.ask.Statement.Digest
			made := acts(o)
			return s.Reconcile(person, o.id, made...)
		}}
	}
	repeat := func(who string, person string) deed {
		return deed{"reconcile", who, func(s *story) cell.Command {
			for i := len(s.Log) - 1; i >= 0; i-- {
				if c, ok := s.Commands[s.Log[i].Index]; ok && c.Signed != nil && c.Signed.Acts != nil {
					return s.Reconcile(person, s.id, c.Signed.Acts...)
				}
			}
			return s.Reconcile(person, s.id, again(s).yes("sam"))
		}}
	}
	more := func(who string, acts func(offline) []*cell.Signed) deed {
		return deed{"reconcile", who, func(s *story) cell.Command {
			return s.Reconcile("ann", s.id, acts(offline{story: s.fork()})...)
		}}
	}
	alone := func(verb, who string, act func(offline) *cell.Signed) deed {
		return deed{verb, who, func(s *story) cell.Command {
			o := offline{story: s.fork(), ask: again(s).ask}
			return cell.Command{At: s.Now, Observed: cell.Observed{Address: s.Address}, Signed: act(o)}
		}}
	}
	ofWhole := func(o offline) []*cell.Signed { return o.whole() }
	swap := func(at int, with func(offline) *cell.Signed) func(offline) []*cell.Signed {
		return func(o offline) []*cell.Signed {
			acts := o.whole()
			acts[at] = with(o)
			return acts
		}
	}
	return flatten([][]deed{
		{
			carry("ann, all that opened root", "ann", ofWhole), carry("bob, who took no part: all", "bob", ofWhole), carry("eve, not in the roster: all", "eve", ofWhole),
			repeat("sue, what was carried back", "sue"),
			more("ann, one more share to it: sue's", func(o offline) []*cell.Signed { return []*cell.Signed{o.gives("sue")} }),
			more("ann, lea's no to it", func(o offline) []*cell.Signed { return []*cell.Signed{o.says("lea", statement.Deny)} }),
			carry("without the request", "ann", func(o offline) []*cell.Signed { return o.whole()[1:] }),
			carry("the request alone", "ann", func(o offline) []*cell.Signed { return o.whole()[:1] }),
			carry("one approval too few", "ann", swap(2, func(o offline) *cell.Signed { return o.yes("sue") })),
			carry("ann approves her own", "ann", swap(1, func(o offline) *cell.Signed { return o.yes("ann") })),
			carry("an approver says no", "ann", swap(2, func(o offline) *cell.Signed { return o.says("lea", statement.Deny) })),
			carry("bob, on call, approves", "ann", swap(1, func(o offline) *cell.Signed { return o.yes("bob") })),
			carry("sam's approval is forged", "ann", swap(1, func(o offline) *cell.Signed { return celltest.Forged(o.yes("sam")) })),
			carry("sue signs as sam", "ann", swap(1, func(o offline) *cell.Signed {
				return o.Offline("sam", "sue", &statement.Decision{Of: o.id, Verdict: statement.Approve, Check: statement.CallBack})
			})),
			carry("the request is forged", "ann", swap(0, func(o offline) *cell.Signed { return celltest.Forged(o.ask) })),
			carry("all of it is forged", "ann", func(o offline) []*cell.Signed {
				var acts []*cell.Signed
				for _, act := range o.whole() {
					acts = append(acts, celltest.Forged(act))
				}
				return acts
			}),
			carry("ann gives her own share", "ann", swap(3, func(o offline) *cell.Signed { return o.gives("ann") })),
			carry("a share sealed to another key", "ann", swap(3, func(o offline) *cell.Signed {
				return o.Offline("bob", "bob", giving(o.story, "root", o.inForce(), "1"))
			})),
			carry("a share of another sealing", "ann", swap(3, func(o offline) *cell.Signed {
				return o.Offline("bob", "bob", giving(o.story, "root", 3, "off"))
			})),
			carry("sam, who holds none, gives a share", "ann", swap(3, func(o offline) *cell.Signed { return o.gives("sam") })),
			carry("a share of bait, which is honey", "ann", swap(3, func(o offline) *cell.Signed {
				return o.Offline("bob", "bob", giving(o.story, "bait", 1, "off"))
			})),
			alone("request", "ann, signed with no server", func(o offline) *cell.Signed { return o.ask }),
			alone("approve", "sam, signed with no server", func(o offline) *cell.Signed { return o.yes("sam") }),
			alone("share", "bob, signed with no server", func(o offline) *cell.Signed { return o.gives("bob") }),
		},
		each("approve", decision(statement.Approve), "leo"),
		each("deny", decision(statement.Deny), "sue"),
		{
			signed("share", "lea, to it, with a server", "lea", "lea", func(s *story) statement.Body {
				body := giving(s, "root", 1, "off")
				return body
			}),
			signed("fetch", "ann's offline holder key", "ann", "holder off", fetch("root")),
			signed("release", "ann's offline holder key", "ann", "holder off", release("root")),
			signed("withdraw", "ann", "ann", "ann", withdraw), signed("stop", "sue", "sue", "sue", stop),
			signed("extend", "ann", "ann", "ann", func(s *story) statement.Body { return extension(s.id, 1800) }),
			signed("attest", "sam, security", "sam", "sam", attest("root")),
			custodyTask("due", cell.TaskPage, cell.EffectDue), custodyTask("consequence", cell.TaskRotated, cell.EffectConsequence),
		},
	})
}
