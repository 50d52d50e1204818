package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// ending is a certificate that ends, and what is wrong with a newer one.
type ending struct {
	in      time.Duration
	trouble string
}

func (e *ending) Ends() time.Time { return time.Now().Add(e.in) }
func (e *ending) Trouble() string { return e.trouble }

// TestCertificateIsWatched: how long the server's certificate lasts is told to
// machines always, and to people when it is under two weeks or something is wrong.
func TestCertificateIsWatched(t *testing.T) {
	shown := &ending{in: 40*24*time.Hour + time.Hour}
	h := open(t, func(h *house) { h.shown = shown })
	watch := httptest.NewServer(h.monitor.Handler())
	defer watch.Close()
	machine := func(path string) string {
		t.Helper()
		resp, err := http.Get(watch.URL + path)
		must(t, err)
		defer resp.Body.Close()
		same(t, path, resp.StatusCode, http.StatusOK)
		data, err := io.ReadAll(resp.Body)
		must(t, err)
		return string(data)
	}
	people := func() (findings, now string) {
		return string(h.get("ann", "/api/v1/findings").Body), string(h.get("ann", "/api/v1/now").Body)
	}
	contains(t, "metrics", machine("/metrics"), "\nhalligan_certificate_days 40.")
	contains(t, "metrics", machine("/metrics"), "\nhalligan_certificate_refused 0")
	same(t, "ready", machine("/readyz"), "ready\ncertificate: 40 days left\n")
	findings, now := people()
	if strings.Contains(findings+now, "certificate") {
		t.Errorf("told of a good certificate: %s %s", findings, now)
	}

	for _, c := range []struct {
		is                     ending
		metric, finding, noted string
	}{
		{ending{in: 13*24*time.Hour + time.Hour}, "_days 13.", "The server's certificate ends in 13 days, at ", "the server's certificate ends in 13 days"},
		{ending{in: 25 * time.Hour, trouble: "it is over another key"}, "_refused 1", "ends in 1 day, at ", "a newer certificate is not shown; this one ends in 1 day"},
		{ending{in: 100 * 24 * time.Hour, trouble: "it is over another key"}, "_refused 1", "A newer one is not shown: it is over another key.", "a newer certificate is not shown"},
		{ending{in: -25 * time.Hour}, "_days -1.", "The server's certificate is over: browsers refuse it", "the server's certificate is over"},
	} {
		*shown = c.is
		contains(t, "metrics", machine("/metrics"), "\nhalligan_certificate"+c.metric)
		findings, now := people()
		contains(t, "findings", findings, `"kind":"certificate"`)
		contains(t, "findings", findings, c.finding)
		contains(t, "now", now, c.noted)
	}
	contains(t, "ready", machine("/readyz"), "certificate: -2 days left") // ready it is all the same
}
