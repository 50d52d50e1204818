package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/internal/config"
)

// starter is a program whose start is measured.
type starter struct {
	name    string
	command string
	args    []string
	ready   string // URL that answers 200 once it is ready
	memory  []float64
}

// settle is how long a program that has started is left alone before its memory
// is read.
const settle = 500 * time.Millisecond

// start starts the program, waits until it is ready, and ends it.
func (r *run) start(s *starter) func() (turn, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	return func() (turn, error) {
		begun := time.Now()
		p, err := r.launch("start-"+s.name, s.command, s.args...)
		if err != nil {
			return turn{}, err
		}
		defer p.end()
		for {
			answer, err := client.Get(s.ready)
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
			}
			if time.Since(begun) > time.Minute {
				_, err := p.line()
				return turn{}, fmt.Errorf("it never became ready: %w", err)
			}
			time.Sleep(500 * time.Microsecond)
		}
		took := time.Since(begun)
		time.Sleep(settle)
		held, err := p.resident()
		s.memory = append(s.memory, float64(held))
		return turn{Count: 1, Took: took}, err
	}
}

// measureStart is B6.
func (r *run) measureStart() error {
	_, entries := r.sizes()
	cell, err := r.oldCell(entries)
	if err != nil {
		return err
	}
	settings, _, err := config.LoadServer(filepath.Join(cell.path, config.ServerFile))
	if err != nil {
		return err
	}
	halligan, err := r.build("halligan", ".", "./cmd/halligan")
	if err != nil {
		return err
	}
	hello, err := r.build("hello", "internal/bench/peers", "./hello")
	if err != nil {
		return err
	}
	at, other, err := cell.addresses()
	if err != nil {
		return err
	}
	ours := &starter{name: "halligan", command: halligan, args: []string{"serve", cell.path}, ready: "http://" + settings.MetricsListen + "/readyz"}
	least := &starter{name: "hello", command: hello, args: []string{at}, ready: "http://" + at}
	sides := []side{{ours.name, r.start(ours)}, {least.name, r.start(least)}}
	peer := &starter{name: "openbao", command: r.bao, args: []string{"server", "-dev", "-dev-no-store-token", "-dev-listen-address=" + other}, ready: "http://" + other + "/v1/sys/health"}
	if r.bao != "" {
		sides = append(sides, side{peer.name, r.start(peer)})
	}
	turns, err := interleave(r.rounds(5), sides...)
	if err != nil {
		return err
	}
	r.addStart(turns, entries, []*starter{ours, least, peer})
	return r.addSizes(ours, least, peer)
}

func took(t turn) float64 { return float64(t.Took) }

func (r *run) addStart(turns map[string][]turn, entries int64, of []*starter) {
	ours, least, peer := turns[of[0].name], turns[of[1].name], turns[of[2].name]
	what := fmt.Sprintf("start to ready with %s entries", figure(float64(entries)))
	mine := span(time.Duration(median(ours, took)))
	if len(peer) > 0 {
		r.add(row{
			ID: "B6", What: what, Ours: mine, Peer: "OpenBao dev server: " + span(time.Duration(median(peer, took))),
			Ratio: ratio(ours, peer, took), Unit: "× time", Due: atMost(0.5),
			Note: "the entries are of whole emergencies that are over, over a year; " + busyHour + ". The printed goal is 50 ms.",
		})
	}
	beside := row{
		ID: "B6", What: what, Ours: mine, Peer: "hello-world server: " + span(time.Duration(median(least, took))),
		Ratio: ratio(ours, least, took), Unit: "× time",
	}
	if len(peer) == 0 {
		beside.Due = atMost(3)
	}
	r.add(beside)
}

// addSizes prints what has a printed goal alone: memory and binary.
func (r *run) addSizes(all ...*starter) error {
	var memory, binary []string
	for _, s := range all {
		if s.memory == nil {
			continue
		}
		info, err := os.Stat(s.command)
		if err != nil {
			return err
		}
		memory = append(memory, megabytes(int64(middle(s.memory))))
		binary = append(binary, megabytes(info.Size()))
	}
	beside := func(of []string) string {
		text := "hello-world server: " + of[1]
		if len(of) > 2 {
			text += "; OpenBao: " + of[2]
		}
		return text
	}
	r.add(row{ID: "B6", What: "idle memory; printed goal 40 MB", Ours: memory[0], Peer: beside(memory)})
	r.add(row{ID: "B6", What: "binary; printed goal 45 MB", Ours: binary[0], Peer: beside(binary)})
	return nil
}
