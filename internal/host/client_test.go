package host_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/host"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// over returns a host of w that asks these servers over the real network.
func (w *world) over(pin string, servers ...string) *host.Host {
	w.t.Helper()
	w.config.Servers = servers
	c := *w.config
	text := "origin: " + c.Origin + "\nhost: " + c.Host + "\nlist_key: \"" + c.ListKey + "\"\nreport_key: " + c.ReportKey +
		"\nkrl: " + c.KRL + "\nprincipals: " + c.Principals + "\nrun: " + c.Run + "\nauthorities: [\"" + c.Authorities[0] + "\"]\nservers:\n"
	for _, s := range servers {
		text += "  - " + s + "\n"
	}
	if pin != "" {
		text += "pin: \"" + pin + "\"\n"
	}
	config, err := host.ParseConfig([]byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	opts := w.options(0)
	opts.Transport = nil
	h, err := host.New(config, opts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	return h
}

func tlsCell(t *testing.T, w *world) (*cell, *httptest.Server, string) {
	t.Helper()
	c := newCell(t)
	c.signer, c.vkey = w.net.signer, w.vkey
	c.reportKey = reportKey(t, w.config)
	c.list = revocation.Empty(origin)
	c.revoke(grantA)
	s := httptest.NewTLSServer(c.server.Config.Handler)
	t.Cleanup(s.Close)
	sum := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	return c, s, hex.EncodeToString(sum[:])
}

func TestPin(t *testing.T) {
	w := newWorld(t)
	_, server, pin := tlsCell(t, w)
	t.Run("the server's", func(t *testing.T) {
		h := w.over(pin, server.URL)
		if out := h.Once(t.Context()); len(out.Problems) > 0 || !out.Reported || out.List.Number != 1 {
			t.Errorf("%+v", out)
		}
		h.Close()
	})
	for name, other := range map[string]string{"another": strings.Repeat("0", 64), "none": ""} {
		t.Run(name, func(t *testing.T) {
			h := w.over(other, server.URL)
			defer h.Close()
			if out := h.Once(t.Context()); len(out.Problems) != 2 || out.Reported {
				t.Errorf("%+v", out)
			}
		})
	}
}

func TestUnchangedListIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	c, server, pin := tlsCell(t, w)
	h := w.over(pin, server.URL)
	for range 3 {
		if out := h.Once(t.Context()); len(out.Problems) > 0 || out.List.Number != 1 {
			t.Fatalf("%+v", out)
		}
	}
	if c.fetches != 3 || c.unneeded != 2 {
		t.Errorf("%d fetches, %d answered as unchanged", c.fetches, c.unneeded)
	}
	c.serve([]byte("something else"))
	if out := h.Once(t.Context()); len(out.Problems) != 1 || out.List.Number != 1 {
		t.Errorf("%+v", out)
	}
	c.revoke(grantA, grantB)
	if out := h.Once(t.Context()); len(out.Problems) > 0 || out.List.Number != 2 {
		t.Errorf("%+v", out)
	}
}

// TestBadServers: none of these may give a list, and the
// next server is asked instead.
func TestBadServers(t *testing.T) {
	for name, handler := range map[string]func(good string) http.HandlerFunc{
		"redirect": func(good string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, good+r.URL.Path, http.StatusTemporaryRedirect)
			}
		},
		"unasked not modified": func(string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotModified) }
		},
		"error": func(string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
		},
		"endless": func(string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					w.WriteHeader(http.StatusInternalServerError)
				}
				block := make([]byte, 1<<20)
				for {
					if _, err := w.Write(block); err != nil {
						return
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := newCell(t)
			c.signer, c.vkey, c.reportKey = w.net.signer, w.vkey, reportKey(t, w.config)
			c.revoke(grantA)
			bad := httptest.NewServer(handler(c.server.URL))
			defer bad.Close()
			h := w.over("", bad.URL)
			if out := h.Once(t.Context()); len(out.Problems) == 0 || out.Reported || out.List.Number != 0 {
				t.Errorf("alone: %+v", out)
			}
			h.Close()
			h = w.over("", bad.URL, c.server.URL)
			if out := h.Once(t.Context()); len(out.Problems) > 0 || !out.Reported || out.List.Number == 0 {
				t.Errorf("with a good one behind it: %+v", out)
			}
		})
	}
}
