// Package mailtest is a mail server on loopback, for tests of what is sent by
// mail: it speaks EHLO, STARTTLS with a certificate of its own authority, AUTH
// PLAIN, MAIL, RCPT and DATA, keeps what it takes, and answers otherwise where a
// test says so. It is not for mail: it gives nothing on and forgets all.
//
// Invariant: what it keeps is what came over the wire, and how: [Letter] says
// whether TLS was there and who had signed in.
//
// Read first: server.go.
package mailtest
