package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// atOnce is how many emergencies of one person may live at a time, and some less.
const atOnce = 16

// exported is a whole log in memory.
type exported struct {
	files  map[string][]byte
	anchor ledger.Anchor
	bodies [][]byte
}

// ReadFile is ledger.Source.
func (e *exported) ReadFile(path string) ([]byte, error) {
	data, ok := e.files[path]
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return data, nil
}

// WriteFile is ledger.Sink.
func (e *exported) WriteFile(path string, data []byte) error {
	e.files[path] = slices.Clone(data)
	return nil
}

// emergencies makes the ledger of so many emergencies and exports it.
func (r *run) emergencies(count int) (*exported, error) {
	made, err := r.makeCell("verify")
	if err != nil {
		return nil, err
	}
	l, err := made.local()
	if err != nil {
		return nil, err
	}
	notes := slices.Clone(made.bundle.Notes)
	for range count {
		notes = append(notes, freshNote())
	}
	var all sync.WaitGroup
	var next atomic.Int64
	failed := make(chan error, atOnce)
	for range atOnce {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(count); i = next.Add(1) - 1 {
				if _, err := l.emergency(notes[len(made.bundle.Notes)+int(i)]); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	l.Close()
	defer l.store.Close()
	return l.export(notes)
}

func (l *local) export(notes []ledger.Note) (*exported, error) {
	e := &exported{files: map[string][]byte{}, anchor: server.AnchorOf(&l.cell.bundle)}
	head, err := l.store.Head(context.Background())
	if err != nil {
		return nil, err
	}
	for int64(len(e.bodies)) < head.Size {
		some, err := l.store.Entries(context.Background(), int64(len(e.bodies)), 1000)
		if err != nil {
			return nil, err
		}
		e.bodies = append(e.bodies, some...)
	}
	_, err = ledger.WriteLog(e, e.anchor, ledger.Export{
		Signed: head.Checkpoint, Entries: each(e.bodies), Attachments: each(l.cell.bundle.Attachments), Notes: each(notes),
	})
	return e, err
}

func each[T any](of []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range of {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// measureVerify is B4.
func (r *run) measureVerify() error {
	e, err := r.emergencies(map[bool]int{true: 200, false: 2000}[r.quick])
	if err != nil {
		return err
	}
	timed := func(do func() error) func() (turn, error) {
		return func() (turn, error) {
			begun := time.Now()
			err := do()
			return turn{Count: len(e.bodies), Took: time.Since(begun)}, err
		}
	}
	turns, err := interleave(r.rounds(5),
		side{"merkle", timed(e.merkle)}, side{"tlog", timed(e.tlog)}, side{"full", timed(e.replay)}, side{"parts", timed(e.parts)})
	if err != nil {
		return err
	}
	merkle, peer, full, parts := turns["merkle"], turns["tlog"], turns["full"], turns["parts"]
	r.add(row{
		ID: "B4", What: "verify, Merkle only", Ours: perSecond(median(merkle, turn.rate)),
		Peer: "x/mod tlog in memory: " + perSecond(median(peer, turn.rate)), Ratio: ratio(merkle, peer, turn.rate), Unit: "× rate", Due: atLeast(0.65),
	})
	r.add(row{
		ID: "B4", What: "verify, full replay with every signature", Ours: perSecond(median(full, turn.rate)),
		Peer: "signatures + SHA-256 + one JSON pass: " + perSecond(median(parts, turn.rate)), Ratio: ratio(full, parts, turn.rate), Unit: "× rate", Due: atLeast(0.5),
		Note: fmt.Sprintf("%d entries of whole emergencies, half of them signed, in memory, on all cores.", len(e.bodies)),
	})
	return nil
}

// merkle checks every entry and tile against the signed root.
func (e *exported) merkle() error {
	log, err := ledger.OpenLog(e, e.anchor)
	if err != nil {
		return err
	}
	return log.Walk(0, func(int64, []byte) error { return nil })
}

// tlog works the same root out of the same entries with x/mod.
func (e *exported) tlog() error {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for i, body := range e.bodies {
		hashes, err := tlog.StoredHashes(int64(i), body, read)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	_, err := tlog.TreeHash(int64(len(e.bodies)), read)
	return err
}

// replay is what `halligan verify` does.
func (e *exported) replay() error {
	report, err := verify.Log(context.Background(), e, e.anchor, verify.Options{})
	if err == nil && !report.Good() {
		err = fmt.Errorf("the ledger was not found good: %v", report)
	}
	return err
}

// parts is the least that a full replay must do, on all cores.
func (e *exported) parts() error {
	var next atomic.Int64
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(e.bodies)); i = next.Add(1) - 1 {
				if err := part(e.bodies[i]); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func part(body []byte) error {
	_ = sha256.Sum256(body)
	var entry ledger.Entry
	if err := json.Unmarshal(body, &entry); err != nil || entry.Cause.Signature == nil {
		return err
	}
	var peek struct {
		Kind statement.Kind `json:"kind"`
	}
	if err := json.Unmarshal(entry.Cause.Statement, &peek); err != nil {
		return err
	}
	_, err := verify.Signatures{}.Statement(peek.Kind, entry.Cause.Statement, *entry.Cause.Signature)
	return err
}
