package aws_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
)

// FuzzAnswer: whatever STS or a service answers, nothing is minted of what is not a
// whole answer, no read is refused but by a denial's status, and errors stay short.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
	f.Add(403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>eyJ</Message></Error></ErrorResponse>")
	f.Add(400, `{"__type":"com.amazon#AccessDeniedException","message":"session-token-of-"}`)
	f.Add(500, "secret-of-")
	f.Add(302, "{}")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(body))
		}))
		defer bare.Close()
		w := newWorld(t, func(o *aws.Options) { o.Endpoints["sts"] = bare.URL })
		m, err := w.aws.Mint(t.Context(), w.session("00112233445566ff", 1, time.Minute), w.recipient())
		if err == nil || m != (aws.Minted{}) {
			t.Fatalf("minted of %d %q", status, body)
		}
		if said := err.Error(); len(said) > 400 {
			t.Fatalf("an error repeats what was answered: %q", said)
		}
		reads := newWorld(t, func(o *aws.Options) { o.Endpoints["probe"] = bare.URL })
		got := reads.aws.Probe(t.Context(), []provider.Lease{reads.lease("one")})[0]
		if status != http.StatusOK && got.Twin == access.Accepted || status/100 != 4 && got.Twin == access.Refused {
			t.Fatalf("%d %q is taken for %v", status, body, got)
		}
	})
}
