package alert_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/alert"
)

// BenchmarkSend is the sender's part of B10: alarms against bare POSTs of the
// same bytes to the same receiver on loopback, in turn. It reports the ratios
// of medians and of the 99th parts.
func BenchmarkSend(b *testing.B) {
	receiver := receive(b)
	w, m := channel(b, receiver.URL, nil), sample()
	body, err := m.Encode()
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	b.Cleanup(client.CloseIdleConnections)
	var alarms, bare []time.Duration
	for b.Loop() {
		start := time.Now()
		post(b, client, receiver.URL, body)
		between := time.Now()
		if _, err := w.Send(b.Context(), m); err != nil {
			b.Fatal(err)
		}
		alarms, bare = append(alarms, time.Since(between)), append(bare, between.Sub(start))
	}
	ratios(b, alarms, bare)
}

func BenchmarkVerify(b *testing.B) {
	m := sample()
	body, err := m.Encode()
	if err != nil {
		b.Fatal(err)
	}
	header := headers(m.ID, "1795316820", alert.Sign(secret, m.ID, night, body))
	for b.Loop() {
		if err := alert.Verify(secret, header, body, night); err != nil {
			b.Fatal(err)
		}
	}
}

func receive(b *testing.B) *httptest.Server {
	return serve(b, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
}

func post(b *testing.B, client *http.Client, address string, body []byte) {
	response, err := client.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
}

func ratios(b *testing.B, alarms, bare []time.Duration) {
	slices.Sort(alarms)
	slices.Sort(bare)
	half, most := len(bare)/2, len(bare)*99/100
	b.ReportMetric(float64(alarms[half])/float64(bare[half]), "x-p50")
	b.ReportMetric(float64(alarms[most])/float64(bare[most]), "x-p99")
	b.ReportMetric(float64(alarms[most]), "ns-p99")
}
