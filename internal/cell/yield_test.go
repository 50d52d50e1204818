package cell_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// TestYields: only the ends of certificates that are over by their own time may
// wait for people, and what proves those.
func TestYields(t *testing.T) {
	closing := func(why string) *access.Closing { return &access.Closing{At: celltest.Start, Why: why} }
	host := access.Lease{Target: "db-1", Host: "db-1", KeyID: "id"}
	with := func(change func(*access.Lease)) *access.Request {
		l := host
		change(&l)
		return &access.Request{Grant: &access.Grant{Until: celltest.Start}, Leases: []access.Lease{l}}
	}
	expired := with(func(l *access.Lease) { l.Closing = closing(access.EndExpired) })
	live := with(func(*access.Lease) {})
	program := with(func(l *access.Lease) { l.Host, l.KeyID, l.Program = "", "", "vpn" })
	role := with(func(l *access.Lease) { l.Host, l.KeyID, l.Account = "", "", "prod" })
	envelope := with(func(l *access.Lease) { l.Host, l.KeyID, l.Envelope = "", "", "root" })
	mixed := with(func(*access.Lease) {})
	mixed.Leases = append(mixed.Leases, program.Leases[0])
	for _, c := range []struct {
		name string
		kind cell.TaskKind
		of   *access.Request
		want bool
	}{
		{"the end of certificates", cell.TaskEnd, live, true},
		{"the end of a program's access", cell.TaskEnd, program, false},
		{"the end of a role's", cell.TaskEnd, role, false},
		{"the end of an envelope's", cell.TaskEnd, envelope, false},
		{"the end of both", cell.TaskEnd, mixed, false},
		{"proving an end by time", cell.TaskProve, expired, true},
		{"listing after it", cell.TaskList, expired, true},
		{"its expiry", cell.TaskExpire, expired, true},
		{"paging of it", cell.TaskPage, expired, false},
		{"its alarm", cell.TaskAlarm, expired, false},
		{"opening", cell.TaskOpen, live, false},
		{"expiry while it lives", cell.TaskExpire, live, false},
		{"no request", cell.TaskList, nil, false},
		{"another target", cell.TaskList, &access.Request{}, false},
	} {
		task := cell.Task{Kind: c.kind, Target: "db-1"}
		if got := task.Yields(c.of, celltest.Start.Add(time.Minute)); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
	for kind, of := range map[cell.TaskKind]*access.Request{cell.TaskExpire: expired, cell.TaskProve: expired, cell.TaskList: expired} {
		if (cell.Task{Kind: kind, Target: "db-1"}).Yields(of, celltest.Start.Add(cell.PageAfter.Duration()*3/4+time.Millisecond)) {
			t.Errorf("%s yields when three quarters of the time are over until it pages", kind)
		}
	}
	for _, why := range []string{
		access.EndStopped, access.EndVetoed, access.EndReleased, access.EndRemoved, access.EndKeyGone, access.EndRotated, access.EndEpoch, access.EndNarrowed,
	} {
		of := with(func(l *access.Lease) { l.Closing = closing(why) })
		for _, kind := range []cell.TaskKind{cell.TaskExpire, cell.TaskProve, cell.TaskList} {
			if (cell.Task{Kind: kind, Target: "db-1"}).Yields(of, celltest.Start) {
				t.Errorf("%s of what was %s yields", kind, why)
			}
		}
	}
}
