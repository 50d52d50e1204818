package host

import "slices"

// look is one reading of the book and of the process table.
type look struct {
	proc   proc
	table  map[int]process
	uptime uint64
	self   int // this program, which is nobody's member
	// children lists process ids by parent.
	children map[int][]int
}

// newLook reads the table. The book must have been read before: a login that is
// recorded after the table was read would seem to have no process.
func newLook(p proc, self int) (*look, error) {
	uptime, err := p.uptime()
	if err != nil {
		return nil, err
	}
	table, err := p.all()
	if err != nil {
		return nil, err
	}
	l := &look{proc: p, table: table, uptime: uptime, self: self, children: make(map[int][]int, len(table))}
	for pid, one := range table {
		l.children[one.parent] = append(l.children[one.parent], pid)
	}
	return l, nil
}

// alive reports whether that very process is there.
func (l *look) alive(b birth) bool {
	one, ok := l.table[b.PID]
	return ok && one.Start == b.Start
}

// members returns every process that belongs to the login, sorted by id, and
// brings what is remembered of it up to date; changed says that it differs.
// The rules are in doc.go.
func (l *look) members(in *login) (found []birth, changed bool) {
	l.marks(in)
	set := make(map[int]bool)
	var add func(pid int)
	add = func(pid int) {
		if set[pid] || pid <= 1 || pid == l.self {
			return
		}
		set[pid] = true
		for _, child := range l.children[pid] {
			add(child)
		}
	}
	leaders := map[int]bool{} // processes that may have begun a kernel session
	for _, b := range append([]birth{in.sshd}, in.seen.Members...) {
		if l.alive(b) {
			add(b.PID)
		} else if _, taken := l.table[b.PID]; !taken {
			leaders[b.PID] = true // gone, but its kernel session may go on
		}
	}
	for pid, one := range l.table {
		if !set[pid] && one.Start >= in.sshd.Start && l.bears(in, one) {
			add(pid)
		}
	}
	for again := true; again; {
		again = false
		for pid, one := range l.table {
			// The start keeps out what began before the login did.
			if !set[pid] && one.Start >= in.sshd.Start && (set[one.session] || leaders[one.session]) && pid != l.self {
				add(pid)
				again = again || set[pid]
			}
		}
	}
	return l.settle(in, set, leaders)
}

// settle turns the set into births and remembers them, with the dead whose
// kernel session is still in use.
func (l *look) settle(in *login, set, leaders map[int]bool) (found []birth, changed bool) {
	inUse := make(map[int]bool)
	for pid := range set {
		found = append(found, l.table[pid].birth)
		inUse[l.table[pid].session] = true
	}
	keep := slices.Clone(found)
	for _, b := range in.seen.Members {
		if leaders[b.PID] && inUse[b.PID] {
			keep = append(keep, b)
		}
	}
	order := func(a, b birth) int { return a.PID - b.PID }
	slices.SortFunc(found, order)
	slices.SortFunc(keep, order)
	changed = !slices.Equal(keep, in.seen.Members)
	in.seen.Members = keep
	return found, changed
}

// marks notes what the login opened for itself since it was recorded, as long
// as its sshd process can be asked, and when that process was first missed.
func (l *look) marks(in *login) {
	if !l.alive(in.sshd) {
		if in.seen.Gone == 0 {
			in.seen.Gone = l.uptime
		}
		return
	}
	before := in.records[0]
	if audit := l.proc.audit(in.sshd.PID); audit != before.Audit {
		in.seen.Audit = audit
	}
	if scope := l.proc.scope(in.sshd.PID); scope != before.Scope {
		in.seen.Scope = scope
	}
}

// bears reports whether a process carries a mark of the login: its audit
// session, its session scope, or its connection in the environment. The last is
// believed only of processes that were there while the connection was: the same
// addresses and ports may later serve another login.
func (l *look) bears(in *login, one process) bool {
	if in.seen.Audit != "" && l.proc.audit(one.PID) == in.seen.Audit {
		return true
	}
	if in.seen.Scope != "" && l.proc.scope(one.PID) == in.seen.Scope {
		return true
	}
	if in.seen.Gone != 0 && one.Start > in.seen.Gone {
		return false
	}
	return sameConnection(l.proc.variable(one.PID, "SSH_CONNECTION"), in.records[0].Connection)
}
