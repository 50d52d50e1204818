// Package backup packs folders into one encrypted file and unpacks them again:
// age around tar. It knows nothing of cells.
//
// The invariant: Unpack writes below the folder that it was given and nowhere
// else, over nothing that is there, and what was not written whole is an error.
//
// Read backup.go.
package backup
