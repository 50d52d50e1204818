package totptest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// Phone holds one secret.
type Phone struct{ secret []byte }

// Scan takes the secret out of an otpauth:// link.
func Scan(link string) (Phone, error) {
	at, err := url.Parse(link)
	if err != nil {
		return Phone{}, err
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(at.Query().Get("secret"))
	if err != nil || at.Scheme != "otpauth" || at.Host != "totp" || len(secret) == 0 {
		return Phone{}, fmt.Errorf("%q is no link for an app", link)
	}
	return Phone{secret}, nil
}

// Code is what the app shows at an instant.
func (p Phone) Code(at time.Time) string {
	mac := hmac.New(sha1.New, p.secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1e6)
}

// Secret is the bytes of the secret, for tests that look for them.
func (p Phone) Secret() []byte { return p.secret }
