package view_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// signing is an entry whose signature names the key of a name, as those of real
// ledgers do.
func signing(r cell.Recorded, key string) cell.Recorded {
	wire := roster.Ed25519Wire(celltest.Public(key))
	blob := binary.BigEndian.AppendUint32([]byte("SSHSIG\x00\x00\x00\x01"), uint32(len(wire)))
	r.Entry.Cause.Signature = &ledger.Signature{SSHSig: append(append(blob, wire...), "the rest"...)}
	return r
}

// reads has a person sign that they read, and gives the entry.
func (s *stage) reads(person string) cell.Recorded {
	s.t.Helper()
	r, err := s.Do(s.By(person, person, &statement.Session{For: 900}))
	if err != nil {
		s.t.Fatal(err)
	}
	return signing(r, person)
}

func proved(v *view.Cell) map[string]view.Key {
	keys := map[string]view.Key{}
	for _, p := range v.People(view.Instant{}).People {
		keys[p.ID] = p.Keys[0]
	}
	return keys
}

// unproved are the people of the finding, and of coverage.
func (s *stage) unproved(v *view.Cell) (found, covered string) {
	for _, f := range v.Findings("bob", s.at()).Findings {
		if f.Kind == view.FindingUnproved {
			found = f.Text
		}
	}
	c, _ := v.Coverage("database-locked-out", "SEV1", s.Now)
	return found, strings.Join(c.Unproved, " ")
}

// TestKeysAreProvedBySigning: a key of genesis counts as proved when the cell was
// sealed, from then on whenever it signs, whatever it signs.
func TestKeysAreProvedBySigning(t *testing.T) {
	s := sample(t)
	same(t, "sealed", proved(s.View)["sue"].Proved, celltest.Start)
	s.later(view.ProvedWithin)
	for _, person := range []string{"ann", "lea", "leo"} {
		s.follow(s.reads(person))
	}
	found, covered := s.unproved(s.View)
	same(t, "on the last day", found+covered, "")
	s.later(time.Second)
	r, err := s.World.StepRefused(s.Approve("bob", canon.Digest{1}), refusal(t, s, s.Approve("bob", canon.Digest{1})))
	if err != nil {
		t.Fatal(err)
	}
	s.World.Publish()
	s.follow(signing(r, "bob"))
	same(t, "an attempt that was refused is a signature", proved(s.View)["bob"].Proved, s.Now)
	found, covered = s.unproved(s.View)
	same(t, "found", found, "Keys of sam and sue have signed nothing for 90 days: they may be lost. Any signature proves one, such as of halligan inbox.")
	same(t, "covered", covered, "sam sue")
	same(t, "unproved", proved(s.View)["sam"].Unproved, true)
	s.follow(s.reads("sam"))
	_, covered = s.unproved(s.View)
	same(t, "sam signed", covered, "sue")
	stranger, err := s.Do(s.By("sam", "sam", &statement.Session{For: 900}))
	if err != nil {
		t.Fatal(err)
	}
	s.follow(signing(stranger, "holder of nobody"))
	_, covered = s.unproved(s.View)
	same(t, "keys of nobody are nothing", covered, "sue")
	change, _ := s.View.ChangeCoverage(s.Now)
	same(t, "changes", change.Unproved, []string{"sue"})
}

func refusal(t *testing.T, s *stage, c cell.Command) *cell.Refusal {
	t.Helper()
	_, err := cell.Decide(s.World, c)
	no, ok := err.(*cell.Refusal)
	if !ok {
		t.Fatal(err)
	}
	return no
}

// TestWhatWasNotReadIsNotKnown: a view that began late says since when it knows,
// and calls no key unproved before that is long enough ago; older entries, in
// whatever pages, make it know what one knows that followed from the beginning.
func TestWhatWasNotReadIsNotKnown(t *testing.T) {
	s := sample(t)
	entries := slices.Clone(s.Log)
	for i := range 40 {
		s.later(3 * 24 * time.Hour)
		r := s.reads([]string{"ann", "bob", "lea", "sam"}[i%4])
		s.follow(r)
		entries = append(entries, r)
	}
	late := func(from int) *view.Cell {
		v, err := view.FromWorld(s.World)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range entries[from:] {
			v.Learn(r)
		}
		return v
	}
	for from := range len(entries) {
		v := late(from)
		at, since := v.Unread()
		same(t, "entry", at, int64(from))
		same(t, "since", since, entries[from].Entry.At)
		found, _ := s.unproved(v)
		if long := s.Now.Sub(since) > view.ProvedWithin; long != strings.Contains(found, "leo") {
			t.Errorf("read since %s, which is long enough: %v; found %q", since, long, found)
		}
		if v.LookBack(entries[:max(0, from-1)]) || v.LookBack(nil) || from > 0 && v.LookBack(entries[from:]) {
			t.Error("a page that does not fit was taken")
		}
		for before := from; before > 0; before -= min(before, 7) {
			if !v.LookBack(entries[max(0, before-7):before]) {
				t.Fatal("a page that fits was not taken")
			}
		}
		same(t, "people", v.People(s.at()), s.View.People(s.at()))
		again := late(len(entries) - 1)
		again.LookedBack(v)
		same(t, "people of the next view", again.People(s.at()), s.View.People(s.at()))
	}
	gap := late(len(entries) - 1)
	short, err := view.New(view.FoundingOf(s.World))
	if err != nil {
		t.Fatal(err)
	}
	short.Learn(entries[0])
	gap.LookedBack(short)
	if at, _ := gap.Unread(); at != int64(len(entries)-1) {
		t.Error("what lies apart was joined")
	}
}
