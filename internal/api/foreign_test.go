package api_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fsck is Tessera's fsck, a verifier that shares no code of ours.
func fsck(t *testing.T) string {
	if path := os.Getenv("HALLIGAN_FSCK"); path != "" {
		return path
	}
	path, err := exec.LookPath("tessera-fsck")
	if err != nil {
		t.Skip("no foreign verifier: set HALLIGAN_FSCK to Tessera's fsck or put tessera-fsck on the path")
	}
	return path
}

// spoiler flips one byte of one file on its way out.
type spoiler struct {
	inner http.Handler
	path  string
}

func (s spoiler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != s.path {
		s.inner.ServeHTTP(w, r)
		return
	}
	kept := httptest.NewRecorder()
	s.inner.ServeHTTP(kept, r)
	body := kept.Body.Bytes()
	body[len(body)/2] ^= 1
	_, _ = w.Write(body)
}

// TestForeignVerifier has Tessera's fsck read a running server, around the
// width of a tile, and one whose answers have a flipped byte.
func TestForeignVerifier(t *testing.T) {
	program := fsck(t)
	h := open(t)
	token := h.token("ann")
	key := filepath.Join(t.TempDir(), "ledger.pub")
	must(t, os.WriteFile(key, []byte(h.genesis.Ledger), 0o600))
	roots := filepath.Join(t.TempDir(), "roots.pem")
	must(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.server.Certificate().Raw}), 0o600))
	// Its exit code says nothing, and on some faults it waits for ever: only its
	// last words in time are a yes.
	accepts := func(url string, size int64, most time.Duration) (bool, string) {
		ctx, cancel := context.WithTimeout(context.Background(), most)
		defer cancel()
		c := exec.CommandContext(ctx, program, "-storage_url="+url+"/ledger/", "-public_key="+key, "-ui=false", "-bearer_token="+token)
		c.Env = append(os.Environ(), "SSL_CERT_FILE="+roots, "SSL_CERT_DIR="+t.TempDir(), "HTTPS_PROXY=", "https_proxy=")
		said, err := c.CombinedOutput()
		yes := strings.Contains(string(said), fmt.Sprintf("Successfully fsck'd log with size %d and", size))
		return err == nil && yes && !strings.Contains(string(said), "fsck failed"), string(said)
	}
	for _, size := range []int64{3, 255, 256, 257} {
		h.grown(size)
		if ok, said := accepts(h.server.URL, size, time.Minute); !ok {
			t.Fatalf("size %d is refused:\n%s", size, said)
		}
	}
	for _, path := range []string{"/ledger/tile/0/000", "/ledger/tile/entries/000", "/ledger/checkpoint", "/ledger/tile/1/000.p/1"} {
		spoilt := httptest.NewUnstartedServer(spoiler{h.server.Config.Handler, path})
		spoilt.Config.ErrorLog = h.server.Config.ErrorLog
		spoilt.StartTLS()
		ok, said := accepts(spoilt.URL, 257, 5*time.Second)
		spoilt.Close()
		if ok {
			t.Errorf("%s has a flipped byte and was accepted:\n%s", path, said)
		}
		if strings.Contains(said, "certificate signed by unknown authority") {
			t.Errorf("%s: refused for the wrong reason:\n%s", path, said)
		}
	}
}
