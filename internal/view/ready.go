package view

import "github.com/halligan-dev/halligan/internal/canon"

// Light is how it stands with one thing that an emergency leans on, or with all.
type Light string

// The lights, worst first.
const (
	LightRed       Light = "red"        // it could not be used, or its end could not be had
	LightAmber     Light = "amber"      // it could, and hangs on something, or will not for long
	LightNotLooked Light = "not-looked" // nobody could look, or has yet
	LightGreen     Light = "green"      // somebody looked, and it is well
)

// ReadyItem is one thing that an emergency leans on.
type ReadyItem struct {
	ID        string     `json:"id"` // stays the same from look to look
	State     Light      `json:"state"`
	Text      string     `json:"text"`
	Do        string     `json:"do,omitempty"`        // what mends it, with the command
	Since     canon.Time `json:"since,omitzero"`      // when it was looked at, or since when it is so
	Scenarios []string   `json:"scenarios,omitempty"` // that lean on it; none: all of them
}

// ReadyReport is whether each scenario could be used right now, worst first: what
// internal/readiness makes of the facts.
type ReadyReport struct {
	At       canon.Time    `json:"at"`
	State    Light         `json:"state"` // green only if every item is
	Scenario string        `json:"scenario,omitempty"`
	Counts   map[Light]int `json:"counts"`
	Items    []ReadyItem   `json:"items"`
}
