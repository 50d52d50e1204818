package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// begunCookie is of the cookie that binds a sign-in at the identity provider to the
// browser that began it. It is SameSite=Lax: the way back is a link of the provider's.
const begunCookie = "__Host-halligan-oidc"

const (
	begunLongest = 10 * time.Minute
	begunDomain  = "halligan sign-in v1\n"
	seedSize     = 32
	begunFixed   = sha256.Size + 8 + seedSize
	toMost       = 1024 // bytes of where to go on
	begunMost    = 2 * (begunFixed + toMost)
)

// begun is one sign-in under way. All that it keeps from others follows from its
// seed and the server's key, so that nothing is kept here until it is over.
type begun struct {
	until canon.Time
	seed  [seedSize]byte
	to    string // page of ours to go on to
}

func newBegun(until canon.Time, to string) begun {
	b := begun{until: until, to: localPath(to)}
	rand.Read(b.seed[:])
	return b
}

// cookie is the begun sign-in as its browser keeps it.
func (b begun) cookie(t tokens) *http.Cookie {
	body := append(append(binary.BigEndian.AppendUint64(nil, uint64(b.until.Std().UnixMilli())), b.seed[:]...), b.to...)
	value := base64.RawURLEncoding.EncodeToString(append(b.mac(t, "cookie", body), body...))
	return begunCookieOf(value, int(begunLongest.Seconds()))
}

func begunCookieOf(value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: begunCookie, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// readBegun reads a cookie that we made.
func readBegun(t tokens, value string) (b begun, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(value) > begunMost || len(raw) < begunFixed {
		return begun{}, false
	}
	body := raw[sha256.Size:]
	if !hmac.Equal(raw[:sha256.Size], b.mac(t, "cookie", body)) {
		return begun{}, false
	}
	b.until = canon.At(time.UnixMilli(int64(binary.BigEndian.Uint64(body))))
	copy(b.seed[:], body[8:])
	b.to = string(body[8+seedSize:])
	return b, true
}

// secret is what of a sign-in is known by a name: state, nonce or verifier.
func (b begun) secret(t tokens, name string) string {
	return base64.RawURLEncoding.EncodeToString(b.mac(t, name, b.seed[:]))
}

func (begun) mac(t tokens, name string, body []byte) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(begunDomain + name + "\n"))
	h.Write(body)
	return h.Sum(nil)
}

// localPath is a path of ours; what is none is the first page (an open redirect would
// lend our name to others).
func localPath(to string) string {
	ours := strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && len(to) <= toMost &&
		!strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f })
	if !ours {
		return "/"
	}
	return to
}

// onces remembers which sign-ins came back, so that none does twice. The provider
// takes each code once too; this holds where it does not.
type onces struct {
	mu   sync.Mutex
	used map[[seedSize]byte]canon.Time // → when its cookie is over by itself
}

// oncesMost bounds what is remembered; beyond it nobody signs in at the provider for
// a while.
const oncesMost = 20_000

func (o *onces) take(b begun, now canon.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for seed, until := range o.used {
		if !now.Before(until) {
			delete(o.used, seed)
		}
	}
	if _, again := o.used[b.seed]; again || len(o.used) >= oncesMost {
		return false
	}
	o.used[b.seed] = b.until
	return true
}
