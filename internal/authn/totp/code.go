package totp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// What every app does: RFC 6238 with SHA-1, six digits and thirty seconds. Others
// are in the RFC, and some apps ignore that a link asks for them.
const (
	Digits = 6
	Period = 30 * time.Second

	secretSize = 20 // bytes, as long as the hash (RFC 4226, 4)
	window     = 1  // steps that a phone's clock may be off, each way
)

// CheckDigits tells whether a text is six ASCII digits and nothing else. A space
// before, behind or between is not taken off here: whoever asks a person does that,
// so that here one code has one spelling.
func CheckDigits(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) == Digits
}

// stepAt is the number of the step of an instant; 0 before 1970.
func stepAt(at time.Time) int64 { return max(0, at.Unix()/int64(Period/time.Second)) }

// code is the digits of a secret at a step (RFC 4226, 5.3).
func code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// matching is the step within the window around an instant of which digits are the
// code: the newest where two have the same. It takes as long whichever it is.
func matching(secret []byte, digits string, at time.Time) (step int64, ok bool) {
	now := stepAt(at)
	for s := now - window; s <= now+window; s++ {
		if subtle.ConstantTimeCompare([]byte(code(secret, s)), []byte(digits)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// link is what an app reads out of a picture: the cell's name, whose it is, and the
// secret.
func link(cell, person string, secret []byte) string {
	values := url.Values{
		"secret": {base32Text.EncodeToString(secret)}, "issuer": {cell},
		"algorithm": {"SHA1"}, "digits": {fmt.Sprint(Digits)}, "period": {fmt.Sprint(int(Period / time.Second))},
	}
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + cell + ":" + person, RawQuery: values.Encode()}).String()
}
