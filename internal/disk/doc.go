// Package disk does with files what needs more than one call: it replaces one
// whole, makes names durable, and holds one against other processes.
//
// It is not for what is in a file, nor for where files lie.
//
// The invariant: what is written is there whole, under its own mode, or not at all;
// and when a function that says so returned nil, it is there after a crash.
//
// Read disk.go.
package disk
