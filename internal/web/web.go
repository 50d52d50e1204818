package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options is what the pages need. All of it is required but what says otherwise.
type Options struct {
	// API answers the routes of the API in this process. It checks the reader's
	// cookie itself, and what it refuses no page shows.
	API http.Handler
	// Name is the cell's name: the RP id of its passkeys.
	Name string
	Log  *slog.Logger
	// SecretIn names what a text looks like that is a secret, "" where it does not;
	// nil: nothing does.
	SecretIn func(text string) string
	// Now is the time that deadlines of drafts are measured by; nil: time.Now.
	Now func() time.Time
}

// pages is what handlers work with.
type pages struct {
	Options
	mux    *http.ServeMux
	sheets cabinet
	files  map[string]file // of assets, by name
	words  words
}

// New is the handler of every page in the table. It owes the caller's own checks of
// the host name, the log and the catching of panics, which are the API's too.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SecretIn == nil {
		o.SecretIn = func(string) string { return "" }
	}
	p := &pages{Options: o, mux: http.NewServeMux(), files: embedded()}
	p.sheets.funcs = p.functions()
	for _, route := range routes {
		p.mux.Handle(route.Pattern(), p.serve(route))
	}
	p.mux.Handle("/", p.serve(Route{Method: get, Access: Anybody, Guard: ReadsOnly, handle: (*pages).nowhere}))
	return p.mux
}

// Serves tells whether a path is for the pages to answer. The others are the API's,
// whose answers are for programs.
func Serves(path string) bool {
	for _, prefix := range []string{"/api/", "/ledger/", "/.well-known/"} {
		if strings.HasPrefix(path, prefix) {
			return false
		}
	}
	return path != "/revocations"
}

// nowhere is the page of paths that are none.
func (p *pages) nowhere(*call) error {
	return &Problem{Status: http.StatusNotFound, Title: "There is no such page", Detail: "The address may be mistyped, or the request that it names is another's.", Hint: "Go to Now, and find it from there."}
}
