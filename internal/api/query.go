package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// digitsLeast is how many digits of an id are enough to look for it.
const digitsLeast = 8

// query reads the query of a URL, strictly: names that are not known, or that
// stand twice, are errors, so that no filter is silently ignored.
func query(c *call, names ...string) (map[string]string, error) {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, badQuery("the query cannot be read")
	}
	found := map[string]string{}
	for name, given := range values {
		if !slices.Contains(names, name) {
			return nil, badQuery("only " + strings.Join(names, ", ") + " can be asked for")
		}
		if len(given) != 1 {
			return nil, badQuery(name + " stands twice")
		}
		found[name] = given[0]
	}
	return found, nil
}

// number reads a number of a query; absent is absent's value.
func number(q map[string]string, name string, absent, most int64) (int64, error) {
	text, ok := q[name]
	if !ok {
		return absent, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, badQuery(fmt.Sprintf("%s must be a number from 0 to %d", name, most))
	}
	return n, nil
}

// digits reads the id in a path: 8 to 64 hexadecimal digits.
func digits(c *call) (string, error) {
	text := c.r.PathValue("id")
	if len(text) < digitsLeast || len(text) > 64 || strings.Trim(text, "0123456789abcdef") != "" {
		return "", badQuery(fmt.Sprintf("an id is its first %d to 64 digits (0–9, a–f)", digitsLeast))
	}
	return text, nil
}

func hasDigits(id canon.Digest, prefix string) bool { return strings.HasPrefix(id.String(), prefix) }

// ambiguous says that digits name more than one thing, and gives ids whole: two
// requests of one person can be made to agree in the digits that are shown, and
// each must still be stoppable.
func ambiguous(ids ...string) *Problem {
	return problem(http.StatusConflict, reasonAmbiguous, "the id is ambiguous",
		"more than one id begins with these digits, such as "+strings.Join(ids, " and "), "give all the digits of the one that you mean")
}
