package api

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Limits of one exchange. The server's own limits on headers and idle
// connections come on top.
const (
	bodyLongest   = 15 * time.Second // until the body has come
	answerLongest = 90 * time.Second // until the answer has gone, long polls included
)

// call is one request on its way through a handler.
type call struct {
	w    *answer
	r    *http.Request
	body []byte
	from netip.Addr // of the connection, or what a trusted proxy says (origin.go)
	who  ticket     // zero on routes without a token

	query  map[string]string // of the URL, as ask let it pass
	known  []parameter       // that the route has
	cookie bool              // the token came in one
}

// answer remembers what was answered, for the log.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
	person string
}

// WriteHeader does what http.ResponseWriter says.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write does what http.ResponseWriter says.
func (a *answer) Write(data []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(data)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find what is below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// outermost is what every request passes: the log, the catching of panics, the
// headers, the check of the host name, and then the table.
func (s *service) outermost() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, began := &answer{ResponseWriter: w}, time.Now()
		r = s.Proxies.heard(r)
		route := "none"
		defer func() {
			s.caught(a, recover())
			// Neither path, query, headers nor bodies: a stranger writes those, and
			// some of them are secret.
			s.Log.Info("request", slog.String("method", method(r)), slog.String("route", route), slog.Int("status", a.status),
				slog.Int64("bytes", a.bytes), slog.Duration("took", time.Since(began)),
				slog.String("from", remote(r).String()), slog.String("person", a.person))
		}()
		headers(a.Header())
		if len(r.TransferEncoding) > 0 {
			// A proxy that counts the bytes of such a body otherwise would take what
			// is left of it for somebody's next request (RFC 9112, section 6.1).
			a.Header().Set("Connection", "close")
		}
		if p := s.misdirected(r); p != nil {
			p.write(a)
			return
		}
		if s.pages != nil && s.Serves(r.URL.Path) && path.Clean(r.URL.Path) == r.URL.Path {
			route = "page"
			if !s.mayLook(r) {
				tooManyPages(a)
				return
			}
			s.pages.ServeHTTP(a, r)
			return
		}
		handler, pattern := s.mux.Handler(r)
		if pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			nowhere(handler, r).write(a)
			return
		}
		route = pattern
		s.mux.ServeHTTP(a, r)
	})
}

// caught ends a handler that panicked. The log has the stack, which names
// places and no values.
func (s *service) caught(a *answer, thrown any) {
	if thrown == nil {
		return
	}
	if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(thrown)
	}
	p := s.internal(fmt.Errorf("panic: %v\n%s", thrown, debug.Stack()))
	if a.status != 0 {
		panic(http.ErrAbortHandler) // half an answer has gone: cut it off
	}
	p.write(a)
}

func headers(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// misdirected refuses a request that names another host.
func (s *service) misdirected(r *http.Request) *Problem {
	switch {
	case !strings.HasPrefix(r.RequestURI, "/"): // a whole URL is what is said to proxies, and has a host of its own
		return problem(http.StatusMisdirectedRequest, reasonHost, "another host's name", "this server is no proxy", "ask for a path, not for a URL")
	case len(s.Names) == 0 || s.called(r):
		return nil
	}
	return problem(http.StatusMisdirectedRequest, reasonHost, "another host's name", "this server does not answer to that name",
		"use the URL of the profile; whoever runs the server can add a name to names in server.yaml")
}

// nowhere says why a request fits no route.
func nowhere(handler http.Handler, r *http.Request) *Problem {
	probe := &answer{ResponseWriter: sink{header: http.Header{}}}
	if handler.ServeHTTP(probe, r); probe.status == http.StatusMethodNotAllowed {
		allow := probe.Header().Get("Allow")
		p := problem(http.StatusMethodNotAllowed, reasonMethod, "method not allowed", "this path takes "+allow, "")
		p.allow = allow
		return p
	}
	return notFound("such path")
}

// sink takes an answer that nobody gets.
type sink struct{ header http.Header }

func (s sink) Header() http.Header            { return s.header }
func (s sink) Write(data []byte) (int, error) { return len(data), nil }
func (s sink) WriteHeader(int)                {}

// serve is one route: what it demands, then its handler.
func (s *service) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := w.(*answer)
		if !ok {
			a = &answer{ResponseWriter: w}
		}
		c := &call{w: a, r: r, from: remote(r)}
		err := s.admit(route, c)
		if err == nil {
			err = route.handle(s, c)
		}
		if err == nil {
			return
		}
		p := s.problemOf(err)
		if a.status == 0 {
			p.write(a)
		}
	})
}

// admit lets a request through to its handler, or says why not.
func (s *service) admit(route Route, c *call) error {
	if route.Metered && (route.Access == Public || route.Access == Code) && !s.strangers.take(Network(c.from)) {
		return tooMany()
	}
	if route.Access == Token {
		if err := s.authenticate(c); err != nil {
			return err
		}
		if err := s.Live.Whole(c.r.Context()); err != nil {
			return err
		}
	}
	if !route.Stream {
		// Not every connection can be given a deadline; the server's holds then.
		_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(answerLongest))
	}
	err := c.ask(operations[route.Pattern()].query)
	if err == nil {
		err = c.read(route.Body)
	}
	if err != nil && route.Metered {
		return s.stranger(c, err)
	}
	return err
}

// authenticate finds out who reads. A token counts while its time lasts, the key or
// the identity that opened it is still that person's, and nobody has ended the session.
func (s *service) authenticate(c *call) error {
	const hint = "sign a session statement; the client does that by itself"
	given, ok, p := c.token()
	if p != nil {
		return s.stranger(c, p)
	}
	if !ok {
		return s.stranger(c, problem(http.StatusUnauthorized, reasonNoToken, "a token is needed", "reading needs a token", hint))
	}
	who, ok := s.tokens.open(given)
	if !ok || !s.reads(who) {
		return s.stranger(c, problem(http.StatusUnauthorized, reasonBadToken, "the token does not count", "the token is over, or was never given", hint))
	}
	c.who, c.w.person = who, who.Person
	if !s.readers.take(who.Person) {
		return tooMuchRead()
	}
	return nil
}

// reads tells whether a ticket counts now.
func (s *service) reads(who ticket) bool {
	if !s.Ledger.Now().Before(who.Until) || s.ended.has(who.Digest) {
		return false
	}
	if of, ok := s.provided.get(who.Digest); ok {
		return of.Person == who.Person && of.key() == who.Key && s.provides(of)
	}
	owner, ok := s.Live.Owner(who.fingerprint())
	return ok && owner == who.Person
}

// read takes the body in, up to a number of bytes.
func (c *call) read(most int64) error {
	if most == 0 {
		if c.r.ContentLength != 0 {
			return malformed("this route takes no body")
		}
		return nil
	}
	if kind := c.r.Header.Get("Content-Type"); kind != "application/json" || c.r.Header.Get("Content-Encoding") != "" {
		return problem(http.StatusUnsupportedMediaType, reasonMediaType, "another type of body", "the body must be application/json, not compressed", "")
	}
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Now().Add(bodyLongest)) // see admit
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	_ = control.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem(http.StatusRequestEntityTooLarge, reasonBodyLarge, "the body is too large", fmt.Sprintf("at most %d bytes are read", most), "")
	}
	if err != nil {
		return malformed("the body did not come whole")
	}
	c.body = body
	return nil
}

// remote is where a request comes from (origin.go), without port and zone.
func remote(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// method is the method for the log: a stranger's word only if it is a known one.
func method(r *http.Request) string {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, r.Method) {
		return r.Method
	}
	return "other"
}
