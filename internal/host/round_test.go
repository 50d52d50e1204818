package host_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/host"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// during runs the host for d and stops it.
func during(t *testing.T, h *host.Host, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := h.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestCadence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.host()
		during(t, h, 10*time.Minute)
		if n := len(w.net.fetched); n < 240 || n > 400 {
			t.Errorf("%d fetches in ten minutes", n)
		}
		if n := len(w.net.reports); n < 18 || n > 21 {
			t.Errorf("%d reports in ten quiet minutes", n)
		}
		w.net.reports, w.net.at = nil, nil
		w.net.revoke(grantA)
		begun := time.Now()
		during(t, h, 10*time.Minute)
		if n := len(w.net.reports); n < 200 || w.net.reports[0].List.Number != 1 || w.net.at[0].Sub(begun) > 3*time.Second {
			t.Errorf("a new list is reported %d times, first %+v at %v", n, w.net.reports[:1], w.net.at[:1])
		}
		w.net.reports = nil
		during(t, h, 10*time.Minute)
		if n := len(w.net.reports); n < 18 || n > 24 {
			t.Errorf("%d reports in the ten minutes after a list has settled", n)
		}
	})
}

// TestServerAway: attempts become rare, sessions on the list end all the same,
// and the report says so when the server is back.
func TestServerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.host()
		w.net.revoke(grantA)
		during(t, h, 3*time.Second)
		w.net.down = errors.New("no route")
		w.net.fetched, w.net.reports = nil, nil
		during(t, h, 10*time.Minute)
		if n := len(w.net.fetched); n < 15 || n > 45 {
			t.Errorf("%d fetches in ten minutes without a server", n)
		}
		// A login that was admitted just before the list came (its record is
		// there, the list names it) is ended without any server.
		l := revocation.Empty(origin)
		if err := os.WriteFile(w.config.KRL, l.KRL(), 0o644); err != nil {
			t.Fatal(err)
		}
		w.login(200, 1000, grantA)
		l.Number, l.KeyIDs = 1, []string{grantA}
		if err := os.WriteFile(w.config.KRL, l.KRL(), 0o644); err != nil {
			t.Fatal(err)
		}
		during(t, h, 5*time.Second)
		if !w.gone(200) {
			t.Error("the session goes on while the server is away")
		}
		w.net.down = nil
		during(t, h, time.Minute)
		if len(w.net.reports) == 0 || !has(w.net.reports[0].Ended, grantA) {
			t.Errorf("reports afterwards: %+v", w.net.reports)
		}
		for _, r := range w.net.reports[1:] {
			if len(r.Ended) > 0 {
				t.Errorf("the same end is reported twice: %+v", r)
			}
		}
	})
}

// TestServerHangs: a server that takes requests and never answers holds up
// nothing but those requests, for a bounded time.
func TestServerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.host()
		w.net.hangs = true
		begun := time.Now()
		out := h.Once(t.Context())
		if took := time.Since(begun); took > 10*time.Second || len(out.Problems) != 2 || out.Reported {
			t.Errorf("after %v: %+v", took, out)
		}
		during(t, h, time.Minute)
		w.net.hangs = false
		w.net.revoke(grantA)
		during(t, h, time.Minute)
		if len(w.net.reports) == 0 || w.net.reports[len(w.net.reports)-1].List.Number != 1 {
			t.Error("the host does not come back")
		}
	})
}

// TestReportsRefused: a server that takes no reports still gives lists at the
// usual pace.
func TestReportsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.net.refuse = http.StatusForbidden
		h := w.host()
		during(t, h, 10*time.Minute)
		if n := len(w.net.fetched); n < 240 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestListsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*revocation.List)
		want  error
	}{
		"lower number": {func(l *revocation.List) { l.Number = 4 }, revocation.ErrRollback},
		"earlier":      {func(l *revocation.List) { l.Number, l.At = 9, l.At.Add(-time.Second) }, revocation.ErrRollback},
		"rewritten":    {func(l *revocation.List) { l.KeyIDs = []string{grantA, grantB} }, revocation.ErrRewritten},
		"other cell":   {func(l *revocation.List) { l.Number, l.Origin = 9, "other.example.com" }, revocation.ErrOrigin},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.host()
			w.net.list.At = w.net.list.At.Add(time.Hour)
			w.net.list.Number = 4
			w.net.revoke(grantA)
			h.Once(t.Context())
			before, err := os.ReadFile(w.config.KRL)
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(&w.net.list)
			out := h.Once(t.Context())
			after, err := os.ReadFile(w.config.KRL)
			if err != nil || string(after) != string(before) || out.List.Number != 5 || !out.List.Has(grantA) {
				t.Errorf("it was taken: %+v (%v)", out, err)
			}
			if len(out.Problems) != 1 || !strings.Contains(out.Problems[0], c.want.Error()) || !out.Reported || len(w.net.reports[1].Problems) != 1 {
				t.Errorf("it was not reported: %+v", out)
			}
		})
	}
}

// TestFloor: the list file is lost, and the server plays back an older list.
func TestFloor(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	w.net.list.Number = 4
	w.net.revoke(grantA)
	h.Once(t.Context())
	if err := os.Remove(w.config.KRL); err != nil {
		t.Fatal(err)
	}
	w.net.list.Number, w.net.list.KeyIDs = 3, nil
	if out := h.Once(t.Context()); out.List.Number != 0 || len(out.Problems) != 1 {
		t.Errorf("an older list was taken: %+v", out)
	}
	w.net.list.Number = 5
	w.net.list.KeyIDs = []string{grantA}
	if out := h.Once(t.Context()); out.List.Number != 5 || len(out.Problems) != 0 {
		t.Errorf("the right list was not taken: %+v", out)
	}
}

// TestBlind: what the host cannot read it does not pass off as absent.
func TestBlind(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	w.login(200, 1000, grantA)
	if err := os.WriteFile(filepath.Join(w.config.Run, "7-7-odd.login"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.net.revoke(grantA)
	out := h.Once(t.Context())
	if !out.Blind || !out.Reported || len(out.Problems) == 0 {
		t.Fatalf("%+v", out)
	}
	if r := w.net.reports[0]; r.More == 0 || len(r.Problems) == 0 {
		t.Errorf("the report could be taken for a proof: %+v", r)
	}
	if err := os.WriteFile(w.config.KRL, []byte("ssh-ed25519 AAAA\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h.Once(t.Context())
	if r := w.net.reports[1]; r.More == 0 || r.List.Number != 0 {
		t.Errorf("a report about somebody else's list: %+v", r)
	}
}

func TestOneAtATime(t *testing.T) {
	w := newWorld(t)
	w.host()
	if second, err := host.New(w.config, w.options(0)); err == nil {
		second.Close()
		t.Error("two programs keep one host")
	}
}
