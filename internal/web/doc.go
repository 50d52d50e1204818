// Package web is the pages: what people see and press in a browser.
//
// It is for showing what the API answers, in sentences, to whoever signed in, and
// for writing out the statements that a passkey signs. It is not for decisions, not
// for reading past the API, and not for changing anything: a page asks the API's
// handler in this process, with the reader's own cookie, so that it can show no more
// than the API would; and what changes the cell is a statement, which the browser
// signs and sends to the API itself.
//
// Invariants: no page needs a script but to sign; no script, style or picture comes
// from anywhere else; nothing that a person wrote is markup; what is signed is the
// statement that the page was made from, and the browser demands its own nonce in it.
//
// Read route.go first, then page.go, then now.go, then draft.go and assets/act.js.
package web
