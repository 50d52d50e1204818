package host

import "time"

// state is what outlives the program besides the list itself.
type state struct {
	Number   int64     `json:"number"` // of the highest list ever installed
	At       time.Time `json:"at"`     // of that list
	Sequence int64     `json:"sequence"`
}

// next returns the sequence number of a report made at now: above every earlier
// one, also when the file was lost or the clock went back (not both).
func (s state) next(now time.Time) int64 {
	return max(s.Sequence+1, now.UnixMilli())
}
