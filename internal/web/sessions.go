package web

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// sessions is the page of where the reader is signed in.
func (p *pages) sessions(c *call) error {
	var body struct {
		Sessions []view.SignIn `json:"sessions"`
	}
	if err := p.get(c, "/api/v1/sessions", &body); err != nil {
		return err
	}
	return p.show(c, "sessions", shown{Title: "Where you are signed in", Place: "people", Body: body})
}

// endSession ends one of the reader's sessions, or all the others, and shows what is
// left. It works without scripts.
func (p *pages) endSession(c *call) error {
	path := "/api/v1/sessions/end-others"
	if of := c.form.Get("of"); of != "others" {
		id, err := canon.ParseDigest(of)
		if err != nil {
			return invalid("of", "is not the id of a session", "load the page again")
		}
		path = "/api/v1/sessions/" + id.String() + "/end"
	}
	if err := p.post(c, path, nil, nil); err != nil {
		return err
	}
	p.redirect(c, "/sessions")
	return nil
}

// sessionHow is what people call a way to sign in.
func sessionHow(how view.How) string {
	switch how {
	case view.ByPasskey:
		return "A passkey"
	case view.BySecurityKey:
		return "A security key, on a command line"
	case view.BySSHKey:
		return "An SSH key, on a command line"
	case view.ByProvider:
		return "The identity provider"
	}
	return string(how)
}
