package meaning_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// What the tables and the random openings share.

const (
	number      = "123456789012" // of the account
	fromAddress = "192.0.2.7"    // where requests come from
)

var (
	began  = time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC)
	before = began.Add(15 * time.Minute) // the end of a session
)

// call is one thing that somebody does in AWS.
type call struct{ action, resource string }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// iam is a policy document as a scenario has it.
func iam(statements ...access.IAMStatement) string {
	return string(canon.MustEncode(access.IAMPolicy{Version: access.IAMVersion, Statement: statements}))
}

func allows(actions ...string) access.IAMStatement {
	return access.IAMStatement{Effect: access.IAMAllow, Action: actions, Resource: []string{"*"}}
}
