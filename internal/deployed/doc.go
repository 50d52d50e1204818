// Package deployed asks an AWS account what it says of itself: the roles, groups
// and policies that IAM has now. It reads, with the credentials of whoever asks,
// and changes nothing.
//
// It is not for what should be there (blueprint), nor for the server: no identity
// of Halligan's may read IAM.
//
// The invariant: what it gives is whole. An answer that breaks off between two
// pages is an error, and no shorter answer.
//
// Read account.go.
package deployed
