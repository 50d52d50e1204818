package web

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
)

//go:embed pages/*.html
var sheets embed.FS

// shown is what the frame of every page is made from.
type shown struct {
	Title string // of the page, for the tab
	Cell  string
	Place string // the row of the menu that is here; "" for none
	Nonce string
	Me    me
	Live  string // path that the main part is fetched from again when something happens; "" for a page that stays
	Body  any    // what the page's own sheet is made from
}

// cabinet makes sheets when they are first asked for: making all of them is a good
// part of a start, and one is nothing beside showing it.
type cabinet struct {
	mu    sync.Mutex
	funcs template.FuncMap
	frame *template.Template
	made  map[string]*template.Template
}

// sheet is the sheet of that name. Each page is its own "main" within one frame, so
// the frame is cloned for each.
func (c *cabinet) sheet(name string) *template.Template {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frame == nil {
		c.frame = template.Must(template.New("frame").Funcs(c.funcs).ParseFS(sheets, "pages/frame.html", "pages/part_*.html"))
		c.made = map[string]*template.Template{}
	}
	if c.made[name] == nil {
		c.made[name] = template.Must(template.Must(c.frame.Clone()).ParseFS(sheets, "pages/"+name+".html"))
	}
	return c.made[name]
}

// show sends a page: the sheet of that name within the frame. With ?part=main only
// the main part is sent, for a page that is looked at already.
func (p *pages) show(c *call, name string, of shown) error {
	return p.showAs(c, http.StatusOK, name, of)
}

func (p *pages) showAs(c *call, status int, name string, of shown) error {
	of.Cell, of.Nonce, of.Me = p.Name, c.nonce, c.me
	part := "frame"
	if c.r.URL.Query().Get("part") == "main" {
		part = "main"
	}
	var page bytes.Buffer
	if err := p.sheets.sheet(name).ExecuteTemplate(&page, part, of); err != nil {
		return err
	}
	seen := canon.Visible(page.String()) // our own sheets hold nothing that it changes
	header := c.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(seen)))
	c.w.WriteHeader(status)
	_, _ = io.WriteString(c.w, seen) // an error means that the reader has gone
	return nil
}

// headers are those of every page. Scripts run by the page's nonce alone; nothing
// is taken from elsewhere, and no text becomes markup but through the one policy of
// live.js.
func (p *pages) headers(c *call) {
	h := c.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+c.nonce+"'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types halligan")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Cookie, Sec-Fetch-Site")
}

// failed is the page, or for a draft the problem, that says why not.
func (p *pages) failed(c *call, err error) {
	var problem *Problem
	var elsewhere *moved
	switch {
	case errors.Is(err, errBounce):
		p.bounce(c)
		return
	case errors.As(err, &elsewhere):
		p.redirect(c, elsewhere.to)
		return
	case !errors.As(err, &problem):
		p.Log.Error("a page failed", slog.String("path", c.r.Pattern), slog.Any("error", err))
		problem = &Problem{Status: http.StatusInternalServerError, Title: "This page failed", Detail: "What was done before stands; the server's log says more.", Hint: "Load it again, or use the command line: halligan status."}
	case problem.Status == http.StatusUnauthorized && c.r.Method == get:
		p.redirect(c, "/sign-in?to="+url.QueryEscape(c.r.URL.RequestURI()))
		return
	}
	if c.r.Method == post && wantsJSON(c.r) {
		p.json(c, problem.Status, problem)
		return
	}
	if err := p.showAs(c, problem.Status, "problem", shown{Title: problem.Title, Body: problem}); err != nil {
		p.Log.Error("the page about a failure failed", slog.Any("error", err))
		http.Error(c.w, problem.Title, problem.Status)
	}
}

// redirect sends the reader to another page of this server.
func (p *pages) redirect(c *call, to string) {
	c.w.Header().Set("Location", to)
	c.w.WriteHeader(http.StatusSeeOther)
}

// bounce has the reader's browser ask for the same page from this site, so that it
// brings its cookie.
func (p *pages) bounce(c *call) {
	here := local(c.r.URL.RequestURI())
	c.w.Header().Set("Refresh", "0; url="+here)
	if err := p.showAs(c, http.StatusOK, "bounce", shown{Title: "One moment", Body: here}); err != nil {
		p.Log.Error("a page failed", slog.Any("error", err))
	}
}

// local is a path of this server out of what a stranger may have written: what is
// none becomes the first page (an open redirect would lend our name to others).
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return u.RequestURI()
}
