package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// path fills a route's parameters with something.
func path(r api.Route) string {
	return strings.NewReplacer("{id}", strings.Repeat("a", 64), "{digest}", strings.Repeat("b", 64), "{scenario}", "database-locked-out",
		"{level}", "0", "{index...}", "000.p/1").Replace(r.Path)
}

// methodOf is the method of a route that changes nothing of the cell.
func methodOf(r api.Route) string {
	if r.Access == api.Token && r.Forgery == api.SameOriginCookie {
		return http.MethodPost
	}
	return http.MethodGet
}

// TestT24EveryRouteSaysWhoMayComeIn walks the table: what changes anything
// needs a signature, what reads needs a token, and no token is ever enough to
// change anything.
func TestT24EveryRouteSaysWhoMayComeIn(t *testing.T) {
	h := open(t)
	bearer := "Bearer " + h.token("sam")
	changing, reading, enrolling, signing := 0, 0, 0, 0
	for _, r := range api.Routes() {
		switch {
		case r.Method == http.MethodGet:
			same(t, r.Path+": forgery", r.Forgery, api.ReadOnly)
		case r.Access == api.Token:
			same(t, r.Path+": forgery", r.Forgery, api.SameOriginCookie)
		case r.Access == api.Code, r.Access == api.DeviceCode:
			same(t, r.Path+": forgery", r.Forgery, api.Coded)
		case r.Access == api.Returned:
			same(t, r.Path+": forgery", r.Forgery, api.OwnPage)
		default:
			same(t, r.Path+": forgery", r.Forgery, api.Signed)
		}
		switch r.Access {
		case api.Public, api.Token:
			same(t, r.Path+": method", r.Method, methodOf(r))
			same(t, r.Path+": for humans", r.Humans, false)
			same(t, r.Path+": body", r.Body, 0)
			same(t, r.Path+": changes", r.Changes(), false)
		case api.Statement, api.HostSignature:
			changing++
			same(t, r.Path+": method", r.Method, http.MethodPost)
			same(t, r.Path+": for humans", r.Humans, r.Access == api.Statement)
			same(t, r.Path+": changes", r.Changes(), true)
			if r.Body <= 0 || r.Body > 1<<20 || !r.Metered {
				t.Errorf("%s: takes %d bytes, metered %v", r.Path, r.Body, r.Metered)
			}
			for _, body := range []string{"", "{}", "null", "[]"} {
				got := h.do(r.Method, path(r), []byte(body), "Authorization", bearer)
				same(t, r.Path+": a token and "+body, got.reason(), "malformed")
			}
		case api.InvitationSignature, api.Code:
			enrolling++
			same(t, r.Path+": for humans", r.Humans, r.Access == api.InvitationSignature)
			same(t, r.Path+": changes", r.Changes(), false)
			if r.Body <= 0 || r.Body > 64<<10 || !r.Metered {
				t.Errorf("%s: takes %d bytes, metered %v", r.Path, r.Body, r.Metered)
			}
			for body, reason := range map[string]string{"": "malformed", "null": "malformed", "[]": "malformed", `{"code":"` + strings.Repeat("0", 64) + `"}`: ""} {
				got := h.do(r.Method, path(r), []byte(body), "Authorization", bearer).reason()
				if got != reason && (reason != "" || got != "malformed" && got != "invitation-code") {
					t.Errorf("%s: a token and %s: %s", r.Path, body, got)
				}
			}
		case api.DeviceCode:
			signing++
			same(t, r.Path+": method", r.Method, http.MethodPost)
			same(t, r.Path+": for humans", r.Humans, true)
			same(t, r.Path+": changes", r.Changes(), false)
			if r.Body <= 0 || r.Body > 1<<20 || !r.Metered {
				t.Errorf("%s: takes %d bytes, metered %v", r.Path, r.Body, r.Metered)
			}
			for _, body := range []string{"", "{}", "null", "[]"} {
				same(t, r.Path+": a token and "+body, h.do(r.Method, path(r), []byte(body), "Authorization", bearer).reason(), "malformed")
			}
		case api.Returned:
			same(t, r.Path+": for humans", r.Humans, false)
			same(t, r.Path+": changes", r.Changes(), false)
			same(t, r.Path+": a token alone", h.do(r.Method, path(r), []byte("{}"), "Authorization", bearer).reason(), "not-found")
		default:
			t.Errorf("%s: access %q", r.Path, r.Access)
		}
		if r.Access != api.Token {
			continue
		}
		reading++
		for _, c := range []struct{ header, reason string }{
			{"", "token-missing"}, {"Bearer", "token-missing"}, {"Basic c2FtOg==", "token-missing"}, {"Bearer ", "token-refused"},
			{"Bearer hs1.AAAA", "token-refused"}, {bearer[:len(bearer)-2], "token-refused"}, {bearer + "A", "token-refused"},
		} {
			got := h.do(r.Method, path(r), nil, "Authorization", c.header)
			same(t, r.Path+" with "+c.header+": status", got.Status, http.StatusUnauthorized)
			same(t, r.Path+" with "+c.header, got.reason(), c.reason)
			same(t, "type", got.Header.Get("Content-Type"), "application/problem+json")
		}
		for cookie, reason := range map[string]string{"": "token-refused", "hs1.AAAA": "token-refused", bearer[len("Bearer ") : len(bearer)-2]: "token-refused"} {
			same(t, r.Path+" with the cookie "+cookie, h.do(r.Method, path(r), nil, "Cookie", cookieName+"="+cookie).reason(), reason)
		}
		for _, site := range []string{"cross-site", "same-site", "", "Same-Origin"} {
			got := h.do(r.Method, path(r), nil, "Cookie", cookieName+"="+strings.TrimPrefix(bearer, "Bearer "), "Sec-Fetch-Site", site)
			same(t, r.Path+" from a page of "+site, got.reason(), "other-site")
		}
		got := h.do(r.Method, path(r)+"?token="+strings.TrimPrefix(bearer, "Bearer "), nil)
		same(t, r.Path+" with the token in the query", got.reason(), "token-missing")
	}
	if changing != 2 || enrolling != 6 || signing != 1 || reading < 15 {
		t.Errorf("%d routes change something, %d enrol, %d sign by a code, %d read", changing, enrolling, signing, reading)
	}
}

// TestNoRouteBesideTheTable: routes are registered in one place, from the
// table, and what is not in it is nowhere.
func TestNoRouteBesideTheTable(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	looked, registered := 0, map[string]int{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		looked++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Handle" || s.Sel.Name == "HandleFunc" || s.Sel.Name == "DefaultServeMux") {
				registered[name+" "+s.Sel.Name]++
			}
			return true
		})
	}
	same(t, "registrations in api.go", registered["api.go Handle"], 1)
	delete(registered, "api.go Handle")
	delete(registered, "monitor.go Handle") // a mux and listener of its own, which changes nothing
	delete(registered, "monitor.go HandleFunc")
	if len(registered) != 0 || looked < 10 {
		t.Errorf("%d files, other registrations: %v", looked, registered)
	}

	h := open(t)
	for _, c := range []struct {
		method, path, reason string
	}{
		{"GET", "/", "not-found"}, {"GET", "/metrics", "not-found"}, {"GET", "/healthz", "not-found"}, {"GET", "/debug/pprof/", "not-found"},
		{"GET", "/api/v1", "not-found"}, {"GET", "/api/v1/requests/", "not-found"}, {"POST", "/api/v1/requests", "method-not-allowed"},
		{"GET", "/api/v1/statements", "method-not-allowed"}, {"PUT", "/api/v1/statements", "method-not-allowed"},
		{"DELETE", "/api/v1/people", "method-not-allowed"}, {"POST", "/api/v1/requests/" + strings.Repeat("a", 64) + "/approve", "not-found"},
		{"GET", "/api/v1/../v1/cell", "not-found"}, {"GET", "//api/v1/cell", "not-found"}, {"OPTIONS", "/api/v1/statements", "method-not-allowed"},
	} {
		got := h.do(c.method, c.path, nil)
		same(t, c.method+" "+c.path, got.reason(), c.reason)
		same(t, c.method+" "+c.path+": CORS", got.Header.Get("Access-Control-Allow-Origin"), "")
	}
}

// TestAnotherMethodIsToldWhich: a path that has other methods names them, as RFC
// 9110 has it (section 15.5.6).
func TestAnotherMethodIsToldWhich(t *testing.T) {
	h := open(t)
	for path, allow := range map[string]string{
		"/api/v1/cell": "GET, HEAD", "/api/v1/statements": "POST", "/revocations": "GET, HEAD",
	} {
		for _, method := range []string{http.MethodTrace, http.MethodDelete} {
			got := h.do(method, path, nil)
			same(t, method+" "+path, got.Status, http.StatusMethodNotAllowed)
			same(t, method+" "+path+": Allow", got.Header.Get("Allow"), allow)
		}
	}
	same(t, "nowhere: Allow", h.do(http.MethodTrace, "/api/v1/none", nil).Header.Get("Allow"), "")
}

// TestEveryReasonHasARow reads the reasons out of the law's source: a new one
// without a row fails here.
func TestEveryReasonHasARow(t *testing.T) {
	source, err := os.ReadFile("../cell/refusal.go")
	must(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), "refusal.go", source, 0)
	must(t, err)
	reasons := map[cell.Reason]bool{}
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, s := range group.Specs {
			value := s.(*ast.ValueSpec)
			if name, ok := value.Type.(*ast.Ident); ok && name.Name == "Reason" {
				reasons[cell.Reason(strings.Trim(value.Values[0].(*ast.BasicLit).Value, `"`))] = true
			}
		}
	}
	if len(reasons) < 40 {
		t.Fatalf("only %d reasons were found in the source", len(reasons))
	}
	statuses := api.Reasons()
	for reason := range reasons {
		if status := statuses[reason]; status < 400 || status > 499 {
			t.Errorf("reason %s: status %d", reason, status)
		}
	}
	for reason := range statuses {
		if !reasons[reason] {
			t.Errorf("the table has a row for %q, which is no reason", reason)
		}
	}
}

// TestReads asks for everything that there is to read.
func TestReads(t *testing.T) {
	h := open(t)
	id := h.granted("ann", "one", "db-1")
	short := id.String()[:8]
	for path, part := range map[string]string{
		"/api/v1/me":                              `"id":"sam"`,
		"/api/v1/now":                             `"headline":"One door is open"`,
		"/api/v1/inbox":                           `"requests":[]`,
		"/api/v1/requests":                        `"state":"granted"`,
		"/api/v1/requests?state=granted,pending":  id.String(),
		"/api/v1/requests?state=denied":           `"rows":[]`,
		"/api/v1/requests?person=ann&most=1":      id.String(),
		"/api/v1/requests/" + short:               `"text":"cannot connect to one"`,
		"/api/v1/requests/" + short + "/timeline": "The quorum is filled by sam and leo",
		"/api/v1/scenarios":                       `"scenario":"database-locked-out"`,
		"/api/v1/scenarios/database-locked-out":   `"canonical":{"may_request"`,
		"/api/v1/explain?scenario=database-locked-out&severity=SEV1&requester=ann":     `"may_ask":true`,
		"/api/v1/coverage?scenario=database-locked-out&severity=SEV1&without=sam":      `Without sue it cannot be filled.`,
		"/api/v1/coverage?at=2030-01-01T00:00:00.000Z":                                 `"quorum":"1 of security and 1 of leads"`,
		"/api/v1/coverage/every?without=sam":                                           `Without sue it cannot be filled.`,
		"/api/v1/coverage/week?scenario=database-locked-out&severity=SEV1&without=sam": `"ready":"hangs","text":"`,
		"/api/v1/people":                    `"security":"security"`,
		"/api/v1/changes":                   `"changes":[]`,
		"/api/v1/cell/evidence":             `"entries":[`,
		"/api/v1/envelopes":                 `"envelopes":[]`,
		"/api/v1/findings":                  `"findings":[]`,
		"/api/v1/numbers":                   `"requests":{`,
		"/api/v1/statements/" + id.String(): `"request-made"`,
	} {
		got := h.get("sam", path)
		same(t, path, got.Status, http.StatusOK)
		contains(t, path, string(got.Body), part)
		if tag := got.Header.Get("ETag"); tag == "" {
			t.Errorf("%s: no ETag", path)
		}
	}
	tag := h.get("sam", "/api/v1/people").Header.Get("ETag")
	same(t, "unchanged", h.get("sam", "/api/v1/people", "If-None-Match", tag).Status, http.StatusNotModified)

	for path, reason := range map[string]string{
		"/api/v1/requests/" + short[:7]:                 "malformed-query",
		"/api/v1/requests/zzzzzzzz":                     "malformed-query",
		"/api/v1/requests/00000000":                     "not-found",
		"/api/v1/requests?state=open":                   "malformed-query",
		"/api/v1/requests?satte=granted":                "malformed-query",
		"/api/v1/requests?most=1&most=2":                "malformed-query",
		"/api/v1/requests?most=-1":                      "malformed-query",
		"/api/v1/requests/" + short + "?wait=5000":      "malformed-query",
		"/api/v1/scenarios/other":                       "not-found",
		"/api/v1/explain?scenario=other":                "malformed-query",
		"/api/v1/explain?scenario=other&severity=SEV1":  "not-found",
		"/api/v1/explain?scenario=":                     "malformed-query",
		"/api/v1/people?most=1":                         "malformed-query",
		"/api/v1/entries?person=Ann":                    "malformed-query",
		"/api/v1/entries?person=%F2%8D%94%A9":           "malformed-query",
		"/api/v1/entries?stream=session%0A":             "malformed-query",
		"/api/v1/requests?most=201":                     "malformed-query",
		"/api/v1/coverage?scenario=other":               "not-found",
		"/api/v1/coverage?severity=SEV1":                "not-found",
		"/api/v1/coverage?scenario=database-locked-out": "not-found",
		"/api/v1/coverage?quorum=recovery":              "not-found",
		"/api/v1/coverage?quorum=other":                 "not-found",
		"/api/v1/coverage?without=sam,eve":              "malformed-query",
		"/api/v1/coverage?without=,":                    "malformed-query",
		"/api/v1/coverage?at=now":                       "malformed-query",
		"/api/v1/coverage/every?scenario=x":             "malformed-query",
		"/api/v1/coverage/every?without=eve":            "malformed-query",
		"/api/v1/coverage/week":                         "malformed-query",
		"/api/v1/coverage/week?severity=SEV1":           "malformed-query",

		"/api/v1/coverage/week?scenario=other&severity=SEV1":                                           "not-found",
		"/api/v1/coverage/week?scenario=database-locked-out&severity=SEV1&at=9999-12-28T00:00:00.000Z": "malformed-query",
		"/api/v1/changes/00000000":                      "not-found",
		"/api/v1/statements/" + strings.Repeat("0", 64): "not-found",
	} {
		same(t, path, h.get("sam", path).reason(), reason)
	}
}

// TestStrangersSeeOnlyThatItExists: bob may ask under the scenario, and has no
// part in ann's request.
func TestStrangersSeeOnlyThatItExists(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1").String()
	got := h.get("bob", "/api/v1/requests/"+id)
	same(t, "status", got.Status, http.StatusOK)
	contains(t, "body", string(got.Body), `"limited":true`)
	for _, secret := range []string{"cannot connect", "ann", "INC-1", "127.0.0.1", "db-1"} {
		if strings.Contains(string(got.Body), secret) {
			t.Errorf("bob is told %q: %s", secret, got.Body)
		}
	}
	for _, path := range []string{"/timeline", "/evidence"} {
		same(t, path, h.get("bob", "/api/v1/requests/"+id+path).reason(), "not-shown")
	}
	list := h.get("bob", "/api/v1/requests?person=ann")
	contains(t, "searched by person", string(list.Body), `"rows":[]`)
}

// TestRefusalsAreProblems: each no has its status and its reason.
func TestRefusalsAreProblems(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	for _, c := range []struct {
		what   string
		got    reply
		status int
		reason cell.Reason
	}{
		{"self-approval", h.submit("lea", "lea", approval(h.asked("lea", "own", "db-1"))), 403, cell.SelfApproval},
		{"no approver", h.submit("bob", "bob", approval(id)), 403, cell.NotApprover},
		{"a stranger's key", h.submit("sam", "stranger", approval(id)), 401, cell.UnknownKey},
		{"another's name", h.submit("sam", "lea", approval(id)), 403, cell.NotYours},
		{"nothing there", h.submit("sam", "sam", approval([32]byte{1})), 404, cell.UnknownSubject},
		{"not granted", h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}), 409, cell.NotLive},
	} {
		same(t, c.what, c.got.reason(), string(c.reason))
		same(t, c.what+": status", c.got.Status, c.status)
		same(t, c.what+": type", c.got.Header.Get("Content-Type"), "application/problem+json")
	}
	same(t, "state", h.state(id), access.Pending)
}
