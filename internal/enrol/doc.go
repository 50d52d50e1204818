// Package enrol is how a passkey comes to be proposed: somebody of the change quorum
// signs an invitation, whoever has its code makes a passkey in a browser, a security
// key with ssh-keygen or a code device, and that is kept as an offer until somebody
// proposes it.
//
// It is for keeping invitations and offers, in one strict file beside the database.
// It is not for putting keys into the roster: an offer changes nothing in the cell,
// and only a change that the quorum agrees to does. It is not for deciding who may
// invite either; whoever calls it has asked the view.
//
// Invariants: an invitation gives one offer at most, also when many use its code at
// once and whatever crashes; of a code its hash alone is kept; what is full refuses
// and drops nothing that waits.
//
// Read wish.go first, then book.go.
package enrol
