package api_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// manyEntries is a ledger with a tile of tiles that is full, and a partial one
// beside it.
const manyEntries = 70_000

// foreign is Tessera's fsck, a verifier that shares no code of ours, set to the
// ledger of a house.
type foreign struct {
	*house
	program, token string
	key, roots     string // files
}

// fsck sets the foreign verifier to a house, with a reading token for it.
func fsck(h *house, token string) *foreign {
	h.Helper()
	f := &foreign{house: h, program: os.Getenv("HALLIGAN_FSCK"), token: token}
	if f.program == "" {
		var err error
		if f.program, err = exec.LookPath("tessera-fsck"); err != nil {
			h.Skip("no foreign verifier: set HALLIGAN_FSCK to Tessera's fsck or put tessera-fsck on the path")
		}
	}
	folder := h.TempDir()
	f.key, f.roots = filepath.Join(folder, "ledger.pub"), filepath.Join(folder, "roots.pem")
	must(h, os.WriteFile(f.key, []byte(h.genesis.Ledger), 0o600))
	must(h, os.WriteFile(f.roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.server.Certificate().Raw}), 0o600))
	return f
}

// How long the verifier may take. On some faults it waits for ever, and its exit code
// says nothing: only its last words in time are a yes.
const (
	fsckLongest = 3 * time.Minute
	noLongest   = 20 * time.Second // where no is expected
)

// accepts runs the verifier on a ledger that is to have a size.
func (f *foreign) accepts(url string, size int64, longest time.Duration) (bool, string) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	c := exec.CommandContext(ctx, f.program, "-storage_url="+url, "-public_key="+f.key, "-ui=false", "-bearer_token="+f.token)
	c.Env = append(os.Environ(), "SSL_CERT_FILE="+f.roots, "SSL_CERT_DIR="+filepath.Dir(f.key), "HTTPS_PROXY=", "https_proxy=")
	said, err := c.CombinedOutput()
	yes := strings.Contains(string(said), fmt.Sprintf("Successfully fsck'd log with size %d and", size))
	return err == nil && yes && !strings.Contains(string(said), "fsck failed"), string(said)
}

// agrees demands that the verifier accepts the running server, and the directory
// that is written from what that server serves, which is given.
func (f *foreign) agrees(size int64) (folder string) {
	f.Helper()
	same(f, "size", f.broker.Head().Size, size)
	folder = f.exported()
	for _, url := range []string{f.server.URL + "/ledger/", "file://" + folder} {
		if ok, said := f.accepts(url, size, fsckLongest); !ok {
			f.Fatalf("size %d is refused at %s:\n%s", size, url, said)
		}
	}
	return folder
}

// exported writes a whole log from the running server.
func (f *foreign) exported() string {
	f.Helper()
	out := folder(f.TempDir())
	from := reader(func(path string) ([]byte, error) {
		got := f.do(http.MethodGet, "/ledger/"+path, nil, "Authorization", "Bearer "+f.token)
		if got.Status != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", path, got.reason())
		}
		return got.Body, nil
	})
	log, err := ledger.OpenLog(from, f.anchor())
	must(f, err)
	_, err = ledger.WriteLog(out, f.anchor(), ledger.Export{Signed: log.Signed(), Entries: func(yield func([]byte, error) bool) {
		must(f, log.Walk(0, func(_ int64, body []byte) error {
			yield(bytes.Clone(body), nil)
			return nil
		}))
	}})
	must(f, err)
	return string(out)
}

// reader is a ledger.Source.
type reader func(path string) ([]byte, error)

func (r reader) ReadFile(path string) ([]byte, error) { return r(path) }

// folder is a ledger.Sink.
type folder string

func (f folder) WriteFile(path string, data []byte) error {
	name := filepath.Join(string(f), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

// spoiler flips one bit of one file on its way out.
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

// refuses demands that the verifier does not accept a running server of which
// one file has a flipped bit, nor a directory of which that file has.
func (f *foreign) refuses(path, from string, size int64) {
	spoilt := httptest.NewUnstartedServer(spoiler{f.server.Config.Handler, "/ledger/" + path})
	spoilt.Config.ErrorLog = f.server.Config.ErrorLog
	spoilt.StartTLS()
	defer spoilt.Close()
	copied := f.TempDir()
	if err := os.CopyFS(copied, os.DirFS(from)); err != nil {
		f.Error(err)
		return
	}
	data, err := os.ReadFile(filepath.Join(copied, path))
	if err == nil {
		data[len(data)/2] ^= 1
		err = os.WriteFile(filepath.Join(copied, path), data, 0o600)
	}
	if err != nil {
		f.Error(err)
		return
	}
	var trying sync.WaitGroup
	for _, url := range []string{spoilt.URL + "/ledger/", "file://" + copied} {
		trying.Go(func() {
			ok, said := f.accepts(url, size, noLongest)
			if ok {
				f.Errorf("%s has a flipped bit and was accepted at %s:\n%s", path, url, said)
			}
			if strings.Contains(said, "certificate signed by unknown authority") || strings.Contains(said, "Unauthorized") {
				f.Errorf("%s: refused for the wrong reason:\n%s", path, said)
			}
		})
	}
	trying.Wait()
}

// TestForeignVerifier has Tessera's fsck read running servers, and what is
// exported from them, around the width of a tile, and with flipped bits.
func TestForeignVerifier(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a foreign program is given five spoilt ledgers")
	}
	t.Parallel() // it waits most of its time
	h := open(t)
	f := fsck(h, h.token("ann"))
	var last string
	for _, size := range []int64{255, 256, 257} {
		h.grown(size)
		last = f.agrees(size)
	}
	var trying sync.WaitGroup
	for _, path := range []string{"tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "checkpoint"} {
		trying.Go(func() { f.refuses(path, last, 257) })
	}
	trying.Wait()
}

// TestForeignVerifierOfOne: a ledger of one entry is whole. The token is of a
// server with the same session key, for to ask for one is to add an entry.
func TestForeignVerifierOfOne(t *testing.T) {
	alone := func(h *house) { h.genesis.Founders = []string{"sam"} }
	twin, h := open(t, alone), open(t, alone)
	h.stop()
	h.session = twin.session
	h.start()
	fsck(h, twin.token("sam")).agrees(1)
}

// TestForeignVerifierOfMany: a ledger with more than one tile of tiles.
func TestForeignVerifierOfMany(t *testing.T) {
	if testing.Short() {
		t.Skipf("-short: a ledger of %d entries is not made", manyEntries)
	}
	t.Parallel()
	h := open(t)
	f := fsck(h, h.token("ann"))
	h.crowded(manyEntries)
	f.agrees(manyEntries)
}

// crowded lets the ledger grow to a size as fast as the broker takes statements.
func (h *house) crowded(size int64) {
	h.Helper()
	const callers = 256
	left := make(chan struct{}, size)
	for range size - h.broker.Head().Size {
		left <- struct{}{}
	}
	close(left)
	errs := make(chan error, callers)
	for range callers {
		go func() {
			for range left {
				data, signature := sign(h, "bob", h.statement("bob", &statement.Session{For: 60}))
				if _, err := h.broker.Submit(context.Background(), broker.Submission{Statement: data, Signature: signature}); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		must(h, <-errs)
	}
}
