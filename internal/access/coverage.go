package access

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Crew is the people around a quorum: who could sign, who may ask, and who is in
// which group. Nobody stands twice in a list.
type Crew struct {
	Able   []string
	Askers []string
	In     Membership
}

// Without is the crew while some people are away: they neither ask nor sign.
func (c Crew) Without(away ...string) Crew {
	gone := func(person string) bool { return slices.Contains(away, person) }
	c.Able = slices.DeleteFunc(slices.Clone(c.Able), gone)
	c.Askers = slices.DeleteFunc(slices.Clone(c.Askers), gone)
	return c
}

// Coverage says how far the people of a crew cover a quorum, whoever of them
// asks: an asker never counts, and one person fills one place. Its lists are in
// the order of the crew.
type Coverage struct {
	After  canon.Seconds // since when on the ladder; 0 from the beginning
	Spare  int           // so many of those who could sign may be away, whoever they are, the asker counted; below 0: so many places nobody is there for
	Stuck  []string      // askers for whom it cannot be filled
	Single []Single      // single points of failure
	Pairs  [][2]string   // two people without both of whom an asker is stuck who is not without one; sorted, at most PairsMost
	Thin   []Thin        // where at most one person is to spare, thinnest first
}

// PairsMost bounds Coverage.Pairs.
const PairsMost = 100

// Single is a person without whom an asker is stuck who is not now.
type Single struct {
	Person string
	Asks   []string // whoever of them asks; none: whoever asks
	Legs   []string // group references: the fewest legs that show it, when the first of them asks
}

// Thin is legs that have few people for their places, all of them together.
type Thin struct {
	Legs   []string // group references
	Places int
	People []string // who could fill any of the places
}

// Cover tells how far a crew covers a quorum of at most LegsMost legs.
//
// It rests on Hall's theorem: a quorum can be filled exactly if no set of its
// legs has more places than people who could sit in any of them. So it looks at
// sets of legs and never at sets of people, and who is missing is told by the
// sets that have nobody to spare.
func (q Quorum) Cover(c Crew) Coverage {
	h := q.hall(c)
	v := Coverage{Spare: h.sets[0].spare, Thin: h.thin()}
	for _, s := range h.sets {
		v.Spare = min(v.Spare, s.spare)
	}
	var askers []string // who are not stuck
	for _, asker := range c.Askers {
		if h.stuck(asker) {
			v.Stuck = append(v.Stuck, asker)
		} else {
			askers = append(askers, asker)
		}
	}
	askers = h.concerned(askers)
	v.Single, v.Pairs = h.single(askers), h.pairs(askers)
	return v
}

// Cover tells how far a crew covers the quorum of a severity: first from the
// beginning, then after each rung of the ladder.
func (s *Scenario) Cover(severity Severity, c Crew) []Coverage {
	in := c.In
	steps := []Coverage{s.Severities[severity].Quorum.Cover(c)}
	for i, rung := range s.Ladder {
		if rung.Solo != nil {
			continue // it fills no quorum
		}
		c.In = s.Widest(i+1, in)
		step := s.Severities[severity].Quorum.Cover(c)
		step.After = rung.After
		steps = append(steps, step)
	}
	return steps
}

// Widest is the membership by which a request that reached so many rungs is
// counted.
func (s *Scenario) Widest(rungs int, in Membership) Membership {
	var r Request
	for i := range rungs {
		if widened, ok := s.Climb(i+1, canon.Time{}); ok {
			r.Widened = append(r.Widened, widened)
		}
	}
	return r.Admits(in)
}

// Merged is the quorum with one leg for each group: the same people fill it.
func (q Quorum) Merged() Quorum {
	var one Quorum
	for _, leg := range q {
		i := slices.IndexFunc(one, func(l Leg) bool { return l.From == leg.From })
		if i < 0 {
			one = append(one, leg)
		} else {
			one[i].Count += leg.Count
		}
	}
	return one
}

// hall is every set of legs of a quorum, with how many people it has to spare.
type hall struct {
	legs  Quorum
	able  []string
	may   map[string]uint // person → the legs that they may fill, a bit for each
	alike map[uint]int    // legs → how many people may fill just these
	sets  []legSet        // fewest legs first; never empty
}

type legSet struct {
	legs   uint
	places int
	spare  int // people who may fill any of the places, less the places
}

func (q Quorum) hall(c Crew) *hall {
	filled := slices.DeleteFunc(slices.Clone(q), func(l Leg) bool { return l.Count < 1 })
	h := &hall{legs: filled.Merged(), able: c.Able, may: map[string]uint{}, alike: map[uint]int{}}
	for _, person := range c.Able {
		for i, leg := range h.legs {
			if c.In(person, leg.From) {
				h.may[person] |= 1 << i
			}
		}
		h.alike[h.may[person]]++
	}
	for legs := uint(1); legs < 1<<len(h.legs); legs++ {
		s := legSet{legs: legs}
		for i, leg := range h.legs {
			if legs&(1<<i) != 0 {
				s.places += leg.Count
			}
		}
		s.spare = -s.places
		for may, people := range h.alike {
			if may&legs != 0 {
				s.spare += people
			}
		}
		h.sets = append(h.sets, s)
	}
	if len(h.sets) == 0 {
		h.sets = []legSet{{spare: -1}} // a quorum without places is filled by nobody
	}
	slices.SortStableFunc(h.sets, func(a, b legSet) int { return bits.OnesCount(a.legs) - bits.OnesCount(b.legs) })
	return h
}

// left is how many a set has to spare when somebody asks.
func (h *hall) left(s legSet, asker string) int {
	if h.may[asker]&s.legs != 0 {
		return s.spare - 1
	}
	return s.spare
}

func (h *hall) stuck(asker string) bool {
	return slices.ContainsFunc(h.sets, func(s legSet) bool { return h.left(s, asker) < 0 })
}

// concerned are the askers whose asking can make a difference, and the first of
// the others, who are all alike.
func (h *hall) concerned(askers []string) []string {
	thin, other := uint(0), false
	for _, s := range h.sets {
		if s.spare <= 2 {
			thin |= s.legs
		}
	}
	return slices.DeleteFunc(slices.Clone(askers), func(asker string) bool {
		if h.may[asker]&thin != 0 {
			return false
		}
		dropped := other
		other = true
		return dropped
	})
}

// people are those who may fill a place of a set.
func (h *hall) people(s legSet) []string {
	return slices.DeleteFunc(slices.Clone(h.able), func(person string) bool { return h.may[person]&s.legs == 0 })
}

// bound are the legs of the sets that have nobody to spare when somebody asks who
// is not stuck: of who may fill any of them, nobody may be away.
func (h *hall) bound(asker string) uint {
	legs := uint(0)
	for _, s := range h.sets {
		if h.left(s, asker) == 0 {
			legs |= s.legs
		}
	}
	return legs
}

// single are the people without whom an asker is stuck, of askers who are not.
func (h *hall) single(askers []string) []Single {
	bound := map[string]uint{}
	for _, asker := range askers {
		bound[asker] = h.bound(asker)
	}
	var single []Single
	for _, person := range h.able {
		one := Single{Person: person}
		for _, asker := range askers {
			if asker != person && h.may[person]&bound[asker] != 0 {
				one.Asks = append(one.Asks, asker)
			}
		}
		if len(one.Asks) == 0 {
			continue
		}
		first := slices.IndexFunc(h.sets, func(s legSet) bool { return h.may[person]&s.legs != 0 && h.left(s, one.Asks[0]) == 0 })
		one.Legs = h.names(h.sets[first])
		if slices.ContainsFunc(h.sets, func(s legSet) bool { return s.spare == 0 && h.may[person]&s.legs != 0 }) {
			one.Asks = nil
		}
		single = append(single, one)
	}
	return single
}

// pairs are two people each of the sets that have one to spare when somebody asks
// who is not stuck.
func (h *hall) pairs(askers []string) [][2]string {
	found := map[[2]string]bool{}
	for _, asker := range askers {
		bound := h.bound(asker)
		for _, s := range h.sets {
			if h.left(s, asker) != 1 {
				continue
			}
			people := slices.DeleteFunc(h.people(s), func(person string) bool { return person == asker || h.may[person]&bound != 0 })
			for i, one := range people {
				for _, other := range people[i+1:] {
					if len(found) < PairsMost {
						found[[2]string{one, other}] = true
					}
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// thin are the sets with at most one person to spare that do not fall apart into
// two which share nobody.
func (h *hall) thin() []Thin {
	var thin []Thin
	sets := slices.Clone(h.sets)
	slices.SortStableFunc(sets, func(a, b legSet) int { return a.spare - b.spare })
	for _, s := range sets {
		if s.legs != 0 && s.spare <= 1 && h.joined(s) {
			thin = append(thin, Thin{Legs: h.names(s), Places: s.places, People: h.people(s)})
		}
	}
	return thin
}

// joined tells whether people who may fill several legs hold a set together.
func (h *hall) joined(s legSet) bool {
	reached := s.legs & -s.legs
	for grown := true; grown; {
		grown = false
		for may := range h.alike {
			if may &= s.legs; may&reached != 0 && may&^reached != 0 {
				reached |= may
				grown = true
			}
		}
	}
	return reached == s.legs
}

// names are the groups of a set.
func (h *hall) names(s legSet) []string {
	var names []string
	for i, leg := range h.legs {
		if s.legs&(1<<i) != 0 {
			names = append(names, leg.From)
		}
	}
	return names
}
