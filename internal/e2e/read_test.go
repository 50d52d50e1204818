package e2e_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// at finds a value in JSON text by its path: names and numbers with full stops
// between; NAME=VALUE chooses the element of a list that has such a member, and *
// all of a list, which gives the values with commas between. What is not there
// is the empty text.
func at(text, path string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "", fmt.Errorf("not JSON: %w\n%s", err, text)
	}
	return shown(walk(v, strings.Split(path, "."))), nil
}

func walk(v any, path []string) any {
	if len(path) == 0 || v == nil {
		return v
	}
	step, rest := path[0], path[1:]
	switch v := v.(type) {
	case map[string]any:
		return walk(v[step], rest)
	case []any:
		if step == "*" {
			var all []any
			for _, each := range v {
				all = append(all, walk(each, rest))
			}
			return all
		}
		if name, value, chosen := strings.Cut(step, "="); chosen {
			for _, each := range v {
				if shown(walk(each, []string{name})) == value {
					return walk(each, rest)
				}
			}
			return nil
		}
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(v) {
			return walk(v[i], rest)
		}
	}
	return nil
}

func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, each := range v {
			parts[i] = shown(each)
		}
		return strings.Join(parts, ",")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
