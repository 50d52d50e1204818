// Package ledger is the append-only Merkle log a cell keeps, and the shapes in
// which its evidence travels: hashes, the tree's right edge, tiles, proofs, entry
// bundles, signed checkpoints, the anchor a verifier pins, whole-log directories
// and partial evidence files.
//
// It is not the store (nothing here touches a disk or a network; callers hand in
// a Source, a Sink or a TileReader), it is not the law (an entry's body is opaque
// to everything here but Entry itself), and it knows no clock: a checkpoint says
// how much there was, never when.
//
// The invariant: bytes reach a caller only after they were tied, hash by hash, to
// the root of a checkpoint signed by a key of the caller's own anchor. Nothing in
// the evidence can supply the anchor. What cannot be tied is a *Fault that names
// the file or the entry.
//
// The formats are those of C2SP tlog-tiles and tlog-checkpoint with the hashing of
// RFC 6962 (SHA-256), so that foreign tools read our logs. Where those formats
// leave a choice of spelling, this package accepts one spelling.
//
// Read log.go first, then walk.go: they show what is promised to a verifier.
package ledger
