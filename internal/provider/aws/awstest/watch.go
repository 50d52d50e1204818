package awstest

import (
	"fmt"
	"net/http"
	"strings"
)

// watched are the services that tell of an account what IAM does not: its rules, who hears
// them, and the organisation. What they answer, Describe says, in the service's own form.
var watched = []string{"events", "organizations", "sns"}

// watch answers a read of one of them; the session must be let.
func (c *request) watch(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	result, known := c.d.described[c.action]
	resource := "*"
	if topic := c.form().Get("TopicArn"); topic != "" {
		resource = topic
	}
	switch {
	case no != fine:
		c.fail(w, no)
	case s == nil || !known || !c.may(s, c.kind+":"+c.action, resource, nil):
		c.fail(w, accessDenied)
	case strings.HasPrefix(result, "{"):
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(w, result)
	default:
		c.result(w, result)
	}
}
