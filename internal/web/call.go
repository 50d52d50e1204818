package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/view"
)

// Limits of one page.
const (
	formLongest = 15 * time.Second // until the form has come
	pageLongest = 60 * time.Second // until the page has gone
	insideMost  = 16 << 20         // bytes of one answer of the API
)

// sessionCookie is the cookie that the API gives for a session statement, and
// begunCookie the one of a sign-in that is under way at the identity provider.
const (
	sessionCookie = "__Host-halligan"
	begunCookie   = "__Host-halligan-oidc"
)

// call is one request on its way through a page.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	form  url.Values // of a POST
	nonce string     // of the page's scripts
	me    me         // who reads; zero where nobody has signed in

	secretIn func(text string) string
}

// me is who reads, as the API says.
type me struct {
	ID       string      `json:"id"`
	Name     *view.Note  `json:"name"`
	Security bool        `json:"security"`
	MayAsk   []string    `json:"may_ask"`
	MayStop  int         `json:"may_stop"` // live grants
	May      view.Powers `json:"may"`
	Until    string      `json:"until"`
	Keys     []view.Key  `json:"keys"`
}

// Problem is an answer that is no success, as the API spells it (RFC 9457), and as
// the page about it says it.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
}

// Error is for people.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

// serve is one route: what it demands, then its page.
func (p *pages) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, nonce: fresh(), secretIn: p.SecretIn}
		p.headers(c)
		err := p.admit(route, c)
		if err == nil {
			err = route.handle(p, c)
		}
		if err != nil {
			p.failed(c, err)
		}
	})
}

// fresh is a nonce of 128 bits.
func fresh() string {
	var room [16]byte
	rand.Read(room[:])
	return base64.RawURLEncoding.EncodeToString(room[:])
}

// errBounce says that the reader came from another site's link, for which a strict
// cookie stays at home: the page asks for itself once more.
var errBounce = errors.New("came from another site")

// admit lets a request through to its page, or says why not.
func (p *pages) admit(route Route, c *call) error {
	// Not every connection can be given a deadline; the server's holds then.
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(pageLongest))
	if err := foreign(route, c.r); err != nil {
		return err
	}
	if err := c.readForm(route.Body); err != nil {
		return err
	}
	if route.Access == Anybody {
		return nil
	}
	if _, err := c.r.Cookie(sessionCookie); err != nil && c.r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return errBounce
	}
	return p.get(c, "/api/v1/me", &c.me)
}

// foreign refuses what a page elsewhere has a reader's browser send. A browser
// that does not say where a request comes from is judged by Origin.
func foreign(route Route, r *http.Request) error {
	if route.Guard == ReadsOnly && route.Method == get {
		if mode := r.Header.Get("Sec-Fetch-Mode"); mode == "" || mode == "navigate" || r.Header.Get("Sec-Fetch-Site") != "cross-site" {
			return nil
		}
	} else if err := new(http.CrossOriginProtection).Check(r); err == nil {
		return nil
	}
	return &Problem{Status: http.StatusForbidden, Reason: "cross-origin", Title: "Another site asked for this",
		Detail: "A page of another site had your browser send this, and nothing was done.", Hint: "Open Halligan by its own address and do it there."}
}

// readForm takes the fields of a POST in.
func (c *call) readForm(most int64) error {
	if most == 0 {
		if c.r.ContentLength != 0 {
			return &Problem{Status: http.StatusBadRequest, Reason: "malformed", Title: "This page takes no fields"}
		}
		return nil
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return &Problem{Status: http.StatusUnsupportedMediaType, Reason: "media-type", Title: "Another kind of form", Detail: "The fields must come as application/x-www-form-urlencoded."}
	}
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Now().Add(formLongest)) // see admit
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	_ = control.SetReadDeadline(time.Time{})
	if err != nil {
		return &Problem{Status: http.StatusRequestEntityTooLarge, Reason: "body-too-large", Title: "Too much was sent", Detail: fmt.Sprintf("At most %d bytes are read.", most), Hint: "Say it shorter."}
	}
	if c.form, err = url.ParseQuery(string(body)); err != nil {
		return &Problem{Status: http.StatusBadRequest, Reason: "malformed", Title: "The fields cannot be read"}
	}
	return nil
}

// get asks the API for something in the reader's name.
func (p *pages) get(c *call, path string, into any) error {
	body, err := p.inside(c.r.Context(), c, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the API's answer to %s cannot be read: %w", path, err)
	}
	return nil
}

// inside is what the API answers to a GET with the reader's cookie. Its error is a
// *Problem where the API refuses.
func (p *pages) inside(ctx context.Context, c *call, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+p.Name+path, nil)
	if err != nil {
		return nil, err
	}
	return p.asked(c, r, path)
}

// asked has the API answer a request in the reader's name: from where they are, and
// with their cookies.
func (p *pages) asked(c *call, r *http.Request, path string) ([]byte, error) {
	r.RemoteAddr, r.Host, r.RequestURI = c.r.RemoteAddr, c.r.Host, path
	for _, name := range []string{sessionCookie, begunCookie} {
		for _, cookie := range c.r.CookiesNamed(name) { // all of them: which one counts is for the API to say
			r.AddCookie(&http.Cookie{Name: name, Value: cookie.Value})
		}
	}
	w := &kept{header: http.Header{}}
	p.API.ServeHTTP(w, r)
	if w.over {
		return nil, fmt.Errorf("the API's answer to %s is over %d bytes", path, insideMost)
	}
	for _, cookie := range w.header.Values("Set-Cookie") {
		c.w.Header().Add("Set-Cookie", cookie)
	}
	if w.status == http.StatusOK || w.status == http.StatusCreated || w.status == http.StatusNoContent {
		return w.body.Bytes(), nil
	}
	problem := &Problem{Status: w.status, Title: http.StatusText(w.status)}
	if strings.HasPrefix(w.header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(w.body.Bytes(), problem); err != nil {
			return nil, fmt.Errorf("the API's problem for %s cannot be read: %w", path, err)
		}
	}
	return nil, problem
}

// kept takes an answer that stays in this process.
type kept struct {
	header http.Header
	status int
	over   bool
	body   bytes.Buffer
}

// Header does what http.ResponseWriter says.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader does what http.ResponseWriter says.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write does what http.ResponseWriter says.
func (k *kept) Write(data []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	if k.over = k.over || k.body.Len()+len(data) > insideMost; k.over {
		return 0, errors.New("the answer is too large")
	}
	return k.body.Write(data)
}
