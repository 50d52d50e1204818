package cli

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/halligan-dev/halligan/internal/statement"
)

// asTyped gives other spellings of what every program knows the ones of this:
// `halligan help approve` and `halligan --version`.
func asTyped(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	}
	return args
}

// decodeTime reads a time such as 30m, for every flag that takes one.
func decodeTime(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("time", &text); err != nil {
		return err
	}
	length, err := time.ParseDuration(text)
	if err != nil || length <= 0 {
		return fmt.Errorf("%q is not a time such as 90s, 30m, 1h or 1h30m", text)
	}
	target.Set(reflect.ValueOf(length))
	return nil
}

// checks are the ways to make sure who asks, as they are typed.
var checks = []statement.Check{statement.CallBack, statement.Video, statement.InPerson, statement.NotChecked}

// check is a way as a flag gives it; empty where it was not given.
type check string

var errNoCheck = errors.New("it is call-back, video, in-person or not-checked")

// UnmarshalText refuses what is none of the ways.
func (c *check) UnmarshalText(text []byte) error {
	if !slices.Contains(checks, statement.Check(text)) {
		return fmt.Errorf("%q is no way to check: %w", text, errNoCheck)
	}
	*c = check(text)
	return nil
}
