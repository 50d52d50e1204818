package cell_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// fingerprint is the hash of a node's normal form.
type fingerprint [16]byte

// former writes normal forms: what of a node decides about everything that can
// follow. It leaves out nonces, digests and indices; absolute time (what is still
// to come counts from now, what is past is all alike); which of two requests is
// which; and which of bob and cat is which.
type former struct {
	now  canon.Time
	name [2][4]byte // of ann, bob, cat, fay in each naming
	best []byte
	form []byte
	each [2][]byte
}

func (f *former) of(n node) fingerprint {
	f.now, f.best = n.now, f.best[:0]
	f.name = [2][4]byte{{0, 1, 2, 3}, {0, 2, 1, 3}}
	for naming := range f.name {
		f.write(n.w, naming)
		if naming == 0 || bytes.Compare(f.form, f.best) < 0 {
			f.best = append(f.best[:0], f.form...)
		}
	}
	sum := sha256.Sum256(f.best)
	return fingerprint(sum[:16])
}

func (f *former) write(w *cell.World, naming int) {
	var removed byte
	for _, person := range trio {
		if !w.Roster.Has(person) {
			removed |= 1 << f.person(person, naming)
		}
	}
	f.form = append(f.form[:0], removed, flag1(w.Doubted))
	i := 0
	for _, r := range w.Requests {
		f.each[i] = f.request(f.each[i][:0], w, r, naming)
		i++
	}
	if i == 2 && bytes.Compare(f.each[1], f.each[0]) < 0 {
		f.each[0], f.each[1] = f.each[1], f.each[0]
	}
	for _, form := range f.each[:i] {
		f.form = append(append(f.form, byte(len(form))), form...)
	}
}

// person is a person's number in a naming.
func (f *former) person(id string, naming int) byte {
	return f.name[naming][strings.IndexByte("abcf", id[0])]
}

func flag1(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// left is the time from now to an instant; what is past is zero.
func (f *former) left(b []byte, at canon.Time) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(max(0, at.Sub(f.now)/time.Second)))
}

// request is a request's part of the form. Of one that is settled only that is
// left, and what its requester could still be told of: nothing.
func (f *former) request(b []byte, w *cell.World, r *access.Request, naming int) []byte {
	b = append(b, r.State[0], r.State[1], f.person(r.Requester, naming))
	switch r.State {
	case access.Pending:
		b = f.left(append(b, byte(len(r.Targets))), r.Lapses)
		b = f.decisions(b, r, naming)
	case access.Granted:
		b = f.left(b, r.Grant.Until)
	}
	for i := range r.Leases {
		b = f.lease(b, &r.Leases[i])
	}
	for _, id := range w.TasksOf(cell.StreamOf(r.ID)) {
		t := w.Tasks[id]
		if t.Kind == cell.TaskReview {
			continue // due long after the last move: no review is overdue in the small world
		}
		b = f.left(append(b, 't', t.Kind[0], t.Kind[1], target(t.Target)), t.Due)
	}
	return b
}

func target(name string) byte {
	if name == "" {
		return 0
	}
	return name[len(name)-1]
}

// decisions are the verdicts on a pending request, by person.
func (f *former) decisions(b []byte, r *access.Request, naming int) []byte {
	var by [4][3]byte
	for _, d := range r.Decisions {
		narrowed := flag1(d.For > 0) + 2*flag1(len(d.Targets) > 0)
		by[f.person(d.Approver, naming)] = [3]byte{1, flag1(d.Approves), narrowed}
	}
	for _, one := range by {
		b = append(b, one[:]...)
	}
	return b
}

func (f *former) lease(b []byte, l *access.Lease) []byte {
	b = append(b, 'l', target(l.Target), l.State[0], l.State[len(l.State)-1])
	if l.State == access.LeaseClosed {
		return b
	}
	b = append(b, flag1(l.Worked), flag1(l.Issued > 0), flag1(l.Trouble != ""))
	if l.Issued > 0 {
		b = f.left(b, l.NotAfter.Add(access.ExpirySkew.Duration()))
	}
	for _, p := range l.Proofs {
		b = append(b, p.Kind[0], p.Kind[1])
	}
	return b
}
