package apitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/api/apitest"
)

const (
	cellPath = "/api/v1/cell"
	claimed  = `{"origin":"halligan.example.com","genesis":"DIGEST","document":"DIGEST","rules":2,"sealed":true,"version":"1",` +
		`"anchor":{"anchor":"v1","genesis":"DIGEST","ledger_keys":["k"],"origin":"halligan.example.com","witnesses":"none"}}`
	missing = `{"type":"urn:halligan:problem:token-missing","title":"a token is needed","status":401,"reason":"token-missing"}`
)

// TestTheContractCanFail: each fault of an answer is found, and what is right is
// let pass.
func TestTheContractCanFail(t *testing.T) {
	held, err := apitest.New()
	if err != nil {
		t.Fatal(err)
	}
	good := strings.ReplaceAll(claimed, "DIGEST", strings.Repeat("a", 64))
	json, tagged := http.Header{"Content-Type": {"application/json"}}, http.Header{"Content-Type": {"application/json"}, "Etag": {`"x"`}}
	problem := http.Header{"Content-Type": {"application/problem+json"}}
	for _, c := range []struct {
		what   string
		x      apitest.Exchange
		faulty string // empty: nothing is wrong
	}{
		{"as it should be", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: tagged, Body: []byte(good)}, ""},
		{"no tag", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: json, Body: []byte(good)}, "no header ETag"},
		{"a member too many", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: tagged, Body: []byte(`{"more":1,` + good[1:])}, "additional properties"},
		{"a member too few", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: tagged, Body: []byte(strings.Replace(good, `"sealed":true,`, "", 1))}, "missing property"},
		{"a digest that is none", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: tagged, Body: []byte(claimed)}, "does not match pattern"},
		{"no JSON", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: tagged, Body: []byte("{")}, "no JSON"},
		{"another status", apitest.Exchange{Method: "GET", Path: cellPath, Status: 302, Header: tagged}, "no such answer"},
		{"another type", apitest.Exchange{Method: "GET", Path: cellPath, Status: 200, Header: http.Header{"Content-Type": {"text/html"}, "Etag": {`"x"`}}, Body: []byte(good)}, "of type"},
		{"a body that is none's", apitest.Exchange{Method: "GET", Path: cellPath, Status: 304, Header: tagged, Body: []byte(good)}, "has a body"},
		{"a refusal", apitest.Exchange{Method: "GET", Path: "/api/v1/me", Status: 401, Header: problem, Body: []byte(missing)}, ""},
		{"a reason of another status", apitest.Exchange{Method: "GET", Path: "/api/v1/me", Status: 401, Header: problem, Body: []byte(strings.Replace(missing, "token-missing\"}", "busy\"}", 1))}, "reason"},
		{"a problem in JSON", apitest.Exchange{Method: "GET", Path: "/api/v1/me", Status: 401, Header: json, Body: []byte(missing)}, "of type"},
		{"a success that nobody knows", apitest.Exchange{Method: "GET", Path: "/api/v1/none", Status: 200, Header: tagged, Body: []byte("{}")}, "no operation"},
		{"nowhere", apitest.Exchange{Method: "GET", Path: "/api/v1/none", Status: 404, Header: problem}, ""},
		{"nowhere in HTML", apitest.Exchange{Method: "GET", Path: "/api/v1/none", Status: 404, Header: http.Header{}}, "of type"},
		{"what was taken", apitest.Exchange{Method: "POST", Path: "/api/v1/hosts/report", Sent: []byte(`{"report":{},"signature":"AA=="}`), Status: 204, Header: http.Header{}}, ""},
		{"what the document would not take", apitest.Exchange{Method: "POST", Path: "/api/v1/hosts/report", Sent: []byte(`{"report":{}}`), Status: 204, Header: http.Header{}}, "document would not"},
	} {
		err := held.Check(c.x)
		if (err == nil) != (c.faulty == "") || err != nil && !strings.Contains(err.Error(), c.faulty) {
			t.Errorf("%s: %v, want %q", c.what, err, c.faulty)
		}
	}
}
