// Package api is the cell over HTTP: one route that takes signed statements,
// and reads for people, hosts and verifiers.
//
// It is not for rules: it hands statements to the broker as they came and says
// what became of them. It makes no session that can act, and knows no password,
// cookie or role: reading needs a short token that a signed session statement
// opened, acting needs a signature each time. TLS, and what lies behind the
// interfaces in api.go, are the server's.
//
// The invariant: no route but those that take a signature changes anything, and
// what a reader gets is what the rules let that person see at that moment.
//
// Read route.go first: every route is a row of its table.
package api
