package api

import (
	"maps"
	"net/http"
	"reflect"
)

// signInOperations describe how people sign in by an identity provider, and where
// they are signed in.
var signInOperations = map[string]operation{
	"GET /api/v1/sign-in": {
		id: "readWaysIn", tag: tagSession, summary: "How people sign in beside their keys", about: "The identity provider, if there is one, and whether it answers: known of the last seconds, or asked now.",
		answers: ok[ways]("The ways."),
	},
	"POST /api/v1/sign-in/begin": {
		id: "beginSignIn", tag: tagSession, summary: "Begin a sign-in at the identity provider",
		about: "Gives where the browser goes (authorization code with PKCE), and a cookie that binds what comes back to it for ten minutes.",
		body:  reflect.TypeFor[toSignIn](), answers: ok[goes]("Where to go."), reasons: []string{reasonNotFound, reasonForeign, reasonStranger, reasonSilent},
	},
	"POST /api/v1/sign-in/finish": {
		id: "finishSignIn", tag: tagSession, summary: "Finish it with what the provider gave the browser",
		about: "Opens a session to read for the person who has that identity in the roster, in a cookie. It is never enough to act.",
		body:  reflect.TypeFor[returned](), answers: ok[signedIn]("Who signed in."),
		reasons: []string{reasonNotFound, reasonForeign, reasonStranger, reasonSilent, reasonProvider, reasonIdentity, reasonBegun, reasonBusy},
	},
	"GET /api/v1/sessions": {
		id: "listSessions", tag: tagSession, summary: "Where the reader is signed in", about: "Their own sessions that count, with the one that asks marked.",
		answers: ok[sessionList]("Newest first."),
	},
	"POST /api/v1/sessions/{id}/end": {
		id: "endOneSession", tag: tagSession, summary: "End one session of the reader", about: "For good. It takes no body.",
		answers: []success{{status: http.StatusNoContent, about: "It is over."}}, reasons: []string{reasonNotFound, reasonAmbiguous, reasonBusy},
	},
	"POST /api/v1/sessions/end-others": {
		id: "endOtherSessions", tag: tagSession, summary: "End every session of the reader but the one that asks", about: "For good. It takes no body.",
		answers: ok[endedOthers]("They are over."), reasons: []string{reasonBusy}, fresh: true,
	},
}

// withSignIn adds them to the others.
func withSignIn(others map[string]operation) map[string]operation {
	all := maps.Clone(others)
	maps.Copy(all, signInOperations)
	return all
}
