// Package totp keeps code devices: for each an SSH key that the server holds, and
// the secret that the person's app makes six digits of (RFC 6238). It signs with the
// key when the digits are right.
//
// It is for making, confirming, using and forgetting devices. It is not for saying
// what such a signature is worth: the law says so of every key that the roster lists
// as a code device (server-attested), whoever holds it. It does not know who may
// sign what either, nor how often somebody may guess; whoever calls it has asked.
//
// Invariants: of one device each step of thirty seconds signs one statement at most,
// also when many use its digits at once and whatever crashes, because the step is
// used up, durably, before anything is signed. Neither a secret nor a private key is
// in a file in clear, in an error or in a log; a secret leaves once, when it is made.
//
// Read device.go first, then devices.go.
package totp
