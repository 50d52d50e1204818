package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/halligan-dev/halligan/internal/revocation"
)

const (
	requestTime = 5 * time.Second // whole request, each server
	maxAnswer   = 4 << 10         // of an answer to a report, which is dropped
)

var (
	errPin       = errors.New("server's key is not the pinned one")
	errUnchanged = errors.New("server has nothing newer")
)

// client speaks to the cell's servers, in order, until one answers. It follows
// no redirects, uses no proxy settings of the environment, and reads no more
// than a list can be.
type client struct {
	http    *http.Client
	servers []string
	// tag names the list that was installed last and the server that gave it;
	// only such a list may be answered by "not modified".
	tag, tagged string
}

func newClient(c *Config) *client {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if pin := c.pin; pin != nil {
		// The pin takes the place of name and chain: a local certificate has no
		// chain, and the key is what the operator compared.
		conf.InsecureSkipVerify = true
		conf.VerifyConnection = func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if subtle.ConstantTimeCompare(sum[:], pin) != 1 {
				return errPin
			}
			return nil
		}
	}
	return &client{
		servers: c.Servers,
		http: &http.Client{
			Timeout:       requestTime,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				TLSClientConfig:        conf,
				TLSHandshakeTimeout:    requestTime,
				ResponseHeaderTimeout:  requestTime,
				MaxResponseHeaderBytes: 64 << 10,
				MaxIdleConnsPerHost:    1,
				IdleConnTimeout:        90 * time.Second,
				ForceAttemptHTTP2:      true,
			},
		},
	}
}

// fetched is an answer to a fetch; taken says that it was installed.
type fetched struct {
	data        []byte
	tag, server string
}

func (c *client) taken(f fetched) { c.tag, c.tagged = f.tag, f.server }

// fetch returns the signed list of the first server that has one, or
// errUnchanged if that server still has the one taken before.
func (c *client) fetch(ctx context.Context) (fetched, error) {
	var errs []error
	for _, server := range c.servers {
		f, err := c.fetchFrom(ctx, server)
		if err == nil || errors.Is(err, errUnchanged) {
			return f, err
		}
		errs = append(errs, err)
	}
	return fetched{}, fmt.Errorf("cannot fetch the revocation list: %w", errors.Join(errs...))
}

func (c *client) fetchFrom(ctx context.Context, server string) (fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/revocations", nil)
	if err != nil {
		return fetched{}, err
	}
	conditional := c.tag != "" && c.tagged == server
	if conditional {
		req.Header.Set("If-None-Match", c.tag)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fetched{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && conditional {
		return fetched{}, errUnchanged
	}
	if resp.StatusCode != http.StatusOK {
		return fetched{}, fmt.Errorf("%s answers %s", server, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, revocation.MaxNote+1))
	if err != nil {
		return fetched{}, err
	}
	if len(data) > revocation.MaxNote {
		return fetched{}, fmt.Errorf("%s sends over %d bytes", server, revocation.MaxNote)
	}
	return fetched{data, resp.Header.Get("ETag"), server}, nil
}

// post sends a report to the first server that takes it.
func (c *client) post(ctx context.Context, body []byte) error {
	var errs []error
	for _, server := range c.servers {
		err := c.postTo(ctx, server, body)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("cannot send the report: %w", errors.Join(errs...))
}

func (c *client) postTo(ctx context.Context, server string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/api/v1/hosts/report", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s answers %s", server, resp.Status)
	}
	return nil
}
