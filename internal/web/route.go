package web

import "net/http"

// Access says who gets a page.
type Access string

// The ways in.
const (
	Anybody  Access = "anybody"   // no session is needed
	SignedIn Access = "signed-in" // a session; without one the page is that for signing in
)

// Guard says why a page elsewhere cannot use a route in a reader's name.
type Guard string

// The guards. There is no route that changes the cell: statements go to the API.
const (
	ReadsOnly  Guard = "reads only"  // it changes nothing, and its answer is not for other origins
	WritesOut  Guard = "writes out"  // it gives bytes to sign and keeps nothing; other origins are refused
	LooksOut   Guard = "looks out"   // it has the server look outside, once a minute, and changes nothing of the cell; other origins are refused
	OwnSession Guard = "own session" // it changes the reader's session alone; other origins are refused
	PassesOn   Guard = "passes on"   // what a code of somebody's signs goes to the API as any browser could send it; other origins are refused
	OwnBrowser Guard = "own browser" // a step of a sign-in that a cookie binds to the browser that began it
)

// Route is one row of the table.
type Route struct {
	Method string
	Path   string // as http.ServeMux has it
	Access Access
	Guard  Guard
	Body   int64 // most bytes of the request body; 0: it must have none
	handle func(*pages, *call) error
}

// Pattern is the route as http.ServeMux wants it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

const (
	get  = http.MethodGet
	post = http.MethodPost

	formBody = 64 << 10
)

// routes is every page there is.
var routes = []Route{
	{Method: get, Path: "/{$}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).now},
	{Method: get, Path: "/passkey", Access: Anybody, Guard: ReadsOnly, handle: (*pages).makePasskey},
	{Method: post, Path: "/passkey/line", Access: Anybody, Guard: WritesOut, Body: formBody, handle: (*pages).passkeyLine},
	{Method: get, Path: "/envelopes", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).envelopes},
	{Method: get, Path: "/envelopes/{name}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).envelope},
	{Method: get, Path: "/people", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).people},
	{Method: get, Path: "/people/{id}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).personPage},
	{Method: get, Path: "/people/{id}/invited", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).invited},
	{Method: get, Path: "/enrol", Access: Anybody, Guard: ReadsOnly, handle: (*pages).enrol},
	{Method: post, Path: "/enrol/device", Access: Anybody, Guard: PassesOn, Body: formBody, handle: (*pages).enrolDevice},
	{Method: post, Path: "/enrol/device/confirm", Access: Anybody, Guard: PassesOn, Body: formBody, handle: (*pages).confirmDevice},
	{Method: get, Path: "/changes", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).changes},
	{Method: get, Path: "/changes/{id}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).change},
	{Method: get, Path: "/sign-in", Access: Anybody, Guard: ReadsOnly, handle: (*pages).signIn},
	{Method: get, Path: "/sign-in/provider", Access: Anybody, Guard: OwnBrowser, handle: (*pages).toProvider},
	{Method: get, Path: "/sign-in/return", Access: Anybody, Guard: OwnBrowser, handle: (*pages).fromProvider},
	{Method: get, Path: "/sessions", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).sessions},
	{Method: post, Path: "/sessions/end", Access: SignedIn, Guard: OwnSession, Body: formBody, handle: (*pages).endSession},
	{Method: get, Path: "/static/{digest}/{name}", Access: Anybody, Guard: ReadsOnly, handle: (*pages).static},

	// For whoever needs access.
	{Method: get, Path: "/ask", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).askWhich},
	{Method: get, Path: "/ask/{scenario}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).ask},
	{Method: get, Path: "/coverage", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).coverage},
	{Method: get, Path: "/coverage/{scenario}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).coverageOf},
	{Method: get, Path: "/scenarios", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).scenarios},
	{Method: get, Path: "/scenarios/{scenario}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).scenario},

	// One request.
	{Method: get, Path: "/requests/{id}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).request},
	{Method: get, Path: "/requests/{id}/decide", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).decide},
	{Method: get, Path: "/requests/{id}/stop", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).stop},
	{Method: get, Path: "/requests/{id}/withdraw", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).withdraw},
	{Method: get, Path: "/requests/{id}/alone", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).alone},
	{Method: get, Path: "/requests/{id}/extend", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).extend},
	{Method: get, Path: "/requests/{id}/attest", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).attest},
	{Method: get, Path: "/requests/{id}/outage", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).outage},
	{Method: get, Path: "/stop", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).stopAll},

	// What was and is.
	{Method: get, Path: "/requests", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).requests},
	{Method: get, Path: "/requests/{id}/review", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).review},
	{Method: get, Path: "/reviews", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).reviews},
	{Method: get, Path: "/readiness", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).readiness},
	{Method: post, Path: "/readiness/look", Access: SignedIn, Guard: LooksOut, Body: formBody, handle: (*pages).lookOutside},
	{Method: get, Path: "/findings", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).findings},
	{Method: get, Path: "/record", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).record},
	{Method: get, Path: "/record/find", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).find},
	{Method: get, Path: "/record/{entry}", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).entry},
	{Method: get, Path: "/record/{entry}/bytes", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).entryBytes},
	{Method: get, Path: "/numbers", Access: SignedIn, Guard: ReadsOnly, handle: (*pages).numbers},

	// What a code signs: it goes to the API from here, for browsers that run no script.
	{Method: post, Path: "/code", Access: Anybody, Guard: PassesOn, Body: formBody, handle: (*pages).signWithCode},

	// What a passkey is to sign.
	{Method: post, Path: "/draft/session", Access: Anybody, Guard: WritesOut, Body: formBody, handle: (*pages).draftSession},
	{Method: post, Path: "/draft/invitation", Access: SignedIn, Guard: WritesOut, Body: formBody, handle: (*pages).draftInvitation},
	{Method: post, Path: "/draft/{kind}", Access: SignedIn, Guard: WritesOut, Body: formBody, handle: (*pages).draft},
}

// Routes is the table, for whoever documents or tests it.
func Routes() []Route { return append([]Route(nil), routes...) }
