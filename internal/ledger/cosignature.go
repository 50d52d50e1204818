package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Cosignature is a witness's word that, at that time, the checkpoint was the
// largest consistent one of its log that the witness had seen.
type Cosignature struct {
	Witness string     `json:"witness"`
	At      canon.Time `json:"at"` // whole seconds, by the witness's clock
}

// Whenever is later than every cosignature: with it Check counts them all.
var Whenever = canon.At(time.Unix(timeMost, 0))

// Witnessed says who cosigned a checkpoint.
type Witnessed struct {
	By    []Cosignature // in the policy's order, each witness once
	Ahead []Cosignature // those from after the latest time given: not counted
	Need  int           // by the policy
}

// Enough tells whether the policy is satisfied. Nothing satisfies NoWitnesses.
func (w Witnessed) Enough() bool { return w.Need > 0 && len(w.By) >= w.Need }

// At is the time by which enough witnesses had cosigned: the reader need believe
// no more than the policy asks. It is zero when there are not enough.
func (w Witnessed) At() canon.Time {
	if !w.Enough() {
		return canon.Time{}
	}
	by := slices.SortedFunc(slices.Values(w.By), func(x, y Cosignature) int { return x.At.Std().Compare(y.At.Std()) })
	return by[w.Need-1].At
}

// Check tells which of the policy's witnesses cosigned a signed checkpoint, and
// when. Lines of others are passed over; a wrong signature under the name and key
// of a witness refuses the whole. A cosignature from after the latest time is not
// counted. Check says nothing of the ledger's own signature: OpenCheckpoint does.
func (p Policy) Check(text []byte, latest canon.Time) (Witnessed, error) {
	found := Witnessed{Need: p.need}
	if _, err := parseCheckpoint(text); err != nil {
		return Witnessed{}, err
	}
	body, lines, _ := cutNote(text)
	for _, w := range p.witnesses {
		for _, line := range lines {
			blob, mine := w.mine(line)
			if !mine {
				continue
			}
			at, err := w.verify(body, blob)
			if err != nil {
				return Witnessed{}, &Fault{
					Class: ClassCosignature, Where: "cosignature of " + w.name, Detail: "it is not valid for this checkpoint", Err: err,
					Mend: "ask for the checkpoint again; a witness or somebody on the way made this up",
				}
			}
			if at.After(latest) {
				found.Ahead = append(found.Ahead, Cosignature{w.name, at})
			} else {
				found.By = append(found.By, Cosignature{w.name, at})
			}
		}
	}
	return found, nil
}

// Add puts what a witness answered under a signed checkpoint: of the lines, those
// that are good cosignatures of the policy's witnesses. Of two by one witness it
// keeps the later. It returns the text as it was when there is none.
func (p Policy) Add(text, lines []byte) ([]byte, error) {
	if _, err := parseCheckpoint(text); err != nil {
		return nil, err
	}
	body, own, _ := cutNote(text)
	if detail := checkSignatureLines(string(lines)); detail != "" {
		return nil, fault(ClassEncoding, "cosignatures", detail)
	}
	kept := make(map[string]string)
	for line := range strings.Lines(string(lines)) {
		for _, w := range p.witnesses {
			blob, mine := w.mine(line)
			if !mine {
				continue
			}
			if _, err := w.verify(body, blob); err != nil {
				return nil, &Fault{Class: ClassCosignature, Where: "cosignature of " + w.name, Detail: "it is not valid for this checkpoint", Err: err}
			}
			kept[w.name] = line
		}
	}
	return slices.Concat(body, []byte("\n"), p.merge(own, kept)), nil
}

// merge gives the lines of others as they were, then one of each witness.
func (p Policy) merge(own []string, kept map[string]string) []byte {
	var out bytes.Buffer
	for _, line := range own {
		of, mine := p.owner(line)
		if !mine {
			out.WriteString(line)
			continue
		}
		if newer, ok := kept[of.name]; !ok || stamp(line) >= stamp(newer) {
			kept[of.name] = line
		}
	}
	for _, w := range p.witnesses {
		out.WriteString(kept[w.name])
	}
	return out.Bytes()
}

func (p Policy) owner(line string) (witness, bool) {
	for _, w := range p.witnesses {
		if _, mine := w.mine(line); mine {
			return w, true
		}
	}
	return witness{}, false
}

// stamp is the time within a well-formed cosignature line.
func stamp(line string) uint64 {
	blob, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(line[strings.LastIndexByte(line, ' ')+1:], "\n"))
	if err != nil || len(blob) < hashBytes+timeBytes {
		return 0
	}
	return binary.BigEndian.Uint64(blob[hashBytes:])
}

// cutNote parts a signed checkpoint that was parsed before.
func cutNote(text []byte) (body []byte, lines []string, ok bool) {
	before, after, ok := bytes.Cut(text, []byte("\n\n"))
	for line := range strings.Lines(string(after)) {
		lines = append(lines, line)
	}
	return text[:min(len(before)+1, len(text)):min(len(before)+1, len(text))], lines, ok
}
