package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// tour asks every operation for what it gives, and for each refusal that does
// not depend on luck.
func (s *scribe) tour(t *testing.T) {
	body, holder, beside, err := s.wire.asking(30*time.Minute, "primary", "replica")
	if err != nil {
		t.Fatal(err)
	}
	asked := ok[[]byte](t)(s.wire.envelope("ann", s.people["ann"], body, beside))
	id := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(at(s.post(t, "/api/v1/statements", asked, 201), "digest"))))
	s.pool, s.holders[id] = append(s.pool, id), holder
	why, text, err := client.NewNoted("bob has left")
	if err != nil {
		t.Fatal(err)
	}
	change := ok[[]byte](t)(s.wire.envelope("sam", s.people["sam"], &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: why}, text))
	proposed := ok[string](t)(at(s.post(t, "/api/v1/statements", change, 201), "digest"))
	s.post(t, "/api/v1/statements", asked, 200) // again
	live := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(s.wire.town.grant(30*time.Minute, "primary"))))
	s.pool = append(s.pool, live)
	s.refused(t, id)

	offer, elsewhere := s.enrolled(t), s.signsIn(t)

	bob := s.tokenOf(t, "bob") // who sees little, and whose session ends on the way
	paths := strings.NewReplacer("/requests/{id}", "/requests/"+id.String(), "/changes/{id}", "/changes/"+proposed, "/offers/{id}", "/offers/"+offer.String(), "/sessions/{id}", "/sessions/"+elsewhere, "/statements/{digest}", "/statements/"+id.String(),
		"/attachments/{digest}", "/attachments/"+s.wire.anchor.Genesis.String(), "{scenario}", "database-locked-out", "{level}", "0", "{index...}", "000.p/1", "{entry}", "0")
	absent := strings.NewReplacer("{id}", strings.Repeat("0", 64), "{digest}", strings.Repeat("0", 64), "{scenario}", "none", "{level}", "0", "{index...}", "999", "{entry}", "999999")
	for _, route := range api.Routes() {
		if route.Changes() {
			continue
		}
		path, method := paths.Replace(route.Path), route.Method
		if strings.Contains(path, "{") {
			t.Errorf("nothing is known to stand in %s", path)
		}
		const under = "?scenario=database-locked-out&severity=SEV1"
		query := map[string]string{"/api/v1/explain": under, "/api/v1/coverage/week": under}[path]
		s.ask(t, method, path+"?unheard-of=1", s.bearer(), nil)
		s.ask(t, method, path, "", nil)
		s.ask(t, method, path+query, s.bearer(), http.Header{"Host": {"elsewhere.example.com"}})
		s.ask(t, method, path+query, "", http.Header{"Cookie": {"__Host-halligan=" + s.bearer()}, "Sec-Fetch-Site": {"cross-site"}})
		s.ask(t, method, path+query, s.tokenOf(t, "sid"), http.Header{"If-None-Match": {"*"}})
		s.ask(t, method, path+query, s.tokenOf(t, "sue"), nil)
		if strings.Contains(route.Path, "/sessions/{id}") {
			s.ask(t, method, path, bob, nil)
			s.ask(t, method, absent.Replace(route.Path), bob, nil)
		}
		if method == http.MethodGet {
			s.ask(t, method, absent.Replace(route.Path), s.bearer(), nil)
			s.ask(t, method, path, bob, nil)
			s.ask(t, method, path+query, "", http.Header{"Cookie": {"__Host-halligan=" + s.bearer()}, "Sec-Fetch-Site": {"same-origin"}})
		}
	}
	for _, path := range []string{"/api/v1/explain?scenario=none&severity=SEV1", "/api/v1/coverage?scenario=none&severity=SEV1", "/api/v1/readiness?scenario=none"} {
		s.ask(t, http.MethodGet, path, s.bearer(), nil)
	}
	s.ask(t, http.MethodPost, "/api/v1/readiness/look?scenario=none", s.bearer(), nil)
}

// refused asks for each status that a body can be refused with.
func (s *scribe) refused(t *testing.T, id canon.Digest) {
	path, strange := "/api/v1/statements", ok[[]byte](t)
	decision := &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack}
	nobody := *decision
	nobody.Of = canon.Sum([]byte("nothing"))
	more := *decision
	more.Narrow = &statement.Narrow{For: 7200}
	s.post(t, path, strange(s.wire.envelope("sam", s.people["lea"], decision)), 403)
	s.post(t, path, strange(s.wire.envelope("sam", s.people["sam"], &nobody)), 404)
	s.post(t, path, strange(s.wire.envelope("sam", s.people["sam"], &more)), 422)
	s.post(t, path, strange(s.wire.envelope("ann", s.people["ann"], decision)), 403)
	stranger, err := s.stranger()
	if err != nil {
		t.Fatal(err)
	}
	s.post(t, path, strange(s.wire.envelope("sam", stranger, decision)), 401)
	s.post(t, path, strange(s.wire.envelope("ann", ok[client.Signer](t)(s.holders[id].Signer()), &statement.Fetch{Of: id, Target: "primary"})), 409)
	s.post(t, "/api/v1/hosts/report", ok[[]byte](t)(s.reportOf("db1")), 204)
	s.post(t, "/api/v1/hosts/report", ok[[]byte](t)(s.reportOf("db9")), 409)
	for _, path := range []string{path, "/api/v1/hosts/report"} {
		s.post(t, path, []byte("{}"), 400)
		s.post(t, path, bytes.Repeat([]byte(" "), 300<<10), 413)
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"text/plain"}})
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"application/json"}, "Host": {"elsewhere.example.com"}})
	}
}

// floods has every operation refuse because there was too much: with limits that
// are soon reached.
func (s *scribe) floods(t *testing.T) {
	w := s.wire.town
	if err := w.stopServer(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	limit(t, w, 3, 3)
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	id := s.pool[0]
	token := s.tokenOf(t, "sid")
	for range 6 {
		s.ask(t, http.MethodGet, "/api/v1/me", token, nil)
		s.ask(t, http.MethodGet, "/ledger/tile/0/000.p/1", "", nil)
		s.post(t, "/api/v1/hosts/report", []byte("{}"), 0)
		s.post(t, "/api/v1/statements", []byte("{}"), 0)
		for _, path := range enrolPaths {
			s.post(t, path, []byte("{}"), 0)
		}
		s.ask(t, http.MethodGet, "/api/v1/sign-in", "", nil)
	}
	for range 70 {
		for _, path := range signInPaths {
			s.post(t, path, []byte("[]"), 0)
		}
	}
	replacer := strings.NewReplacer("{id}", id.String(), "{digest}", id.String(), "{scenario}", "database-locked-out", "{level}", "0", "{index...}", "000.p/1", "{entry}", "0")
	for _, route := range api.Routes() {
		if route.Access != api.Token {
			continue
		}
		for range 20 { // what was spent comes back meanwhile, one in twenty seconds
			status := s.ask(t, route.Method, replacer.Replace(route.Path), token, nil)
			if status == http.StatusTooManyRequests {
				break
			}
			if status == http.StatusNoContent || status == http.StatusUnauthorized { // it may have ended the session
				token = s.tokenOf(t, "sid")
			}
		}
	}
}

func (s *scribe) tokenOf(t *testing.T, person string) string {
	t.Helper()
	return ok[string](t)(s.opened(person))
}

func (s *scribe) ask(t *testing.T, method, path, token string, header http.Header) (status int) {
	t.Helper()
	if header == nil {
		header = http.Header{}
	}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	status, _ = s.do(t, method, path, nil, header)
	return status
}

// post sends a body and demands a status; 0: any.
func (s *scribe) post(t *testing.T, path string, body []byte, status int) string {
	t.Helper()
	got, text := s.do(t, http.MethodPost, path, body, http.Header{"Content-Type": {"application/json"}})
	if status != 0 && got != status {
		t.Errorf("POST %s: status %d, want %d: %s", path, got, status, text)
	}
	return text
}

func (s *scribe) do(t *testing.T, method, path string, body []byte, header http.Header) (int, string) {
	t.Helper()
	var from io.Reader // nil: no body at all
	if body != nil {
		from = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "https://"+s.wire.town.web+path, from)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	request.Host = header.Get("Host")
	header.Del("Host")
	answer, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
