// Package scheduler does what is due: it holds the tasks that entries asked
// for, sleeps until one is due, has it done, and brings the result back to the
// broker as an effect.
//
// It is not for what a task means (cell) nor for how it is done (the Work that
// the server registers for each kind). It decides nothing: whether a result
// counts, and whether a task is over, is the rules' answer.
//
// The invariant: a task that the world holds is tried until the world no longer
// holds it, at least once, with bounded workers and bounded, jittered pauses. A
// restart loses none, for the tasks are part of the world. Where work takes
// turns (line.go), no share of it waits for more than one job of each other. Where
// some of it yields to people, that never has all workers (group.go).
//
// Read scheduler.go first.
package scheduler
