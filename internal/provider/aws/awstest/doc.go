// Package awstest is a double of AWS for tests: STS, IAM's attaching and detaching,
// access keys and passwords of its users, secrets of Secrets Manager, sessions of Systems Manager and executions of its Automation, assignments of IAM Identity Center, the console's federation endpoint, and the reads that
// probes make, over HTTP on loopback.
//
// It knows what other doubles leave out: it checks a web identity token against the
// keys that its issuer publishes, keeps session tags, source identity, policy and
// end of each session, verifies each signature, and refuses what a stop slot or a
// session's policy denies. It fails as a test says: without effect, after the
// effect, by silence, or with an error of AWS's.
//
// It is not for what real policies mean: it understands those that a session of ours
// can have, and fails the test at any other.
//
// Read double.go first.
package awstest
