// Package sqlite keeps a cell in one folder, in one SQLite file: the store for
// a cell that is one process.
//
//	cell.db   the cell, with cell.db-wal and cell.db-shm while it is open
//	lock      held while a process has the folder open
//	reserve   space that is given up when the disk is full
//
// It is not for rules: it keeps bytes and finds them again. It reads no more of
// an entry than the time in it, and only to know which nonces are past.
//
// The invariant: when Append has returned nil, the whole batch survives a power
// cut; when Load has answered, what it said is durable, and what it did not say
// will never appear. There is one writer, held by the lock on the folder and,
// should that fail, by the compare-and-set on the head.
//
// Read append.go first, then migrations/ for the tables.
package sqlite
