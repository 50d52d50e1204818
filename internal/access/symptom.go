package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// SymptomsMost bounds the symptoms of a scenario, and NetworksMost the networks
// from which a cell looks at them.
const (
	SymptomsMost = 4
	NetworksMost = 4
)

// Symptom is what can be seen to be wrong when an emergency is real: something
// that does not answer and should, or an incident that its tracker has open.
// Exactly one of TCP, HTTPS and Incident is set.
type Symptom struct {
	Name     string `json:"name"`               // unique in the scenario
	TCP      string `json:"tcp,omitempty"`      // host:port that should take connections
	HTTPS    string `json:"https,omitempty"`    // URL that should answer with a status below 500
	Incident string `json:"incident,omitempty"` // id of the tracker that is asked for the request's incident
}

// What says in words what is looked at.
func (s Symptom) What() string {
	switch {
	case s.TCP != "":
		return "tcp " + s.TCP
	case s.HTTPS != "":
		return s.HTTPS
	}
	return "incident in " + s.Incident
}

// Looked tells whether the symptom is looked at over a network.
func (s Symptom) Looked() bool { return s.Incident == "" }

// Seen is what a look at a symptom showed.
type Seen string

// What a look shows.
const (
	Shown   Seen = "shown"   // as in the emergency
	Absent  Seen = "absent"  // as on a calm day
	Unknown Seen = "unknown" // neither: whoever looked could see nothing
)

// Seens lists them.
var Seens = []Seen{Shown, Absent, Unknown}

// Look is what the last look at a symptom from a network showed.
type Look struct {
	Symptom string     `json:"symptom"`
	Network string     `json:"network,omitempty"` // none: of an incident
	Seen    Seen       `json:"seen"`
	At      canon.Time `json:"at"`
	// Absent counts the looks that it was absent from since one showed it: channels hear
	// of the first. The request keeps it; no event says it.
	Absent int `json:"absent,omitzero"`
}

// Outage is a custodian's word that the emergency is real.
type Outage struct {
	Statement canon.Digest `json:"statement"`
	By        string       `json:"by"`
	Key       string       `json:"key"` // fingerprint of the signing key
	At        canon.Time   `json:"at"`
}

// LookedAt puts a look among those of the request, in the place of the one before
// it at the same symptom from the same network.
func (r *Request) LookedAt(l Look) {
	var others []Look
	for _, o := range r.Looks {
		if o.Symptom != l.Symptom || o.Network != l.Network {
			others = append(others, o)
		} else if l.Seen != Shown {
			l.Absent = o.Absent
		}
	}
	if l.Seen == Absent {
		l.Absent++
	}
	r.Looks = append(others, l)
}

// FirstAbsent tells whether the newest look is the first since the symptom was shown
// that it was absent from.
func (r *Request) FirstAbsent() bool {
	newest := r.Looks[len(r.Looks)-1]
	return newest.Seen == Absent && newest.Absent == 1
}

// ShownSince are the symptoms that the last look from some network showed, none of
// those looks older than since.
func (r *Request) ShownSince(since canon.Time) []string {
	var names []string
	for _, l := range r.Looks {
		if l.Seen == Shown && !l.At.Before(since) && !slices.Contains(names, l.Symptom) {
			names = append(names, l.Symptom)
		}
	}
	return names
}

// ShownTwice tells whether looks from two different networks, none of them older
// than since, showed the same symptom. An incident in a tracker is none: whoever
// asks may be able to open one.
func (r *Request) ShownTwice(s *Scenario, since canon.Time) bool {
	return slices.ContainsFunc(s.Symptoms, func(symptom Symptom) bool {
		var from []string
		for _, l := range r.Looks {
			if l.Symptom == symptom.Name && l.Seen == Shown && !l.At.Before(since) && !slices.Contains(from, l.Network) {
				from = append(from, l.Network)
			}
		}
		return symptom.Looked() && len(from) >= 2
	})
}
