package meaning

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Pattern is an EventBridge event pattern, by the vendor's "Comparison operators for
// use in event patterns": members are and, the elements of an array are or, an event's
// array matches when one of its elements does. What a blueprint has no use for
// (numbers compared) is refused when it is read, so that no rule counts as
// matched by a reader that did not understand it.
type Pattern struct{ root map[string]any }

// ReadPattern reads one. It fails on an operator that it does not know.
func ReadPattern(data []byte) (Pattern, error) {
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		return Pattern{}, fmt.Errorf("cannot read an event pattern: %w", err)
	}
	if len(root) == 0 {
		return Pattern{}, errors.New("cannot read an event pattern: it is empty, and EventBridge takes none that is")
	}
	return Pattern{root}, checkMembers(root, "")
}

// Matches reports whether a rule with this pattern fires for event.
func (p Pattern) Matches(event map[string]any) bool { return members(p.root, event) }

func checkMembers(pattern map[string]any, at string) error {
	for name, v := range pattern {
		where := at + "." + name
		switch v := v.(type) {
		case map[string]any:
			if name == "$or" {
				return fmt.Errorf("event pattern %s: takes an array of patterns", where)
			}
			if err := checkMembers(v, where); err != nil {
				return err
			}
		case []any:
			if err := checkArray(name, v, where); err != nil {
				return err
			}
		default:
			return fmt.Errorf("event pattern %s: a leaf is an array, and this is %v", where, v)
		}
	}
	return nil
}

func checkArray(name string, array []any, where string) error {
	if len(array) == 0 {
		return fmt.Errorf("event pattern %s: an empty array matches nothing", where)
	}
	for _, element := range array {
		object, isObject := element.(map[string]any)
		_, isArray := element.([]any)
		switch {
		case isArray || name == "$or" && !isObject:
			return fmt.Errorf("event pattern %s: %v cannot stand there", where, element)
		case name == "$or" && isObject:
			if err := checkMembers(object, where); err != nil {
				return err
			}
		case isObject:
			if _, err := operator(object); err != nil {
				return fmt.Errorf("event pattern %s: %w", where, err)
			}
		}
	}
	return nil
}

// members holds when every member of the pattern holds in the event.
func members(pattern, event map[string]any) bool {
	for name, want := range pattern {
		if name == "$or" {
			if !slices.ContainsFunc(want.([]any), func(one any) bool { return members(one.(map[string]any), event) }) {
				return false
			}
			continue
		}
		got, there := event[name]
		if !member(want, got, there) {
			return false
		}
	}
	return true
}

func member(want, got any, there bool) bool {
	switch want := want.(type) {
	case map[string]any:
		if list, ok := got.([]any); ok {
			return slices.ContainsFunc(list, func(one any) bool { return member(want, one, true) })
		}
		object, _ := got.(map[string]any) // absent: only "exists": false can hold below
		return members(want, object)
	case []any:
		return slices.ContainsFunc(want, func(one any) bool { return leaf(one, got, there) })
	}
	return false
}

// leaf holds when one element of a pattern's array matches what the event has there.
func leaf(want, got any, there bool) bool {
	if object, ok := want.(map[string]any); ok {
		match, err := operator(object)
		return err == nil && match(got, there)
	}
	return there && anyOf(got, func(v any) bool { return v == want })
}

// anyOf tries each element of an event's array, or the one value.
func anyOf(got any, holds func(any) bool) bool {
	if list, ok := got.([]any); ok {
		return slices.ContainsFunc(list, holds)
	}
	return holds(got)
}

type matching func(got any, there bool) bool

// operator reads an object such as {"prefix": "us-"}.
func operator(object map[string]any) (matching, error) {
	if len(object) != 1 {
		return nil, fmt.Errorf("an operator is an object of one member, and this has %d", len(object))
	}
	for name, arg := range object {
		switch name {
		case "exists":
			want, ok := arg.(bool)
			if !ok {
				return nil, errors.New("exists takes true or false")
			}
			return func(got any, there bool) bool { _, inner := got.(map[string]any); return (there && !inner) == want }, nil
		case "anything-but":
			return anythingBut(arg)
		}
		holds, err := text(name, arg)
		if err != nil {
			return nil, err
		}
		return func(got any, there bool) bool { return there && anyOf(got, holds) }, nil
	}
	return nil, nil
}

// anythingBut matches a value that is there and is none of those named. Of an event's
// array, one element that is none of them is enough.
func anythingBut(arg any) (matching, error) {
	isOne := func(v any) bool { return v == arg }
	switch arg := arg.(type) {
	case []any:
		for _, v := range arg {
			switch v.(type) {
			case map[string]any, []any:
				return nil, errors.New("anything-but takes plain values inside a list")
			}
		}
		isOne = func(v any) bool { return slices.Contains(arg, v) }
	case map[string]any:
		if len(arg) != 1 {
			return nil, errors.New("anything-but takes one operator")
		}
		for name, inner := range arg {
			list, ok := inner.([]any)
			if !ok {
				list = []any{inner}
			}
			var tests []func(any) bool
			for _, one := range list {
				holds, err := text(name, one)
				if err != nil {
					return nil, err
				}
				tests = append(tests, holds)
			}
			isOne = func(v any) bool {
				return slices.ContainsFunc(tests, func(holds func(any) bool) bool { return holds(v) })
			}
		}
	}
	return func(got any, there bool) bool {
		return there && anyOf(got, func(v any) bool { return !isOne(v) })
	}, nil
}

// text is an operator on texts.
func text(name string, arg any) (func(any) bool, error) {
	of := func(test func(got, want string) bool) (func(any) bool, error) {
		want, ok := arg.(string)
		if !ok {
			return nil, fmt.Errorf("%s takes a text", name)
		}
		return func(v any) bool { got, ok := v.(string); return ok && test(got, want) }, nil
	}
	switch name {
	case "prefix":
		return of(strings.HasPrefix)
	case "suffix":
		return of(strings.HasSuffix)
	case "equals-ignore-case":
		return of(strings.EqualFold)
	case "wildcard":
		return of(func(got, want string) bool { return wild(strings.Split(want, "*"), got) })
	case "cidr":
		return of(func(got, want string) bool {
			network, err := netip.ParsePrefix(want)
			address, wrong := netip.ParseAddr(got)
			return err == nil && wrong == nil && network.Contains(address)
		})
	}
	return nil, fmt.Errorf("the operator %q is not known here", name)
}

// wild matches texts that have parts in this order with anything between them.
func wild(parts []string, got string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return got == first
	}
	if !strings.HasPrefix(got, first) || !strings.HasSuffix(got[len(first):], last) {
		return false
	}
	got = got[len(first) : len(got)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(got, part)
		if at < 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return true
}
