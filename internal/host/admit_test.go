package host_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/host"
	"github.com/halligan-dev/halligan/internal/revocation"
)

func TestAdmit(t *testing.T) {
	w := newWorld(t)
	w.process(200, listener, 200, 1000, "sshd")
	w.process(210, listener, 210, 1000, "sshd-session")
	w.process(220, listener, 220, 1000, "bash")
	for name, c := range map[string]struct {
		offer  host.Offer
		parent int
		want   []string
		fails  bool
		listed bool
	}{
		"user on file":      {host.Offer{User: "web", KeyID: grantA, Serial: "1"}, 200, []string{"a", "b"}, false, true},
		"newer sshd":        {host.Offer{User: "web", KeyID: grantA, Serial: "1"}, 210, []string{"a", "b"}, false, true},
		"user not on file":  {host.Offer{User: "nobody", KeyID: grantA, Serial: "1"}, 200, nil, false, false},
		"other authority's": {host.Offer{User: "web", KeyID: "jo@example.com", Serial: "1"}, 200, []string{"a", "b"}, false, false},
		"no key id":         {host.Offer{User: "web", KeyID: "", Serial: "0"}, 200, []string{"a", "b"}, false, false},
		"greatest serial":   {host.Offer{User: "web", KeyID: grantA, Serial: "18446744073709551615"}, 200, []string{"a", "b"}, false, true},
		"bad serial":        {host.Offer{User: "web", KeyID: grantA, Serial: "-1"}, 200, nil, true, false},
		"started by hand":   {host.Offer{User: "web", KeyID: grantA, Serial: "1"}, 220, nil, true, false},
		"parent gone":       {host.Offer{User: "web", KeyID: grantA, Serial: "1"}, 230, nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.RemoveAll(w.config.Run); err != nil {
				t.Fatal(err)
			}
			got, err := host.Admit(w.config, c.offer, w.options(c.parent))
			if !slices.Equal(got, c.want) || (err != nil) != c.fails {
				t.Errorf("got %q, %v", got, err)
			}
			sessions, err := host.Sessions(w.config, w.options(0))
			if err != nil || (len(sessions) > 0) != c.listed {
				t.Errorf("sessions %v (%v)", sessions, err)
			}
			for _, s := range sessions {
				if s.KeyID != c.offer.KeyID || s.User != c.offer.User || s.PID != c.parent {
					t.Errorf("session %+v", s)
				}
			}
		})
	}
}

// TestAdmitNeverWithoutRecordOrList: what cannot be recorded or compared with
// the list is not admitted.
func TestAdmitNeverWithoutRecordOrList(t *testing.T) {
	offer := host.Offer{User: "web", KeyID: grantA, Serial: "1"}
	w := newWorld(t)
	w.process(200, listener, 200, 1000, "sshd")
	install := func(ids ...string) {
		l := revocation.Empty(origin)
		l.KeyIDs = ids
		if err := os.WriteFile(w.config.KRL, l.KRL(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	install(grantB)
	if got, err := host.Admit(w.config, offer, w.options(200)); err != nil || len(got) != 2 {
		t.Fatalf("got %q, %v", got, err)
	}
	install(grantA)
	if got, err := host.Admit(w.config, offer, w.options(200)); !errors.Is(err, host.ErrRevoked) || got != nil {
		t.Errorf("on the list: %q, %v", got, err)
	}
	for name, data := range map[string]string{"empty": "", "damaged": "SSHKRL\n\x00\x00"} {
		if err := os.WriteFile(w.config.KRL, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := host.Admit(w.config, offer, w.options(200)); err == nil || got != nil {
			t.Errorf("%s list: %q, %v", name, got, err)
		}
	}
	install()
	if err := os.RemoveAll(w.config.Run); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.config.Run, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := host.Admit(w.config, offer, w.options(200)); err == nil || got != nil {
		t.Errorf("without a place for records: %q, %v", got, err)
	}
}

func TestPrincipalsFileStrict(t *testing.T) {
	w := newWorld(t)
	w.process(200, listener, 200, 1000, "sshd")
	for name, text := range map[string]string{
		"no colon":      "web a\n",
		"no principals": "web:\n",
		"no user":       ": a\n",
		"twice":         "web: a\nweb: b\n",
		"options":       "web: no-pty=\"x\"\n",
		"commas":        "web: a,b\n",
	} {
		if err := os.WriteFile(w.config.Principals, []byte("root: r\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := host.Admit(w.config, host.Offer{User: "root", KeyID: grantA, Serial: "1"}, w.options(200))
		if err == nil || got != nil || !strings.Contains(err.Error(), ":2:") && name != "twice" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
