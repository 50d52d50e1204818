package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/revocation"
)

// run starts `halligan-host run` and stops it at the end of the test.
func (tg *target) run() {
	tg.t.Helper()
	cmd := exec.Command(tg.program, "run", "--config", tg.configPath)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		tg.t.Fatal(err)
	}
	tg.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			tg.t.Errorf("halligan-host run: %v", err)
		}
		if tg.t.Failed() {
			tg.t.Logf("halligan-host says:\n%s", log.String())
		}
	})
}

func (tg *target) sessions() string {
	return tg.must(tg.program, "sessions", "--json", "--config", tg.configPath)
}

// TestSessionsOfGrantsEnd is the life of grants on a real host.
func TestSessionsOfGrantsEnd(t *testing.T) {
	t.Parallel() // it waits most of its time
	tg := newTarget(t)
	if !tg.accepts(tg.certificate(grantA)) {
		t.Fatal("sshd refuses a good certificate")
	}
	_, overA := tg.session(grantA, "echo here; exec sleep 1000")
	// B leaves a process behind that ignores hang-ups, one that ignores more,
	// and one in a kernel session of its own.
	left, overB := tg.session(grantB, `setsid nohup sleep 1001 >/dev/null 2>&1 & a=$!
		sh -c 'trap "" HUP TERM; while :; do sleep 1; done' >/dev/null 2>&1 & echo $a $!; sleep 1002`)
	// C logs out and leaves a daemon.
	daemon, overC := tg.session(grantC, "setsid nohup sleep 1003 </dev/null >/dev/null 2>&1 & echo $!")
	<-overC
	leftB := strings.Fields(left)
	if len(leftB) != 2 || gone(leftB[0]) || gone(leftB[1]) || gone(daemon) {
		t.Fatalf("processes %q and %q are not there", left, daemon)
	}

	listed := tg.sessions()
	for _, want := range []string{grantA, grantB, grantC, `"user": "root"`} {
		if !strings.Contains(listed, want) {
			t.Errorf("sessions do not show %s:\n%s", want, listed)
		}
	}

	tg.run()
	tg.cell.await("all three", func(r revocation.Report) bool {
		return has(r.Sessions, grantA) && has(r.Sessions, grantB) && has(r.Sessions, grantC)
	})

	list := tg.cell.revoke(grantA)
	r := tg.cell.await("A ended", func(r revocation.Report) bool { return r.List.Number == list.Number })
	if has(r.Sessions, grantA) || !has(r.Ended, grantA) || !has(r.Sessions, grantB) || !has(r.Sessions, grantC) || len(r.Problems) > 0 {
		t.Errorf("after A was revoked: %+v", r)
	}
	await(t, overA)
	if tg.accepts(tg.certificate(grantA)) {
		t.Error("a revoked grant gets in again, with a new serial")
	}
	if !tg.accepts(tg.certificate(grantB)) || !tg.accepts("") {
		t.Error("others are shut out")
	}

	// A list from somebody else changes nothing, and says so.
	stranger, _ := newListKey(t)
	forged := list
	forged.Number, forged.KeyIDs = list.Number+9, []string{grantB}
	body, err := forged.Sign(stranger)
	if err != nil {
		t.Fatal(err)
	}
	tg.cell.serve(body)
	r = tg.cell.await("a problem", func(r revocation.Report) bool { return len(r.Problems) > 0 })
	if r.List.Number != list.Number || !has(r.Sessions, grantB) {
		t.Errorf("after a forged list: %+v", r)
	}
	if !tg.accepts(tg.certificate(grantB)) || tg.accepts(tg.certificate(grantA)) || !tg.accepts("") {
		t.Error("a forged list has changed who gets in")
	}

	list = tg.cell.revoke(grantA, grantB, grantC)
	r = tg.cell.await("all ended", func(r revocation.Report) bool { return r.List.Number == list.Number })
	if len(r.Sessions) > 0 || !has(r.Ended, grantB) || !has(r.Ended, grantC) {
		t.Errorf("after all were revoked: %+v", r)
	}
	await(t, overB)
	for _, pid := range append(leftB, daemon) {
		if !gone(pid) {
			t.Errorf("process %s is still there", pid)
		}
	}
	if tg.accepts(tg.certificate(grantC)) || !tg.accepts("") {
		t.Error("the end let the wrong ones in")
	}
	var none []any
	if err := json.Unmarshal([]byte(tg.sessions()), &none); err != nil || len(none) > 0 {
		t.Errorf("sessions at the end: %v (%v)", none, err)
	}
}

// TestLoginsRacingTheList lets logins and a list arrive at the same time. Once a
// report shows the list and no session, no login may get in that it missed. One
// that is refused stays on record until its connection is over, so what counts is
// whether its command ran.
func TestLoginsRacingTheList(t *testing.T) {
	t.Parallel() // it waits most of its time
	tg := newTarget(t)
	tg.run()
	const logins = 8
	for n := range 4 {
		keyID := fmt.Sprintf("halligan:%016x:db.prod.internal", n)
		ran := tg.path(fmt.Sprintf("ran-%d", n))
		over := make(chan struct{}, logins)
		for range logins {
			cmd := tg.ssh(tg.certificate(keyID), "date +%s%N >>"+ran+"; exec sleep 1000")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Process.Kill() })
			go func() { cmd.Wait(); over <- struct{}{} }()
		}
		time.AfterFunc(rand.N(300*time.Millisecond), func() { tg.cell.revoke(keyID) })
		r := tg.cell.await("the list and no session", func(r revocation.Report) bool {
			return r.List.Number == int64(n+2) && !has(r.Sessions, keyID)
		})
		if r.More > 0 || len(r.Problems) > 0 {
			t.Errorf("%+v", r)
		}
		for range logins { // refused, or ended
			await(t, over)
		}
		poll(t, "sshd to be done with refused logins", func() bool { return !strings.Contains(tg.sessions(), keyID) })
		for _, at := range tg.times(ran) {
			if at.After(r.ListedAt.Add(time.Millisecond)) { // the report rounds down
				t.Errorf("a login ran its command at %v, and the report of %v had no session and the list", at, r.ListedAt)
			}
		}
	}
}

// times reads a file of times in nanoseconds since 1970, one a line. There is
// none if no command wrote any.
func (tg *target) times(file string) (out []time.Time) {
	tg.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tg.t.Fatal(err)
	}
	for _, field := range strings.Fields(string(data)) {
		ns, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			tg.t.Fatal(err)
		}
		out = append(out, time.Unix(0, ns))
	}
	return out
}

func await(t *testing.T, over <-chan struct{}) {
	t.Helper()
	select {
	case <-over:
	case <-time.After(longest):
		t.Error("the connection is still there")
	}
}

// TestUnreadableList shows what a bad list does to sshd, which is why none is
// ever left, and that a damaged one is mended.
func TestUnreadableList(t *testing.T) {
	t.Parallel() // it waits most of its time
	tg := newTarget(t)
	tg.cell.revoke(grantA)
	tg.must(tg.program, "once", "--config", tg.configPath)
	good, err := os.ReadFile(tg.config.KRL)
	if err != nil {
		t.Fatal(err)
	}
	if !tg.accepts("") || tg.accepts(tg.certificate(grantA)) || !tg.accepts(tg.certificate(grantB)) {
		t.Fatal("the list is not obeyed to begin with")
	}
	if err := os.WriteFile(tg.config.KRL, good[:len(good)-3], 0o644); err != nil {
		t.Fatal(err)
	}
	if tg.accepts("") || tg.accepts(tg.certificate(grantB)) {
		t.Error("sshd reads a cut list: the care taken against it is not needed")
	}
	tg.must(tg.program, "once", "--config", tg.configPath)
	if !tg.accepts("") || tg.accepts(tg.certificate(grantA)) || !tg.accepts(tg.certificate(grantB)) {
		t.Error("a damaged list was not mended")
	}
}

// TestCheckOnRealSSHD asks check about a good host, then spoils one thing after
// the other.
func TestCheckOnRealSSHD(t *testing.T) {
	t.Parallel() // it waits most of its time
	tg := newTarget(t)
	check := func() (string, error) {
		out, err := exec.Command(tg.program, "check", "--config", tg.configPath, "--sshd-config", tg.path("sshd_config")).CombinedOutput()
		return string(out), err
	}
	if out, err := check(); err != nil || strings.Contains(out, "bad ") || strings.Contains(out, "warn") {
		t.Fatalf("a good host: %v\n%s", err, out)
	}
	conf, err := os.ReadFile(tg.path("sshd_config"))
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(old, new string) func() {
		return func() {
			next := strings.Replace(string(conf), old, new, 1)
			if next == string(conf) {
				t.Fatalf("%q is not in sshd_config", old)
			}
			if err := os.WriteFile(tg.path("sshd_config"), []byte(next), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(path string) func() {
		return func() {
			if err := os.Rename(path, path+".away"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Rename(path+".away", path) })
		}
	}
	for name, c := range map[string]struct {
		spoil func()
		want  string
	}{
		"other list":       {spoil("RevokedKeys "+tg.config.KRL, "RevokedKeys "+tg.path("other")), "RevokedKeys is"},
		"no list setting":  {spoil("RevokedKeys "+tg.config.KRL, ""), "RevokedKeys is"},
		"other authority":  {spoil("TrustedUserCAKeys "+tg.path("etc/authorities.pub"), "TrustedUserCAKeys "+tg.path("plain.pub")), "lacks an authority"},
		"other command":    {spoil("-- %u %i %s", "-- %u %i 0"), "AuthorizedPrincipalsCommand is"},
		"other user":       {spoil("AuthorizedPrincipalsCommandUser root", "AuthorizedPrincipalsCommandUser nobody"), "AuthorizedPrincipalsCommand is"},
		"principals file":  {spoil("UsePAM no", "UsePAM no\nAuthorizedPrincipalsFile /etc/principals"), "also admits by"},
		"no other way":     {spoil("AuthorizedKeysFile "+tg.path("authorized_keys"), "AuthorizedKeysFile "+tg.path("none")), "no way into this host without a certificate"},
		"program for all":  {func() { os.Chmod(tg.program, 0o777) }, "written by others than root"},
		"loose report key": {func() { os.Chmod(tg.config.ReportKey, 0o644) }, "can be read by others"},
		"no principals":    {remove(tg.config.Principals), "cannot read the principals"},
		"no list":          {remove(tg.config.KRL), "there is no list"},
	} {
		t.Run(name, func(t *testing.T) {
			c.spoil()
			out, err := check()
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("check does not say %q (%v):\n%s", c.want, err, out)
			}
			os.Chmod(tg.program, 0o755)
			os.Chmod(tg.config.ReportKey, 0o600)
			os.WriteFile(tg.path("sshd_config"), conf, 0o600)
			os.Rename(tg.config.Principals+".away", tg.config.Principals)
			os.Rename(tg.config.KRL+".away", tg.config.KRL)
		})
	}
}
