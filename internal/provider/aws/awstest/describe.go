package awstest

import "net/http"

// Describe has IAM answer a read of a role's session with a result. A read that nobody
// described is denied.
func (d *Double) Describe(action, result string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.described[action] = result
}

// described are the reads by which an account is described; the session must be let.
func (c *request) describe(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	result, known := c.d.described[c.action]
	switch {
	case no != fine:
		c.fail(w, no)
	case s == nil || !known || !c.may(s, "iam:"+c.action, "*", nil):
		c.fail(w, accessDenied)
	default:
		c.result(w, result)
	}
}
