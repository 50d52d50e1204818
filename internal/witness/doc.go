// Package witness is both ends of C2SP tlog-witness: the small witness that
// others run for a cell and that a cell's people run for others, and the client
// that offers a cell's checkpoints to its witnesses.
//
// A witness is for one thing: to have seen one history of each log that it
// knows. It reads no entries, judges no rules and keeps no log; whoever wants to
// know what a cosignature is worth for a cell asks package ledger for the policy.
//
// The invariant: of one log, no two cosignatures ever leave a witness whose
// checkpoints are not one history. Therefore what was cosigned last is durable
// before the cosignature exists, checking and keeping are one step for each log,
// and a witness whose disk gave an unclear answer reads what it has before it
// signs anything more (state.go, witness.go).
//
// Takes checkpoints of C2SP tlog-checkpoint without extension lines, of logs whose
// keys are Ed25519 signed-note keys named after the origin.
//
// Read witness.go first.
package witness
