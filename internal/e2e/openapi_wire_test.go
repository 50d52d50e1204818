package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/api/apitest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// watchGlimpse is how long a live view is looked at once it is there: it would go on
// for ever.
const watchGlimpse = 300 * time.Millisecond

// faultsMost is how many faults are kept: the first ones tell.
const faultsMost = 20

// judged is the way to a town's server on which each answer is held to the
// document of the API.
type judged struct {
	under http.RoundTripper
	held  *apitest.Contract

	mu     sync.Mutex
	seen   map[string]map[int]int // operation → status → how often
	kinds  map[string]int         // of statements that were taken
	reason map[string]int         // of problems
	faults []string
	signed map[int]int // statuses of statements of the right shape
	cases  int
	skips  int // connections that ended before an answer
}

func newJudged(under http.RoundTripper) (*judged, error) {
	held, err := apitest.New()
	return &judged{under: under, held: held, seen: map[string]map[int]int{}, kinds: map[string]int{}, reason: map[string]int{}, signed: map[int]int{}}, err
}

// RoundTrip sends a request on, and looks at what comes back.
func (j *judged) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil && r.Body != http.NoBody {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		if r.Body, r.ContentLength = http.NoBody, int64(len(sent)); len(sent) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(sent))
		}
	}
	target := r.URL.RequestURI()
	operation := j.held.Operation(r.Method, target)
	watches := strings.HasSuffix(operation, "/watch")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	answer, err := j.under.RoundTrip(r.WithContext(ctx))
	if err != nil {
		j.mu.Lock()
		j.skips++
		j.mu.Unlock()
		return nil, err
	}
	if watches {
		defer time.AfterFunc(watchGlimpse, cancel).Stop()
	}
	body, err := io.ReadAll(answer.Body)
	if watches && errors.Is(err, context.Canceled) && r.Context().Err() == nil {
		err = nil
	}
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	x := apitest.Exchange{Method: r.Method, Path: target, Sent: sent, Status: answer.StatusCode, Header: answer.Header, Body: body}
	j.note(operation, x, j.held.Check(x))
	return answer, nil
}

// note counts an exchange, and keeps what is wrong with it.
func (j *judged) note(operation string, x apitest.Exchange, fault error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cases++
	if fault == nil && x.Status == http.StatusInternalServerError {
		fault = fmt.Errorf("%s %s: status %d: %s", x.Method, x.Path, x.Status, x.Body)
	}
	if fault != nil && len(j.faults) < faultsMost {
		j.faults = append(j.faults, fault.Error())
	}
	if operation == "" || x.Method == http.MethodHead {
		return
	}
	if j.seen[operation] == nil {
		j.seen[operation] = map[int]int{}
	}
	j.seen[operation][x.Status]++
	if operation == "POST /api/v1/statements" && j.held.Takes(operation, x.Sent) == nil {
		j.signed[x.Status]++
	}
	var problem struct {
		Reason string `json:"reason"`
	}
	if x.Status >= http.StatusBadRequest && json.Unmarshal(x.Body, &problem) == nil {
		j.reason[problem.Reason]++
	}
	var taken struct {
		Statement struct {
			Kind statement.Kind `json:"kind"`
		} `json:"statement"`
	}
	if x.Status == http.StatusCreated && json.Unmarshal(x.Sent, &taken) == nil {
		j.kinds[string(taken.Statement.Kind)]++
	}
}

// missing are the answers that the document declares and nobody was given.
func (j *judged) missing(excused func(operation string, status int) bool) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []string
	for operation, statuses := range j.held.Declared() {
		for _, status := range statuses {
			switch {
			case j.seen[operation][status] == 0 && !excused(operation, status):
				all = append(all, fmt.Sprintf("%s: nobody was answered %d", operation, status))
			case j.seen[operation][status] > 0 && status < http.StatusInternalServerError && excused(operation, status):
				all = append(all, fmt.Sprintf("%s: %d is excused, and somebody was answered so", operation, status))
			}
		}
	}
	return all
}

// counted is what was seen.
func (j *judged) counted() (cases int, signed map[int]int, words string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cases, maps.Clone(j.signed), fmt.Sprintf("reasons: %v; kinds taken: %v; %d ended before an answer", j.reason, j.kinds, j.skips)
}
