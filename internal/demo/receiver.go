package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/alert"
)

// receiver is the other end of the alarm channel: it takes only alarms that are
// signed with the channel's secret.
type receiver struct {
	secret []byte
	url    string
	mu     sync.Mutex
	types  []string
	forged int
}

// listen starts the receiver and writes its secret for the server.
func (s *stage) listen() error {
	text, err := alert.GenerateSecret(rand.Reader)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path("cell", "pager.secret"), []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	secret, err := alert.ParseSecret(text)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.alarms = &receiver{secret: secret, url: "http://" + listener.Addr().String() + "/alarms"}
	server := &http.Server{Handler: s.alarms, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.tell("pager", "stopped: %v", err)
		}
	}()
	s.later(func() error { return server.Shutdown(context.Background()) })
	return nil
}

// ServeHTTP takes one alarm.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(io.LimitReader(q.Body, 64<<10))
	if err == nil {
		err = alert.Verify(r.secret, q.Header, body, time.Now())
	}
	var m alert.Message
	if err == nil {
		m, err = alert.Decode(q.Header.Get("webhook-id"), body)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.forged++
		http.Error(w, fmt.Sprintf("refused: %v", err), http.StatusBadRequest)
		return
	}
	r.types = append(r.types, m.Type)
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) count() int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.types)
}

// heard tells whether an alarm of a type arrived.
func (r *receiver) heard(kind string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.types {
		if t == kind {
			return true
		}
	}
	return false
}
