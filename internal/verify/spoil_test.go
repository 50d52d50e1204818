package verify_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

// bundle is the path of the only bundle of a short log.
func (s *subject) bundle() string { return ledger.BundlePath(0, len(s.bodies)) }

func (s *subject) tile() string { return ledger.TilePath(0, 0, len(s.bodies)) }

// bundled is the evidence with other entries in its bundle and nothing else
// changed.
func (s *subject) bundled(bodies [][]byte) spoiled {
	var data []byte
	for _, body := range bodies {
		data = must(ledger.AppendBundle(data, body))
	}
	s.src[s.bundle()] = data
	return s.as(s.src)
}

func (s *subject) changed(path string, data []byte) spoiled {
	s.src[path] = data
	return s.as(s.src)
}

func (s *subject) without(path string) spoiled {
	delete(s.src, path)
	return s.as(s.src)
}

// part is the checkpoint's text or its signatures, flipped.
func (s *subject) checkpoint(text bool) spoiled {
	signed := s.src[ledger.CheckpointPath]
	cut := bytes.Index(signed, []byte("\n\n")) + 2
	if text {
		return s.changed(ledger.CheckpointPath, slices.Concat(flip(s.rand, signed[:cut]), signed[cut:]))
	}
	return s.changed(ledger.CheckpointPath, slices.Concat(signed[:cut], flip(s.rand, signed[cut:])))
}

// TestHashesCatch spoils evidence without the ledger's key: T64, and the negative
// corpus of T65.
func TestHashesCatch(t *testing.T) {
	runMutations(t, lives, []mutation{
		{"entry-byte", []verify.Class{verify.ClassEntry, verify.ClassEncoding}, "", func(s *subject) spoiled {
			return s.changed(s.bundle(), flip(s.rand, s.src[s.bundle()]))
		}},
		{"tile-byte", []verify.Class{verify.ClassTile}, "", func(s *subject) spoiled {
			return s.changed(s.tile(), flip(s.rand, s.src[s.tile()]))
		}},
		{"tile-cut", []verify.Class{verify.ClassTile}, "", func(s *subject) spoiled {
			data := s.src[s.tile()]
			return s.changed(s.tile(), data[:s.rand.IntN(len(data))])
		}},
		{"checkpoint-text", []verify.Class{verify.ClassEncoding, verify.ClassCheckpointOrigin, verify.ClassCheckpointSignature}, "", func(s *subject) spoiled {
			return s.checkpoint(true)
		}},
		{"checkpoint-signature", []verify.Class{verify.ClassEncoding, verify.ClassCheckpointSignature}, "", func(s *subject) spoiled {
			return s.checkpoint(false)
		}},
		{"checkpoint-missing", []verify.Class{verify.ClassCheckpointMissing}, "", func(s *subject) spoiled {
			return s.without(ledger.CheckpointPath)
		}},
		{"bundle-missing", []verify.Class{verify.ClassEntryMissing}, "", func(s *subject) spoiled { return s.without(s.bundle()) }},
		{"tile-missing", []verify.Class{verify.ClassTile}, "", func(s *subject) spoiled { return s.without(s.tile()) }},
		{"entry-dropped", []verify.Class{verify.ClassEntry}, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.bundled(slices.Delete(slices.Clone(s.bodies), at, at+1))
		}},
		{"entry-doubled", []verify.Class{verify.ClassEntry, verify.ClassEncoding}, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.bundled(slices.Insert(slices.Clone(s.bodies), at, s.bodies[at]))
		}},
		{"entries-swapped", []verify.Class{verify.ClassEntry}, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies) - 1)
			bodies := slices.Clone(s.bodies)
			bodies[at], bodies[at+1] = bodies[at+1], bodies[at]
			return s.bundled(bodies)
		}},
		{"entry-inserted", []verify.Class{verify.ClassEntry, verify.ClassEncoding}, "", func(s *subject) spoiled {
			at := s.rand.IntN(len(s.bodies))
			return s.bundled(slices.Insert(slices.Clone(s.bodies), at, s.other.bodies[s.rand.IntN(len(s.other.bodies))]))
		}},
		{"trailing-bytes-of-a-bundle", []verify.Class{verify.ClassEncoding}, "", func(s *subject) spoiled {
			return s.changed(s.bundle(), append(slices.Clone(s.src[s.bundle()]), make([]byte, 1+s.rand.IntN(40))...))
		}},
		{"tail-cut", []verify.Class{verify.ClassTruncated}, "", func(s *subject) spoiled {
			src, _ := s.export(s.bodies[:1+s.rand.IntN(len(s.bodies)-1)])
			return s.as(src)
		}},
		{"forked", []verify.Class{verify.ClassForked}, "", func(s *subject) spoiled {
			from := s.rand.IntN(len(s.bodies) - 2)
			bodies := slices.Concat(s.bodies[:from], s.other.bodies)
			for len(bodies) < len(s.bodies) {
				bodies = append(bodies, s.other.bodies...)
			}
			src, _ := s.export(bodies)
			return s.as(src)
		}},
		{"old-checkpoint-replayed", []verify.Class{verify.ClassTile}, "", func(s *subject) spoiled {
			spoiled := s.changed(ledger.CheckpointPath, s.signed(s.bodies[:1+s.rand.IntN(len(s.bodies)-1)]))
			spoiled.seen = ledger.Checkpoint{}
			return spoiled
		}},
		{"another-cells-log", []verify.Class{verify.ClassCheckpointSignature}, "", func(s *subject) spoiled {
			src, _ := s.other.export(s.other.bodies[:1+s.rand.IntN(len(s.other.bodies))])
			return s.as(src)
		}},
		{"attachment-changed", []verify.Class{verify.ClassAttachment}, "", func(s *subject) spoiled {
			path := s.attachment()
			return s.changed(path, flip(s.rand, s.src[path]))
		}},
		{"attachment-missing", []verify.Class{verify.ClassAttachment}, "", func(s *subject) spoiled { return s.without(s.attachment()) }},
		{"note-tampered", []verify.Class{verify.ClassNote}, "", func(s *subject) spoiled {
			path := ledger.NotePath(s.notes[s.rand.IntN(len(s.notes))].Hash())
			return s.changed(path, flip(s.rand, s.src[path]))
		}},
		{"note-cut", []verify.Class{verify.ClassNote}, "", func(s *subject) spoiled {
			path := ledger.NotePath(s.notes[s.rand.IntN(len(s.notes))].Hash())
			return s.changed(path, s.src[path][:s.rand.IntN(len(s.src[path]))])
		}},
	})
}

func (s *subject) attachment() string {
	if s.rand.IntN(2) == 0 {
		return ledger.AttachmentPath(s.anchor.Genesis)
	}
	return ledger.AttachmentPath(ledger.Hash(s.Scenario))
}

// TestErasedNotesAreAccepted: what a person wrote may be erased.
func TestErasedNotesAreAccepted(t *testing.T) {
	s := lives()[0].subject(0)
	for path := range s.src {
		if strings.HasPrefix(path, "notes/") {
			delete(s.src, path)
		}
	}
	report := check(t, s.src, s.anchor, s.cp)
	if !report.Good() || report.Counts.NotesMissing == 0 || report.Counts.Notes != 0 {
		t.Fatalf("%+v\n%s", report.Counts, report.Text())
	}
}

// TestGenesisIsPinned: a log of the same key under another genesis is refused,
// even where the pinned genesis lies beside it; so is a genesis whose key the
// anchor does not pin, and a log that begins otherwise.
func TestGenesisIsPinned(t *testing.T) {
	for seed := range uint64(seeds) {
		pinned := newCell(seed, 1, nil)
		swapped := newCell(seed, 1, func(g *cell.Genesis) { g.Pending++ })
		swapped.Beside[pinned.Digest] = pinned.Beside[pinned.Digest]
		src, _ := swapped.export(swapped.bodies)
		refusedAs(t, check(t, src, pinned.anchor, ledger.Checkpoint{}), verify.ClassGenesis)

		anchor := pinned.anchor
		signer, vkey := keyPair(3)
		anchor.LedgerKeys = []string{vkey}
		pinned.key, pinned.anchor = signer, anchor
		src, _ = pinned.export(pinned.bodies)
		refusedAs(t, check(t, src, anchor, ledger.Checkpoint{}), verify.ClassGenesis)
	}
	s := lives()[0].subject(0)
	src, _ := s.export(s.bodies[3:])
	refusedAs(t, check(t, src, s.anchor, ledger.Checkpoint{}), verify.ClassGenesis)
	src, _ = s.export(nil)
	refusedAs(t, check(t, src, s.anchor, ledger.Checkpoint{}), verify.ClassGenesis)
}

func refusedAs(t *testing.T, report *verify.Report, want verify.Class) {
	t.Helper()
	if report.Verdict != verify.Refused || len(report.Faults) != 1 || report.Faults[0].Class != want {
		t.Fatalf("want a fault of class %s\n%s", want, report.Text())
	}
}
