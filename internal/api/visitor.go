package api

import (
	"net/http"
	"strconv"
	"strings"
)

// visitorRate bounds the pages that one address gets without having signed in. It is
// a bucket of its own: pages of whoever has signed in take nothing from it, and the
// statements of that address neither.
var visitorRate = PerMinute(600)

// mayLook tells whether a request may have a page: whoever brings a session that
// counts always may, others as their address has room. Assets are memory that is read,
// and belong to pages of both.
func (s *service) mayLook(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/static/") {
		return true
	}
	if cookies := r.CookiesNamed(cookieName); len(cookies) == 1 {
		if who, ok := s.tokens.open(cookies[0].Value); ok && s.reads(who) {
			return true
		}
	}
	return s.visitors.take(Network(remote(r)))
}

// tooManyPages says so in plain text, at the cost of nothing.
func tooManyPages(w http.ResponseWriter) {
	const text = "Too many pages were asked for from this address without a sign-in.\n" +
		"Wait some seconds and load the page again. A command line needs no page: halligan status, halligan inbox, halligan approve.\n"
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	header.Set("Retry-After", "5")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(text)) // an error means that the reader has gone
}
