package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// wholeDue is what part of the rate of its bare parts B2 must reach.
const wholeDue = 0.5

// bareParts are the messages of one emergency: a request, two decisions, one
// question whether it is open, a fetch and a release. Each is a hello over
// HTTPS with a signature checked, one made, and a flush that is shared.
const bareParts = 6

// measureWhole is B2.
func (r *run) measureWhole() error {
	cell, err := r.makeCell("whole")
	if err != nil {
		return err
	}
	ours, err := r.self("serve", cell.path, r.profile)
	if err != nil {
		return err
	}
	defer ours.end()
	if _, err := ours.line(); err != nil {
		return err
	}
	crowd, err := cell.crowd()
	if err != nil {
		return err
	}
	length := r.length(3 * time.Second)
	bare, err := r.limit(cell, length)
	if err != nil {
		return err
	}
	turns, err := interleave(r.rounds(5), side{"halligan", ours.billed(func() (turn, error) {
		if err := crowd.look(); err != nil {
			return turn{}, err
		}
		return drive(clients, length, crowd.emergency)
	})}, side{"bare", func() (turn, error) {
		t, err := bare()
		t.Count /= bareParts
		return t, err
	}})
	if err != nil {
		return err
	}
	a, b := turns["halligan"], turns["bare"]
	cost := func(of func(turn) float64, turns []turn) string { return span(time.Duration(median(turns, of))) }
	r.add(row{
		ID: "B2", What: "whole emergencies over HTTPS, each command durable, 64 clients", Ours: perSecond(median(a, turn.rate)),
		Peer: "its parts, bare: " + perSecond(median(b, turn.rate)), Ratio: ratio(a, b, turn.rate), Unit: "× rate", Due: atLeast(wholeDue),
		Note: fmt.Sprintf("request, two signed decisions, lease opened, certificate, release; half of them took %s. The parts are %d hellos over HTTPS, each with a signature checked, one made, and one fsync shared among all who wait. In processor time: %s of the server and %s of those who call it, beside %s and %s of the parts; that alone is a ratio of %s. The printed goal is 1,000 a second.",
			cost(func(t turn) float64 { return float64(t.P50) }, a), bareParts,
			cost(perOne(servers), a), cost(perOne(callers), a), cost(perOne(servers), b), cost(perOne(callers), b), figure(ratio(b, a, perOne(servers, callers)))),
	})
	return nil
}

// crowd is people who all have emergencies, on one connection pool.
type crowd struct {
	*cellClient
	tokens map[string]string
}

func (f *folderOf) crowd() (*crowd, error) {
	client, err := f.client()
	if err != nil {
		return nil, err
	}
	c := &crowd{client, map[string]string{}}
	for _, person := range people {
		said, err := client.submit(person, f.keys[person], &statement.Session{For: statement.SessionLongest})
		if err != nil {
			return nil, err
		}
		c.tokens[person] = said.Session.Token
	}
	return c, nil
}

// emergency goes through one, from the request to the release. Workers take
// turns at who asks, so that nobody has too much open.
func (c *crowd) emergency(worker int) error {
	who := people[worker%len(people)]
	o, err := c.open(who, people[(worker+1)%len(people)], people[(worker+2)%len(people)])
	if err != nil {
		return err
	}
	if err := certified(c.send(who, o.holder, &statement.Fetch{Of: o.id, Target: target})); err != nil {
		return err
	}
	_, err = c.send(who, o.holder, &statement.Release{Of: o.id})
	return err
}

// opened is a request and the key that holds it.
type opened struct {
	id     canon.Digest
	holder ed25519.PrivateKey
}

// open asks, has others agree, and waits until the lease is open.
func (c *crowd) open(who string, approvers ...string) (o opened, err error) {
	if o, err = c.ask(who); err != nil {
		return o, err
	}
	var said answer
	for _, person := range approvers {
		if said, err = c.agree(person, o.id); err != nil {
			return o, err
		}
	}
	return o, c.awaitOpen(who, o.id, said.Request)
}

func (c *crowd) ask(who string, targets ...string) (o opened, err error) {
	public, holder, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return o, err
	}
	note := freshNote()
	said, err := c.submit(who, c.cell.keys[who], c.cell.request(public, note, targets...), note)
	return opened{said.Digest, holder}, err
}

func (c *crowd) agree(person string, to canon.Digest) (answer, error) {
	return c.submit(person, c.cell.keys[person], &statement.Decision{Of: to, Verdict: statement.Approve, Check: statement.CallBack})
}

// awaitOpen follows a request from what was shown of it until its lease is open.
func (c *crowd) awaitOpen(who string, of canon.Digest, shown shownRequest) error {
	for !shown.isOpen() {
		data, err := c.read(who, fmt.Sprintf("/api/v1/requests/%s?since=%d&wait=5", of, shown.Last))
		if err != nil {
			return err
		}
		shown = shownRequest{}
		if err := json.Unmarshal(data, &shown); err != nil {
			return err
		}
	}
	return nil
}

// shownRequest is what of a request's view the bench reads.
type shownRequest struct {
	Last   int64 `json:"last"`
	Leases []struct {
		State access.LeaseState `json:"state"`
	} `json:"leases"`
}

func (s shownRequest) isOpen() bool {
	return len(s.Leases) == 1 && s.Leases[0].State == access.LeaseOpen
}

// read reads as a person.
func (c *crowd) read(person, path string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, c.url+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.tokens[person])
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, answer.Status, data)
	}
	return data, err
}

// attest ends a lease by a person's word, so that nothing is left of it.
func (c *crowd) attest(person string, of canon.Digest) error {
	note := ledger.Note{Text: "nobody is there"}
	rand.Read(note.Salt[:])
	hashed, err := statement.NewNote(note.Salt, note.Text)
	if err != nil {
		return err
	}
	_, err = c.submit(person, c.cell.keys[person], &statement.Attest{Of: of, Target: target, Note: hashed}, note)
	return err
}
