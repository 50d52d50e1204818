package api

import (
	"net/http"
	"reflect"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/openapi"
)

const aboutDocument = `Access for emergencies, over signed statements. What changes anything is a statement that a person signed on ` +
	`their own machine: its canonical bytes go through one operation. Everything else reads.

HTTPS with TLS 1.3 only. Members and names of a query that are not known, stand twice or are spelled otherwise are refused. ` +
	`Each operation that reads answers HEAD as well. An error is application/problem+json: branch on its reason, which never ` +
	`changes its meaning. Answers may get members that are not described here: pass them over. A path that is none of these ` +
	`answers 404 (not-found), another method 405 (method-not-allowed).`

// What stands beside operations in the document.
const (
	tagStatement = "statements"
	tagCell      = "cell"
	tagRequest   = "requests"
	tagScenario  = "scenarios"
	tagLedger    = "ledger"
	tagHost      = "hosts"
	tagEnrol     = "enrolment"
	tagSession   = "sessions"
)

var tags = []openapi.Tag{
	{Name: tagStatement, About: "The one way to change anything, and the proof that it was taken."},
	{Name: tagCell, About: "The cell as it is now: its people, its changes, what is not as it should be."},
	{Name: tagRequest, About: "Requests, from the ask to the proof that nothing is left."},
	{Name: tagScenario, About: "What could be asked for, and who could agree."},
	{Name: tagLedger, About: "The ledger, for verifiers (C2SP tlog-tiles, tlog-checkpoint)."},
	{Name: tagHost, About: "What host programs read and report."},
	{Name: tagEnrol, About: "How a passkey comes to be proposed: invitations, and what was offered with their codes."},
	{Name: tagSession, About: "Where somebody is signed in to read, and how they do it by an identity provider."},
}

// Patterns of texts that have a form of their own.
const (
	patternID     = `^[a-z0-9][a-z0-9._-]{0,62}$`
	patternLedger = `^[a-z0-9][a-z0-9.-]{0,251}[a-z0-9](/epoch/[1-9][0-9]*/[0-9a-f]{32})?$`
	patternDigest = `^[0-9a-f]{64}$`
	patternP256   = `^04[0-9a-f]{128}$`
	patternTime   = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`
	patternStream = `^(cell|session|refused|request/[0-9a-f]{64})$`
	patternTile   = `^(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?$`

	indexMost = 1 << 52 // over that of any entry
)

// inPaths are the names that stand in paths.
var inPaths = map[string]parameter{
	"id":       {about: "The first 8 to 64 digits of the id.", schema: openapi.Text(`^[0-9a-f]{8,64}$`)},
	"digest":   {about: "All 64 digits of a SHA-256.", schema: openapi.Text(patternDigest)},
	"scenario": {about: "The id of a scenario.", schema: openapi.Text(patternID)},
	"entry":    {about: "The number of an entry; the first is 0.", schema: openapi.Between(0, indexMost)},
	"level":    {about: "The level of a tile; 0 has the hashes of entries.", schema: openapi.Between(0, 63)},
	"index":    {about: "The rest of the path, slashes included, as C2SP tlog-tiles spells an index: 000, x001/234, 005.p/17.", schema: openapi.Text(patternTile)},
}

// Parameters that several routes have.
var (
	askScenario = parameter{name: "scenario", about: "The id of a scenario.", schema: text()}
	askSeverity = parameter{name: "severity", about: "One of the scenario's.", schema: openapi.OneOf(access.Severities...)}
	askAt       = parameter{name: "at", about: "At another instant than now.", schema: &openapi.Schema{Type: "string", Format: "date-time", Pattern: patternTime}}
	askWithout  = parameter{name: "without", about: "Ids of people who are away, comma-separated.", schema: text()}
)

// text is any text that says something.
func text() *openapi.Schema { return &openapi.Schema{Type: "string", MinLength: 1} }

// demanded is a parameter that must be given.
func demanded(p parameter) parameter {
	p.required = true
	return p
}

// stateNames are the states that a list can be asked for.
func stateNames() []string {
	names := make([]string, len(access.States))
	for i, state := range access.States {
		names[i] = string(state)
	}
	return names
}

// ok is the answer of most operations that read: a value as JSON.
func ok[T any](about string) []success {
	return []success{{http.StatusOK, about, mediaJSON, reflect.TypeFor[T]()}}
}

// statuses are those of the API's own reasons; those of the rules have rows.
var statuses = map[string]int{
	reasonMalformed: http.StatusBadRequest, reasonQuery: http.StatusBadRequest,
	reasonTwoTokens: http.StatusBadRequest,
	reasonNoToken:   http.StatusUnauthorized, reasonBadToken: http.StatusUnauthorized,
	reasonNotShown: http.StatusForbidden, reasonForeign: http.StatusForbidden,
	reasonNotFound: http.StatusNotFound,
	reasonFetched:  http.StatusConflict, reasonOpened: http.StatusConflict, reasonAmbiguous: http.StatusConflict,
	reasonBodyLarge: http.StatusRequestEntityTooLarge, reasonTooMuch: http.StatusRequestEntityTooLarge,
	reasonMediaType: http.StatusUnsupportedMediaType,
	reasonHost:      http.StatusMisdirectedRequest,

	reasonProvider: http.StatusForbidden, reasonIdentity: http.StatusForbidden, reasonBegun: http.StatusForbidden, reasonSilent: http.StatusServiceUnavailable,
	reasonNotProposer: http.StatusForbidden, reasonUnverified: http.StatusUnprocessableEntity, reasonKeyKnown: http.StatusConflict,
	reasonNoCode: http.StatusForbidden, reasonGuesses: http.StatusTooManyRequests,
	totp.ErrWrong.Reason(): http.StatusForbidden, totp.ErrUsed.Reason(): http.StatusForbidden, totp.ErrMany.Reason(): http.StatusConflict,
	reasonStranger: http.StatusTooManyRequests, reasonOften: http.StatusTooManyRequests, reasonReads: http.StatusTooManyRequests,
	reasonInternal: http.StatusInternalServerError, reasonMintFailed: http.StatusInternalServerError,
	reasonBusy: http.StatusServiceUnavailable, reasonUnknown: http.StatusServiceUnavailable, reasonClosed: http.StatusServiceUnavailable,
}

// statusOf is the status by which a reason is said.
func statusOf(reason string) (int, bool) {
	if status, ok := statuses[reason]; ok {
		return status, true
	}
	if slices.Contains(ofWishes(), reason) {
		return http.StatusConflict, true
	}
	if slices.Contains(ofSecurityKeys(), reason) {
		return http.StatusUnprocessableEntity, true
	}
	row, ok := rows[cell.Reason(reason)]
	return row.status, ok
}

// common are the reasons that come with a row of the table.
func common(route Route) []string {
	reasons := []string{reasonMalformed, reasonQuery, reasonHost, reasonInternal, reasonUnknown}
	if route.Access == Token {
		reasons = append(reasons, reasonNoToken, reasonBadToken, reasonTwoTokens, reasonForeign, reasonReads, reasonStranger)
	}
	if route.Metered {
		reasons = append(reasons, reasonStranger)
	}
	if route.Body > 0 {
		reasons = append(reasons, reasonBodyLarge, reasonMediaType)
	}
	return reasons
}

// ofStatements are the reasons by which the rules refuse statements: all that
// there are but those of what the server itself puts before them.
func ofStatements() []string {
	effects := []cell.Reason{cell.UnknownTask, cell.TaskMismatch, cell.ReportRefused, cell.NotCosigned, cell.NotOverlapping}
	var reasons []string
	for reason := range rows {
		if !slices.Contains(effects, reason) {
			reasons = append(reasons, string(reason))
		}
	}
	return reasons
}
