package verify_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

var (
	law       = []verify.Class{verify.ClassLaw}
	events    = []verify.Class{verify.ClassEvents}
	encoding  = []verify.Class{verify.ClassEncoding}
	badSigned = []verify.Class{verify.ClassSignature}
)

// agreed is the entry that lea's true approval makes of a pending request: what
// forgeries are made of.
func (s *subject) agreed() ledger.Entry {
	recorded := must(s.do(s.By("lea", leaCurveName, &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.CallBack})))
	s.bodies = s.bodies[:len(s.bodies)-1]
	return must(ledger.DecodeEntry(recorded.Body))
}

// forgedDecision is that entry in the name of a person, signed with a key.
func (s *subject) forgedDecision(person, key string, change func(*statement.Statement)) ledger.Entry {
	entry := s.agreed()
	old := body(entry)
	forged := old
	forged.Actor = person
	if change != nil {
		change(&forged)
	}
	s.sealStatement(&entry, forged, key)
	entry.Events[0] = must(cell.EncodeEvents([]cell.Event{&cell.Decided{Decision: access.Decision{
		Statement: canon.Sum(entry.Cause.Statement), Approver: person, Key: ssh.FingerprintSHA256(signerOf(key).PublicKey()),
		Approves: true, Check: "call-back", At: entry.At,
	}}}))[0]
	return entry
}

// sealStatement puts a statement into an entry, signed with a key.
func (s *subject) sealStatement(entry *ledger.Entry, st statement.Statement, key string) {
	data := must(statement.Encode(st))
	sig := signature(key, st.Body.Kind(), data)
	entry.Cause = ledger.Cause{Statement: data, Signature: &sig}
}

// TestForgedApprovals: whoever holds the ledger's key and the database forges the
// approval that was missing, and hashes and signs everything again.
func TestForgedApprovals(t *testing.T) {
	runMutations(t, pendings, []mutation{
		{"approval-by-a-strange-key", law, "unknown-key", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("lea", fmt.Sprint("mallory ", s.rand.Uint32()), nil))
		}},
		{"approval-with-a-copied-signature", badSigned, "signature-invalid", func(s *subject) spoiled {
			entry := s.forgedDecision("sam", "sam", nil)
			entry.Cause.Signature = s.entry(s.any(ofKind(statement.KindDecision))).Cause.Signature
			return s.appended(entry)
		}},
		{"approval-by-no-approver", law, "not-an-approver", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("bob", "bob", nil))
		}},
		{"approval-by-nobody", law, "unknown-key", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("lee", fmt.Sprint("lee ", s.rand.Uint32()), nil))
		}},
		{"approval-by-the-requester", law, "self-approval", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("ann", "ann", nil))
		}},
		{"approval-in-anothers-name", law, "signed-by-another", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("lea", pick(s.cellOf, "bob", "ann", "sam"), nil))
		}},
		{"approval-by-a-machine", law, "unknown-key", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("leo", pick(s.cellOf, "report db-1", "authority", "holder 1"), nil))
		}},
		{"approval-twice", law, "already-decided", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("sam", "sam", nil))
		}},
		{"approval-of-a-kind-signed-as-another", badSigned, "signature-namespace", func(s *subject) spoiled {
			entry := s.agreed()
			sig := signature(leaCurveName, pick(s.cellOf, statement.KindStop, statement.KindSession, statement.KindRequest), entry.Cause.Statement)
			entry.Cause.Signature = &sig
			return s.appended(entry)
		}},
		{"signature-with-a-high-s", badSigned, "signature-not-canonical", func(s *subject) spoiled {
			entry := s.agreed()
			entry.Cause.Signature = &ledger.Signature{SSHSig: highS(entry.Cause.Signature.SSHSig)}
			return s.appended(entry)
		}},
		{"seen-unknown", law, "seen-unknown", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("lea", "lea", func(st *statement.Statement) { st.Seen.Root[s.rand.IntN(32)] ^= 1 }))
		}},
		{"seen-stale", law, "seen-stale", func(s *subject) spoiled {
			s.World.Publish()
			old := s.World.Newest()
			s.must(s.By("leo", "leo", &statement.Session{For: 60}))
			s.World.Publish()
			s.Now = s.Now.Add(10*time.Minute + time.Duration(1+s.rand.IntN(100_000))*time.Millisecond)
			return s.appended(s.forgedDecision("lea", "lea", func(st *statement.Statement) {
				st.Seen = statement.Seen{Size: old.Size, Root: old.Root}
			}))
		}},
		{"nonce-reused", law, "nonce-used", func(s *subject) spoiled {
			s.must(s.By("lea", "lea", &statement.Session{For: 60}))
			used := body(s.entry(len(s.bodies) - 1)).Nonce
			return s.appended(s.forgedDecision("lea", "lea", func(st *statement.Statement) { st.Nonce = used }))
		}},
		{"statement-expired", law, "statement-expired", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("lea", "lea", func(st *statement.Statement) {
				st.Expires = s.Now.Add(-time.Duration(1+s.rand.IntN(100_000)) * time.Millisecond)
			}))
		}},
		{"statement-valid-too-long", law, "statement-valid-too-long", func(s *subject) spoiled {
			if task, ok := s.Task(cell.TaskClock, canon.Digest{}, ""); ok && s.World.Doubted { // or it would be taken
				s.must(s.Effect(cell.EffectClock, task.ID, cell.Observed{}))
			}
			return s.appended(s.forgedDecision("lea", "lea", func(st *statement.Statement) {
				st.Expires = s.Now.Add(15*time.Minute + time.Duration(1+s.rand.IntN(100_000))*time.Millisecond)
			}))
		}},
		{"statement-of-another-ledger", law, "wrong-ledger", func(s *subject) spoiled {
			return s.appended(s.forgedDecision("lea", "lea", func(st *statement.Statement) { st.Ledger = "cell.example.net" }))
		}},
		{"removal-with-a-copied-signature", badSigned, "", func(s *subject) spoiled {
			proposed := s.must(s.By("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "leo"}, Reason: s.note("gone")}))
			entry := s.must(s.By("lea", "lea", &statement.Decision{Of: canon.Sum(proposed.Entry.Cause.Statement), Verdict: statement.Approve, Check: statement.Video})).Entry
			s.bodies = s.bodies[:len(s.bodies)-1]
			entry.Cause.Signature = proposed.Entry.Cause.Signature
			return s.appended(entry)
		}},
		{"removal-without-its-quorum", events, "", func(s *subject) spoiled {
			entry := s.must(s.By("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "leo"}, Reason: s.note("gone")})).Entry
			s.bodies = s.bodies[:len(s.bodies)-1]
			entry.Events = append(entry.Events, must(cell.EncodeEvents([]cell.Event{
				&cell.ChangeOver{Change: canon.Sum(entry.Cause.Statement), State: cell.ChangeDone}, &cell.PersonRemoved{Person: "leo"},
			}))...)
			return s.appended(entry)
		}},
		{"grant-without-its-quorum", events, "", func(s *subject) spoiled {
			events := s.agreed().Events
			at := s.any(ofKind(statement.KindDecision))
			return s.edited(at, func(e *ledger.Entry) { e.Events = append(e.Events, events[1]) })
		}},
		{"window-widened", events, "", func(s *subject) spoiled {
			entry := s.agreed()
			event(&entry, func(e *cell.Agreed) {
				e.Grant.Until = e.Grant.Until.Add(time.Duration(1+s.rand.IntN(3600)) * time.Second)
			})
			return s.appended(entry)
		}},
		{"request-retargeted-after-approval", badSigned, "", func(s *subject) spoiled {
			return s.edited(s.any(ofKind(statement.KindRequest)), func(e *ledger.Entry) {
				st := body(*e)
				st.Body.(*statement.Request).For++
				e.Cause.Statement = must(statement.Encode(st))
			})
		}},
		{"refusal-turned-into-success", law, "self-approval", func(s *subject) spoiled {
			events := s.copy().forgedDecision("ann", "ann", nil).Events
			recorded := must(s.do(s.By("ann", "ann", &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.CallBack})))
			if recorded.Outcome.Stream != cell.StreamRefused {
				panic("that was not refused")
			}
			s.bodies = s.bodies[:len(s.bodies)-1]
			entry := must(ledger.DecodeEntry(recorded.Body))
			entry.Stream, entry.Events = cell.StreamOf(s.id), events
			return s.appended(entry)
		}},
		{"success-turned-into-refusal", []verify.Class{verify.ClassEvents}, "", func(s *subject) spoiled {
			entry := s.agreed()
			entry.Stream = cell.StreamRefused
			entry.Events = must(cell.EncodeEvents([]cell.Event{&cell.Refused{Person: "lea", Reason: cell.NotApprover}}))
			return s.appended(entry)
		}},
		{"strangers-refusal-recorded", law, "unknown-key", func(s *subject) spoiled {
			entry := s.forgedDecision("lea", fmt.Sprint("mallory ", s.rand.Uint32()), nil)
			entry.Stream = cell.StreamRefused
			entry.Events = must(cell.EncodeEvents([]cell.Event{&cell.Refused{Reason: cell.UnknownKey}}))
			return s.appended(entry)
		}},
		{"refused-effect-recorded", law, "not-due", func(s *subject) spoiled {
			return s.appended(ledger.Entry{
				V: ledger.EntryVersion, At: s.Now, Stream: cell.StreamRefused,
				Cause:  ledger.Cause{Effect: string(cell.EffectDue), Task: s.waiting(cell.TaskLapse)},
				Events: must(cell.EncodeEvents([]cell.Event{&cell.Refused{Reason: cell.NotDue}})),
			})
		}},
		{"effect-before-it-is-due", law, "not-due", func(s *subject) spoiled {
			return s.appended(ledger.Entry{
				V: ledger.EntryVersion, At: s.Now, Stream: cell.StreamOf(s.id),
				Cause:  ledger.Cause{Effect: string(cell.EffectDue), Task: s.waiting(cell.TaskLapse)},
				Events: must(cell.EncodeEvents([]cell.Event{&cell.RequestOver{State: access.Lapsed}})),
			})
		}},
		{"effect-of-a-task-never-asked-for", law, "unknown-task", func(s *subject) spoiled {
			return s.appended(ledger.Entry{
				V: ledger.EntryVersion, At: s.Now, Stream: cell.StreamOf(s.id),
				Cause:  ledger.Cause{Effect: string(cell.EffectOpened), Task: fmt.Sprintf("open:%s:%d:db-1", s.id.Short(), s.rand.IntN(99))},
				Events: must(cell.EncodeEvents([]cell.Event{&cell.LeaseOpened{Target: "db-1"}})),
			})
		}},
		{"effect-unknown", law, "task-mismatch", func(s *subject) spoiled {
			return s.appended(ledger.Entry{
				V: ledger.EntryVersion, At: s.Now, Stream: cell.StreamOf(s.id),
				Cause:  ledger.Cause{Effect: fmt.Sprint("granted-", s.rand.IntN(99)), Task: s.waiting(cell.TaskAlarm)},
				Events: must(cell.EncodeEvents([]cell.Event{&cell.LeaseOpened{Target: "db-1"}})),
			})
		}},
		{"time-goes-back", []verify.Class{verify.ClassTime}, "", func(s *subject) spoiled {
			entry := s.agreed()
			entry.At = s.entry(len(s.bodies) - 1).At.Add(-time.Duration(1+s.rand.IntN(100_000)) * time.Millisecond)
			return s.appended(entry)
		}},
	})
}

// waiting is the id of the request's waiting task of a kind.
func (s *subject) waiting(kind cell.TaskKind) string {
	task, ok := s.Task(kind, s.id, "")
	if !ok {
		panic("no such task is waiting")
	}
	return task.ID
}

// highS is an ECDSA signature in its other form.
func highS(blob []byte) []byte {
	fields := blob
	var parts [][]byte
	head, rest := fields[:10], fields[10:] // magic and version
	for range 5 {
		n := int(rest[0])<<24 | int(rest[1])<<16 | int(rest[2])<<8 | int(rest[3])
		parts, rest = append(parts, rest[4:4+n]), rest[4+n:]
	}
	var outer struct {
		Format string
		Blob   []byte
	}
	var inner struct{ R, S *big.Int }
	if err := ssh.Unmarshal(parts[4], &outer); err != nil {
		panic(err)
	}
	if err := ssh.Unmarshal(outer.Blob, &inner); err != nil {
		panic(err)
	}
	inner.S.Sub(leaCurve().Params().N, inner.S)
	outer.Blob = ssh.Marshal(inner)
	parts[4] = ssh.Marshal(outer)
	out := bytes.Clone(head)
	for _, part := range parts {
		out = append(out, ssh.Marshal(struct{ Part []byte }{part})...)
	}
	return out
}

// TestForgedHistories: the same person changes what is long past.
func TestForgedHistories(t *testing.T) {
	report := func(_ int, e ledger.Entry) bool { return e.Cause.Effect == string(cell.EffectListed) }
	runMutations(t, lives, []mutation{
		{"statement-signature-byte", badSigned, "", func(s *subject) spoiled {
			return s.edited(s.any(signedEntry), func(e *ledger.Entry) {
				e.Cause.Signature = &ledger.Signature{SSHSig: flip(s.rand, e.Cause.Signature.SSHSig)}
			})
		}},
		{"statement-byte", []verify.Class{verify.ClassSignature, verify.ClassEncoding}, "", func(s *subject) spoiled {
			return s.edited(s.any(signedEntry), func(e *ledger.Entry) {
				at := bytes.Index(e.Cause.Statement, []byte(`"nonce":"`)) + len(`"nonce":"`) + s.rand.IntN(64)
				changed := bytes.Clone(e.Cause.Statement)
				changed[at] = "123456789abcdef0"[bytes.IndexByte([]byte("0123456789abcdef"), changed[at])]
				e.Cause.Statement = changed
			})
		}},
		{"host-report-signature-byte", []verify.Class{verify.ClassReport}, "", func(s *subject) spoiled {
			return s.reported(s.any(report), func(r *cell.Reported) { r.Signature = flip(s.rand, r.Signature) })
		}},
		{"host-report-changed", []verify.Class{verify.ClassReport}, "signature-invalid", func(s *subject) spoiled {
			return s.reported(s.any(report), func(r *cell.Reported) {
				r.Report = bytes.Replace(r.Report, []byte(`"sequence":`), fmt.Appendf(nil, `"sequence":%d`, 1+s.rand.IntN(9)), 1)
			})
		}},
		{"host-report-by-another-host", law, "report-refused", func(s *subject) spoiled {
			return s.reported(s.any(report), func(r *cell.Reported) {
				*r = *s.reportedBy(pick(s.cellOf, "report db-2", "mallory", "sam"), "db-1", r.Report)
			})
		}},
		{"lease-closed-without-proof", events, "", func(s *subject) spoiled {
			return s.edited(s.any(withEvent("lease-closing")), func(e *ledger.Entry) {
				target := ""
				event(e, func(closing *cell.LeaseClosing) { target = closing.Target })
				e.Events = append(e.Events, must(cell.EncodeEvents([]cell.Event{&cell.LeaseClosed{Target: target}}))...)
			})
		}},
		{"proof-of-another-kind", events, "", func(s *subject) spoiled {
			return s.edited(s.any(withEvent("lease-proved")), func(e *ledger.Entry) {
				event(e, func(proved *cell.LeaseProved) { proved.Proof.Kind = access.ProofAttested })
			})
		}},
		{"probe-that-proves-nothing", law, "nothing-new", func(s *subject) spoiled {
			return s.edited(s.any(func(i int, e ledger.Entry) bool { return e.Cause.Effect == "probed" }), func(e *ledger.Entry) {
				e.Observed = must(canon.Encode(cell.Observed{Published: published(*e), Round: &access.Round{Twin: access.Unreachable, Control: pick(s.cellOf, access.Accepted, access.Refused)}}))
			})
		}},
		{"certificate-digest-changed", events, "", func(s *subject) spoiled {
			return s.edited(s.any(withEvent("credential-authorised")), func(e *ledger.Entry) {
				event(e, func(c *cell.CredentialAuthorised) { c.Unsigned[s.rand.IntN(32)] ^= 1 })
			})
		}},
		{"event-edited", events, "", func(s *subject) spoiled {
			return s.edited(s.rand.IntN(len(s.bodies)), func(e *ledger.Entry) {
				i := s.rand.IntN(len(e.Events))
				e.Events[i] = jsontext.Value(bytes.Replace(e.Events[i], []byte(`":{`), []byte(`":{"a":1,`), 1))
				e.Events[i] = jsontext.Value(bytes.Replace(e.Events[i], []byte(`,}`), []byte(`}`), 1))
			})
		}},
		{"event-dropped", []verify.Class{verify.ClassEvents, verify.ClassEncoding}, "", func(s *subject) spoiled {
			return s.edited(s.rand.IntN(len(s.bodies)), func(e *ledger.Entry) { e.Events = e.Events[:len(e.Events)-1] })
		}},
		{"event-unknown", events, "", func(s *subject) spoiled {
			return s.edited(s.rand.IntN(len(s.bodies)), func(e *ledger.Entry) {
				e.Events = append(e.Events, jsontext.Value(fmt.Sprintf(`{"blessed-%d":{}}`, s.rand.IntN(99))))
			})
		}},
		{"statement-kind-unknown", encoding, "", func(s *subject) spoiled {
			return s.edited(s.any(signedEntry), func(e *ledger.Entry) {
				kind := body(*e).Body.Kind()
				e.Cause.Statement = bytes.Replace(e.Cause.Statement, []byte(`"kind":"`+kind), []byte(`"kind":"super`+kind), 1)
			})
		}},
		{"effect-repeated", law, "unknown-task", func(s *subject) spoiled {
			return s.appended(entryAt{s.entry(s.any(func(i int, e ledger.Entry) bool {
				return effectEntry(i, e) && e.Stream == cell.StreamOf(s.id) && eventAt(e, "open-failed") < 0
			}))}.later(s))
		}},
		{"statement-repeated", law, "", func(s *subject) spoiled {
			return s.appended(entryAt{s.entry(s.any(func(i int, e ledger.Entry) bool {
				return signedEntry(i, e) && e.Stream != cell.StreamRefused
			}))}.later(s))
		}},
		{"entry-dropped-and-resigned", []verify.Class{verify.ClassChain, verify.ClassLaw, verify.ClassEvents}, "", func(s *subject) spoiled {
			at := 2 + s.rand.IntN(s.lastSeen()-2)
			return s.resealed(slices.Delete(slices.Clone(s.bodies), at, at+1))
		}},
		{"entries-swapped-and-resigned", []verify.Class{verify.ClassChain, verify.ClassLaw, verify.ClassTime, verify.ClassEvents}, "", func(s *subject) spoiled {
			at := 2 + s.rand.IntN(s.lastSeen()-3)
			bodies := slices.Clone(s.bodies)
			bodies[at], bodies[at+1] = bodies[at+1], bodies[at]
			return s.resealed(bodies)
		}},
		{"entry-of-another-cell-inserted", []verify.Class{verify.ClassChain, verify.ClassLaw, verify.ClassTime, verify.ClassEvents}, "", func(s *subject) spoiled {
			at := 2 + s.rand.IntN(len(s.bodies)-2)
			return s.resealed(slices.Insert(slices.Clone(s.bodies), at, s.other.bodies[3+s.rand.IntN(len(s.other.bodies)-3)]))
		}},
		{"stream-pointer-changed", []verify.Class{verify.ClassChain}, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.edited(at, func(e *ledger.Entry) { e.Prev = other(s, e.Prev, at) })
		}},
		{"cell-pointer-changed", []verify.Class{verify.ClassChain}, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.edited(at, func(e *ledger.Entry) { e.Cell = other(s, e.Cell, at) })
		}},
		{"checkpoint-said-to-be-unpublished", []verify.Class{verify.ClassLaw, verify.ClassEvents}, "", func(s *subject) spoiled {
			return s.edited(s.any(func(i int, e ledger.Entry) bool {
				return published(e) && slices.ContainsFunc(s.bodies, func(b []byte) bool {
					later := must(ledger.DecodeEntry(b))
					return later.Cause.Statement != nil && body(later).Seen.Size == int64(i)
				})
			}), func(e *ledger.Entry) {
				var o cell.Observed
				if err := canon.Decode(e.Observed, ledger.EntryLimit, &o); err != nil {
					panic(err)
				}
				o.Published = false
				if e.Observed = must(canon.Encode(o)); string(e.Observed) == "{}" {
					e.Observed = nil
				}
			})
		}},
		{"base64-not-canonical", encoding, "", func(s *subject) spoiled {
			at := s.any(func(_ int, e ledger.Entry) bool {
				return e.Cause.Signature != nil && len(e.Cause.Signature.SSHSig)%3 != 0
			})
			text := base64.StdEncoding.EncodeToString(s.entry(at).Cause.Signature.SSHSig)
			last := bytes.IndexByte([]byte(text), '=') - 1
			const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
			loose := []byte(text)
			loose[last] = digits[bytes.IndexByte([]byte(digits), loose[last])+1]
			return s.replaced(at, bytes.Replace(s.bodies[at], []byte(text), loose, 1))
		}},
		{"trailing-bytes-of-an-entry", encoding, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.replaced(at, append(bytes.Clone(s.bodies[at]), pick(s.cellOf, " ", "\n", "{}", "null", "\x00")...))
		}},
		{"duplicate-members", encoding, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.replaced(at, append([]byte(`{"v":1,`), s.bodies[at][1:]...))
		}},
		{"unknown-members", encoding, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.replaced(at, append(s.bodies[at][:len(s.bodies[at])-1:len(s.bodies[at])-1], `,"x":1}`...))
		}},
		{"white-space", encoding, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.replaced(at, bytes.Replace(s.bodies[at], []byte(`,"`), []byte(`, "`), 1+s.rand.IntN(3)))
		}},
		{"certificate-fetched-with-a-roster-key", law, "not-the-holder-key", func(s *subject) spoiled {
			return s.edited(s.any(withEvent("credential-authorised")), func(e *ledger.Entry) {
				s.sealStatement(e, body(*e), pick(s.cellOf, "ann", "sam", "lea"))
				event(e, func(c *cell.CredentialAuthorised) { c.Fetch = canon.Sum(e.Cause.Statement) })
			})
		}},
		{"signature-of-no-point", badSigned, "", func(s *subject) spoiled {
			return s.edited(s.any(signedEntry), func(e *ledger.Entry) {
				e.Cause.Signature = &ledger.Signature{SSHSig: e.Cause.Signature.SSHSig[:s.rand.IntN(len(e.Cause.Signature.SSHSig))]}
			})
		}},
	})
}

// entryAt lets an entry be said again.
type entryAt struct{ ledger.Entry }

func (e entryAt) later(s *subject) ledger.Entry {
	e.At = canon.Later(e.At, s.entry(len(s.bodies)-1).At)
	e.Observed = withoutPublished(e.Entry)
	return e.Entry
}

func withoutPublished(e ledger.Entry) jsontext.Value {
	if e.Observed == nil {
		return nil
	}
	var o cell.Observed
	if err := canon.Decode(e.Observed, ledger.EntryLimit, &o); err != nil {
		panic(err)
	}
	o.Published = false
	data := must(canon.Encode(o))
	if string(data) == "{}" {
		return nil
	}
	return data
}

func published(e ledger.Entry) bool {
	var o cell.Observed
	return e.Observed != nil && canon.Decode(e.Observed, ledger.EntryLimit, &o) == nil && o.Published
}

// reported changes the host report in an entry.
func (s *subject) reported(at int, change func(*cell.Reported)) spoiled {
	return s.edited(at, func(e *ledger.Entry) {
		var o cell.Observed
		if err := canon.Decode(e.Observed, ledger.EntryLimit, &o); err != nil {
			panic(err)
		}
		change(o.Report)
		e.Observed = must(canon.Encode(o))
	})
}

// other is another index before one, or none.
func other(s *subject, not int64, before int) int64 {
	for {
		if i := int64(s.rand.IntN(before+2)) - 1; i != not {
			return i
		}
	}
}

// lastSeen is the size of the newest checkpoint that a statement names: a change
// below it changes a root that somebody signed.
func (s *subject) lastSeen() int {
	size := 0
	for i := range s.bodies {
		if e := s.entry(i); e.Cause.Statement != nil {
			size = max(size, int(body(e).Seen.Size))
		}
	}
	return size
}
