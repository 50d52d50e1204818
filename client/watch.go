package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Event is one entry that the person may see.
type Event struct {
	Entry    int64      `json:"entry"`
	At       canon.Time `json:"at"`
	Stream   string     `json:"stream"`
	Events   []string   `json:"events"` // names
	Sentence string     `json:"sentence"`
}

// ErrStop stops Watch without an error.
var ErrStop = errors.New("stop watching")

// eventMost bounds one line of the stream, in bytes.
const eventMost = 1 << 20

// Watcher is told what Watch sees.
type Watcher struct {
	Tell func(Event) error // of each entry; ErrStop stops the watch without an error
	Line func(error)       // when the server begins to answer (nil) and when it no longer does, once each; may be nil
}

// Watch tells of every entry after one (-1: of those that come from now on), in
// order, until Tell fails or the context ends. It goes on by itself when the
// connection breaks, without losing an entry.
func (c *Client) Watch(ctx context.Context, after int64, w Watcher) error {
	pause, l := time.Second, line{tell: w.Line}
	for {
		came, err := c.watchOnce(ctx, &after, w.Tell, &l)
		var no *Problem
		switch {
		case errors.Is(err, ErrStop):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &no) && !no.Temporary() && no.Status != http.StatusUnauthorized:
			return err
		case err != nil && !errors.Is(err, ErrUnreachable) && !errors.As(err, &no):
			return err
		}
		l.is(err)
		if came {
			pause = time.Second
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 15*time.Second)
	}
}

// line tells when a server begins to answer and when it no longer does.
type line struct {
	tell  func(error)
	known bool
	up    bool
}

func (l *line) is(err error) {
	if up := err == nil; l.tell != nil && (!l.known || up != l.up) {
		l.known, l.up = true, up
		l.tell(err)
	}
}

func (c *Client) watchOnce(ctx context.Context, after *int64, tell func(Event) error, l *line) (came bool, err error) {
	token, err := c.session(ctx, false)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(answerLongest, cancel) // a server that lives says so every 15 s
	defer silence.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.profile.URL, "/")+"/api/v1/watch", nil)
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "text/event-stream")
	if *after >= 0 {
		request.Header.Set("Last-Event-ID", strconv.FormatInt(*after, 10))
	}
	response, err := c.http.Do(request)
	if errors.Is(err, ErrServerKey) {
		return false, ErrServerKey
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		data, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // what cannot be read is an unknown problem
		if response.StatusCode == http.StatusUnauthorized {
			c.mu.Lock()
			c.until = time.Time{}
			c.mu.Unlock()
		}
		return false, problemOf(response, data)
	}
	l.is(nil)
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, eventMost)
	for lines.Scan() {
		silence.Reset(answerLongest)
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		var e Event
		if err := json.Unmarshal([]byte(strings.TrimSpace(data)), &e); err != nil {
			return came, fmt.Errorf("cannot read the server's events: %w", err)
		}
		if e.Entry <= *after {
			continue // told before
		}
		came, *after = true, e.Entry
		if err := tell(e); err != nil {
			return came, err
		}
	}
	return came, ErrUnreachable
}
