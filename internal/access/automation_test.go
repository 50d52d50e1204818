package access_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
)

// TestSameThing: of two executions the one takes away at its end what the other opened
// where both put the same user into the same group, wherever they run and of whatever
// version; or where they are of one document with the same parameters, which is told of no
// person who would make them two.
func TestSameThing(t *testing.T) {
	group := access.Automation{Account: "prod", Region: "eu-west-1", Group: "operators", Version: 1}
	group.MemberOf()
	own := access.Automation{
		Account: "prod", Region: "eu-west-1", Document: "LiftFreeze", Version: 3,
		Parameters: map[string]string{"Pipeline": "checkout"}, Tells: map[string]string{"Until": access.FactUntil},
	}
	with := func(of access.Automation, change func(*access.Automation)) *access.Automation {
		change(&of)
		return &of
	}
	told := map[string]string{"Who": access.FactPerson}
	for name, c := range map[string]struct {
		a, b   *access.Automation
		person string // of b; a's is ann
		same   bool
	}{
		"a group and a person":          {&group, &group, "ann", true},
		"another person":                {&group, &group, "bob", false},
		"a group from another region":   {&group, with(group, func(a *access.Automation) { a.Region = "eu-central-1" }), "ann", true},
		"another version":               {&group, with(group, func(a *access.Automation) { a.Version = 2 }), "ann", true},
		"another group":                 {&group, with(group, func(a *access.Automation) { a.Group = "readers"; a.MemberOf() }), "ann", false},
		"another account":               {&group, with(group, func(a *access.Automation) { a.Account = "stage" }), "ann", false},
		"what is told of nobody":        {&own, &own, "bob", true},
		"other parameters":              {&own, with(own, func(a *access.Automation) { a.Parameters = map[string]string{"Pipeline": "search"} }), "ann", false},
		"a document of another region":  {&own, with(own, func(a *access.Automation) { a.Region = "eu-central-1" }), "ann", false},
		"one that is told who, one not": {&own, with(own, func(a *access.Automation) { a.Tells = told }), "bob", true},
		"both told, of two people":      {with(own, func(a *access.Automation) { a.Tells = told }), with(own, func(a *access.Automation) { a.Tells = told }), "bob", false},
		"both told, of one":             {with(own, func(a *access.Automation) { a.Tells = told }), with(own, func(a *access.Automation) { a.Tells = told }), "ann", true},
	} {
		if one, other := c.a.Same("ann", c.b, c.person), c.b.Same(c.person, c.a, "ann"); one != c.same || other != c.same {
			t.Errorf("%s: the same is %t and %t", name, one, other)
		}
	}
}
