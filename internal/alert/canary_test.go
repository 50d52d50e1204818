package alert_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/alert"
)

// T61: the signing secret and the secret parts of an address occur in nothing
// that can be printed, whatever goes wrong.
func TestSecretsOccurNowhere(t *testing.T) {
	key := []byte("canary-key-0123456789-0123456789")
	const path, query = "canary-path", "canary-query"
	forms := []string{path, query, string(key), hex.EncodeToString(key), base64.StdEncoding.EncodeToString(key),
		strings.Trim(fmt.Sprint(key), "[]"), strings.TrimSuffix(fmt.Sprintf("%#v", key)[len("[]byte{"):], "}")}
	clean := func(name, text string) {
		t.Helper()
		if text == "" {
			t.Errorf("%s: printed nothing", name)
		}
		for _, form := range forms {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				t.Errorf("%s: %q holds %q", name, text, form)
			}
		}
	}
	var seen bool
	reply, fault := 503, error(nil)
	w, err := alert.NewWebhook("pager", "https://hooks.example.com/"+path+"?t="+query, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.SetRoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = strings.Contains(r.URL.String(), path) && strings.Contains(r.URL.String(), query)
		if fault != nil {
			return nil, fault
		}
		said := http.Header{"Location": {r.URL.String()}, "Retry-After": {path}}
		return &http.Response{StatusCode: reply, Status: "599 " + path, Header: said, Body: http.NoBody, Request: r}, nil
	}))
	printed(clean, "webhook", w)
	if got := fmt.Sprintf("%v %#v", w, w); got != "webhook pager (https://hooks.example.com) webhook pager (https://hooks.example.com)" {
		t.Errorf("a webhook prints as %s", got)
	}
	printed(clean, "fields", struct {
		Exported *alert.Webhook
		hidden   *alert.Webhook
		value    alert.Webhook
	}{w, w, *w})

	told := errors.New("cannot: " + path + " " + query + " " + string(key))
	for _, reply = range []int{200, 302, 404, 429, 503} {
		printed(clean, fmt.Sprint(reply), outcome(t, w, reply == 200))
	}
	for _, fault = range []error{
		told, context.DeadlineExceeded, &net.DNSError{Err: path, Name: query}, &net.OpError{Op: "dial", Err: told},
		&tls.CertificateVerificationError{Err: told}, &url.Error{Op: "Post", URL: path, Err: told},
	} {
		printed(clean, fmt.Sprintf("%T", fault), outcome(t, w, false))
	}
	if !seen {
		t.Error("the address was not used: this test proves nothing")
	}
}

// inHand is what a caller holds of an attempt.
type inHand struct {
	Message alert.Message
	Receipt alert.Receipt
	Err     error
}

// outcome is what a caller has in hand after an attempt.
func outcome(t *testing.T, w *alert.Webhook, delivered bool) inHand {
	t.Helper()
	m := sample()
	receipt, err := w.Send(t.Context(), m)
	if (err == nil) != delivered {
		t.Errorf("Send = %+v, %v", receipt, err)
	}
	return inHand{Message: m, Receipt: receipt, Err: err}
}

// printed shows v in each way that a program prints.
func printed(clean func(name, text string), name string, v any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		clean(name+" "+verb, fmt.Sprintf(verb, v))
	}
	if o, ok := v.(inHand); ok {
		for err := o.Err; err != nil; err = errors.Unwrap(err) {
			clean(name+" error", err.Error())
			clean(name+" error %#v", fmt.Sprintf("%#v", err))
		}
	}
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("x", "v", v)
	clean(name+" slog text", text.String())
	clean(name+" slog json", structured.String())
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte(err.Error())
	}
	clean(name+" json", string(data))
}
