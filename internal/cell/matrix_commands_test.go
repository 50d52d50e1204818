package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// deed is a line of the matrix: what is tried, by whom.
type deed struct {
	verb string
	who  string
	make func(*story) cell.Command
}

// signed is a deed of a person with a key: their own unless who says otherwise.
func signed(verb, who, person, key string, body func(*story) statement.Body) deed {
	return deed{verb, who, func(s *story) cell.Command { return s.By(person, key, body(s)) }}
}

// each is the same deed by several people, with their own keys.
func each(verb string, body func(*story) statement.Body, people ...string) []deed {
	var all []deed
	for _, person := range people {
		all = append(all, signed(verb, person+", "+role[person], person, person, body))
	}
	return all
}

var role = map[string]string{
	"ann": "the requester", "bob": "on call", "sam": "security", "sue": "security", "lea": "lead, on call",
	"leo": "lead", "max": "approver of SEV3 only", "roy": "removed lead", "vic": "trustee", "wil": "trustee", "zoe": "trustee", "eve": "not in the roster",
}

func decision(verdict statement.Verdict) func(*story) statement.Body {
	return func(s *story) statement.Body {
		return &statement.Decision{Of: s.id, Verdict: verdict, Check: statement.CallBack}
	}
}

func narrowedBy(narrow statement.Narrow) func(*story) statement.Body {
	return func(s *story) statement.Body { return narrowing(s.id, narrow) }
}

func fetch(target string) func(*story) statement.Body {
	return func(s *story) statement.Body { return &statement.Fetch{Of: s.id, Target: target} }
}

func release(targets ...string) func(*story) statement.Body {
	return func(s *story) statement.Body { return &statement.Release{Of: s.id, Targets: targets} }
}

func withdraw(s *story) statement.Body { return &statement.Withdraw{Of: s.id} }

func stop(s *story) statement.Body {
	return &statement.Stop{Of: s.id, Reason: celltest.Note("stop")}
}

func attest(target string) func(*story) statement.Body {
	return func(s *story) statement.Body {
		return &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")}
	}
}

func session(*story) statement.Body { return &statement.Session{For: 900} }

func removal(person, key string) func(*story) statement.Body {
	return func(*story) statement.Body {
		return &statement.Change{Remove: statement.Removal{Person: person, Key: key}, Reason: celltest.Note("left")}
	}
}

// asking is ann's next request, as changed.
func asking(holder string, change func(*statement.Request)) func(*story) statement.Body {
	return func(s *story) statement.Body {
		body := s.Ask("ann", holder, "db-1").Signed.Statement.Body.(*statement.Request)
		if change != nil {
			change(body)
		}
		return body
	}
}

// requestDeeds are the statements about a request.
func requestDeeds() []deed {
	groups := [][]deed{
		each("request", asking("2", nil), "ann", "bob", "sam", "roy"),
		each("approve", decision(statement.Approve), "ann", "bob", "sam", "sue", "lea", "leo", "max", "roy", "eve"),
		{
			signed("approve", "signed by the holder key as sam", "sam", "holder 1", decision(statement.Approve)),
			signed("approve", "signed by ann as sam", "sam", "ann", decision(statement.Approve)),
			signed("approve", "sue, ten minutes of it", "sue", "sue", narrowedBy(statement.Narrow{For: 600})),
			signed("approve", "sue, an hour of it", "sue", "sue", narrowedBy(statement.Narrow{For: 3600})),
			signed("approve", "sue, db-1 of it", "sue", "sue", narrowedBy(statement.Narrow{Targets: []string{"db-1"}})),
			signed("approve", "sue, db-2 of it", "sue", "sue", narrowedBy(statement.Narrow{Targets: []string{"db-2"}})),
		},
		each("deny", decision(statement.Deny), "ann", "bob", "sam", "sue", "lea", "max", "roy", "eve"),
		each("withdraw", withdraw, "ann", "bob", "sam"),
		{
			signed("fetch", "ann's holder key of it", "ann", "holder 1", fetch("db-1")),
			signed("fetch", "ann's holder key of it, at db-2", "ann", "holder 1", fetch("db-2")),
			signed("fetch", "ann's own key", "ann", "ann", fetch("db-1")),
			signed("fetch", "bob's holder key, as ann", "ann", "holder other", fetch("db-1")),
			signed("fetch", "ann's holder key of it, as bob", "bob", "holder 1", fetch("db-1")),
			signed("fetch", "sam's key, as ann", "ann", "sam", fetch("db-1")),
			signed("fetch", "a stranger's key, as ann", "ann", "eve", fetch("db-1")),
			signed("release", "ann's holder key of it", "ann", "holder 1", release()),
			signed("release", "ann's holder key of it, db-1", "ann", "holder 1", release("db-1")),
			signed("release", "ann's holder key of it, db-3", "ann", "holder 1", release("db-3")),
			signed("release", "ann's own key", "ann", "ann", release()),
			signed("release", "bob's holder key, as ann", "ann", "holder other", release()),
		},
		each("stop", stop, "ann", "bob", "sam", "sue", "lea", "max", "roy", "eve"),
		each("attest", attest("db-1"), "ann", "bob", "sam", "lea", "max", "roy"),
		{signed("attest", "sue, security, at db-3", "sue", "sue", attest("db-3"))},
		each("session", session, "ann", "roy", "eve"),
		{signed("found", "sam, founder", "sam", "sam", founding)},
	}
	return flatten(groups)
}

func founding(s *story) statement.Body { return &statement.Found{Genesis: s.Digest} }

func flatten(groups [][]deed) []deed {
	var all []deed
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

// effect is a deed of the server: the result of a task.
func effect(kind cell.EffectKind, who string, task cell.TaskKind, observed func(*story) cell.Observed) deed {
	return deed{string(kind), who, func(s *story) cell.Command {
		id := "none"
		of, target := s.id, "db-1"
		switch task {
		case cell.TaskClock, cell.TaskCount:
			of, target = canon.Digest{}, ""
		case cell.TaskLapse, cell.TaskEnd, cell.TaskWaited, cell.TaskSolo, cell.TaskConsequence, cell.TaskAlarm, cell.TaskReview:
			target = ""
		}
		if t, ok := s.Task(task, of, target); ok {
			id = t.ID
		}
		return s.Effect(kind, id, observed(s))
	}}
}

func nothing(*story) cell.Observed { return cell.Observed{} }

func seeing(o cell.Observed) func(*story) cell.Observed {
	return func(*story) cell.Observed { return o }
}

// reported is a host's report, as changed from one that proves the end.
func reported(change func(*story, *cell.ReportFacts)) func(*story) cell.Observed {
	return func(s *story) cell.Observed {
		o := s.Report("db-1", s.World.List, s.Now)
		if change != nil {
			change(s, &o.Report.Facts)
		}
		return o
	}
}

// effectDeeds are the results of every kind of task.
func effectDeeds() []deed {
	return flatten([][]deed{
		{
			effect(cell.EffectOpened, "db-1", cell.TaskOpen, nothing),
			effect(cell.EffectOpenFailed, "db-1, unreachable", cell.TaskOpen, seeing(cell.Observed{Why: "unreachable"})),
			effect(cell.EffectOpenFailed, "db-1, refused", cell.TaskOpen, seeing(cell.Observed{Why: "refused"})),
			effect(cell.EffectOpenFailed, "db-1, without a reason", cell.TaskOpen, nothing),
			effect(cell.EffectProbed, "baseline: twin accepted, control accepted", cell.TaskBaseline, seeing(celltest.Round(access.Accepted, access.Accepted))),
			effect(cell.EffectProbed, "baseline: twin refused, control accepted", cell.TaskBaseline, seeing(celltest.Round(access.Refused, access.Accepted))),
			effect(cell.EffectProbed, "baseline: twin accepted, control unreachable", cell.TaskBaseline, seeing(celltest.Round(access.Accepted, access.Unreachable))),
			effect(cell.EffectOpenFailed, "baseline: refused", cell.TaskBaseline, seeing(cell.Observed{Why: "refused"})),
			effect(cell.EffectOpenFailed, "baseline: without a reason", cell.TaskBaseline, nothing),
			effect(cell.EffectDelivered, "", cell.TaskDeliver, nothing),
			effect(cell.EffectMintFailed, "internal", cell.TaskDeliver, seeing(cell.Observed{Why: "internal"})),
			effect(cell.EffectMintFailed, "without a reason", cell.TaskDeliver, nothing),
			effect(cell.EffectProbed, "prove: twin refused, control accepted", cell.TaskProve, seeing(celltest.Round(access.Refused, access.Accepted))),
			effect(cell.EffectProbed, "prove: twin refused, control refused", cell.TaskProve, seeing(celltest.Round(access.Refused, access.Refused))),
			effect(cell.EffectProbed, "prove: twin unreachable, control accepted", cell.TaskProve, seeing(celltest.Round(access.Unreachable, access.Accepted))),
			effect(cell.EffectProbed, "prove: twin accepted, control accepted", cell.TaskProve, seeing(celltest.Round(access.Accepted, access.Accepted))),
			effect(cell.EffectProbed, "prove: nothing observed", cell.TaskProve, nothing),
		},
		listDeeds(),
		{
			effect(cell.EffectDue, "expire", cell.TaskExpire, nothing),
			effect(cell.EffectDue, "page", cell.TaskPage, nothing),
			effect(cell.EffectDue, "lapse", cell.TaskLapse, nothing),
			effect(cell.EffectDue, "end", cell.TaskEnd, nothing),
			effect(cell.EffectDue, "of a task that opens", cell.TaskOpen, nothing),
			effect(cell.EffectConsequence, "of a removal", cell.TaskConsequence, nothing),
			effect(cell.EffectAlarmReceipt, "delivered", cell.TaskAlarm, seeing(cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 200}})),
			effect(cell.EffectAlarmReceipt, "not delivered", cell.TaskAlarm, seeing(cell.Observed{Receipt: &cell.Receipt{Status: 503}})),
			effect(cell.EffectAlarmReceipt, "without a receipt", cell.TaskAlarm, nothing),
			effect(cell.EffectClock, "45 s ahead", cell.TaskClock, seeing(cell.Observed{Step: 45_000})),
			effect(cell.EffectClock, "45 s behind", cell.TaskClock, seeing(cell.Observed{Step: -45_000})),
			effect(cell.EffectClock, "steady", cell.TaskClock, seeing(cell.Observed{Step: 30_000})),
			effect(cell.EffectRefusedCount, "three strangers", cell.TaskCount, seeing(cell.Observed{Counts: map[string]int64{"unknown-key": 3}})),
			effect(cell.EffectRefusedCount, "nobody", cell.TaskCount, nothing),
		},
	})
}

func listDeeds() []deed {
	list := func(who string, change func(*story, *cell.ReportFacts)) deed {
		return effect(cell.EffectListed, who, cell.TaskList, reported(change))
	}
	return []deed{
		list("no session of the lease", nil),
		list("a session of the lease is left", func(s *story, f *cell.ReportFacts) { f.KeyIDs = []string{"halligan:" + s.id.Short() + ":db-1"} }),
		list("only another lease's session", func(_ *story, f *cell.ReportFacts) { f.KeyIDs = []string{"halligan:0123456789abcdef:db-1"} }),
		list("with a list from before the closing", func(s *story, f *cell.ReportFacts) { f.List = s.World.List - 1 }),
		list("with a list signed before the door was shut", func(s *story, f *cell.ReportFacts) { f.ListAt = s.Now.Add(-time.Hour) }),
		list("incomplete", func(_ *story, f *cell.ReportFacts) { f.Complete = false }),
		list("by host db-2", func(_ *story, f *cell.ReportFacts) { f.Host = "db-2" }),
		list("signed with another key", func(_ *story, f *cell.ReportFacts) { f.Fingerprint = celltest.Line("report db-2").Fingerprint }),
		list("of another ledger", func(_ *story, f *cell.ReportFacts) { f.Origin = "other.example.com" }),
		effect(cell.EffectListed, "nothing observed", cell.TaskList, nothing),
	}
}

// changeDeeds are the statements and effects about a change of the roster.
func changeDeeds() []deed {
	verdict := func(v statement.Verdict) func(*story) statement.Body {
		return func(s *story) statement.Body {
			return &statement.Decision{Of: s.change, Verdict: v, Check: statement.InPerson}
		}
	}
	return flatten([][]deed{
		each("propose", removal("ann", ""), "sam", "lea", "bob", "max", "roy", "eve"),
		{
			signed("propose", "sam, to remove ann's key", "sam", "sam", removal("ann", celltest.Line("ann").Fingerprint)),
			signed("propose", "sam, to remove bob's key from ann", "sam", "sam", removal("ann", celltest.Line("bob").Fingerprint)),
			signed("propose", "sam, to remove himself", "sam", "sam", removal("sam", "")),
			signed("propose", "sam, to remove roy again", "sam", "sam", removal("roy", "")),
		},
		each("approve", verdict(statement.Approve), "ann", "bob", "sam", "sue", "lea", "leo", "max", "roy", "eve"),
		each("deny", verdict(statement.Deny), "ann", "bob", "sam", "sue", "lea", "max", "roy"),
		{
			signed("approve", "leo, lead, narrowed", "leo", "leo", func(s *story) statement.Body { return narrowing(s.change, statement.Narrow{For: 60}) }),
			{"due", "lapse of the change", func(s *story) cell.Command {
				id := "none"
				for _, t := range s.World.Tasks {
					if t.Kind == cell.TaskLapse && t.Stream == cell.StreamCell {
						id = t.ID
					}
				}
				return s.Effect(cell.EffectDue, id, cell.Observed{})
			}},
			signed("session", "bob, on call", "bob", "bob", session),
		},
	})
}

// rulesDeeds are the statements about the rules of a cell.
func rulesDeeds() []deed {
	to := func(rules int) func(*story) statement.Body {
		return func(*story) statement.Body { return &statement.Upgrade{Rules: rules, Reason: celltest.Note("new")} }
	}
	return flatten([][]deed{
		each("upgrade", to(2), "sam", "lea", "ann", "eve"),
		{signed("upgrade", "sam, to rules nobody knows", "sam", "sam", to(cell.RulesNow+1))},
		each("approve", func(s *story) statement.Body {
			of := s.change
			if of.IsZero() {
				of = s.Digest
			}
			return &statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.InPerson}
		}, "sam", "sue", "lea", "ann", "eve"),
	})
}

// beforeDeeds are what may be tried before a cell lives.
func beforeDeeds() []deed {
	return flatten([][]deed{
		each("found", founding, "sam", "lea", "ann", "eve"),
		{
			signed("found", "lea signs as sam", "sam", "lea", founding),
			signed("found", "sam, another genesis", "sam", "sam", func(*story) statement.Body {
				return &statement.Found{Genesis: canon.Sum([]byte("another"))}
			}),
			changed("request", "ann, on call", nil),
		},
	})
}

// changed is ann's request, with its statement changed and signed again.
func changed(verb, who string, change func(*story, *statement.Statement)) deed {
	return deed{verb, who, func(s *story) cell.Command {
		return s.Resign(s.Ask("ann", "2", "db-1"), func(st *statement.Statement) {
			if change != nil {
				change(s, st)
			}
		})
	}}
}

// faultDeeds are statements that are wrong in themselves, or against the rules
// of their scenario, tried in a living cell.
func faultDeeds() []deed {
	ask := func(who string, change func(*statement.Request)) deed {
		return signed("request", who, "ann", "ann", asking("2", change))
	}
	strongly := func(who string, from string, at time.Duration, strength roster.Strength) deed {
		return deed{"request", who, func(s *story) cell.Command {
			s.later(at)
			c := s.By("ann", "ann", asking("2", func(r *statement.Request) {
				r.Scenario, r.ScenarioDigest = "guarded", s.Genesis.Scenarios[1].Digest
			})(s))
			c.Observed.Address, c.Signed.Signer.Strength = from, strength
			return c
		}}
	}
	return flatten([][]deed{
		{
			changed("request", "ann, in order", nil),
			changed("request", "for another ledger", func(_ *story, st *statement.Statement) { st.Ledger = "other.example.com" }),
			changed("request", "expired a second ago", func(s *story, st *statement.Statement) { st.Expires = s.Now.Add(-time.Second) }),
			changed("request", "valid for sixteen minutes", func(s *story, st *statement.Statement) { st.Expires = s.Now.Add(16 * time.Minute) }),
			changed("request", "with a nonce that ann has used", func(s *story, st *statement.Statement) { st.Nonce = s.usedNonce() }),
			changed("request", "has seen a checkpoint of another log", func(_ *story, st *statement.Statement) { st.Seen.Root = canon.Sum([]byte("fork")) }),
			changed("request", "has seen a checkpoint that is to come", func(_ *story, st *statement.Statement) { st.Seen.Size += 7 }),
			changed("request", "has seen one replaced eleven minutes ago", (*story).seenLongAgo),
			changed("request", "signed by ann as bob", func(_ *story, st *statement.Statement) { st.Actor = "bob" }),
			{"request", "no more than server-attested", func(s *story) cell.Command {
				c := s.Ask("ann", "2", "db-1")
				c.Signed.Signer.Strength = roster.ServerAttested
				return c
			}},
		},
		{
			ask("of a scenario that is not", func(r *statement.Request) { r.Scenario = "no-such" }),
			ask("of the scenario as it was before", func(r *statement.Request) { r.ScenarioDigest = canon.Sum([]byte("before")) }),
			ask("of a severity that the scenario has not", func(r *statement.Request) { r.Severity = "SEV4" }),
			ask("for longer than the severity gives", func(r *statement.Request) { r.For = 3601 }),
			ask("at a target that the scenario has not", func(r *statement.Request) { r.Targets = []string{"db-3"} }),
			ask("with bob's holder key", func(r *statement.Request) { r.Holder.Ed25519 = celltest.Public("holder other") }),
			ask("with sam's own key as holder key", func(r *statement.Request) { r.Holder.Ed25519 = celltest.Public("sam") }),
			ask("at a target for the asking address only", func(r *statement.Request) { r.Targets = []string{"db-2"} }),
			{"request", "at that target, from no address", func(s *story) cell.Command {
				c := s.Ask("ann", "2", "db-2")
				c.Observed.Address = ""
				return c
			}},
			strongly("guarded: strongly, from inside, at night", "10.1.2.3", 0, roster.UserVerified),
			strongly("guarded: with possession only", "10.1.2.3", 0, roster.Possession),
			strongly("guarded: from outside", "192.0.2.7", 0, roster.Hardware),
			strongly("guarded: by day", "10.1.2.3", 5*time.Hour, roster.Hardware),
			{"request", "ann's twenty-first at a time", func(s *story) cell.Command {
				for i := range cell.PendingMost {
					s.Must(s.Ask("ann", string(rune('a'+i)), "db-1"))
				}
				return s.Ask("ann", "2", "db-1")
			}},
			{"request", "bob's, while ann has twenty", func(s *story) cell.Command {
				for i := range cell.PendingMost {
					s.Must(s.Ask("ann", string(rune('a'+i)), "db-1"))
				}
				return s.Ask("bob", "2", "db-1")
			}},
			{"propose", "sam's eleventh change at a time", func(s *story) cell.Command {
				for range cell.ChangesEach {
					s.propose("bob", "")
				}
				return s.By("sam", "sam", removal("bob", "")(s))
			}},
		},
	})
}

// usedNonce is a nonce that ann has used: she opens a session with it.
func (s *story) usedNonce() canon.Key32 {
	c := s.By("ann", "ann", session(s))
	s.Must(c)
	return c.Signed.Statement.Nonce
}

// seenLongAgo names a checkpoint that was replaced eleven minutes before.
func (s *story) seenLongAgo(st *statement.Statement) {
	old := s.World.Newest()
	s.Must(s.By("bob", "bob", session(s)))
	s.later(11 * time.Minute)
	st.Seen, st.Expires = statement.Seen{Size: old.Size, Root: old.Root}, s.Now.Add(time.Minute)
}
