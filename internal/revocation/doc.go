// Package revocation holds the two documents that pass between a cell and the
// hosts that trust its SSH authority: the list of key ids that are no longer
// good, which hosts pull, and the report of sessions, which hosts send back.
//
// It is for their bytes: the signed note that carries a list over the network,
// the OpenSSH KRL into which a host turns it, the canonical JSON of a report.
// It is not for deciding which grant has ended (package cell), nor for fetching,
// installing, killing or signing reports (package host): it is pure.
//
// Invariants. Each document has one encoding, and what does not re-encode to
// the same bytes is refused. A list never goes back: [List.Follows] is the rule
// by which a host refuses an older list, also one that is rightly signed. A
// list covers every closing up to its number, so that absence means "not
// closed by then", and key ids leave it only when the number grows.
//
// Revocation is by key id and not by serial because all certificates of a
// grant, and the twins that probe it, bear the same key id: one entry shuts
// them all, also those whose issue nobody remembers.
//
// Read first: list.go.
package revocation
