package awstest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// read is one of the reads that probes make.
func (c *request) read(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	if no != fine {
		c.fail(w, no)
		return
	}
	service := strings.Replace(c.service, "monitoring", "cloudwatch", 1)
	if s == nil || !c.may(s, service+":"+c.action, "*", nil) {
		c.fail(w, accessDenied)
		return
	}
	if c.r.Header.Get("X-Amz-Target") != "" || c.service == "lambda" {
		c.object(w, map[string]any{})
		return
	}
	c.result(w, "")
}

// changeRole attaches or detaches a policy.
func (c *request) changeRole(w http.ResponseWriter) {
	form := c.form()
	s, no := c.d.signer(c)
	if no != fine {
		c.fail(w, no)
		return
	}
	if s == nil {
		c.fail(w, accessDenied)
		return
	}
	role := s.Role[:strings.LastIndexByte(s.Role, '/')+1] + form.Get("RoleName")
	policy := form.Get("PolicyArn")
	if !c.may(s, "iam:"+c.action, role, facts{"iam:policyarn": policy}) {
		c.fail(w, accessDenied)
		return
	}
	if _, known := c.d.roles[role]; !known {
		c.fail(w, refusal{http.StatusNotFound, "NoSuchEntity"})
		return
	}
	at := slices.Index(c.d.attached[role], policy)
	switch {
	case c.action == "AttachRolePolicy":
		c.d.attach(role, policy)
	case at < 0:
		c.fail(w, refusal{http.StatusNotFound, "NoSuchEntity"})
		return
	default:
		c.d.attached[role] = slices.Delete(c.d.attached[role], at, at+1)
	}
	c.result(w, "")
}

// Visit is a session of Systems Manager that a role's session began.
type Visit struct{ ID, Owner, Region string }

// Visit begins a session of Systems Manager, which goes on when the role's is over.
func (d *Double) Visit(region, role, name string) Visit {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := Visit{ID: d.next(name + "-"), Owner: assumed(Session{Role: role, Name: name}), Region: region}
	d.visits = append(d.visits, v)
	return v
}

// Visits lists those that go on.
func (d *Double) Visits() []Visit {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.visits)
}

const page = 2 // sessions in one answer

// manager lists and ends sessions of Systems Manager.
func (c *request) manager(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	var in struct {
		SessionId, State, NextToken string
		MaxResults                  int
	}
	if err := json.Unmarshal(c.body, &in); err != nil || no != fine || s == nil {
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	resource := "*"
	if c.action == "TerminateSession" {
		resource = "arn:aws:ssm:" + c.region + ":" + strings.Split(s.Role, ":")[4] + ":session/" + in.SessionId
	}
	if !c.may(s, "ssm:"+c.action, resource, nil) {
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	if c.action == "TerminateSession" {
		c.d.visits = slices.DeleteFunc(c.d.visits, func(v Visit) bool { return v.ID == in.SessionId && v.Region == c.region })
		c.object(w, map[string]string{"SessionId": in.SessionId})
		return
	}
	from := 0
	if in.NextToken != "" {
		if _, err := fmt.Sscan(in.NextToken, &from); err != nil {
			c.fail(w, refusal{http.StatusBadRequest, "InvalidNextToken"})
			return
		}
	}
	out := map[string]any{}
	list := []map[string]string{}
	for i, v := range c.d.visits {
		switch {
		case i < from || v.Region != c.region:
		case len(list) == page:
			out["NextToken"] = fmt.Sprint(i)
		default:
			list = append(list, map[string]string{"SessionId": v.ID, "Owner": v.Owner, "Status": "Connected"})
			continue
		}
		if out["NextToken"] != nil {
			break
		}
	}
	out["Sessions"] = list
	c.object(w, out)
}

// signinToken is the federation endpoint's getSigninToken.
func (c *request) signinToken(w http.ResponseWriter) {
	query := c.r.URL.Query()
	var session struct {
		ID    string `json:"sessionId"`
		Key   string `json:"sessionKey"`
		Token string `json:"sessionToken"`
	}
	err := json.Unmarshal([]byte(query.Get("Session")), &session)
	s := c.d.sessions[session.ID]
	if err != nil || s == nil || s.Secret != session.Key || s.Token != session.Token || !c.d.now().Before(s.Until) || s.Timed || query.Has("SessionDuration") {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	token := c.d.next("sign-in-token-")
	c.d.signIns[token] = s
	c.object(w, map[string]string{"SigninToken": token})
}

// login signs a browser in, as the session that the token was made of.
func (c *request) login(w http.ResponseWriter) {
	query := c.r.URL.Query()
	s := c.d.signIns[query.Get("SigninToken")]
	if s == nil || c.d.now().After(s.Begun.Add(15*time.Minute)) || query.Get("Destination") == "" || query.Get("Issuer") == "" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "aws-userInfo", Value: url.QueryEscape(assumed(*s))})
	http.Redirect(w, c.r, query.Get("Destination"), http.StatusFound)
}
