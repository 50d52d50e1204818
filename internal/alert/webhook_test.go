package alert_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/alert"
)

var secret = []byte("a secret of thirty-two bytes----")

// channel makes a webhook and lets go of its connections before the server ends.
func channel(t testing.TB, address string, client *http.Client) *alert.Webhook {
	t.Helper()
	w, err := alert.NewWebhook("pager", address, secret, client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// serve starts a receiver on loopback.
func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// undelivered sends, and wants it to fail.
func undelivered(t *testing.T, ctx context.Context, w *alert.Webhook) *alert.Undelivered {
	t.Helper()
	receipt, err := w.Send(ctx, sample())
	var u *alert.Undelivered
	if !errors.As(err, &u) {
		t.Fatalf("Send = %+v, %v; want *Undelivered", receipt, err)
	}
	if receipt != (alert.Receipt{}) {
		t.Errorf("a receipt for what was not delivered: %+v", receipt)
	}
	if u.Channel != "pager" || u.Endpoint != w.Endpoint() {
		t.Errorf("names %s at %s", u.Channel, u.Endpoint)
	}
	return u
}

func TestSendIsASignedPost(t *testing.T) {
	var got alert.Message
	var heard atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		heard.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if err := alert.Verify(secret, r.Header, body, time.Now()); err != nil {
			t.Error(err)
		}
		if got, err = alert.Decode(r.Header.Get("webhook-id"), body); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.URL.RequestURI() != "/hooks/T0?x=1" || r.Header.Get("Content-Type") != "application/json" ||
			r.ContentLength != int64(len(body)) {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	w := channel(t, server.URL+"/hooks/T0?x=1", nil)
	before := time.Now()
	receipt, err := w.Send(t.Context(), sample())
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Status != http.StatusAccepted || receipt.At.Before(before) || receipt.At.After(time.Now()) {
		t.Errorf("receipt %+v", receipt)
	}
	if diff := cmp.Diff(sample(), got); diff != "" {
		t.Error(diff)
	}
	if n := heard.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it hears of our refusal
	server.StartTLS()
	t.Cleanup(server.Close)
	if receipt, err := channel(t, server.URL, server.Client()).Send(t.Context(), sample()); err != nil || receipt.Status != 200 {
		t.Errorf("with its authority: %+v, %v", receipt, err)
	}
	if u := undelivered(t, t.Context(), channel(t, server.URL, nil)); u.Class != alert.Untrusted || u.Permanent {
		t.Errorf("with an unknown authority: %+v", u)
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("heard in the clear") })
	plain.Config.ErrorLog = log.New(io.Discard, "", 0)
	if u := undelivered(t, t.Context(), channel(t, strings.Replace(plain.URL, "http", "https", 1), nil)); u.Class != alert.Untrusted {
		t.Errorf("without TLS: %+v", u)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	for _, c := range []struct {
		status    int
		after     string
		permanent bool
		want      time.Duration
	}{
		{status: 400, permanent: true},
		{status: 401, permanent: true},
		{status: 403, permanent: true},
		{status: 404, permanent: true},
		{status: 410, permanent: true},
		{status: 410, after: "9", permanent: true},
		{status: 408},
		{status: 425},
		{status: 429},
		{status: 429, after: "17", want: 17 * time.Second},
		{status: 429, after: "0"},
		{status: 429, after: "-1"},
		{status: 429, after: "soon"},
		{status: 429, after: "86400", want: alert.MaxWait},
		{status: 429, after: "18446744073709551615", want: alert.MaxWait},
		{status: 429, after: "99999999999999999999999"},
		{status: 500},
		{status: 502},
		{status: 503, after: "3", want: 3 * time.Second},
		{status: 503, after: "Fri, 31 Dec 2999 23:59:59 GMT", want: alert.MaxWait},
		{status: 503, after: "Sun, 06 Nov 1994 08:49:37 GMT"},
		{status: 504},
		{status: 599},
		{status: 999},
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.after != "" {
				w.Header().Set("Retry-After", c.after)
			}
			w.WriteHeader(c.status)
		})
		got := undelivered(t, t.Context(), channel(t, server.URL, nil))
		want := &alert.Undelivered{Channel: "pager", Endpoint: server.URL, Class: alert.Answered,
			Permanent: c.permanent, Status: c.status, RetryAfter: c.want}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d %q: %s", c.status, c.after, diff)
		}
	}
}

func TestRetryAfterAsDateCountsFromNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := channel(t, "https://hooks.example.com", nil)
		w.SetRoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
			at := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
			return &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {at}}, Body: http.NoBody, Request: r}, nil
		}))
		if u := undelivered(t, t.Context(), w); u.RetryAfter != 90*time.Second {
			t.Errorf("%+v", u)
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		u := undelivered(t, t.Context(), channel(t, server.URL, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}))
		if u.Class != alert.Redirected || !u.Permanent || u.Status != status {
			t.Errorf("%d: %+v", status, u)
		}
	}
}

// endless is an answer without end that counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (e *endless) Close() error               { return nil }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestLittleOfAnAnswerIsRead(t *testing.T) {
	w, body := channel(t, "https://hooks.example.com", nil), &endless{}
	w.SetRoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: body, Request: r}, nil
	}))
	if receipt, err := w.Send(t.Context(), sample()); err != nil || receipt.Status != 200 {
		t.Errorf("%+v, %v", receipt, err)
	}
	if body.read == 0 || body.read > alert.AnswerLimit {
		t.Errorf("%d bytes were read, at most %d are due", body.read, alert.AnswerLimit)
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", 4*alert.AnswerLimit))
	})
	if u := undelivered(t, t.Context(), channel(t, server.URL, nil)); u.Class != alert.Broken {
		t.Errorf("%+v", u)
	}
}

// held is a body of which nothing comes until the request is given up.
type held struct{ request context.Context }

func (h held) Read([]byte) (int, error) { <-h.request.Done(); return 0, h.request.Err() }
func (h held) Close() error             { return nil }

// The status is the answer: a body that never ends must not hold the receipt.
func TestAHangingBodyDoesNotHoldTheReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := channel(t, "https://hooks.example.com", nil)
		w.SetRoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: held{r.Context()}, Request: r}, nil
		}))
		start := time.Now()
		receipt, err := w.Send(t.Context(), sample())
		if err != nil || receipt.Status != 200 || !receipt.At.Equal(start) {
			t.Errorf("%+v, %v", receipt, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// hung answers nothing until the sender lets go. Reading the body lets the
// server notice that.
func hung(started func()) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		started()
		<-r.Context().Done()
	}
}

func TestAHungReceiverTimesOut(t *testing.T) {
	server := serve(t, hung(func() {}))
	u := undelivered(t, t.Context(), channel(t, server.URL, &http.Client{Timeout: 20 * time.Millisecond}))
	if u.Class != alert.TimedOut || u.Permanent || u.Status != 0 {
		t.Errorf("%+v", u)
	}
}

func TestTheDeadlineIsFiveSeconds(t *testing.T) {
	for _, given := range []time.Duration{0, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w := channel(t, "https://hooks.example.com", &http.Client{Timeout: given})
			w.SetRoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}))
			start := time.Now()
			u := undelivered(t, t.Context(), w)
			if took := time.Since(start); took != 5*time.Second || u.Class != alert.TimedOut {
				t.Errorf("%v: %+v after %v", given, u, took)
			}
		})
	}
}

func TestTheCallerCanInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, hung(cancel))
	if u := undelivered(t, ctx, channel(t, server.URL, nil)); u.Class != alert.Interrupted || u.Permanent {
		t.Errorf("%+v", u)
	}
}

// nobodyAt is the address of a place that is taken, where nobody listens.
func nobodyAt(t *testing.T) string {
	t.Helper()
	place, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(place) })
	if err := syscall.Bind(place, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(place)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

func TestConnectionFaultsAreTemporary(t *testing.T) {
	if u := undelivered(t, t.Context(), channel(t, nobodyAt(t), nil)); u.Class != alert.Unreachable || u.Permanent {
		t.Errorf("nobody listens: %+v", u)
	}
	rude := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})
	if u := undelivered(t, t.Context(), channel(t, rude.URL, nil)); u.Class != alert.Broken || u.Permanent {
		t.Errorf("cut off: %+v", u)
	}
	w := channel(t, "https://hooks.example.com", nil)
	w.SetRoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: r.Host, IsNotFound: true}}
	}))
	if u := undelivered(t, t.Context(), w); u.Class != alert.Unresolved || u.Permanent {
		t.Errorf("no such name: %+v", u)
	}
}

func TestAMalformedMessageIsNotSent(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	m := sample()
	m.ID = "a.b"
	var u *alert.Undelivered
	if _, err := channel(t, server.URL, nil).Send(t.Context(), m); !errors.As(err, &u) || u.Class != alert.Malformed || !u.Permanent {
		t.Errorf("%v", err)
	}
}

func TestNewWebhookRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		channel, address string
		secret           []byte
		client           *http.Client
	}{
		"channel":     {"Pager 1", "https://hooks.example.com/canary", secret, nil},
		"secret":      {"pager", "https://hooks.example.com/canary", secret[:23], nil},
		"http":        {"pager", "http://hooks.example.com/canary", secret, nil},
		"http to lan": {"pager", "http://10.0.0.1/canary", secret, nil},
		"scheme":      {"pager", "ftp://hooks.example.com/canary", secret, nil},
		"no scheme":   {"pager", "hooks.example.com/canary", secret, nil},
		"no host":     {"pager", "https:///canary", secret, nil},
		"port alone":  {"pager", "https://:443/canary", secret, nil},
		"user":        {"pager", "https://ann:canary@hooks.example.com/", secret, nil},
		"fragment":    {"pager", "https://hooks.example.com/#canary", secret, nil},
		"control":     {"pager", "https://hooks.example.com/canary\n", secret, nil},
		"bad escape":  {"pager", "https://hooks.example.com/canary%zz", secret, nil},
		"bad port":    {"pager", "https://hooks.example.com:canary/", secret, nil},
		"long":        {"pager", "https://hooks.example.com/canary" + strings.Repeat("a", 2048), secret, nil},
		"empty":       {"pager", "", secret, nil},
		"transport": {"pager", "https://hooks.example.com/canary", secret,
			&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil })}},
		"unverified": {"pager", "https://hooks.example.com/canary", secret, unverified()},
	} {
		w, err := alert.NewWebhook(c.channel, c.address, c.secret, c.client)
		if err == nil || w != nil {
			t.Errorf("%s: accepted as %v", name, w)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error quotes the address: %v", name, err)
		}
	}
	for _, address := range []string{"http://localhost:1/a", "http://127.9.9.9/", "http://[::1]:80", "https://hooks.example.com"} {
		if _, err := alert.NewWebhook("pager", address, secret, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A client may bring an authority and nothing that reaches around the guard.
func TestOfAClientOnlyTLSAndTimeoutAreTaken(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Error("cookies were sent")
		}
	})
	reached := func() error { t.Error("the client's own way was taken"); return errors.New("around the guard") }
	client := &http.Client{Jar: jar{}, Transport: &http.Transport{
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, reached() },
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, reached() },
	}}
	if _, err := channel(t, server.URL, client).Send(t.Context(), sample()); err != nil {
		t.Error(err)
	}
}

type jar struct{}

func (jar) SetCookies(*url.URL, []*http.Cookie) {}
func (jar) Cookies(*url.URL) []*http.Cookie     { return []*http.Cookie{{Name: "a", Value: "b"}} }
