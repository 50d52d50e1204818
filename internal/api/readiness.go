package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/readiness"
)

// Bounds of looking outside: how long one round takes, and how soon after one there
// may be another, whoever asks.
const (
	lookLongest = 45 * time.Second
	lookAgain   = time.Minute
)

// looks keeps what the last round of looks gave.
type looks struct {
	turn sync.Mutex // of whoever has a round made
	mu   sync.Mutex // of what follows
	at   canon.Time
	last readiness.Looked
}

// lookOutside has what is outside looked at, and says what readiness says then.
func (s *service) lookOutside(c *call) error {
	if id := c.query["scenario"]; id != "" {
		if _, known := s.Live.View().Scenario(c.who.Person, id); !known {
			return notFound("such scenario")
		}
	}
	s.look(c.r.Context(), c.who.Person)
	return s.readiness(c)
}

// readiness says whether each scenario could be used now, by what is known.
func (s *service) readiness(c *call) error {
	cell, at := s.Live.View(), s.instant()
	if id := c.query["scenario"]; id != "" {
		if _, known := cell.Scenario(c.who.Person, id); !known {
			return notFound("such scenario")
		}
	}
	f := readiness.Facts{
		At: at.Now, Coverage: cell.Every(at.Now), Leans: cell.Leans(), Heard: at.Heard, Took: cell.Took(),
		Certificate: certified(s.Certificate), Witnessed: s.Witnesses != nil, Issuers: cell.Issuers(), Readers: cell.Readers(), Cloud: cell.Cloud(), Looked: s.looked(),
	}
	f.Findings = s.found(c.who.Person).Findings
	return c.json(http.StatusOK, readiness.Of(f, c.query["scenario"]))
}

// look has a round of looks made, by one at a time; who comes while one is made, or
// shortly after, gets what it gave.
func (s *service) look(ctx context.Context, person string) {
	if s.Looker == nil {
		return
	}
	s.looks.turn.Lock()
	defer s.looks.turn.Unlock()
	s.looks.mu.Lock()
	lately := !s.looks.at.IsZero() && s.Ledger.Now().Sub(s.looks.at) < lookAgain
	s.looks.mu.Unlock()
	if lately {
		return
	}
	// Whoever waits for it may go; what it gives is for the next as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLongest)
	defer cancel()
	s.Log.Info("sessions of AWS begin, to see whether they can be had", slog.String("person", person)) // AWS's records name nobody for it
	seen := s.Looker.Look(ctx)
	s.looks.mu.Lock()
	s.looks.last, s.looks.at = seen, s.Ledger.Now()
	s.looks.mu.Unlock()
}

// looked is what the last round gave, however long ago; each look says when it was.
func (s *service) looked() readiness.Looked {
	s.looks.mu.Lock()
	defer s.looks.mu.Unlock()
	return s.looks.last
}
