package canon

import (
	"fmt"
	"regexp"
)

var (
	idShape     = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	originShape = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,251}[a-z0-9]$`)
)

// CheckID refuses what is no id of a person, scenario, group, host, channel or
// target: 1 to 63 of a–z, 0–9, dot, underscore, hyphen, beginning with a letter
// or digit. Nothing in an id can be mistaken for another, break a line or mean
// something to a shell, a terminal or a certificate.
func CheckID(id string) error {
	if !idShape.MatchString(id) {
		return fmt.Errorf("%q is not an id (a–z, 0–9, dot, underscore, hyphen; at most 63)", id)
	}
	return nil
}

// CheckOrigin refuses what is no ledger origin: a lower-case host name.
func CheckOrigin(origin string) error {
	if !originShape.MatchString(origin) {
		return fmt.Errorf("%q is not a ledger origin (a lower-case host name)", origin)
	}
	return nil
}
