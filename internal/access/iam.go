package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// IAMPolicy is an IAM policy document of an identity. What IAM lets people write
// as one word or as a list is a list here, and numbers and truths are texts.
type IAMPolicy struct {
	Statement []IAMStatement `json:"Statement"`
	Version   string         `json:"Version"`
}

// IAMStatement is one statement of it.
type IAMStatement struct {
	Action      []string                       `json:"Action,omitempty"`
	Condition   map[string]map[string][]string `json:"Condition,omitempty"` // operator, key, values
	Effect      string                         `json:"Effect"`
	NotAction   []string                       `json:"NotAction,omitempty"`
	NotResource []string                       `json:"NotResource,omitempty"`
	Resource    []string                       `json:"Resource,omitempty"`
	Sid         string                         `json:"Sid,omitempty"`
}

// What a statement may do.
const (
	IAMAllow   = "Allow"
	IAMDeny    = "Deny"
	IAMVersion = "2012-10-17"
)

const (
	iamLongest    = 4 * RolePolicyLongest
	statementMost = 64
)

// DecodeIAM reads a policy document in its one form: canonical JSON.
func DecodeIAM(text string) (IAMPolicy, error) {
	var p IAMPolicy
	if err := canon.Decode([]byte(text), iamLongest, &p); err != nil {
		return p, err
	}
	return p, p.Check()
}

// Check refuses a document that IAM would refuse, or that could mean something
// else than it seems to. Its errors name the statement by its number.
func (p IAMPolicy) Check() error {
	if p.Version != IAMVersion {
		return fmt.Errorf("member Version must be %q, is %q", IAMVersion, p.Version)
	}
	if len(p.Statement) == 0 || len(p.Statement) > statementMost {
		return fmt.Errorf("member Statement must have 1 to %d", statementMost)
	}
	for i := range p.Statement {
		if err := p.Statement[i].check(); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *IAMStatement) check() error {
	switch {
	case s.Effect != IAMAllow && s.Effect != IAMDeny:
		return fmt.Errorf("its Effect must be %s or %s, is %q", IAMAllow, IAMDeny, s.Effect)
	case (len(s.Action) > 0) == (len(s.NotAction) > 0):
		return errors.New("must have Action or NotAction, and not both")
	case (len(s.Resource) > 0) == (len(s.NotResource) > 0):
		return errors.New("must have Resource or NotResource, and not both")
	case s.Effect == IAMAllow && len(s.NotAction) > 0:
		return errors.New("what it allows by NotAction is whatever AWS adds next; write the actions")
	case !canon.MadeOf(s.Sid, canon.Alnum):
		return fmt.Errorf("its Sid %q may have letters and digits alone", s.Sid)
	}
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		service, name, named := strings.Cut(action, ":")
		if action != "*" && (!named || service == "" || name == "" || !canon.MadeOf(service, canon.Alnum+"-") || !canon.MadeOf(name, canon.Alnum+"*?")) {
			return fmt.Errorf("%q is not an action such as rds:StopDBInstance", action)
		}
	}
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		if resource != "*" && !strings.HasPrefix(resource, "arn:") || !plainLatin(resource) {
			return fmt.Errorf("%q is neither * nor an ARN", resource)
		}
	}
	return s.checkConditions()
}

func (s *IAMStatement) checkConditions() error {
	for operator, keys := range s.Condition {
		if operator == "" || !canon.MadeOf(operator, canon.Alnum+":") || len(keys) == 0 {
			return fmt.Errorf("condition %q is not an operator with its keys", operator)
		}
		for key, values := range keys {
			if !strings.Contains(key, ":") || !plainLatin(key) || len(values) == 0 {
				return fmt.Errorf("condition %q is not a key with its values", key)
			}
			if strings.HasPrefix(strings.ToLower(key), "aws:multifactorauth") {
				return fmt.Errorf("condition %s is of AWS's own second factor, which no session that came by a token has; say mfa in the scenario's controls", key)
			}
			if slices.ContainsFunc(values, func(v string) bool { return !plainLatin(v) }) {
				return fmt.Errorf("a value of condition %s has characters that a session's policy may not have", key)
			}
		}
	}
	return nil
}

// plainLatin tells whether STS takes a text within a session's policy.
func plainLatin(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r > 0xff || r >= 0x7f && r < 0xa0 })
}

// MayAllow tells whether an action can be allowed on anything at all: an allowing
// statement names it, and none without a condition denies it on everything.
func (p IAMPolicy) MayAllow(action string) bool {
	return p.has(IAMAllow, func(s *IAMStatement) bool { return s.names(action) }) && !p.denies(action)
}

// AllowsAlways tells whether an action is allowed on everything, whatever the
// circumstances.
func (p IAMPolicy) AllowsAlways(action string) bool {
	return p.has(IAMAllow, func(s *IAMStatement) bool { return s.names(action) && s.everywhere() }) &&
		!p.has(IAMDeny, func(s *IAMStatement) bool { return s.names(action) })
}

func (p IAMPolicy) denies(action string) bool {
	return p.has(IAMDeny, func(s *IAMStatement) bool { return s.names(action) && s.everywhere() })
}

func (p IAMPolicy) has(effect string, is func(*IAMStatement) bool) bool {
	for i := range p.Statement {
		if s := &p.Statement[i]; s.Effect == effect && is(s) {
			return true
		}
	}
	return false
}

// everywhere tells whether a statement holds for everything, without a condition.
func (s *IAMStatement) everywhere() bool {
	return slices.Contains(s.Resource, "*") && len(s.Condition) == 0
}

func (s *IAMStatement) names(action string) bool {
	matches := func(pattern string) bool { return Matches(strings.ToLower(pattern), strings.ToLower(action)) }
	if len(s.NotAction) > 0 {
		return !slices.ContainsFunc(s.NotAction, matches)
	}
	return slices.ContainsFunc(s.Action, matches)
}

// Matches tells whether a text is of a pattern in which * stands for anything and
// ? for one character, as IAM has it. It takes no longer than the product of both.
func Matches(pattern, text string) bool {
	p, t, star, after := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, after = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			after++
			p, t = star+1, after
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
