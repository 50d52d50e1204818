package paper

import "github.com/halligan-dev/halligan/internal/canon"

// Places is where a cell is, and who is in it, by name.
type Places struct {
	Genesis canon.Digest // that anchors pin; zero: not sealed yet
	Server  string
	People  []Person
}
