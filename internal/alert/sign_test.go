package alert_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/alert"
)

// vectors come from the reference libraries of Standard Webhooks (the first) and
// from another implementation of HMAC (the second, with the longest secret).
var vectors = []struct {
	secret, id string
	at         int64
	body, want string
}{
	{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
		`{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	{"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==", "msg_0", 1795316820,
		`{"data":{"text":"ä"},"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`, "v1,eXtpsXmrIynE352Lh+acC3WSwGkODBht7tnfsZEljzE="},
}

func TestSignatureVectors(t *testing.T) {
	for _, v := range vectors {
		secret, err := alert.ParseSecret(v.secret)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(v.at, 0)
		if got := alert.Sign(secret, v.id, at, []byte(v.body)); got != v.want {
			t.Errorf("%s: signed %s, want %s", v.id, got, v.want)
		}
		header := headers(v.id, strconv.FormatInt(v.at, 10), v.want)
		if err := alert.Verify(secret, header, []byte(v.body), at); err != nil {
			t.Errorf("%s: %v", v.id, err)
		}
	}
}

func headers(id, timestamp string, signatures ...string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", strings.Join(signatures, " "))
	return h
}

func TestVerify(t *testing.T) {
	secret, body := []byte("0123456789abcdef01234567"), []byte(`{"type":"finding"}`)
	other := []byte("76543210fedcba9876543210")
	stamp := strconv.FormatInt(night.Unix(), 10)
	right := alert.Sign(secret, "msg_1", night, body)
	wrong := alert.Sign(other, "msg_1", night, body)
	old := func(d time.Duration) http.Header {
		at := night.Add(d)
		return headers("msg_1", strconv.FormatInt(at.Unix(), 10), alert.Sign(secret, "msg_1", at, body))
	}
	twice := func(name string) http.Header {
		h := headers("msg_1", stamp, right)
		h.Add(name, h.Get(name))
		return h
	}
	without := func(name string) http.Header {
		h := headers("msg_1", stamp, right)
		h.Del(name)
		return h
	}
	for name, c := range map[string]struct {
		header http.Header
		want   error
	}{
		"right":                    {headers("msg_1", stamp, right), nil},
		"second of two":            {headers("msg_1", stamp, wrong, right), nil},
		"among other versions":     {headers("msg_1", stamp, "v1a,AAAA", right, "v2,x"), nil},
		"other secret":             {headers("msg_1", stamp, wrong), alert.ErrSignature},
		"other id":                 {headers("msg_2", stamp, right), alert.ErrSignature},
		"other time":               {headers("msg_1", strconv.FormatInt(night.Unix()+1, 10), right), alert.ErrSignature},
		"other version":            {headers("msg_1", stamp, "v2"+right[2:]), alert.ErrSignature},
		"no version":               {headers("msg_1", stamp, right[3:]), alert.ErrSignature},
		"no padding":               {headers("msg_1", stamp, strings.TrimRight(right, "=")), alert.ErrSignature},
		"another spelling":         {headers("msg_1", stamp, respelt(right)), alert.ErrSignature},
		"part":                     {headers("msg_1", stamp, right[:20]), alert.ErrSignature},
		"just the version":         {headers("msg_1", stamp, "v1,"), alert.ErrSignature},
		"comma for space":          {headers("msg_1", stamp, wrong+","+right), alert.ErrSignature},
		"nothing":                  {http.Header{}, alert.ErrHeader},
		"no id":                    {without("Webhook-Id"), alert.ErrHeader},
		"no time":                  {without("Webhook-Timestamp"), alert.ErrHeader},
		"no signature":             {without("Webhook-Signature"), alert.ErrHeader},
		"two ids":                  {twice("Webhook-Id"), alert.ErrHeader},
		"two times":                {twice("Webhook-Timestamp"), alert.ErrHeader},
		"two signatures":           {twice("Webhook-Signature"), alert.ErrHeader},
		"a full stop in the id":    {headers("msg.1", stamp, alert.Sign(secret, "msg.1", night, body)), alert.ErrHeader},
		"time with plus":           {headers("msg_1", "+"+stamp, right), alert.ErrHeader},
		"time with zero":           {headers("msg_1", "0"+stamp, right), alert.ErrHeader},
		"time with fraction":       {headers("msg_1", stamp+".0", right), alert.ErrHeader},
		"negative time":            {headers("msg_1", "-1", right), alert.ErrHeader},
		"time beyond all":          {headers("msg_1", "9223372036854775807", right), alert.ErrHeader},
		"too many signatures":      {headers("msg_1", stamp, slices.Repeat([]string{right}, 100)...), alert.ErrHeader},
		"as old as may be":         {old(-alert.Tolerance), nil},
		"older":                    {old(-alert.Tolerance - time.Second), alert.ErrStale},
		"as early as may be":       {old(alert.Tolerance), nil},
		"earlier":                  {old(alert.Tolerance + time.Second), alert.ErrStale},
		"from 1970":                {headers("msg_1", "0", alert.Sign(secret, "msg_1", time.Unix(0, 0), body)), alert.ErrStale},
		"from another age":         {headers("msg_1", "1099511627776", alert.Sign(secret, "msg_1", time.Unix(1<<40, 0), body)), alert.ErrStale},
		"stale and of other maker": {headers("msg_1", "0", wrong), alert.ErrSignature},
	} {
		if err := alert.Verify(secret, c.header, body, night); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := alert.Verify(secret, headers("msg_1", stamp, right), append(slices.Clone(body), ' '), night); !errors.Is(err, alert.ErrSignature) {
		t.Errorf("other body: %v", err)
	}
	for _, weak := range [][]byte{nil, {}, secret[:23], make([]byte, 65)} {
		header := headers("msg_1", stamp, alert.Sign(weak, "msg_1", night, body))
		if err := alert.Verify(weak, header, body, night); !errors.Is(err, alert.ErrSecret) {
			t.Errorf("secret of %d bytes: %v", len(weak), err)
		}
	}
}

// respelt changes bits of the last digit that base64 does not use: other text
// for the same bytes.
func respelt(signature string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := len(signature) - 2 // before one "="
	return signature[:last] + string(digits[strings.IndexByte(digits, signature[last])^1]) + "="
}

func FuzzVerify(f *testing.F) {
	secret := []byte("0123456789abcdef01234567")
	f.Add("msg_1", strconv.FormatInt(night.Unix(), 10), alert.Sign(secret, "msg_1", night, []byte("{}")), []byte("{}"))
	f.Add("msg_1", "0", "v1, v1a,", []byte(""))
	f.Add("a.b", "1.5", " ", []byte(".1"))
	f.Fuzz(func(t *testing.T, id, timestamp, signatures string, body []byte) {
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signatures}}
		err := alert.Verify(secret, header, body, night)
		n, bad := strconv.ParseInt(timestamp, 10, 64)
		signed := bad == nil && slices.Contains(strings.Split(signatures, " "), alert.Sign(secret, id, time.Unix(n, 0), body))
		if err == nil && !signed {
			t.Fatalf("accepted %q %q %q %q", id, timestamp, signatures, body)
		}
		// What the right secret signs is accepted, whatever else stands there.
		if bad == nil && time.Unix(n, 0).Sub(night).Abs() <= alert.Tolerance && strconv.FormatInt(n, 10) == timestamp {
			err := alert.Verify(secret, headers("msg_1", timestamp, alert.Sign(secret, "msg_1", time.Unix(n, 0), body)), body, night)
			if err != nil {
				t.Fatalf("refused what was rightly signed: %v", err)
			}
		}
	})
}
