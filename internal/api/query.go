package api

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/openapi"
)

// digitsLeast is how many digits of an id are enough to look for it.
const digitsLeast = 8

// parameter is a name that a query may have.
type parameter struct {
	name     string
	about    string
	schema   *openapi.Schema // of numbers also the bounds that number keeps, of texts the form that ask does
	required bool
	flag     bool // may be empty: that it stands there says it all
}

// ask reads the query of a URL, strictly: names that the route does not know,
// or that stand twice or are empty, are errors, so that no filter is silently ignored.
func (c *call) ask(known []parameter) error {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return badQuery("the query cannot be read")
	}
	c.known, c.query = known, map[string]string{}
	for name, given := range values {
		i := slices.IndexFunc(known, func(p parameter) bool { return p.name == name })
		switch {
		case i < 0:
			return badQuery(mayAsk(known))
		case len(given) != 1:
			return badQuery(name + " stands twice")
		case given[0] == "" && !known[i].flag:
			return badQuery(name + " is empty: leave it out")
		case !fits(known[i].schema, given[0]):
			return badQuery(name + " has another form than " + known[i].schema.Pattern)
		}
		c.query[name] = given[0]
	}
	for _, p := range known {
		if _, given := c.query[p.name]; p.required && !given {
			return badQuery(p.name + " must be given")
		}
	}
	return nil
}

// forms are the patterns of all parameters, compiled.
var forms = sync.OnceValue(func() map[string]*regexp.Regexp {
	all := map[string]*regexp.Regexp{}
	for _, of := range operations {
		for _, p := range of.query {
			all[p.schema.Pattern] = regexp.MustCompile(p.schema.Pattern)
		}
	}
	return all
})

// fits tells whether a text has the form that the document gives it. What is an
// instant, whoever reads it says better.
func fits(schema *openapi.Schema, text string) bool {
	return schema.Pattern == "" || schema.Format != "" || forms()[schema.Pattern].MatchString(text)
}

func mayAsk(known []parameter) string {
	if len(known) == 0 {
		return "nothing can be asked for here: leave the query out"
	}
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.name
	}
	return "only " + strings.Join(names, ", ") + " can be asked for"
}

// number reads a number of a query, within the bounds of its parameter; absent
// is absent's value.
func (c *call) number(name string, absent int64) (int64, error) {
	text, ok := c.query[name]
	if !ok {
		return absent, nil
	}
	i := slices.IndexFunc(c.known, func(p parameter) bool { return p.name == name })
	least, most := *c.known[i].schema.Minimum, *c.known[i].schema.Maximum
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, badQuery(fmt.Sprintf("%s must be a number from %d to %d", name, least, most))
	}
	return n, nil
}

// entryIndex reads the index of an entry in a path, in its one spelling.
func entryIndex(text string) (int64, error) {
	index, err := strconv.ParseInt(text, 10, 64)
	if err != nil || index < 0 || index > indexMost || strconv.FormatInt(index, 10) != text {
		return 0, badQuery("an entry is named by its number, from 0 on")
	}
	return index, nil
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
