package canon

import (
	"fmt"
	"strings"
)

// Letters and digits, for MadeOf.
const (
	Lower = "abcdefghijklmnopqrstuvwxyz0123456789"
	Alnum = Lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// MadeOf tells whether a text consists of ASCII characters of an alphabet and of
// nothing else. Every statement is asked this several times, and every process
// starts with it: a regular expression is forty times as slow, and takes a
// millisecond to compile.
func MadeOf(text, alphabet string) bool { return strings.TrimLeft(text, alphabet) == "" }

// CheckID refuses what is no id of a person, scenario, group, host, channel or
// target: 1 to 63 of a–z, 0–9, dot, underscore, hyphen, beginning with a letter
// or digit. Nothing in an id can be mistaken for another, break a line or mean
// something to a shell, a terminal or a certificate.
func CheckID(id string) error {
	if id == "" || len(id) > 63 || !MadeOf(id[:1], Lower) || !MadeOf(id, Lower+"._-") {
		return fmt.Errorf("%q is not an id (a–z, 0–9, dot, underscore, hyphen; at most 63)", id)
	}
	return nil
}

// CheckOrigin refuses what is no ledger origin: a lower-case host name.
func CheckOrigin(origin string) error {
	n := len(origin)
	if n < 2 || n > 253 || !MadeOf(origin[:1]+origin[n-1:], Lower) || !MadeOf(origin, Lower+".-") {
		return fmt.Errorf("%q is not a ledger origin (a lower-case host name)", origin)
	}
	return nil
}
