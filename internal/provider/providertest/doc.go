// Package providertest holds a provider to what provider.Provider and its
// optional abilities owe: Exercise is the suite that every provider runs.
//
// It is not for what only one kind of target can show, such as a host key that
// is another's: that is tested beside the provider.
//
// The invariant: nothing here asks for more than the contract says. Each
// dependency fails twice, once without effect and once after it, and the
// provider must get it right when it is asked again.
//
// Read exercise.go first.
package providertest
