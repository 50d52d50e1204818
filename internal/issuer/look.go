package issuer

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Seen is what an issuer answers from where we stand.
type Seen struct {
	Issuer   string       `json:"issuer"`
	Good     bool         `json:"good"`               // both documents are there, as they should be
	Why      string       `json:"why,omitempty"`      // if not
	Keys     []string     `json:"keys"`               // ids of the keys that it shows
	Digest   canon.Digest `json:"digest,omitzero"`    // of the document with the keys
	Until    canon.Time   `json:"until,omitzero"`     // end of the first certificate in its chain that ends
	DaysLeft int          `json:"days_left,omitzero"` // until then
}

const (
	lookLongest  = 5 * time.Second // AWS waits as long
	documentMost = 64 << 10
)

// A Looker asks issuers for what they publish. Client follows no redirect and
// trusts whom it trusts; it is asked for nothing but what an issuer's URL names.
type Looker struct {
	Client *http.Client
	Now    func() time.Time
}

// NewLooker looks from this machine, as AWS would from its own.
func NewLooker(now func() time.Time) *Looker {
	return &Looker{Now: now, Client: &http.Client{
		Timeout:       lookLongest,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Look asks one issuer for both documents and compares them, byte by byte, with
// those that follow from the keys.
func (l *Looker) Look(ctx context.Context, issuer string, keys []PublicKey) Seen {
	seen := Seen{Issuer: issuer, Keys: []string{}}
	want, err := Documents(issuer, keys)
	if err != nil {
		seen.Why = err.Error()
		return seen
	}
	found, err := l.fetch(ctx, issuer+DiscoveryPath, &seen)
	if err != nil {
		seen.Why = "its discovery document cannot be had: " + err.Error()
		return seen
	}
	set, err := l.fetch(ctx, issuer+KeysPath, &seen)
	if err != nil {
		seen.Why = "its keys cannot be had: " + err.Error()
		return seen
	}
	seen.Digest = canon.Sum(set)
	var shown keySet
	if canon.Decode(set, documentMost, &shown) == nil {
		for _, k := range shown.Keys {
			seen.Keys = append(seen.Keys, k.ID)
		}
	}
	switch {
	case !bytes.Equal(set, want[KeysPath]):
		seen.Why = "it shows other keys than the cell's: stop and find out who wrote them, or publish anew after a change of the keys"
	case !bytes.Equal(found, want[DiscoveryPath]):
		seen.Why = "its discovery document is not the one that we write: publish anew"
	default:
		seen.Good = true
	}
	return seen
}

// fetch gets one document. Its errors hold nothing of what was answered.
func (l *Looker) fetch(ctx context.Context, address string, seen *Seen) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLongest)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("its URL cannot be asked")
	}
	answer, err := l.Client.Do(ask)
	if err != nil {
		return nil, reason(err)
	}
	defer answer.Body.Close()
	if answer.TLS == nil {
		return nil, errors.New("it does not speak TLS")
	}
	for _, certificate := range answer.TLS.PeerCertificates {
		if end := canon.At(certificate.NotAfter); seen.Until.IsZero() || end.Before(seen.Until) {
			seen.Until = end
			seen.DaysLeft = int(certificate.NotAfter.Sub(l.Now()) / (24 * time.Hour))
		}
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New("it answers " + http.StatusText(answer.StatusCode) + " instead of the document itself")
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, documentMost+1))
	if err != nil || len(body) > documentMost {
		return nil, errors.New("its answer is cut off, or too long")
	}
	return body, nil
}

// reason says in our words why nothing was answered.
func reason(err error) error {
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	var over x509.CertificateInvalidError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("it did not answer within 5 seconds, which is as long as AWS waits")
	case errors.As(err, &unknown):
		return errors.New("its certificate is of an authority that this machine does not know")
	case errors.As(err, &other):
		return errors.New("its certificate is for another name")
	case errors.As(err, &over):
		return errors.New("its certificate is not valid now")
	}
	return errors.New("it cannot be reached")
}
