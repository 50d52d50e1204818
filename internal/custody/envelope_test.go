package custody_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
)

var noon = canon.At(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))

// sealing is one for some custodians, of which two open it.
func sealing(serial int64, custodians ...string) *custody.Sealing {
	s := &custody.Sealing{Serial: serial, Threshold: 2}
	for _, person := range custodians {
		s.Holders = append(s.Holders, custody.Holder{Custodian: person})
	}
	return s
}

// TestStateCountsPeople: two shares of one custodian are one, two of two break
// the envelope whichever requests they went to, and what was given away outweighs
// what is owed.
func TestStateCountsPeople(t *testing.T) {
	given := func(people ...string) (all []custody.Given) {
		for i, person := range people {
			all = append(all, custody.Given{Request: canon.Sum(fmt.Append(nil, i)), Custodian: person})
		}
		return all
	}
	owed := &custody.Owed{Why: custody.WhyLeft}
	for name, c := range map[string]struct {
		owed  *custody.Owed
		given []custody.Given
		want  custody.State
	}{
		"nothing happened":             {nil, nil, custody.Sealed},
		"a custodian left":             {owed, nil, custody.Due},
		"one share":                    {nil, given("bob"), custody.Opening},
		"one custodian, two requests":  {nil, given("bob", "bob"), custody.Opening},
		"two custodians, two requests": {nil, given("bob", "lea"), custody.Broken},
		"more than open it":            {owed, given("bob", "lea", "sue"), custody.Broken},
		"one share, and owed":          {owed, given("bob"), custody.Opening},
	} {
		e := custody.Envelope{Name: "root", Current: sealing(1, "bob", "lea", "sue"), Owed: c.owed}
		if got := e.State(c.given); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestShownIsProof: having a share shows nothing; telling a proof does, and for a
// bag having seen it.
func TestShownIsProof(t *testing.T) {
	s := sealing(2, "bob", "lea", "sue")
	if s.Shown() != 0 {
		t.Errorf("%d have shown something", s.Shown())
	}
	s.Holders[0].Proved, s.Holders[1].Seen = noon, noon
	if s.Shown() != 1 {
		t.Errorf("of a file: %d, want 1", s.Shown())
	}
	if s.Physical = true; s.Shown() != 2 {
		t.Errorf("of bags: %d, want 2", s.Shown())
	}
}

func TestFitsEveryDemand(t *testing.T) {
	in := func(person, group string) bool { return group == "group:keepers" && person != "max" }
	demand := access.Envelope{Name: "root", Custodians: "group:keepers", Threshold: 2}
	for want, change := range map[string]func(*custody.Sealing){
		"":           func(*custody.Sealing) {},
		"physical":   func(s *custody.Sealing) { s.Physical = true },
		"threshold":  func(s *custody.Sealing) { s.Threshold = 1 },
		"max is not": func(s *custody.Sealing) { s.Holders[1].Custodian = "max" },
	} {
		s := sealing(1, "bob", "lea", "sue")
		change(s)
		if fault := s.Fits(&demand, in); (fault == "") != (want == "") || !strings.Contains(fault, want) {
			t.Errorf("%q, want %q", fault, want)
		}
	}
	higher := sealing(1, "bob", "lea", "sue")
	if higher.Threshold = 3; higher.Fits(&demand, in) != "" {
		t.Error("a sealing may ask for more than the scenario does")
	}
}

// TestOnlyLivingSealingsAreFound, and a copy shares nothing with what it is of.
func TestOnlyLivingSealingsAreFound(t *testing.T) {
	e := &custody.Envelope{Name: "root", Current: sealing(3, "bob", "lea"), Next: sealing(4, "lea", "sue")}
	var found []int64
	for serial := range int64(6) {
		if s, ok := e.Sealing(serial); ok {
			found = append(found, s.Serial)
		}
	}
	if !slices.Equal(found, []int64{3, 4}) || e.Newest().Serial != 4 {
		t.Errorf("sealings %v, the newest %d", found, e.Newest().Serial)
	}
	c := e.Clone()
	holder, _ := c.Next.Holder("sue")
	holder.Proved, c.Current.Serial = noon, 9
	if e.Next.Shown() != 0 || e.Current.Serial != 3 {
		t.Error("the copy changed the original")
	}
	if c.Next = nil; c.Newest().Serial != 9 {
		t.Errorf("the newest is %d", c.Newest().Serial)
	}
	if _, ok := e.Current.Holder("sue"); ok {
		t.Error("sue holds a share of a sealing that was not for her")
	}
}
