// Package client speaks to a Halligan server over its HTTP API: it signs
// statements on this machine, sends them, and reads.
//
// It is not for rendering, nor for deciding whether evidence is good: the
// server's renderings are only shown, and whoever signs on them verifies
// evidence first.
//
// The invariant: nothing is believed that the profile does not pin. The server
// must show the pinned TLS key, checkpoints must bear the anchor's ledger key
// and extend the one that was seen last, a statement is recorded when its receipt
// proves it, and is sent again only with the very bytes that were signed.
//
// Read client.go first.
package client
