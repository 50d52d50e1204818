package api

import "net/http"

// Access says what a request must bring.
type Access string

// The ways in. Only the last two can change the cell.
const (
	Public        Access = "public"         // nothing
	Token         Access = "token"          // a token that a session statement opened, in the header or a cookie; for reading
	Statement     Access = "statement"      // a statement signed by a person's or holder's key, in the body
	HostSignature Access = "host-signature" // a report signed by a host's report key, in the body

	// These two change what is kept of invitations, and nothing of the cell.
	InvitationSignature Access = "invitation-signature" // a wish signed by who may propose changes, in the body
	Code                Access = "code"                 // the code of an invitation, in the body

	// The server signs what the body holds if the code is right. It changes nothing of
	// the cell: the statement is sent like any other.
	DeviceCode Access = "device-code"

	// This one opens a session to read, and nothing else.
	Returned Access = "returned" // what the identity provider gave the browser that asked it, which a cookie knows
)

// Forgery says why a page of another site gains nothing by having somebody's
// browser send a request (CSRF).
type Forgery string

// The answers. No route answers another origin's script (no CORS), and the cookie
// is SameSite=Strict and taken from pages of our own only.
const (
	ReadOnly         Forgery = "read only"          // it changes nothing, and the page sees no answer
	Signed           Forgery = "signed"             // what counts is a signature in the body
	Coded            Forgery = "coded"              // what counts is a code in the body, and no cookie
	SameOriginCookie Forgery = "same-origin cookie" // it needs the cookie, which other sites' pages cannot use
	OwnPage          Forgery = "own page"           // what a browser says is of another site's page is refused
)

// Route is one row of the table.
type Route struct {
	Method  string
	Path    string // as http.ServeMux has it
	Access  Access
	Forgery Forgery
	Humans  bool  // changes what only a person's signature can change
	Body    int64 // most bytes of the request body; 0: it must have none
	Metered bool  // costs a stranger more than reading memory: bounded for each address (stranger.go)
	Stream  bool  // answers as long as the reader listens
	handle  func(*service, *call) error
}

// Pattern is the route as http.ServeMux wants it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

// Changes tells whether the route can change the cell.
func (r Route) Changes() bool { return r.Access == Statement || r.Access == HostSignature }

const (
	get  = http.MethodGet
	post = http.MethodPost

	statementBody = 256 << 10
	wishBody      = 16 << 10
	codeBody      = 64 << 10
	reportBody    = 64 << 10
)

// routes is every route there is. There is no other way in.
var routes = []Route{
	// What changes the cell.
	{Method: post, Path: "/api/v1/statements", Access: Statement, Forgery: Signed, Humans: true, Body: statementBody, Metered: true, handle: (*service).submit},
	{Method: post, Path: "/api/v1/hosts/report", Access: HostSignature, Forgery: Signed, Body: reportBody, Metered: true, handle: (*service).report},

	// How somebody signs by a code of their app.
	{Method: post, Path: "/api/v1/codes", Access: DeviceCode, Forgery: Coded, Humans: true, Body: statementBody, Metered: true, handle: (*service).signByCode},

	// How a passkey or a code device comes to be proposed.
	{Method: post, Path: "/api/v1/invitations", Access: InvitationSignature, Forgery: Signed, Humans: true, Body: wishBody, Metered: true, handle: (*service).invite},
	{Method: post, Path: "/api/v1/enrol/look", Access: Code, Forgery: Coded, Body: codeBody, Metered: true, handle: (*service).lookUp},
	{Method: post, Path: "/api/v1/enrol", Access: Code, Forgery: Coded, Body: codeBody, Metered: true, handle: (*service).offer},
	{Method: post, Path: "/api/v1/enrol/key", Access: Code, Forgery: Coded, Body: codeBody, Metered: true, handle: (*service).offerKey},
	{Method: post, Path: "/api/v1/enrol/device", Access: Code, Forgery: Coded, Body: codeBody, Metered: true, handle: (*service).makeDevice},
	{Method: post, Path: "/api/v1/enrol/device/confirm", Access: Code, Forgery: Coded, Body: codeBody, Metered: true, handle: (*service).confirmDevice},
	{Method: get, Path: "/api/v1/invitations", Access: Token, Forgery: ReadOnly, handle: (*service).enrolments},
	{Method: get, Path: "/api/v1/offers/{id}", Access: Token, Forgery: ReadOnly, handle: (*service).offerOf},

	// How people sign in by the identity provider, to read.
	{Method: get, Path: "/api/v1/sign-in", Access: Public, Forgery: ReadOnly, Metered: true, handle: (*service).ways},
	{Method: post, Path: "/api/v1/sign-in/begin", Access: Returned, Forgery: OwnPage, Body: signInBody, handle: (*service).beginSignIn},
	{Method: post, Path: "/api/v1/sign-in/finish", Access: Returned, Forgery: OwnPage, Body: signInBody, handle: (*service).finishSignIn},

	// What anybody may read.
	{Method: get, Path: "/api/v1/cell", Access: Public, Forgery: ReadOnly, handle: (*service).cell},
	{Method: get, Path: "/api/v1/openapi.json", Access: Public, Forgery: ReadOnly, handle: (*service).openAPI},
	{Method: get, Path: "/revocations", Access: Public, Forgery: ReadOnly, handle: (*service).revocations},
	{Method: get, Path: "/ledger/checkpoint", Access: Public, Forgery: ReadOnly, handle: (*service).checkpoint},
	{Method: get, Path: "/ledger/tile/{level}/{index...}", Access: Public, Forgery: ReadOnly, Metered: true, handle: (*service).tile},

	// What people of the roster may read.
	{Method: get, Path: "/ledger/tile/entries/{index...}", Access: Token, Forgery: ReadOnly, handle: (*service).bundle},
	{Method: get, Path: "/ledger/attachments/{digest}", Access: Token, Forgery: ReadOnly, handle: (*service).attachment},
	{Method: get, Path: "/api/v1/me", Access: Token, Forgery: ReadOnly, handle: (*service).me},
	{Method: get, Path: "/api/v1/now", Access: Token, Forgery: ReadOnly, handle: (*service).now},
	{Method: get, Path: "/api/v1/inbox", Access: Token, Forgery: ReadOnly, handle: (*service).inbox},
	{Method: get, Path: "/api/v1/requests", Access: Token, Forgery: ReadOnly, handle: (*service).requests},
	{Method: get, Path: "/api/v1/requests/{id}", Access: Token, Forgery: ReadOnly, handle: (*service).request},
	{Method: get, Path: "/api/v1/requests/{id}/timeline", Access: Token, Forgery: ReadOnly, handle: (*service).timeline},
	{Method: get, Path: "/api/v1/requests/{id}/evidence", Access: Token, Forgery: ReadOnly, handle: (*service).evidence},
	{Method: get, Path: "/api/v1/reviews", Access: Token, Forgery: ReadOnly, handle: (*service).reviews},
	{Method: get, Path: "/api/v1/scenarios", Access: Token, Forgery: ReadOnly, handle: (*service).scenarios},
	{Method: get, Path: "/api/v1/scenarios/{scenario}", Access: Token, Forgery: ReadOnly, handle: (*service).scenario},
	{Method: get, Path: "/api/v1/explain", Access: Token, Forgery: ReadOnly, handle: (*service).explain},
	{Method: get, Path: "/api/v1/coverage", Access: Token, Forgery: ReadOnly, handle: (*service).coverage},
	{Method: get, Path: "/api/v1/coverage/every", Access: Token, Forgery: ReadOnly, handle: (*service).coverageEvery},
	{Method: get, Path: "/api/v1/coverage/week", Access: Token, Forgery: ReadOnly, handle: (*service).coverageWeek},
	{Method: get, Path: "/api/v1/cell/evidence", Access: Token, Forgery: ReadOnly, handle: (*service).cellEvidence},
	{Method: get, Path: "/api/v1/envelopes", Access: Token, Forgery: ReadOnly, handle: (*service).envelopes},
	{Method: get, Path: "/api/v1/people", Access: Token, Forgery: ReadOnly, handle: (*service).people},
	{Method: get, Path: "/api/v1/changes", Access: Token, Forgery: ReadOnly, handle: (*service).changes},
	{Method: get, Path: "/api/v1/changes/{id}", Access: Token, Forgery: ReadOnly, handle: (*service).change},
	{Method: get, Path: "/api/v1/changes/{id}/evidence", Access: Token, Forgery: ReadOnly, handle: (*service).changeEvidence},
	{Method: get, Path: "/api/v1/findings", Access: Token, Forgery: ReadOnly, handle: (*service).findings},
	{Method: get, Path: "/api/v1/readiness", Access: Token, Forgery: ReadOnly, handle: (*service).readiness},
	{Method: post, Path: "/api/v1/readiness/look", Access: Token, Forgery: SameOriginCookie, handle: (*service).lookOutside},
	{Method: get, Path: "/api/v1/numbers", Access: Token, Forgery: ReadOnly, handle: (*service).numbers},
	{Method: get, Path: "/api/v1/entries", Access: Token, Forgery: ReadOnly, handle: (*service).entries},
	{Method: get, Path: "/api/v1/entries/{entry}", Access: Token, Forgery: ReadOnly, handle: (*service).entry},
	{Method: get, Path: "/api/v1/statements/{digest}", Access: Token, Forgery: ReadOnly, handle: (*service).receipt},
	{Method: post, Path: "/api/v1/session/end", Access: Token, Forgery: SameOriginCookie, handle: (*service).endSession},
	{Method: get, Path: "/api/v1/sessions", Access: Token, Forgery: ReadOnly, handle: (*service).sessions},
	{Method: post, Path: "/api/v1/sessions/{id}/end", Access: Token, Forgery: SameOriginCookie, handle: (*service).endOne},
	{Method: post, Path: "/api/v1/sessions/end-others", Access: Token, Forgery: SameOriginCookie, handle: (*service).endOthers},
	{Method: get, Path: "/api/v1/watch", Access: Token, Forgery: ReadOnly, Stream: true, handle: (*service).watch},
}

// Routes is the table, for whoever documents or tests it.
func Routes() []Route { return append([]Route(nil), routes...) }
