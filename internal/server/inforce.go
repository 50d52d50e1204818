package server

import (
	"context"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// InForce is the document that the ledger says is in force.
type InForce struct {
	Genesis  *cell.Genesis
	Document canon.Digest
	former   func() ([]canon.Digest, error)
}

// Former are the documents that were in force before, genesis first.
func (i InForce) Former() ([]canon.Digest, error) { return i.former() }

// former reads them from the cell's own stream.
func (s *Server) former(ctx context.Context) func() ([]canon.Digest, error) {
	return func() ([]canon.Digest, error) {
		indices, err := s.store.StreamEntries(ctx, cell.StreamCell)
		if err != nil {
			return nil, err
		}
		var former []canon.Digest
		for _, index := range indices {
			bodies, err := s.store.Entries(ctx, index, 1)
			if err != nil || len(bodies) == 0 {
				return nil, err
			}
			recorded, err := view.Recorded(index, bodies[0])
			if err != nil {
				return nil, err
			}
			for _, e := range recorded.Outcome.Events {
				if amended, ok := e.(*cell.Amended); ok {
					former = append(former, amended.From)
				}
			}
		}
		return former, nil
	}
}
