package canon

import (
	"fmt"
	"strings"
)

// Said formats a sentence for people, as fmt.Sprintf does: a Time as its date and
// time of day in UTC, cut to whole seconds, and a list of words with commas. Format's
// verbs for both are %s or %v. It keeps no args, and a slice that is passed whole is
// changed.
func Said(format string, args ...any) string {
	for i, arg := range args { // in place, so that vet knows whom format is for
		switch arg := arg.(type) {
		case Time:
			args[i] = arg.t.Format("2006-01-02 15:04:05 UTC")
		case []string:
			args[i] = strings.Join(arg, ", ")
		}
	}
	return fmt.Sprintf(format, args...)
}
