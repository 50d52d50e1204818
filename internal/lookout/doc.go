// Package lookout looks at the symptoms of emergencies: whether something that
// should answer does, seen over a network, and whether a tracker knows an incident.
//
// It is not for what a look means (cell): a scenario says what to look at, a task
// over which network, and the rules what follows.
//
// The invariant: who can see nothing says unknown. That something does not answer
// counts only while the network's control, which has nothing to do with it,
// answers in the same look. Nothing of what is looked at is kept: no redirect is
// followed, no body of it read.
//
// Read lookout.go first.
package lookout
