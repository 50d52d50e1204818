package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// Bounds of one exchange with the server.
const (
	answerLongest = 75 * time.Second
	answerMost    = 64 << 20
	dialLongest   = 10 * time.Second
	pingAfter     = 20 * time.Second
)

// ErrUnreachable says that the server did not answer.
var ErrUnreachable = errors.New("the server cannot be reached")

// The pauses between tries: doubled each time, up to the longest.
const (
	triesMost    = 8
	pauseFirst   = 250 * time.Millisecond
	pauseLongest = 4 * time.Second
)

// Client speaks to one cell as one person. Its methods may be called
// concurrently.
type Client struct {
	profile Profile
	folder  string // where the last checkpoint and holder keys are kept
	signer  Signer
	http    *http.Client
	now     func() time.Time
	again   func(error) // told of a try that failed, before the next; nil: nobody
	prove   func(context.Context, ledger.Checkpoint) (Proved, error)
	keys    atomic.Pointer[[]ledger.Successor] // that were proved on this machine; never changed in place

	opening sync.Mutex // one session is opened at a time: it may ask the person for a touch

	mu     sync.Mutex // of what follows
	token  string
	until  time.Time
	seen   sight
	seenAt time.Time // when this process checked it; zero: it did not
}

// Open makes a client of a profile and the signer of its person, which may be
// nil for what needs no person. Folder is where the checkpoint that was seen
// last, and the keys of requests, are kept.
func Open(profile Profile, folder string, signer Signer) (*Client, error) {
	if err := profile.check(); err != nil {
		return nil, fmt.Errorf("cannot use the profile: %w", err)
	}
	pin, err := hex.DecodeString(profile.ServerKey)
	if err != nil {
		return nil, fmt.Errorf("cannot use the profile: %w", err)
	}
	c := &Client{profile: profile, folder: folder, signer: signer, now: time.Now, http: pinnedHTTP(pin)}
	if err := c.loadKeys(); err != nil {
		return nil, fmt.Errorf("cannot read the ledger keys that were proved here: %w", err)
	}
	return c, nil
}

// pinnedHTTP speaks to one server key and follows nobody elsewhere.
func pinnedHTTP(pin []byte) *http.Client {
	transport := &http.Transport{
		TLSClientConfig: pinned(pin), TLSHandshakeTimeout: dialLongest, DialContext: (&net.Dialer{Timeout: dialLongest}).DialContext,
		MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, DisableCompression: true,
		ResponseHeaderTimeout: answerLongest, MaxResponseHeaderBytes: 64 << 10,
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: dialLongest}, // a dead connection is noticed
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// pinned trusts one public key, whatever certificate is made over it.
func pinned(pin []byte) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // VerifyConnection checks the pinned key instead of names and authorities
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return ErrServerKey
			}
			sum := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if subtle.ConstantTimeCompare(sum[:], pin) != 1 {
				return ErrServerKey
			}
			return nil
		},
	}
}

// Profile is what the client was opened with.
func (c *Client) Profile() Profile { return c.profile }

// Folder is where the client keeps what it remembers.
func (c *Client) Folder() string { return c.folder }

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get reads what a path of the API answers, with a session that is opened when
// needed. Path begins after /api/v1.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (jsontext.Value, error) {
	address := "/api/v1" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	data, err := c.read(ctx, address)
	return jsontext.Value(data), err
}

// Into is Get into a value; members that it does not have are passed over.
func (c *Client) Into(ctx context.Context, path string, query url.Values, v any) error {
	data, err := c.Get(ctx, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("cannot read the server's answer: %w", err)
	}
	return nil
}

// Post has a path of the API do what needs a session and nothing else, such as ending
// one. Path begins after /api/v1.
func (c *Client) Post(ctx context.Context, path string) (jsontext.Value, error) {
	data, err := c.inSession(ctx, http.MethodPost, "/api/v1"+path)
	return jsontext.Value(data), err
}

// read reads an address with a session.
func (c *Client) read(ctx context.Context, address string) ([]byte, error) {
	return c.inSession(ctx, http.MethodGet, address)
}

// inSession asks with a session; one that the server no longer takes is opened anew,
// once.
func (c *Client) inSession(ctx context.Context, method, address string) ([]byte, error) {
	for try := range 2 {
		token, err := c.session(ctx, try > 0)
		if err != nil {
			return nil, err
		}
		data, err := c.patiently(ctx, func() ([]byte, error) {
			return c.exchange(ctx, ask{method: method, address: address, token: token})
		})
		var no *Problem
		if try == 0 && errors.As(err, &no) && no.Status == http.StatusUnauthorized && no.Reason == ReasonToken {
			continue
		}
		return data, err
	}
	return nil, ErrUnreachable
}

// public reads an address that needs no session.
func (c *Client) public(ctx context.Context, address string) ([]byte, error) {
	return c.patiently(ctx, func() ([]byte, error) { return c.exchange(ctx, ask{method: http.MethodGet, address: address}) })
}

// OnAgain has somebody told of each try that the server did not answer, before
// the next one is made. It is set before the client is used.
func (c *Client) OnAgain(tell func(why error)) { c.again = tell }

// patiently tries again while the server does not answer, or says to wait.
func (c *Client) patiently(ctx context.Context, try func() ([]byte, error)) ([]byte, error) {
	pause := pauseFirst
	for tries := 1; ; tries++ {
		data, err := try()
		var no *Problem
		again := errors.Is(err, ErrUnreachable) || errors.As(err, &no) && no.Temporary()
		if !again || tries == triesMost || ctx.Err() != nil {
			return data, err
		}
		if c.again != nil {
			c.again(err)
		}
		wait := pause
		if no != nil {
			wait = max(wait, no.after)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		case <-time.After(wait):
		}
		pause = min(2*pause, pauseLongest)
	}
}

// ask is one question to the server.
type ask struct {
	method, address string
	token           string // empty: none is needed
	body            []byte
}

// exchange sends one question and reads the whole answer.
func (c *Client) exchange(ctx context.Context, a ask) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLongest)
	defer cancel()
	response, err := c.send(ctx, a)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, answerMost+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(data) > answerMost {
		return nil, fmt.Errorf("cannot read the server's answer: it is over %d bytes", answerMost)
	}
	if response.StatusCode >= 300 {
		return nil, problemOf(response, data)
	}
	return data, nil
}

func (c *Client) send(ctx context.Context, a ask) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, a.method, strings.TrimSuffix(c.profile.URL, "/")+a.address, bytes.NewReader(a.body))
	if err != nil {
		return nil, fmt.Errorf("cannot ask the server: %w", err)
	}
	request.Header.Set("User-Agent", "halligan")
	if a.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := c.http.Do(request)
	switch {
	case errors.Is(err, ErrServerKey):
		return nil, ErrServerKey
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return response, nil
}

// keep writes what is to be remembered below the folder.
func (c *Client) keep(name string, data []byte) error {
	return writeFile(filepath.Join(c.folder, name), data, 0o600)
}

// kept reads it; nil when there is none.
func (c *Client) kept(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(c.folder, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
