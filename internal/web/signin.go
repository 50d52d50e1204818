package web

// signIn is the page for signing in. It says what still works without it.
func (p *pages) signIn(c *call) error {
	return p.show(c, "sign_in", shown{Title: "Sign in", Body: struct{ To string }{local(c.r.URL.Query().Get("to"))}})
}
