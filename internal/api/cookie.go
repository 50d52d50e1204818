package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/statement"
)

// cookieName is of the cookie in which a browser keeps a reading token. Its prefix
// has browsers refuse it from any other host, from http and for part of the site.
const cookieName = "__Host-halligan"

// token is what a request brings to read with, if it brings anything. A token in
// the header and one in a cookie are refused: which of the two counts is nothing
// to guess.
func (c *call) token() (given string, ok bool, p *Problem) {
	headers, cookies := c.r.Header.Values("Authorization"), c.r.CookiesNamed(cookieName)
	switch {
	case len(headers)+len(cookies) > 1:
		return "", false, problem(http.StatusBadRequest, reasonTwoTokens, "more than one token", "a token comes in the header or in the cookie, once", "send one of them")
	case len(headers) == 1:
		given, ok = strings.CutPrefix(headers[0], "Bearer ")
		return given, ok, nil
	case len(cookies) == 0:
		return "", false, nil
	}
	c.cookie = true
	return cookies[0].Value, true, c.foreign()
}

// foreign refuses what a browser says comes from another site's page, a
// subdomain's included. Programs say nothing. Old browsers say so by Origin alone,
// of what is sent; from reading for another site the cookie's SameSite keeps them.
func (c *call) foreign() *Problem {
	sites := c.r.Header.Values("Sec-Fetch-Site")
	if len(sites) == 0 && c.ownOrigin() || len(sites) == 1 && (sites[0] == "same-origin" || sites[0] == "none") {
		return nil
	}
	return problem(http.StatusForbidden, reasonForeign, "from another site's page", "a page of another site asked for this", "open the cell's own page")
}

// ownOrigin tells whether no page, or one of the host that was asked, is named as
// the one that sent a request. Of its scheme nothing is told: a proxy may end TLS.
func (c *call) ownOrigin() bool {
	origins := c.r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	page, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && page.Host != "" && strings.EqualFold(page.Host, c.r.Host)
}

// mayOpen tells whether a submission may have its token put into a cookie: it is
// of a session, and no other site's page sent it, who could sign its visitors in
// as somebody else.
func mayOpen(c *call, sent *broker.Submission) error {
	if of, err := sent.Decode(); err == nil && of.Body.Kind() != statement.KindSession {
		return malformed("browser: only of a session statement")
	}
	if p := c.foreign(); p != nil {
		return p
	}
	return nil
}

// intoCookie moves a session's token out of the answer into a cookie that no
// script can read.
func (s *service) intoCookie(c *call, of *session) {
	left := of.Until.Sub(s.Ledger.Now())
	http.SetCookie(c.w, cookie(of.Token, max(1, int(left.Seconds()))))
	of.Token = ""
}

// cookie is the cookie with a token. It is Secure over plain http too: a proxy
// may end TLS, and browsers take it from http://localhost.
func cookie(token string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: token, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// endSession ends the session whose token the request brings, for good.
func (s *service) endSession(c *call) error {
	if err := s.ended.add(s.Ledger.Now(), over{c.who.Digest, c.who.Until}); err != nil {
		return err
	}
	if c.cookie {
		http.SetCookie(c.w, cookie("", -1))
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
