package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// reported is the body of a host's report.
type reported struct {
	Report    jsontext.Value `json:"report"` // the bytes that were signed
	Signature []byte         `json:"signature"`
}

// report takes what a host program found.
func (s *service) report(c *call) error {
	var r reported
	if err := json.Unmarshal(c.body, &r, json.RejectUnknownMembers(true)); err != nil {
		return s.stranger(c, malformed(decodeFault(err)))
	}
	if len(r.Report) == 0 || len(r.Signature) == 0 {
		return s.stranger(c, malformed("report, signature: must be there"))
	}
	fingerprint, _ := named(r.Signature)
	host := s.Hosts.Known(fingerprint)
	share, ok := s.share(c, fingerprint, host)
	if !ok {
		return tooMany()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), submitLongest)
	defer cancel()
	err := s.Hosts.Report(ctx, Report{Bytes: r.Report, Signature: r.Signature, Share: share})
	if err != nil && !proved(broker.Answer{}, err) {
		return s.stranger(c, err)
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// listFresh is how long a signed revocation list is served again: hosts want to
// know that it is of now, and signing for each of them would cost more. That goes
// for a list that has grown meanwhile too, if what it lacks yields. A list of thirty
// thousand takes ten milliseconds to sign, and in a storm with stops in it each host
// would have another one: signing has a share of the time, one in listShare, and who
// comes before the next one is due waits for it, never longer than listFresh.
const (
	listFresh = time.Second
	listShare = 30
)

// listCache is the newest signed revocation list.
type listCache struct {
	mu     sync.Mutex
	signed []byte
	number int64
	ids    int
	at     canon.Time
	next   time.Time // when another one may be signed
}

// revocations is the signed list of key ids that hosts refuse. It never lags
// behind an answered stop: the view has followed before anybody is answered, and a
// stop never yields.
func (s *service) revocations(c *call) error {
	data, err := s.signedList(c.r.Context())
	if c.r.Context().Err() != nil {
		return nil // the reader has gone
	}
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(data) // an error means that the reader has gone
	return nil
}

// signedList gives the list with all that was answered before it was asked for. One
// that was signed meanwhile serves all who waited for it.
func (s *service) signedList(ctx context.Context) ([]byte, error) {
	l, asked := &s.list, s.Live.View().Revocations()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.serves(asked, s.Ledger.Now()) {
		return l.signed, nil
	}
	select {
	case <-time.After(time.Until(l.next)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began, now, list := time.Now(), s.Ledger.Now(), s.Live.View().Revocations()
	signed, err := s.Revocations.Sign(list.KeyIDs, list.Number, now)
	if err != nil {
		return nil, err
	}
	l.next = time.Now().Add(min((listShare-1)*time.Since(began), listFresh))
	l.signed, l.number, l.ids, l.at = signed, list.Number, len(list.KeyIDs), now
	return signed, nil
}

// serves tells whether the list that was signed last serves whoever asked when the
// cell's was another one, at an instant: nothing that does not yield is missing in it.
func (l *listCache) serves(asked view.Revocations, now canon.Time) bool {
	if l.signed == nil || now.Sub(l.at) >= listFresh || l.number < asked.Due {
		return false
	}
	return l.number != asked.Number || l.ids == len(asked.KeyIDs)
}
