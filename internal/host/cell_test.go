package host_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/host"
	"github.com/halligan-dev/halligan/internal/revocation"
)

const (
	origin   = "halligan.example.com"
	hostName = "db.prod.internal"

	grantA = "halligan:00000000000000aa:db.prod.internal"
	grantB = "halligan:00000000000000bb:db.prod.internal"
	grantC = "halligan:00000000000000cc:db.prod.internal"
)

// cell is a server as hosts see it: a list and a place for reports, which it
// checks as the real one must.
type cell struct {
	t         *testing.T
	server    *httptest.Server
	signer    note.Signer
	vkey      string
	reportKey []byte
	reports   chan revocation.Report

	mu       sync.Mutex
	list     revocation.List
	body     []byte
	etag     string
	status   int // of answers to reports, if not 204
	fetches  int
	unneeded int // fetches answered "not modified"
	last     int64
}

func newCell(t *testing.T) *cell {
	t.Helper()
	c := &cell{t: t, reports: make(chan revocation.Report, 1000)}
	c.signer, c.vkey = newListKey(t)
	c.list = revocation.Empty(origin)
	c.revoke()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /revocations", c.serveList)
	mux.HandleFunc("POST /api/v1/hosts/report", c.takeReport)
	c.server = httptest.NewServer(mux)
	t.Cleanup(c.server.Close)
	return c
}

// revoke publishes a list with exactly these key ids and the next number.
func (c *cell) revoke(ids ...string) revocation.List {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = revocation.List{Origin: origin, Number: c.list.Number + 1, At: time.Now().UTC().Truncate(time.Millisecond), KeyIDs: ids}
	body, err := c.list.Sign(c.signer)
	if err != nil {
		c.t.Fatal(err)
	}
	c.body, c.etag = body, fmt.Sprintf(`"%d"`, c.list.Number)
	return c.list
}

// serve publishes any bytes in place of a list.
func (c *cell) serve(body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.body, c.etag = body, `"odd"`
}

func (c *cell) serveList(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetches++
	w.Header().Set("ETag", c.etag)
	if r.Header.Get("If-None-Match") == c.etag {
		c.unneeded++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(c.body)
}

func (c *cell) takeReport(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	var envelope struct {
		Report    jsontext.Value `json:"report"`
		Signature string         `json:"signature"`
	}
	if err := json.Unmarshal(body, &envelope, json.RejectUnknownMembers(true)); err != nil {
		c.t.Errorf("a report is not what it should be: %v", err)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(envelope.Signature)
	if err != nil {
		c.t.Error(err)
	}
	who, err := sshsig.Verify(signature, "halligan.v1.report", envelope.Report)
	if err != nil || string(who.Key) != string(c.reportKey) {
		c.t.Errorf("a report is signed by %s (%v)", who.Fingerprint, err)
	}
	report, err := revocation.DecodeReport(envelope.Report)
	if err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if report.Sequence <= c.last {
		c.t.Errorf("sequence %d after %d", report.Sequence, c.last)
	}
	c.last = report.Sequence
	if c.status != 0 {
		w.WriteHeader(c.status)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	c.reports <- report
}

// longest is how long anything may take that is not a matter of its own time.
const longest = 2 * time.Minute

// await returns the first report that fits.
func (c *cell) await(what string, fits func(revocation.Report) bool) revocation.Report {
	c.t.Helper()
	deadline := time.After(longest)
	for {
		select {
		case r := <-c.reports:
			if fits(r) {
				return r
			}
		case <-deadline:
			c.t.Fatalf("waited in vain for a report with %s", what)
		}
	}
}

func has(sessions []revocation.Session, keyID string) bool {
	for _, s := range sessions {
		if s.KeyID == keyID {
			return true
		}
	}
	return false
}

func reportKey(t *testing.T, c *host.Config) []byte {
	t.Helper()
	private, err := os.ReadFile(c.ReportKey)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey().Marshal()
}

func newListKey(t testing.TB) (note.Signer, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return s, vkey
}
