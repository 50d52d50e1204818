// Package blueprint is the AWS side of a cell: roles, policies, identity
// providers, rules and documents that people put into their accounts on a calm
// day, worked out from the cell and its scenarios. Files come out; nothing is
// sent anywhere.
//
// It is not for using any of it (provider/aws does), nor for reading what is
// deployed: whoever asks for a comparison hands over what was found.
//
// The invariant: the same cell gives the same bytes, and a change of one scenario
// changes only what comes from it. Every policy is made in one place, in one form
// of JSON, whichever file it is put into; what passes a limit of AWS is refused
// with the number and the limit, and never cut.
//
// Read cell.go first, then rail.go and role.go.
package blueprint
