package awstest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// request is a call with what is known of it.
type request struct {
	d                             *Double
	r                             *http.Request
	body                          []byte
	kind, region, service, action string
	user                          *UserKey // that signed it, once signer has looked
}

// refusal is an error that AWS answers.
type refusal struct {
	status int
	code   string
}

var (
	accessDenied = refusal{http.StatusForbidden, "AccessDenied"}
	invalidToken = refusal{http.StatusBadRequest, "InvalidIdentityToken"}
	fine         = refusal{}
)

// name is the name of the action that is asked for, as IAM spells it.
func (c *request) name() string {
	switch {
	case c.kind == "signin":
		return c.r.URL.Query().Get("Action")
	case c.r.Header.Get("X-Amz-Target") != "":
		target := c.r.Header.Get("X-Amz-Target")
		return target[strings.LastIndexByte(target, '.')+1:]
	case c.service == "lambda":
		return "ListFunctions"
	case c.service == "s3":
		return "ListAllMyBuckets"
	}
	return c.form().Get("Action")
}

func (c *request) form() url.Values {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return form
}

// answer does what is asked.
func (c *request) answer(w http.ResponseWriter) {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	switch c.kind + " " + c.action {
	case "sts AssumeRoleWithWebIdentity":
		c.webIdentity(w)
	case "sts AssumeRole":
		c.assumeRole(w)
	case "sts AssumeRoot":
		c.assumeRoot(w)
	case "signin getSigninToken":
		c.signinToken(w)
	case "signin login":
		c.login(w)
	case "iam AttachRolePolicy", "iam DetachRolePolicy":
		c.changeRole(w)
	case "sts GetCallerIdentity":
		c.callerIdentity(w)
	case "iam ListAccessKeys", "iam CreateAccessKey", "iam UpdateAccessKey", "iam DeleteAccessKey", "iam GetAccessKeyLastUsed",
		"iam GetLoginProfile", "iam CreateLoginProfile", "iam UpdateLoginProfile", "iam GetAccountPasswordPolicy",
		"iam GenerateCredentialReport", "iam GetCredentialReport":
		if s, _ := c.d.signer(c); s != nil {
			c.describe(w)
			return
		}
		c.changeUser(w)
	case "iam GetAccountAuthorizationDetails", "iam ListOpenIDConnectProviders", "iam GetOpenIDConnectProvider", "iam ListSAMLProviders", "iam GetSAMLProvider":
		c.describe(w)
	case "secretsmanager DescribeSecret", "secretsmanager GetSecretValue", "secretsmanager PutSecretValue", "secretsmanager UpdateSecretVersionStage":
		c.vault(w)
	case "ssm DescribeSessions", "ssm TerminateSession":
		c.manager(w)
	case "ssm DescribeDocument", "ssm GetDocument", "ssm StartAutomationExecution", "ssm DescribeAutomationExecutions", "ssm GetAutomationExecution", "ssm StopAutomationExecution":
		c.automation(w)
	case "organizations DescribePolicy", "organizations UpdatePolicy":
		c.organizations(w)
	default:
		if c.kind == "sso" {
			c.identityCenter(w)
			return
		}
		if slices.Contains(watched, c.kind) {
			c.watch(w)
			return
		}
		if c.kind != "probe" {
			c.d.t.Errorf("the double of AWS knows no %s of %s", c.action, c.kind)
			c.fail(w, refusal{http.StatusBadRequest, "InvalidAction"})
			return
		}
		c.read(w)
	}
}

// fail answers an error in the protocol of the service.
func (c *request) fail(w http.ResponseWriter, no refusal) {
	w.Header().Set("X-Amzn-Requestid", "11111111-2222-3333-4444-555555555555")
	secret := c.form().Get("WebIdentityToken") // a text of AWS's may quote what it was sent
	switch {
	case c.kind == "signin":
		http.Error(w, no.code, no.status)
	case c.r.Header.Get("X-Amz-Target") != "":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `{"__type":"com.amazon.coral.service#%s","message":"no"}`, no.code)
	case c.service == "lambda":
		w.Header().Set("X-Amzn-Errortype", no.code+":http://internal.amazon.com/coral/")
		w.WriteHeader(no.status)
		fmt.Fprint(w, `{"Message":"no"}`)
	case c.service == "s3":
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>no</Message></Error>`, no.code)
	case c.service == "ec2":
		if no.code == "AccessDenied" {
			no.code = "UnauthorizedOperation"
		}
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors></Response>`, no.code)
	default:
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no: %s</Message></Error></ErrorResponse>`, no.code, quoted(secret))
	}
}

// result answers a success of a query protocol.
func (c *request) result(w http.ResponseWriter, inner string) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>`, c.action, inner)
}

// object answers a success of a JSON protocol.
func (c *request) object(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := json.MarshalWrite(w, v); err != nil {
		c.d.t.Error(err)
	}
}

func quoted(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}
