package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Deadline bounds one attempt, from the name look-up to the answer's end.
const Deadline = 5 * time.Second

const (
	answerLimit = 16 << 10 // bytes of the answer's headers, and of its body, that are read
	drainFor    = 250 * time.Millisecond
	idleFor     = 90 * time.Second
	urlLimit    = 2048
)

// Receipt says that a receiver answered 2xx: a webhook, a mail server that took the
// mail for everybody it is for, or SNS, which gave the message an id.
type Receipt struct {
	Status int
	At     time.Time // when the answer came
}

// MaxWait is the most that a Retry-After counts for.
const MaxWait = 5 * time.Minute

// idleMost is how many connections to one receiver are kept.
const idleMost = 4

// Webhook is one channel: an address and the secret that it knows us by. It is
// safe for concurrent use, and prints without its secrets.
//
// The secret and the address live in closures: whatever walks over values (fmt,
// a debugger's dump, a comparison in a test) finds functions there.
type Webhook struct {
	channel  string
	endpoint string // scheme and host
	deadline time.Duration
	client   *http.Client
	sign     func(id, timestamp string, payload []byte) string
	request  func(ctx context.Context, payload []byte) (*http.Request, error)
}

// NewWebhook makes the channel of that id. The address is an https URL without
// user and fragment, or http where its host is localhost or a loopback address;
// the secret has 24 to 64 bytes. Client may be nil; its TLS configuration and a
// Timeout shorter than Deadline are heeded, and nothing else of it. No error
// quotes the address or the secret.
func NewWebhook(channel, address string, secret []byte, client *http.Client) (*Webhook, error) {
	if err := canon.CheckID(channel); err != nil {
		return nil, fmt.Errorf("cannot make a channel: %w", err)
	}
	fail := func(err error) (*Webhook, error) { return nil, fmt.Errorf("channel %s: %w", channel, err) }
	if !fits(secret) {
		return fail(ErrSecret)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || len(address) > urlLimit || u.Scheme != "http" && u.Scheme != "https":
		return fail(errors.New("cannot use this address: want an https URL")) // url's error would quote it
	case u.User != nil || u.Fragment != "":
		return fail(errors.New("cannot use an address with user or fragment: receivers know us by the signature"))
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fail(errors.New("cannot use http but for this machine itself: want https"))
	}
	t, err := transport(client, isLoopback(u.Hostname()))
	if err != nil {
		return fail(err)
	}
	w := &Webhook{channel: channel, endpoint: u.Scheme + "://" + u.Host, deadline: Deadline}
	if client != nil && client.Timeout > 0 {
		w.deadline = min(client.Timeout, Deadline)
	}
	w.client = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the 3xx is the answer, and a failure
	}}
	key := slices.Clone(secret)
	w.sign = func(id, timestamp string, payload []byte) string { return sign(key, id, timestamp, payload) }
	w.request = func(ctx context.Context, payload []byte) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(payload))
	}
	return w, nil
}

// Channel is the id of the channel.
func (w *Webhook) Channel() string { return w.channel }

// Endpoint is scheme and host of the address: what may be shown of it.
func (w *Webhook) Endpoint() string { return w.endpoint }

// Close lets go of idle connections. The channel can be used further.
func (w *Webhook) Close() { w.client.CloseIdleConnections() }

// Send makes one attempt within Deadline. An answer of 2xx is a receipt;
// everything else is an *Undelivered. A failed attempt may yet have arrived: the
// alarm is sent again under the same id.
func (w *Webhook) Send(ctx context.Context, m Message) (Receipt, error) {
	body, err := m.Encode()
	if err != nil {
		return Receipt{}, w.undelivered(Malformed)
	}
	attempt, cancel := context.WithTimeout(ctx, w.deadline)
	defer cancel()
	request, err := w.request(attempt, body)
	if err != nil {
		return Receipt{}, w.undelivered(Malformed)
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	request.Header = http.Header{
		"Content-Type":  {"application/json"},
		"User-Agent":    {"halligan"},
		HeaderID:        {m.ID},
		HeaderTimestamp: {timestamp},
		HeaderSignature: {w.sign(m.ID, timestamp, body)},
	}
	response, err := w.client.Do(request)
	if err != nil {
		return Receipt{}, w.undelivered(classify(ctx, attempt, err)) // err quotes the address: it ends here
	}
	defer response.Body.Close()
	now := time.Now()
	// Read a little for a little while, so that the connection can serve again;
	// what it says or whether it ends does not matter: the status is the answer.
	defer time.AfterFunc(drainFor, cancel).Stop()
	_, _ = io.CopyN(io.Discard, response.Body, answerLimit)
	if response.StatusCode/100 == 2 {
		return Receipt{Status: response.StatusCode, At: now}, nil
	}
	return Receipt{}, w.answered(response, now)
}

// String names the channel without its secrets.
func (w *Webhook) String() string { return fmt.Sprintf("webhook %s (%s)", w.channel, w.endpoint) }

// Format prints String whatever the verb.
func (w *Webhook) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, w.String()) }

// LogValue is String.
func (w *Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }
