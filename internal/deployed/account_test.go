package deployed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/deployed"
)

const page = `<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult>
<RoleDetailList><member><RoleName>%s</RoleName><Arn>arn:aws:iam::123456789012:role/%s</Arn><AssumeRolePolicyDocument>%%7B%%22Version%%22%%3A%%222012-10-17%%22%%7D</AssumeRolePolicyDocument></member></RoleDetailList>
<IsTruncated>%t</IsTruncated>%s</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>`

// TestAccount: all pages are asked for and put together; when one does not come,
// there is no answer at all, and the error does not hold the secret.
func TestAccount(t *testing.T) {
	broken := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "GetAccountAuthorizationDetails" || !strings.Contains(r.Header.Get("Authorization"), "AKIAEXAMPLE") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch {
		case r.Form.Get("Marker") == "":
			fmt.Fprintf(w, page, "One", "One", true, "<Marker>next</Marker>")
		case broken:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
		default:
			fmt.Fprintf(w, page, "Two", "Two", false, "")
		}
	}))
	defer server.Close()
	o := deployed.Options{Region: "us-east-1", Endpoint: server.URL, Key: "AKIAEXAMPLE", Secret: "very-secret", Token: "a-token"}
	data, err := deployed.Account(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		RoleDetailList []struct{ RoleName, Arn, AssumeRolePolicyDocument string }
	}
	if err := json.Unmarshal(data, &answer); err != nil || len(answer.RoleDetailList) != 2 || answer.RoleDetailList[1].RoleName != "Two" {
		t.Errorf("%v: %s", err, data)
	}
	broken = true
	if _, err := deployed.Account(t.Context(), o); err == nil || !strings.Contains(err.Error(), "AccessDenied") || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("error %v", err)
	}
	if _, err := deployed.Account(context.Background(), deployed.Options{Region: "us-east-1"}); !errors.Is(err, deployed.ErrNoCredentials) {
		t.Errorf("error %v", err)
	}
}
