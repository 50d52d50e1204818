// Package broker is the decider: it checks signatures in parallel, decides
// commands one after the other through cell, appends what they became in
// batches, and answers each caller after the commit that covers it.
//
// It is not for rules (cell), nor for the keeping (store) or doing (scheduler).
//
// The invariant: nobody is told of anything that is not durable, and whatever
// is durable is the outcome of cell.Step on the world that the entries before
// it give.
//
// Read broker.go first, then store.go for what a store owes.
package broker
