package host_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/host"
)

// TestWhatBelongsToALogin ends one login among others: everything of it goes,
// nothing else is touched.
func TestWhatBelongsToALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.process(60, 1, 60, 900, "old", connection(200))       // began before the login
		w.process(61, 1, 61, 2000, "other", connection(201))    // another connection
		w.process(62, 1, 62, 2000, "near", connection(200)+"0") // looks alike
		w.login(200, 1000, grantA)
		w.login(201, 1000, grantB)
		w.process(300, 200, 300, 1001, "bash", connection(200))
		w.process(301, 300, 300, 1002, "sleep")                // a child with a cleared environment
		w.process(302, 1, 302, 1003, "nohup", connection(200)) // left its parent
		w.process(303, 302, 303, 1004, "child) S 1 (of it")
		w.process(304, 1, 302, 1005, "same kernel session")
		w.process(99, 300, 300, 1006, "this program", connection(200))
		w.process(401, 201, 401, 1001, "bash", connection(201))
		h := w.host()
		w.net.revoke(grantA)
		out := h.Once(t.Context())
		if len(out.Problems) > 0 || !has(out.Ended, grantA) || has(out.Sessions, grantA) || !has(out.Sessions, grantB) || !out.Reported {
			t.Errorf("%+v", out)
		}
		for _, pid := range []int{200, 300, 301, 302, 303, 304} {
			if !w.gone(pid) {
				t.Errorf("process %d is left", pid)
			}
		}
		for _, pid := range []int{1, 60, 61, 62, 99, 100, 201, 401} {
			if w.gone(pid) || slices.ContainsFunc(w.sent, func(s string) bool { return strings.HasPrefix(s, fmt.Sprint(pid, " ")) }) {
				t.Errorf("process %d was touched: %v", pid, w.sent)
			}
		}
	})
}

// TestEscapesThatFail: processes that hide after they were seen once, or that
// an audit session or a scope holds.
func TestEscapesThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.login(200, 1000, grantA)
		w.put("200/sessionid", "17\n") // PAM opened a session
		w.put("200/cgroup", "0::/user.slice/user-0.slice/session-4.scope\n")
		w.process(300, 200, 300, 1001, "bash")
		w.process(301, 300, 301, 1002, "daemon")
		w.process(310, 1, 310, 1003, "audited")
		w.put("310/sessionid", "17\n")
		w.process(311, 1, 311, 1003, "scoped")
		w.put("311/cgroup", "1:cpu:/x\n0::/user.slice/user-0.slice/session-4.scope/app\n")
		w.process(312, 1, 312, 1003, "neighbour")
		w.put("312/cgroup", "0::/user.slice/user-0.slice/session-40.scope\n")
		h := w.host()
		if out := h.Once(t.Context()); !has(out.Sessions, grantA) {
			t.Fatalf("%+v", out)
		}
		h.Close() // what was seen is remembered on disk
		h = w.host()
		w.exit(200)
		w.exit(300)
		w.process(301, 1, 301, 1002, "daemon")
		w.process(305, 1, 300, 1009, "in the kernel session of a dead leader")
		if out := h.Once(t.Context()); !has(out.Sessions, grantA) {
			t.Fatalf("the login counts as over while something of it runs: %+v", out)
		}
		w.net.revoke(grantA)
		if out := h.Once(t.Context()); !has(out.Ended, grantA) || len(out.Sessions) > 0 {
			t.Errorf("%+v", out)
		}
		for _, pid := range []int{301, 305, 310, 311} {
			if !w.gone(pid) {
				t.Errorf("process %d is left", pid)
			}
		}
		if w.gone(312) || w.gone(listener) {
			t.Error("a neighbour was ended")
		}
	})
}

// TestNumbersUsedAgain: process ids and connections that now belong to others.
func TestNumbersUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.login(200, 1000, grantA)
		w.process(300, 200, 300, 1001, "bash", connection(200))
		h := w.host()
		h.Once(t.Context())
		w.exit(300)
		w.process(200, listener, 200, 600000, "sshd") // same number, born later
		w.process(300, 200, 300, 600001, "bash", connection(200))
		w.net.revoke(grantA)
		out := h.Once(t.Context())
		if has(out.Sessions, grantA) || len(out.Ended) > 0 || len(w.sent) > 0 {
			t.Errorf("%+v, signals %v", out, w.sent)
		}
	})
}

// TestAnotherBoot: records of an earlier boot name nobody.
func TestAnotherBoot(t *testing.T) {
	w := newWorld(t)
	w.login(200, 1000, grantA)
	w.put("sys/kernel/random/boot_id", "boot-2\n")
	got, err := host.Sessions(w.config, w.options(0))
	if err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestStubborn: a process that cannot be ended is a problem and stays listed.
func TestStubborn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.login(200, 1000, grantA)
		w.process(300, 200, 300, 1001, "hangs in the kernel")
		w.stays[300] = true
		h := w.host()
		w.net.revoke(grantA)
		begun := time.Now()
		out := h.Once(t.Context())
		if took := time.Since(begun); took < 9*time.Second || took > 12*time.Second {
			t.Errorf("gave up after %v", took)
		}
		if len(out.Ended) > 0 || !has(out.Sessions, grantA) || len(out.Problems) != 1 || !strings.Contains(out.Problems[0], grantA) {
			t.Errorf("%+v", out)
		}
		for _, want := range []string{"300 1", "300 15", "300 9"} {
			if !slices.Contains(w.sent, want) {
				t.Errorf("signal %q was not sent: %v", want, w.sent[:min(9, len(w.sent))])
			}
		}
		if n := len(slices.DeleteFunc(w.sent, func(s string) bool { return s != "300 1" })); n != 1 {
			t.Errorf("%d hang-ups", n)
		}
		w.stays[300] = false
		if out := h.Once(t.Context()); !has(out.Ended, grantA) || len(out.Sessions) > 0 {
			t.Errorf("at the second attempt: %+v", out)
		}
	})
}
