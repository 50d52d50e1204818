// Package paper is what leaves Halligan as files for elsewhere: blueprints for AWS
// accounts and printed procedures, made from a cell as it stands, and what was
// deployed from them, read back.
//
// It is not for what the files say (blueprint, procedure), nor for who may see
// them: nothing in them is secret.
//
// The invariant: it gives the pure rooms what the cell's document says, everything
// of it and nothing besides.
//
// Read cell.go first.
package paper
