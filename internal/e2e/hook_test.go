package e2e_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/canon"
)

// hook is the other end of an alarm channel. It takes only what is signed with
// the channel's secret, and may be made to hang.
type hook struct {
	url    string
	secret []byte
	server *http.Server

	mu     sync.Mutex
	heard  []alert.Message
	bodies []string
	asked  int           // deliveries that began
	forged int           // that were not signed as they must be
	hung   chan struct{} // closed when it is to answer again; nil when it does
}

// listen begins to listen.
func listen(secret string) (*hook, error) {
	key, err := alert.ParseSecret(secret)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &hook{secret: key, url: "http://" + listener.Addr().String() + "/canary-in-the-path-4f1c"}
	h.server = &http.Server{Handler: h, ReadHeaderTimeout: patience}
	go func() { _ = h.server.Serve(listener) }() // ends by close
	return h, nil
}

// ServeHTTP takes one alarm.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	h.mu.Lock()
	h.asked++
	hung := h.hung
	h.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-r.Context().Done():
			return
		}
	}
	if err == nil {
		err = alert.Verify(h.secret, r.Header, body, time.Now())
	}
	var m alert.Message
	if err == nil {
		m, err = alert.Decode(r.Header.Get(alert.HeaderID), body)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.forged++
		http.Error(w, "refused", http.StatusBadRequest)
		return
	}
	h.bodies = append(h.bodies, string(body))
	if !slices.ContainsFunc(h.heard, func(o alert.Message) bool { return o.ID == m.ID }) {
		h.heard = append(h.heard, m)
	}
	w.WriteHeader(http.StatusNoContent)
}

// of are the alarms of a type, each once.
func (h *hook) of(kind string) (found []alert.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.heard {
		if m.Type == kind {
			found = append(found, m)
		}
	}
	return found
}

// namesAsked tells whether it heard that a request was made, alone or together with
// others of the same person.
func (h *hook) namesAsked(id canon.Digest) bool {
	return slices.ContainsFunc(h.of("request.made"), func(m alert.Message) bool {
		return m.Request == id.Short() || strings.Contains(m.Text, id.Short())
	})
}

// begun is how many deliveries began, answered or not.
func (h *hook) begun() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// said is everything that arrived.
func (h *hook) said() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bodies)
}

// hang makes it take alarms and say nothing.
func (h *hook) hang() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hung == nil {
		h.hung = make(chan struct{})
	}
}

// answer makes it answer again.
func (h *hook) answer() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hung != nil {
		close(h.hung)
		h.hung = nil
	}
}

func (h *hook) close() error {
	h.answer()
	h.mu.Lock()
	forged := h.forged
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := h.server.Shutdown(ctx); err != nil {
		_ = h.server.Close()
	}
	if forged > 0 {
		return errors.New("alarms arrived that were not signed as they must be")
	}
	return nil
}
