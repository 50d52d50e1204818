// Package meaning asks strangers what the AWS documents of a blueprint mean. One is
// an evaluator of IAM policies that other people wrote, run as a process of its own
// (judge.go); the other is our reading of how EventBridge matches events, held to
// the vendor's documentation (pattern.go) and to events that CloudTrail recorded.
//
// It is for tests alone. It makes no document and knows no scenario: what it judges
// is handed to it, and nothing that is shipped may import it. The evaluator's licence
// is the AGPL, so it stays a process beside the tests and never becomes a part of us.
//
// The invariant: a verdict weighs everything that its case says. A member of the
// context that the evaluator left out of its judgement is an error and no verdict,
// since a case that was not weighed proves nothing.
//
// What the evaluator cannot know: how long a session lives, when a change of IAM
// reaches every Region, whether STS checks a web token's signature, and whether a
// session policy still binds a console session. Those stay claims of the vendor.
//
// Read judge.go first, then meaning_test.go and the tables that it names.
package meaning
