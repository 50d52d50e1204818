// Package view is what people look at: it folds entries and requests into
// screens that a person at three in the morning understands, and into the same
// words for the command line, the pages and the alarms.
//
// It is not for rules (cell decides who may do what; view only says it), nor
// for storing: whatever is here can be made again from a world and its entries.
// It has no clock and no I/O; whoever asks says what time it is.
//
// The invariant: a view says no more than is known. What is not proved dead is
// called closing, and who may not see a request sees only that it exists.
//
// Read cell.go first, then see.go.
package view
