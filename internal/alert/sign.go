package alert

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Names of the headers of Standard Webhooks.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// Tolerance is how far an attempt's time may be from the receiver's clock,
// either way.
const Tolerance = 5 * time.Minute

// signaturesLimit bounds the signature header, in bytes: some eighty
// signatures, where a rotation needs two.
const signaturesLimit = 4096

// What Verify refuses with.
var (
	ErrHeader    = errors.New("the webhook headers are missing, repeated or malformed")
	ErrSignature = errors.New("no signature of the webhook fits")
	ErrStale     = errors.New("the webhook was sent too long ago or in the future")
)

// Sign gives one signature for the signature header: "v1," and the base64 of
// the HMAC-SHA256 of "id.timestamp.payload", at cut to seconds.
func Sign(secret []byte, id string, at time.Time, payload []byte) string {
	return sign(secret, id, strconv.FormatInt(at.Unix(), 10), payload)
}

func sign(secret []byte, id, timestamp string, payload []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id))
	mac.Write([]byte{'.'})
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'.'})
	mac.Write(payload)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Verify accepts a webhook that was signed with secret within Tolerance of now.
// Body is every byte that was received. One fitting signature among several is
// enough (a sender that rotates its secret sends two); those of other versions
// are passed over. Fails with ErrHeader, ErrSignature, ErrStale or ErrSecret.
//
// It does not know what was received before: keep the webhook-id.
func Verify(secret []byte, header http.Header, body []byte, now time.Time) error {
	if !fits(secret) {
		return ErrSecret
	}
	id, timestamp, signatures := one(header, HeaderID), one(header, HeaderTimestamp), one(header, HeaderSignature)
	at, ok := seconds(timestamp)
	if !ok || !isID(id) || signatures == "" || len(signatures) > signaturesLimit {
		return ErrHeader
	}
	want, found := []byte(sign(secret, id, timestamp, body)), false
	for signature := range strings.SplitSeq(signatures, " ") {
		if hmac.Equal([]byte(signature), want) { // constant time; as text, so that there is one spelling
			found = true
		}
	}
	switch {
	case !found:
		return ErrSignature
	case at.Sub(now).Abs() > Tolerance:
		return ErrStale
	}
	return nil
}

// one is the value of a header that occurs exactly once.
func one(header http.Header, name string) string {
	values := header.Values(name)
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// seconds reads a Unix time in its one spelling.
func seconds(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<40 || strconv.FormatInt(n, 10) != text {
		return time.Time{}, false
	}
	return time.Unix(n, 0), true
}
