package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// mintDue is how many times OpenBao's rate B1 must reach, and what part of its
// slowest hundredth.
const (
	mintDue    = 4
	mintP99Due = 1.0 / 8
)

// measureMint is B1.
func (r *run) measureMint() error {
	cell, err := r.makeCell("mint")
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
	client, err := cell.client()
	if err != nil {
		return err
	}
	of, holder, err := client.granted()
	if err != nil {
		return err
	}
	length := r.length(2500 * time.Millisecond)
	limit, err := r.limit(cell, length)
	if err != nil {
		return err
	}
	sides := []side{{"halligan", func() (turn, error) {
		mint, err := client.minter(of, holder)
		if err != nil {
			return turn{}, err
		}
		return drive(clients, length, mint)
	}}, {"limit", limit}}
	if r.bao != "" {
		line, err := cell.key("holder")
		if err != nil {
			return err
		}
		peer, err := r.startBao(cell, line)
		if err != nil {
			return err
		}
		defer peer.end()
		sides = append(sides, side{"openbao", func() (turn, error) { return drive(clients, length, peer.mint) }})
	}
	before, err := ours.used()
	if err != nil {
		return err
	}
	turns, err := interleave(r.rounds(5), sides...)
	if err != nil {
		return err
	}
	after, err := ours.used()
	if err != nil {
		return err
	}
	r.addMint(turns, after-before)
	return nil
}

func (r *run) addMint(turns map[string][]turn, used time.Duration) {
	a, peer, limit := turns["halligan"], turns["openbao"], turns["limit"]
	mints := 0
	for _, t := range a {
		mints += t.Count
	}
	mints += mints / len(a) // the turn that does not count
	note := fmt.Sprintf("the server used %s of processor time for each certificate: two entries, one signature checked, one made.", span(used/time.Duration(mints)))
	what := "mint an SSH certificate under a live grant over HTTPS, 64 clients"
	if len(peer) == 0 {
		r.add(row{ID: "B1", What: what, Ours: perSecond(median(a, turn.rate)), Peer: "OpenBao could not be had", Note: note})
	} else {
		r.add(row{
			ID: "B1", What: what, Ours: perSecond(median(a, turn.rate)), Peer: "OpenBao ssh/sign: " + perSecond(median(peer, turn.rate)),
			Ratio: ratio(a, peer, turn.rate), Unit: "× rate", Due: atLeast(mintDue), Note: note,
		})
		r.add(row{
			ID: "B1", What: "the same, slowest hundredth", Ours: span(time.Duration(median(a, p99))), Peer: "OpenBao: " + span(time.Duration(median(peer, p99))),
			Ratio: ratio(a, peer, p99), Unit: "× time", Due: atMost(mintP99Due),
		})
	}
	r.add(row{
		ID: "B1", What: "the same beside the limits of the machine", Ours: perSecond(median(a, turn.rate)),
		Peer:  "hello + 1 fsync + Ed25519: " + perSecond(median(limit, turn.rate)),
		Ratio: ratio(a, limit, turn.rate), Unit: "× rate",
		Note: "the limit is a server that answers hello over HTTPS to a client that signs, and for each answer checks that signature, makes one, and shares one fsync among all who wait.",
	})
}

// limit is what the machine allows: see the note of its row.
func (r *run) limit(cell *folderOf, length time.Duration) (func() (turn, error), error) {
	p, err := r.self("hello", filepath.Join(cell.path, "keys"), r.path("limit"))
	if err != nil {
		return nil, err
	}
	address, err := p.line()
	if err != nil {
		return nil, err
	}
	each, err := hello(cell, "https://"+address)
	if err != nil {
		return nil, err
	}
	return p.billed(func() (turn, error) { return drive(clients, length, each) }), nil
}
