package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
)

// longest is how long anything may take that is not a matter of its own time.
const longest = 2 * time.Minute

// running is a whole server over the cell of brokertest.
type running struct {
	*brokertest.Cell
	at   string // its address
	keys string // its folder of keys
}

// run serves a cell until the test ends. Statements for it are signed by
// d.Cell, whose broker is shut: only the server has the store open.
func run(t *testing.T, limits config.Limits, webhooks map[string]config.Webhook) *running {
	t.Helper()
	return runWith(t, func(s *config.Server) { s.Limits, s.Webhooks = limits, webhooks })
}

// runWith is run with other settings.
func runWith(t *testing.T, change func(*config.Server)) *running {
	t.Helper()
	d := brokertest.New(t, brokertest.Setup{})
	keys := filepath.Join(t.TempDir(), "keys")
	_, err := server.MakeKeys(keys, celltest.Origin)
	must(t, err)
	own, _, err := ledger.GenerateKey(bytes.NewReader(celltest.Key("ledger").Seed()), celltest.Origin) // as brokertest has it
	must(t, err)
	must(t, os.WriteFile(filepath.Join(keys, "ledger.key"), []byte(own), 0o600))
	must(t, server.MakeCertificate(keys, celltest.Origin, time.Now()))
	d.Shut()
	settings := config.Server{
		Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", DataFolder: d.Folder, KeysFolder: keys,
		HighWater: filepath.Join(t.TempDir(), "high-water"),
	}
	change(&settings)
	opened, err := server.Open(context.Background(), server.Options{
		Settings: settings,
		Anchor: ledger.Anchor{
			Origin: celltest.Origin, LedgerKeys: []string{d.Genesis.Ledger}, Genesis: ledger.Hash(canon.Sum(canon.MustEncode(d.Genesis))),
		},
		Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- opened.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		d.Open() // Shut again with the test
	})
	at, _ := opened.Addresses()
	return &running{d, at, keys}
}

// from is a client at a loopback address, with connections of its own.
func (r *running) from(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	r.T.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: longest}
}

// wire is a submission as it is sent.
func (r *running) wire(s broker.Submission) []byte {
	r.T.Helper()
	type text struct {
		Salt []byte `json:"salt"`
		Text string `json:"text"`
	}
	var notes []text
	for _, n := range s.Notes {
		notes = append(notes, text{n.Salt[:], n.Text})
	}
	body, err := json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []text           `json:"notes,omitempty"`
	}{s.Statement, s.Signature, notes})
	if err != nil {
		r.T.Fatal(err)
	}
	return body
}

// say sends a submission and gives the answer's status and the statement's id.
func (r *running) say(c *http.Client, s broker.Submission) (int, canon.Digest) {
	r.T.Helper()
	resp, err := c.Post("https://"+r.at+"/api/v1/statements", "application/json", bytes.NewReader(r.wire(s)))
	if err != nil {
		r.T.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Digest canon.Digest `json:"digest"`
	}
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode < 400 {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		r.T.Fatal(err)
	}
	return resp.StatusCode, out.Digest
}

// TestT69Crowd: connections are bounded, and a crowd from one address pushes out
// itself: whoever is elsewhere keeps the connection that they have, and whoever
// comes new is let in, also from the crowd's own address.
func TestT69Crowd(t *testing.T) {
	r := run(t, config.Limits{Connections: 8}, nil)
	bob, reused := r.from("127.0.0.2"), false
	watched := func() {
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotConn: func(g httptrace.GotConnInfo) { reused = g.Reused }})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+r.at+"/revocations", nil)
		must(t, err)
		resp, err := bob.Do(req)
		must(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		must(t, resp.Body.Close())
	}
	watched()

	var conns []net.Conn
	for range 60 {
		conn, err := net.Dial("tcp", r.at)
		must(t, err)
		defer conn.Close()
		conns = append(conns, conn)
	}
	for i, conn := range conns {
		stays := i >= len(conns)-7 // beside bob's
		wait := longest
		if stays {
			wait = 50 * time.Millisecond
		}
		must(t, conn.SetReadDeadline(time.Now().Add(wait)))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) != stays {
			t.Fatalf("connection %d: stays %v, reading gives: %v", i, stays, err)
		}
	}
	watched()
	if !reused {
		t.Error("bob's connection was pushed out by another address's crowd")
	}
	if status, _ := r.say(r.from("127.0.0.1"), r.sign("ann", &statement.Session{For: 300})); status != http.StatusCreated {
		t.Errorf("a statement from the crowd's own address: %d", status)
	}

	// And while it goes on.
	var flood sync.WaitGroup
	stop := make(chan struct{})
	flood.Add(1)
	go func() {
		defer flood.Done()
		for {
			select {
			case <-stop:
				return
			default:
			}
			if conn, err := net.Dial("tcp", r.at); err == nil {
				defer conn.Close()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	for range 5 {
		if status, _ := r.say(r.from("127.0.0.3"), r.sign("bob", &statement.Session{For: 300})); status != http.StatusCreated {
			t.Errorf("a statement from elsewhere: %d", status)
		}
	}
	close(stop)
	flood.Wait()
}

// sign is a submission of a person; the checkpoint is one that the cell had
// before the server took over.
func (r *running) sign(person string, body statement.Body) broker.Submission {
	return r.Sign(person, person, body)
}
