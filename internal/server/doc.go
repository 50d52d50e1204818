// Package server wires a cell's rooms into one running process: store, broker,
// scheduler, providers, alarms, API. It is the only place that knows them all.
//
// It is not for rules, formats or rendering: it makes parts and hands them to
// each other.
//
// The invariant: what Open opened, Close closes, in the opposite order, and
// nothing answers before the ledger was loaded and its head agrees with its
// tiles.
//
// Read server.go first.
package server
