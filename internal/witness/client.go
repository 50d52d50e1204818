package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Deadline bounds one offer to one witness, from the name look-up to the end of
// the answer.
const Deadline = 5 * time.Second

// ErrAnswer says that a witness answered what tlog-witness does not foresee.
var ErrAnswer = errors.New("the witness answered something else than a cosignature")

// Client offers checkpoints to one witness. It may be used concurrently.
type Client struct {
	name    string
	address string
	http    *http.Client
}

// NewClient makes the client of a witness: the name in its key, and its submission
// prefix, an https URL, or http where the host is this machine itself. What a
// witness answers is signed, so that TLS guards nothing but the way there.
func NewClient(name, prefix string) (*Client, error) {
	if err := CheckPrefix(prefix); err != nil {
		return nil, fmt.Errorf("cannot use the address of %s: %w", name, err)
	}
	transport := &http.Transport{
		DialContext: (&net.Dialer{Timeout: Deadline}).DialContext, TLSHandshakeTimeout: Deadline, ForceAttemptHTTP2: true,
		ResponseHeaderTimeout: Deadline, MaxResponseHeaderBytes: replyLimit, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second,
	}
	return &Client{
		name: name, address: strings.TrimSuffix(prefix, "/") + Path,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// CheckPrefix tells what is wrong with a witness's submission prefix.
func CheckPrefix(prefix string) error {
	u, err := url.Parse(prefix)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("it is not an https URL")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("it has a user, a query or a fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("it is http, which is taken for this machine itself only")
	}
	return nil
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// Name is the witness's name.
func (c *Client) Name() string { return c.name }

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Add offers a checkpoint once and gives the signature lines that the witness
// answered; nothing of them was checked. Its errors: *Stale, ErrUnknownLog,
// ErrSignature, ErrMalformed, ErrProof, ErrAnswer, or that of the connection. An
// offer that failed may have been cosigned all the same; offering again is safe.
func (c *Client) Add(ctx context.Context, o Offer) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(o.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "halligan")
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit+1))
	if err != nil {
		return nil, err
	}
	if len(body) > replyLimit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrAnswer, replyLimit)
	}
	return answered(response, o, body)
}

// answered reads what a witness answered.
func answered(response *http.Response, o Offer, body []byte) ([]byte, error) {
	switch response.StatusCode {
	case http.StatusOK:
		return body, nil
	case http.StatusConflict:
		text, ended := strings.CutSuffix(string(body), "\n")
		size, err := decodeSize(text)
		if !ended || err != nil || response.Header.Get("Content-Type") != StaleType {
			return nil, fmt.Errorf("%w: 409 without a size", ErrAnswer)
		}
		return nil, &Stale{Size: size, Fork: size == o.Old}
	case http.StatusNotFound:
		return nil, ErrUnknownLog
	case http.StatusForbidden:
		return nil, ErrSignature
	case http.StatusBadRequest:
		return nil, ErrMalformed
	case http.StatusUnprocessableEntity:
		return nil, ErrProof
	}
	return nil, fmt.Errorf("%w: %s", ErrAnswer, response.Status)
}
