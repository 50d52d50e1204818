package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// measureAccess is B8.
func (r *run) measureAccess() error {
	cell, err := r.makeCell("access")
	if err != nil {
		return err
	}
	halligan, err := r.build("halligan", ".", "./cmd/halligan")
	if err != nil {
		return err
	}
	server, err := r.self("serve", cell.path, "")
	if err != nil {
		return err
	}
	defer server.end()
	if _, err := server.line(); err != nil {
		return err
	}
	bare, err := r.self("hello", filepath.Join(cell.path, "keys"), "")
	if err != nil {
		return err
	}
	defer bare.end()
	address, err := bare.line()
	if err != nil {
		return err
	}
	knock, err := r.build("knock", "internal/bench/peers", "./knock")
	if err != nil {
		return err
	}
	p := &players{run: r, cell: cell, halligan: halligan, knock: knock, url: "https://" + address}
	turns, err := interleave(r.rounds(9), side{"halligan", p.emergency}, side{"bare", p.bare})
	if err != nil {
		return err
	}
	a, b := turns["halligan"], turns["bare"]
	r.add(row{
		ID: "B8", What: "time to access: request, two approvers at once, certificate in hand", Ours: span(time.Duration(median(a, took))),
		Peer: "start, sign, one hello: " + span(time.Duration(median(b, took))), Ratio: ratio(a, b, took), Unit: "× time", Due: atMost(6),
		Note: "until asked " + p.part(0) + ", from there until both approvers are done " + p.part(1) + ", from there to the certificate " + p.part(2) + "; one command for the responder, one for each approver, who checks the evidence before signing; beside it the same processes that only start, sign and say hello over HTTPS, one and then two at once.",
	})
	return nil
}

// players are people at their terminals, each with processes of their own.
type players struct {
	*run
	cell            *folderOf
	halligan, knock string
	url             string
	parts           [3][]float64 // until asked, until granted, until the certificate
}

// part is the median of one part of an emergency.
func (p *players) part(i int) string { return span(time.Duration(middle(p.parts[i]))) }

// act makes a command as one person gives it.
func (p *players) act(person string, args ...string) *exec.Cmd {
	cmd := exec.Command(p.halligan, args...)
	cmd.Env = append(os.Environ(),
		"HALLIGAN_PROFILE="+filepath.Join(p.cell.path, "profiles", person+".json"),
		"HALLIGAN_KEY="+filepath.Join(p.cell.path, "people", person),
		"HALLIGAN_STATE="+filepath.Join(p.cell.path, "state", person))
	return cmd
}

// emergency takes the time from the responder's command to the certificate in
// their hand: the command that they asked with goes on by itself.
func (p *players) emergency() (turn, error) {
	begun := time.Now()
	asking := p.act("ann", "request", scenario, "--why", "the database refuses every login", "--severity", "SEV1", "--login", "--", "ssh-add", "-L")
	said, got := lookFor("Asked: "), lookFor("ssh-ed25519-cert-v01@openssh.com ")
	var errs bytes.Buffer
	asking.Stdout, asking.Stderr = io.MultiWriter(said, got), &errs
	if err := asking.Start(); err != nil {
		return turn{}, err
	}
	over := make(chan error, 1)
	go func() { over <- asking.Wait() }()
	asked := ""
	select {
	case asked = <-said.found:
	case err := <-over:
		return turn{}, fmt.Errorf("cannot request: %v: %s", err, errs.String())
	}
	known := time.Now()
	if err := together(p.act("bob", "approve", asked, "--check", "call-back", "--yes"), p.act("cas", "approve", asked, "--check", "call-back", "--yes")); err != nil {
		return turn{}, err
	}
	granted := time.Now()
	if err := <-over; err != nil {
		return turn{}, fmt.Errorf("cannot wait for the grant: %w: %s", err, errs.String())
	}
	took := got.at.Sub(begun)
	if took <= 0 {
		return turn{}, fmt.Errorf("no certificate: %s", got.text)
	}
	for i, part := range []time.Duration{known.Sub(begun), granted.Sub(known), max(0, got.at.Sub(granted))} {
		p.parts[i] = append(p.parts[i], float64(part))
	}
	return turn{Count: 1, Took: took}, together(p.act("ann", "release", asked))
}

// bare takes the time of three processes that do nothing but the least.
func (p *players) bare() (turn, error) {
	one := func(person string) *exec.Cmd {
		return exec.Command(p.knock, filepath.Join(p.cell.path, "people", person), filepath.Join(p.cell.path, "keys", "tls.crt"), p.url)
	}
	begun := time.Now()
	err := errors.Join(together(one("ann")), together(one("bob"), one("cas")))
	return turn{Count: 1, Took: time.Since(begun)}, err
}

// together runs commands at the same time and waits for all of them.
func together(commands ...*exec.Cmd) error {
	said := make([]bytes.Buffer, len(commands))
	var failed []error
	for i, c := range commands {
		c.Stdout, c.Stderr = &said[i], &said[i]
		if err := c.Start(); err != nil {
			return err
		}
	}
	for i, c := range commands {
		if err := c.Wait(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w: %s", strings.Join(c.Args[1:], " "), err, tail(said[i].Bytes())))
		}
	}
	return errors.Join(failed...)
}

// lines looks for the first line with a prefix in what is written to it, and
// notes when it came.
type lines struct {
	prefix string
	found  chan string
	text   []byte
	at     time.Time
}

func lookFor(prefix string) *lines { return &lines{prefix: prefix, found: make(chan string, 1)} }

// Write is io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	if _, after, ok := bytes.Cut(l.text, []byte(l.prefix)); ok && l.at.IsZero() {
		if word, _, whole := bytes.Cut(after, []byte("\n")); whole {
			l.at = time.Now()
			l.found <- strings.TrimSpace(string(word))
		}
	}
	return len(p), nil
}
