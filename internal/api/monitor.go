package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// Monitor is what machines look at: figures (Prometheus), and whether the
// server lives and is ready. It is for a listener of its own on loopback: it
// asks nobody who they are, and names no person, request or target.
type Monitor struct {
	live      *Live
	ledger    Ledger
	witnesses Witnesses
	shown     Certificate

	registry    *prometheus.Registry
	submissions *prometheus.CounterVec
	queue       prometheus.Gauge
	vain        *prometheus.CounterVec
	attempts    *attempts // nil before anybody is served
	appends     *prometheus.HistogramVec
}

// NewMonitor makes one over what Live knows. The ledger is given by Watch once
// the broker is open; before that nothing is ready.
func NewMonitor(live *Live) *Monitor {
	m := &Monitor{
		live: live, registry: prometheus.NewRegistry(),
		submissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "halligan_submissions_total", Help: "Statements sent, by what became of them and, when refused, why.",
		}, []string{"result", "reason"}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "halligan_submissions_waiting", Help: "Statements whose outcome is not durable yet.",
		}),
		vain: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "halligan_attempts_total", Help: "Attempts that came to nothing: forged signatures that name somebody's key, what rules refused to somebody, and strangers.",
		}, []string{"of", "what"}),
		appends: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "halligan_append_seconds", Help: "How long the store took to make a batch durable, by outcome.",
			Buckets: []float64{.0005, .001, .002, .004, .008, .016, .032, .064, .128, .256, .512, 1, 2, 4, 8, 16},
		}, []string{"outcome"}),
	}
	for _, result := range []string{"taken", "again", "malformed", "unknown", "failed"} {
		m.submissions.WithLabelValues(result, "")
	}
	m.registry.MustRegister(m.submissions, m.queue, m.vain, m.appends, present{m})
	return m
}

// attempted makes the memory of attempts, and watches it. A nil Monitor watches
// nothing.
func (m *Monitor) attempted(now func() canon.Time) *attempts {
	if m == nil {
		return newAttempts(now, nil)
	}
	m.attempts = newAttempts(now, m.vain)
	return m.attempts
}

// Certify tells which certificate the server shows. It is called at most once,
// before Handler's first request.
func (m *Monitor) Certify(c Certificate) { m.shown = c }

// Watch tells where the ledger stands, and who knows its witnesses (nil: it has
// none). It is called once, before Handler's first request.
func (m *Monitor) Watch(l Ledger, w Witnesses) { m.ledger, m.witnesses = l, w }

// Timed is a store whose appends are measured. It adds nothing else.
func (m *Monitor) Timed(s broker.Store) broker.Store {
	return &timedStore{Store: s, appends: m.appends}
}

type timedStore struct {
	broker.Store
	appends *prometheus.HistogramVec
}

// Append does what broker.Store says.
func (t *timedStore) Append(ctx context.Context, expected broker.Head, b broker.Batch) error {
	began := time.Now()
	err := t.Store.Append(ctx, expected, b)
	outcome := "durable"
	switch {
	case errors.Is(err, broker.ErrHeadMoved):
		outcome = "head-moved"
	case err != nil:
		outcome = "failed"
	}
	t.appends.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	return err
}

// submitted counts what became of a statement. Reasons are those of the rules:
// a label never holds a stranger's word.
func (m *Monitor) submitted(result, reason string) {
	if m != nil {
		m.submissions.WithLabelValues(result, reason).Inc()
	}
}

// waiting counts one statement under way until it is called back.
func (m *Monitor) waiting() (done func()) {
	if m == nil {
		return func() {}
	}
	m.queue.Inc()
	return m.queue.Dec
}

// Handler serves /metrics, /healthz and /readyz.
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if why := m.unready(); why != "" {
			say(w, http.StatusServiceUnavailable, why)
			return
		}
		say(w, http.StatusOK, m.ready())
	})
	return mux
}

// ready says how well, in words that are for people alone: whoever shows the
// status of this page shows when a certificate ends too.
func (m *Monitor) ready() string {
	if m.shown == nil {
		return "ready"
	}
	return fmt.Sprintf("ready\ncertificate: %d days left", certified(m.shown).Days(m.ledger.Now()))
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // an error means that the reader has gone
}

// unready is why statements are not taken now; empty when they are. An unsealed
// cell is ready: founders must be able to seal it.
func (m *Monitor) unready() string {
	switch {
	case m.ledger == nil || m.live.View() == nil:
		return "the ledger is not loaded yet"
	case m.ledger.Err() != nil:
		return "the broker has stopped; the server's log says why"
	}
	return ""
}

// present collects what is true at the moment of the question.
type present struct{ m *Monitor }

var (
	leasesNow        = prometheus.NewDesc("halligan_leases", "Leases of requests that are not settled, by state.", []string{"state"}, nil)
	requestsNow      = prometheus.NewDesc("halligan_requests", "Requests that wait, live or are closing, by state.", []string{"state"}, nil)
	overdueNow       = prometheus.NewDesc("halligan_closing_overdue", "Leases that should be proved dead by now.", nil, nil)
	unheardNow       = prometheus.NewDesc("halligan_alarms_undelivered", "Alarms that are not delivered, by channel.", []string{"channel"}, nil)
	openFailedNow    = prometheus.NewDesc("halligan_open_failed", "Leases that could not be opened yet.", nil, nil)
	doubtedNow       = prometheus.NewDesc("halligan_clock_doubted", "1 while the clock is in doubt.", nil, nil)
	entriesNow       = prometheus.NewDesc("halligan_ledger_entries", "Entries of the signed ledger.", nil, nil)
	headAge          = prometheus.NewDesc("halligan_ledger_head_age_seconds", "Age of the newest entry, by recorded time.", nil, nil)
	cosignedNow      = prometheus.NewDesc("halligan_ledger_cosigned_entries", "Entries under the newest checkpoint that enough witnesses cosigned.", nil, nil)
	silentNow        = prometheus.NewDesc("halligan_witnesses_silent", "1 while what is written is not cosigned.", nil, nil)
	witnessUp        = prometheus.NewDesc("halligan_witness_up", "1 if the witness cosigned when it was asked last; forked is 1 if it knows another history.", []string{"witness", "forked"}, nil)
	clockAhead       = prometheus.NewDesc("halligan_clock_ahead_seconds", "How far the server's clock was ahead of a witness's when that cosigned last; below zero: behind.", []string{"witness"}, nil)
	attemptsMany     = prometheus.NewDesc("halligan_attempts_often", "People and networks of whom so much was tried in vain lately that it is a finding.", []string{"of"}, nil)
	attemptsMost     = prometheus.NewDesc("halligan_attempts_most", "The most that was tried in vain lately of one person, and from one network.", []string{"of"}, nil)
	certificateDays  = prometheus.NewDesc("halligan_certificate_days", "Days until the certificate that the server shows is over; below zero: since.", nil, nil)
	certificateWrong = prometheus.NewDesc("halligan_certificate_refused", "1 while newer files are not shown because something is wrong with them.", nil, nil)
	brokerUp         = prometheus.NewDesc("halligan_broker_up", "1 while statements are taken.", nil, nil)
)

// Describe does what prometheus.Collector says.
func (p present) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{leasesNow, requestsNow, overdueNow, unheardNow, openFailedNow, doubtedNow, entriesNow, headAge, cosignedNow, silentNow, witnessUp, clockAhead, brokerUp, certificateDays, certificateWrong, attemptsMany, attemptsMost} {
		to <- d
	}
}

// Collect does what prometheus.Collector says.
func (p present) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if p.m.unready() != "" {
		gauge(brokerUp, 0)
		return
	}
	gauge(brokerUp, 1)
	gauge(entriesNow, float64(p.m.ledger.Head().Size))
	cell, at := p.m.live.View(), view.Instant{Now: p.m.ledger.Now()}
	if newest := p.m.live.Newest(); !newest.IsZero() {
		gauge(headAge, max(0, at.Now.Sub(newest).Seconds()))
	}
	g := cell.Gauges(at)
	gauge(overdueNow, float64(g.Overdue))
	gauge(openFailedNow, float64(g.Failing))
	gauge(doubtedNow, yes(g.Doubted))
	p.witnesses(gauge, g.Uncosigned)
	p.certificate(gauge)
	p.attempts(gauge)
	for state, count := range g.Leases {
		if state != access.LeaseClosed {
			gauge(leasesNow, float64(count), string(state))
		}
	}
	for _, state := range []access.State{access.Pending, access.Granted} {
		gauge(requestsNow, float64(g.Requests[state]), string(state))
	}
	for channel, count := range p.m.live.Undelivered() {
		gauge(unheardNow, float64(count), channel)
	}
}

func yes(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// attempts tells of how many people and networks too much was tried.
func (p present) attempts(gauge func(*prometheus.Desc, float64, ...string)) {
	if p.m.attempts == nil {
		return
	}
	many, most := p.m.attempts.watched()
	for of, count := range many {
		gauge(attemptsMany, float64(count), of)
		gauge(attemptsMost, float64(most[of]), of)
	}
}

// certificate tells how long the server's certificate lasts.
func (p present) certificate(gauge func(*prometheus.Desc, float64, ...string)) {
	if p.m.shown == nil {
		return
	}
	wrong := 0.0
	if p.m.shown.Trouble() != "" {
		wrong = 1
	}
	gauge(certificateDays, p.m.shown.Ends().Sub(p.m.ledger.Now().Std()).Hours()/24)
	gauge(certificateWrong, wrong)
}

// witnesses tells how far the ledger is cosigned; nothing where nobody cosigns.
func (p present) witnesses(gauge func(*prometheus.Desc, float64, ...string), uncosigned bool) {
	if p.m.witnesses == nil {
		return
	}
	size, _ := p.m.witnesses.Newest()
	gauge(cosignedNow, float64(size))
	gauge(silentNow, yes(uncosigned))
	for name, trouble := range p.m.witnesses.Troubles() {
		up, forked := 0.0, "0"
		if trouble == "" {
			up = 1
		}
		if trouble == "forked" {
			forked = "1"
		}
		gauge(witnessUp, up, name, forked)
	}
	for name, ahead := range p.m.witnesses.Clocks() {
		gauge(clockAhead, ahead.Seconds(), name)
	}
}
