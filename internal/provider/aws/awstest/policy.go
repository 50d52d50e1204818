package awstest

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// many is a value that IAM lets be one or a list.
type many []string

// UnmarshalJSON takes both.
func (m *many) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(m))
}

type document struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid       string
	Effect    string
	Action    many
	NotAction many
	Resource  many
	Condition map[string]map[string]many
}

func readPolicy(text string) (document, error) {
	var p document
	err := json.Unmarshal([]byte(text), &p, json.RejectUnknownMembers(true))
	return p, err
}

// facts are the condition keys of a call, by name in lower case. A key that is not
// there is absent.
type facts map[string]string

// may tells whether a session may do something: its role allows it, no stop slot of
// its role bears its tag, and its policy, if it has one, allows and does not deny.
func (c *request) may(s *Session, action, resource string, more facts) bool {
	d := c.d
	for _, policy := range d.attached[s.Role] {
		if slot := policy[strings.LastIndexByte(policy, '-')+1:]; strings.Contains(policy, ":policy/halligan-stop-slot-") && s.Tags["halligan-slot"] == slot {
			return false
		}
	}
	if !slices.ContainsFunc(d.roles[s.Role].Allows, func(pattern string) bool { return like(pattern, action) }) {
		return false
	}
	if s.Policy == "" {
		return true
	}
	p, err := readPolicy(s.Policy)
	if err != nil {
		return false
	}
	known := facts{"aws:currenttime": d.now().UTC().Format(time.RFC3339Nano), "aws:viaawsservice": "false", "aws:requestedregion": c.region}
	if host, _, err := net.SplitHostPort(c.r.RemoteAddr); err == nil {
		known["aws:sourceip"] = host
	}
	for key, value := range more {
		known[key] = value
	}
	allowed := false
	for _, st := range p.Statement {
		if !st.fits(action, resource) || !c.holds(st.Condition, known) {
			continue
		}
		if st.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s statement) fits(action, resource string) bool {
	is := func(pattern string) bool { return like(pattern, action) }
	if len(s.NotAction) > 0 && slices.ContainsFunc(s.NotAction, is) || len(s.Action) > 0 && !slices.ContainsFunc(s.Action, is) {
		return false
	}
	return slices.ContainsFunc(s.Resource, func(pattern string) bool { return like(pattern, resource) })
}

// like matches * and nothing else.
func like(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return strings.EqualFold(pattern, text)
	}
	if len(text) < len(first) || !strings.EqualFold(text[:len(first)], first) {
		return false
	}
	for i := len(first); i <= len(text); i++ {
		if like(rest, text[i:]) {
			return true
		}
	}
	return false
}

// holds tells whether every condition holds. A condition that it does not know
// fails the test.
func (c *request) holds(conditions map[string]map[string]many, known facts) bool {
	for operator, of := range conditions {
		for key, values := range of {
			fact, there := known[strings.ToLower(key)]
			ok, err := test(operator, fact, there, values)
			if err != nil {
				c.d.t.Errorf("the double of AWS cannot judge %s of %s: %v", operator, key, err)
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

func test(operator, fact string, there bool, values many) (bool, error) {
	equal := func(value string) bool { return strings.EqualFold(value, fact) }
	switch operator {
	case "DateGreaterThan", "DateGreaterThanEquals", "DateLessThan":
		now, err := time.Parse(time.RFC3339Nano, fact)
		then, wrong := time.Parse(time.RFC3339, values[0])
		if err != nil || wrong != nil || len(values) != 1 {
			return false, fmt.Errorf("%q and %q are not two times", fact, values)
		}
		return operator == "DateLessThan" && now.Before(then) || operator == "DateGreaterThan" && now.After(then) ||
			operator == "DateGreaterThanEquals" && !now.Before(then), nil
	case "StringEquals", "ArnEquals", "Bool":
		return there && slices.ContainsFunc(values, equal), nil
	case "BoolIfExists":
		return !there || slices.ContainsFunc(values, equal), nil
	case "StringNotEquals":
		return !there || !slices.ContainsFunc(values, equal), nil
	case "NotIpAddress":
		address, err := netip.ParseAddr(fact)
		if err != nil {
			return true, nil
		}
		return !slices.ContainsFunc(values, func(value string) bool {
			prefix, err := netip.ParsePrefix(value)
			return err == nil && prefix.Contains(address) || value == fact
		}), nil
	}
	return false, fmt.Errorf("it knows no such operator")
}
