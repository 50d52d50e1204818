package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// stuck is a reader who takes not one byte until it is told to.
type stuck struct {
	*httptest.ResponseRecorder
	began sync.WaitGroup
	once  sync.Once
	over  chan struct{}
}

func (s *stuck) Write(data []byte) (int, error) {
	s.once.Do(s.began.Done)
	<-s.over
	return len(data), nil
}

// TestT18SlowReadersKeepNobodyFromEvidence: approvers sign on evidence alone, so
// that people who ask for it and do not read it must not use up the places.
func TestT18SlowReadersKeepNobodyFromEvidence(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	path := "/api/v1/requests/" + id.String() + "/evidence"
	over := make(chan struct{})
	var readers sync.WaitGroup
	for _, person := range []string{"ann", "ann", "sue", "sue"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+h.token(person))
		w := &stuck{ResponseRecorder: httptest.NewRecorder(), over: over}
		w.began.Add(1)
		readers.Go(func() { h.server.Config.Handler.ServeHTTP(w, r) })
		w.began.Wait() // its answer is on the way
	}
	for _, person := range []string{"sam", "leo", "ann"} {
		same(t, "evidence for "+person, h.get(person, path).Status, http.StatusOK)
	}
	close(over)
	readers.Wait()
}
