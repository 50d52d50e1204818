package verify_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

// partial is evidence of the cell and of one request; keep says which of their
// entries are in it.
func (s *subject) partial(keep func(int, ledger.Entry) bool) ledger.Partial {
	log := must(ledger.OpenLog(s.src, s.anchor))
	p := ledger.Partial{Signed: log.Signed(), Notes: s.notes, Attachments: map[ledger.Hash][]byte{}}
	for digest, data := range s.Beside {
		p.Attachments[ledger.Hash(digest)] = data
	}
	for i, body := range s.bodies {
		e := s.entry(i)
		if (e.Stream == cell.StreamCell || e.Stream == cell.StreamOf(s.id)) && keep(i, e) {
			proof := must(ledger.InclusionProof(log.Checkpoint().Size, int64(i), log.Tiles()))
			p.Entries = append(p.Entries, ledger.ProvedEntry{Index: int64(i), Body: body, Proof: proof})
		}
	}
	return p
}

func everything(int, ledger.Entry) bool { return true }

func (s *subject) encoded(p ledger.Partial) []byte { return must(ledger.EncodePartial(s.anchor, p)) }

func checkPartial(t *testing.T, anchor ledger.Anchor, data []byte, seen ledger.Checkpoint) *verify.Report {
	t.Helper()
	report, err := verify.Partial(context.Background(), anchor, data, verify.Options{Seen: seen})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestPartialEvidence(t *testing.T) {
	for seed := range uint64(10) {
		s := lives()[seed].subject(seed)
		report := checkPartial(t, s.anchor, s.encoded(s.partial(everything)), s.cp)
		if !report.Good() {
			t.Fatalf("seed %d: %s", seed, report.Text())
		}
		if len(report.Grants) != 1 || report.Grants[0].ID != s.id || report.Scope != verify.ScopePartial {
			t.Errorf("seed %d: %s", seed, report.Text())
		}
		if !slices.ContainsFunc(report.NotChecked, func(l string) bool { return strings.Contains(l, "entries of other streams") }) {
			t.Errorf("the report does not say what partial evidence cannot show: %v", report.NotChecked)
		}
		if report := checkPartial(t, ledger.Anchor{}, s.encoded(s.partial(everything)), ledger.Checkpoint{}); report.Verdict != verify.SelfConsistent {
			t.Errorf("without an anchor: %s", report.Text())
		}
		// Up to any point it is evidence of how things stood there.
		half := s.any(func(_ int, e ledger.Entry) bool { return e.Stream == cell.StreamOf(s.id) })
		if report := checkPartial(t, s.anchor, s.encoded(s.partial(func(i int, _ ledger.Entry) bool { return i <= half })), ledger.Checkpoint{}); !report.Good() {
			t.Errorf("seed %d, up to entry %d: %s", seed, half, report.Text())
		}
	}
}

// TestPartialMutations: partial evidence that leaves out or changes anything that
// matters is refused and named.
func TestPartialMutations(t *testing.T) {
	leave := func(stream func(*subject) string) func(*subject) []byte {
		return func(s *subject) []byte {
			at := s.any(func(i int, e ledger.Entry) bool {
				return e.Stream == stream(s) && i > 0 && slices.ContainsFunc(s.bodies[i+1:], func(b []byte) bool {
					later := must(ledger.DecodeEntry(b))
					return later.Stream == cell.StreamCell || later.Stream == cell.StreamOf(s.id)
				}) && !s.last(i)
			})
			return s.encoded(s.partial(func(i int, _ ledger.Entry) bool { return i != at }))
		}
	}
	replace := func(s *subject, old, with string) []byte {
		data := s.encoded(s.partial(everything))
		if !bytes.Contains(data, []byte(old)) {
			panic("the evidence has no " + old)
		}
		return bytes.Replace(data, []byte(old), []byte(with), 1)
	}
	for name, m := range map[string]struct {
		want []verify.Class
		make func(*subject) []byte
	}{
		"cell-entry-left-out":    {[]verify.Class{verify.ClassChain}, leave(func(*subject) string { return cell.StreamCell })},
		"request-entry-left-out": {[]verify.Class{verify.ClassChain}, leave(func(s *subject) string { return cell.StreamOf(s.id) })},
		"first-entry-left-out": {[]verify.Class{verify.ClassGenesis}, func(s *subject) []byte {
			return s.encoded(s.partial(func(i int, _ ledger.Entry) bool { return i > 0 }))
		}},
		"nothing-in-it": {[]verify.Class{verify.ClassGenesis}, func(s *subject) []byte {
			return s.encoded(s.partial(func(int, ledger.Entry) bool { return false }))
		}},
		"attachment-left-out": {[]verify.Class{verify.ClassAttachment}, func(s *subject) []byte {
			p := s.partial(everything)
			delete(p.Attachments, pick(s.cellOf, s.anchor.Genesis, ledger.Hash(s.Scenario)))
			return s.encoded(p)
		}},
		"proof-flipped": {[]verify.Class{verify.ClassProof}, func(s *subject) []byte {
			p := s.partial(everything)
			e := p.Entries[s.rand.IntN(len(p.Entries))]
			hash := e.Proof[s.rand.IntN(len(e.Proof))]
			return replace(s, hash.String(), canon.Sum(hash[:]).String())
		}},
		"body-changed": {[]verify.Class{verify.ClassProof}, func(s *subject) []byte {
			return replace(s, `"severity":"SEV1"`, `"severity":"SEV2"`)
		}},
		"note-changed":      {[]verify.Class{verify.ClassNote}, func(s *subject) []byte { return replace(s, `"text":"`, `"text":"x`) }},
		"white-space":       {[]verify.Class{verify.ClassEncoding}, func(s *subject) []byte { return replace(s, `,"`, `, "`) }},
		"duplicate-members": {[]verify.Class{verify.ClassEncoding}, func(s *subject) []byte { return replace(s, `"entries":[`, `"entries":[],"entries":[`) }},
		"bytes-at-random": {[]verify.Class{
			verify.ClassEncoding, verify.ClassProof, verify.ClassNote, verify.ClassAttachment,
			verify.ClassCheckpointSignature, verify.ClassCheckpointOrigin,
		}, func(s *subject) []byte { return flip(s.rand, s.encoded(s.partial(everything))) }},
		"forged-and-resigned": {[]verify.Class{verify.ClassSignature}, func(s *subject) []byte {
			at := s.any(func(i int, e ledger.Entry) bool { return signedEntry(i, e) && e.Stream == cell.StreamOf(s.id) })
			entry := s.entry(at)
			entry.Cause.Signature = &ledger.Signature{SSHSig: flip(s.rand, entry.Cause.Signature.SSHSig)}
			s.bodies = slices.Clone(s.bodies)
			s.bodies[at] = canon.MustEncode(entry)
			s.src, _ = s.export(s.bodies)
			return s.encoded(s.partial(everything))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				s := lives()[seed%10].subject(seed)
				report := checkPartial(t, s.anchor, m.make(s), ledger.Checkpoint{})
				if report.Verdict != verify.Refused || len(report.Faults) != 1 || !slices.Contains(m.want, report.Faults[0].Class) {
					t.Fatalf("seed %d: want %v\n%s", seed, m.want, report.Text())
				}
			}
		})
	}
}

// last tells whether an entry is the last of those that partial evidence has.
func (s *subject) last(index int) bool {
	for i := index + 1; i < len(s.bodies); i++ {
		if e := s.entry(i); e.Stream == cell.StreamCell || e.Stream == cell.StreamOf(s.id) {
			return false
		}
	}
	return true
}

// TestPartialAgainstSeen: of checkpoints, partial evidence can only show that two
// of one size differ.
func TestPartialAgainstSeen(t *testing.T) {
	s := lives()[0].subject(0)
	data := s.encoded(s.partial(everything))
	fork := s.cp
	fork.Root[0] ^= 1
	refusedAs(t, checkPartial(t, s.anchor, data, fork), verify.ClassForked)
	fork = s.cp
	fork.Origin = "cell.example.net"
	refusedAs(t, checkPartial(t, s.anchor, data, fork), verify.ClassCheckpointOrigin)
	older := ledger.Checkpoint{Origin: s.cp.Origin, Size: 3, Root: s.cp.Root}
	report := checkPartial(t, s.anchor, data, older)
	if !report.Good() || report.Seen != nil || !strings.HasPrefix(report.NotChecked[0], "your own checkpoint") {
		t.Errorf("%s", report.Text())
	}
}
