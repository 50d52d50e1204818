package awstest

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

// scp is a service control policy.
type scp struct{ arn, content string }

// AddPolicy makes a service control policy of the organisation, or writes it by
// another hand.
func (d *Double) AddPolicy(arn, content string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.policies == nil {
		d.policies = map[string]scp{}
	}
	d.policies[arn[strings.LastIndexByte(arn, '/')+1:]] = scp{arn, content}
}

// Policy is what a service control policy says.
func (d *Double) Policy(arn string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.policies[arn[strings.LastIndexByte(arn, '/')+1:]].content
}

// organizations answers for AWS Organizations.
func (c *request) organizations(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	var in struct{ PolicyId, Content, Name, Description string }
	if err := json.Unmarshal(c.body, &in, json.RejectUnknownMembers(true)); err != nil || no != fine || s == nil {
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	p, known := c.d.policies[in.PolicyId]
	switch {
	case !known:
		c.fail(w, refusal{http.StatusBadRequest, "PolicyNotFoundException"})
		return
	case !c.may(s, "organizations:"+c.action, p.arn, nil):
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	if c.action == "UpdatePolicy" {
		if _, err := readPolicy(in.Content); err != nil || in.Name != "" || in.Description != "" {
			c.fail(w, refusal{http.StatusBadRequest, "MalformedPolicyDocumentException"})
			return
		}
		if len(in.Content) > 5120 {
			c.fail(w, refusal{http.StatusBadRequest, "ConstraintViolationException"})
			return
		}
		p.content = in.Content
		c.d.policies[in.PolicyId] = p
	}
	c.object(w, map[string]any{"Policy": map[string]any{
		"PolicySummary": map[string]any{"Id": in.PolicyId, "Arn": p.arn, "Name": "halligan-denial", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false},
		"Content":       p.content,
	}})
}
