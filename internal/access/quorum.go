package access

import (
	"slices"
	"strings"
)

// Leg is one part of a quorum: Count different people of one group.
type Leg struct {
	From  string `json:"from"` // group reference, such as group:security
	Count int    `json:"count"`
}

// Quorum is the legs that must all be filled, each place by a different human.
// The zero Quorum is filled by nobody.
type Quorum []Leg

// LegsMost and PlacesMost bound a quorum.
const (
	LegsMost   = 8
	PlacesMost = 16
)

// Group is the group that a reference such as group:security names, and false
// for what is no reference.
func Group(reference string) (string, bool) {
	group, ok := strings.CutPrefix(reference, "group:")
	return group, ok && group != ""
}

// Membership tells whether a person is in the group that a reference names.
type Membership func(person, reference string) bool

// Missing matches people to places, each person to at most one place and as
// many places as possible, and gives the legs with the places still empty. A
// quorum without places misses itself: nil is returned only by a quorum that is
// filled.
func (q Quorum) Missing(people []string, in Membership) []Leg {
	seating := q.seat(people, in)
	if len(seating.places) == 0 {
		return []Leg{{From: "nobody", Count: 1}}
	}
	var missing []Leg
	place := 0
	for _, leg := range q {
		empty := 0
		for range leg.Count {
			if seating.taken[place] == 0 {
				empty++
			}
			place++
		}
		if empty > 0 {
			missing = append(missing, Leg{From: leg.From, Count: empty})
		}
	}
	return missing
}

// Seats tells which leg each of the people fills in the matching that Missing
// makes: person → group reference.
func (q Quorum) Seats(people []string, in Membership) map[string]string {
	seating := q.seat(people, in)
	seats := make(map[string]string)
	for place, person := range seating.taken {
		if person > 0 {
			seats[people[person-1]] = seating.places[place]
		}
	}
	return seats
}

// Names tells whether a person is in the group of any leg.
func (q Quorum) Names(person string, in Membership) bool {
	for _, leg := range q {
		if leg.Count > 0 && in(person, leg.From) {
			return true
		}
	}
	return false
}

// seating is a bipartite matching of people to places, grown by augmenting
// paths.
type seating struct {
	people []string
	places []string // group reference of each place
	taken  []int    // place → index of the person there, plus one
	in     Membership
}

func (q Quorum) seat(people []string, in Membership) *seating {
	s := &seating{people: people, in: in}
	for _, leg := range q {
		for range leg.Count {
			s.places = append(s.places, leg.From)
		}
	}
	s.taken = make([]int, len(s.places))
	for person, id := range people {
		if !slices.Contains(people[:person], id) { // named twice is still one human
			s.find(person, make([]bool, len(s.places)))
		}
	}
	return s
}

// find gives a person a place, moving others along if that frees one.
func (s *seating) find(person int, tried []bool) bool {
	for place, from := range s.places {
		if tried[place] || !s.in(s.people[person], from) {
			continue
		}
		tried[place] = true
		if s.taken[place] == 0 || s.find(s.taken[place]-1, tried) {
			s.taken[place] = person + 1
			return true
		}
	}
	return false
}
