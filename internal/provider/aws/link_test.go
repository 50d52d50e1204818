package aws_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

func (w *world) consoleSession() access.Session {
	s := w.session("00112233445566ff", 1, 30*time.Minute)
	s.Duration = 0
	return s
}

// TestLink: the link signs a browser in as the session that was authorised. Neither
// call names a duration: AWS refuses one of a session that a role began.
func TestLink(t *testing.T) {
	w := newWorld(t)
	s := w.consoleSession()
	m, err := w.aws.Mint(t.Context(), s, w.recipient())
	if err != nil {
		t.Fatal(err)
	}
	text := w.open(t, m)
	var link struct{ Version, SignInURL, Opens, Expiration any }
	if err := json.Unmarshal([]byte(text), &link); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "secret-of-") || strings.Contains(text, "session-token-of-") || link.Opens != "2026-03-04T12:15:00Z" || link.Expiration != "2026-03-04T12:30:00Z" {
		t.Errorf("the holder got %s", text)
	}
	for _, call := range w.double.Calls() {
		if strings.Contains(call.Body, "Duration") {
			t.Errorf("%s names a duration", call.Action)
		}
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(link.SignInURL.(string))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusFound || answer.Header.Get("Location") != "https://console.aws.amazon.com/" ||
		!strings.Contains(answer.Header.Get("Set-Cookie"), url.QueryEscape("assumed-role/EmergencyDatabase/"+s.Name)) {
		t.Errorf("the browser gets %d, %v", answer.StatusCode, answer.Header)
	}
}

// TestLinkHidesTheSession: the keys are in the URL that the federation endpoint is
// asked by, and in no error.
func TestLinkHidesTheSession(t *testing.T) {
	for _, how := range []awstest.How{awstest.Down, awstest.Lost, "AccessDenied"} {
		w := newWorld(t)
		w.double.Break(awstest.Fault{Kind: "signin", How: how})
		_, err := w.aws.Mint(t.Context(), w.consoleSession(), w.recipient())
		if want := map[bool]error{true: provider.ErrRefused, false: provider.ErrUnreachable}[how == "AccessDenied"]; !errors.Is(err, want) {
			t.Errorf("%s: %v", how, err)
		}
		w.hides(t, err)
	}
	w := newWorld(t)
	w.double.Break(awstest.Fault{Kind: "signin", Region: "eu-west-1", How: awstest.Down})
	if _, err := w.aws.Mint(t.Context(), w.consoleSession(), w.recipient()); err != nil {
		t.Errorf("with one region down: %v", err)
	}
}
