package meaning_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// door is the table of the web-identity door: who gets a session of the role at all.
// That a token was signed by its issuer and has not run out is STS's to see, and is
// taken for granted here (T33).
func door(s sample) []line {
	var lines []line
	for i := range s.hosts {
		lines = append(lines, doorOf(s, i)...)
	}
	for _, provider := range []string{"accounts.example.org", s.hosts[0] + ".example.org"} {
		t := s.token()
		t.provider = arn(s, "oidc-provider", provider)
		lines = append(lines, line{fmt.Sprintf("the same claims out of %s do not open", provider), denied, s.enters(t, s.role, s.trust)})
	}
	foreign := s.token()
	foreign.provider = strings.Replace(arn(s, "oidc-provider", s.hosts[0]), s.account, "999999999999", 1)
	lines = append(lines, line{"our issuer, as another account has registered it, does not open", denied, s.enters(foreign, s.role, s.trust)})
	return append(lines, others(s)...)
}

// doorOf are the rows about tokens of one issuer.
func doorOf(s sample, issuer int) []line {
	good := s.token()
	good.issuer = issuer
	var lines []line
	enter := func(want bool, t token, means string, args ...any) {
		means = fmt.Sprintf("issuer %d: ", issuer+1) + fmt.Sprintf(means, args...)
		lines = append(lines, line{means, want, s.enters(t, s.role, s.trust)})
	}
	enter(allowed, good, "a token for this scenario opens")
	audience := good
	audience.aud = "kubernetes"
	enter(denied, audience, "a token for another audience does not open")
	for _, strength := range []string{"user-verified", "hardware", "possession", "server-attested", "none", ""} {
		enter(slices.Contains(s.strengths, strength), good.tag("halligan-strength", strength), "somebody whose proof was %q", strength)
	}
	for k := 1; k <= len(s.slots); k++ {
		enter(allowed, good.tag("halligan-slot", fmt.Sprint(k)), "a session in slot %d, which can be stopped, opens", k)
	}
	for _, slot := range []string{"0", fmt.Sprint(len(s.slots) + 1), "11", "x", "", "control*"} {
		enter(denied, good.tag("halligan-slot", slot), "a session in slot %q, which nobody could stop, does not open", slot)
	}
	for _, tag := range []string{"halligan-slot", "halligan-strength", "halligan-grant"} {
		enter(denied, good.untagged(tag), "a token that says no %s does not open", tag)
	}
	enter(denied, good.tag("halligan-grant", ""), "a token of no grant does not open")
	enter(denied, good.tag("department", "finance"), "a tag that we do not set opens no other door")
	for who, session := range map[string]access.Session{"control session of a round": s.control, "twin of a session": s.twin} {
		t := tokenOf(session)
		t.issuer = issuer
		enter(allowed, t, "the %s, whose policy lets it read one thing, opens", who)
	}
	for _, sub := range strangers(s.subject) {
		t := good
		t.sub = sub
		enter(denied, t, "a token for %s does not open", sub)
	}
	for _, source := range []string{"", "anna", "xhg-01hzy3k7", "HG-01hzy3k7"} {
		t := good
		t.source = source
		enter(denied, t, "a token with source identity %q does not open", source)
	}
	none := good
	none.tags = nil
	enter(denied, none, "a token without tags does not open")
	return lines
}

// strangers are subjects that are nearly the right one.
func strangers(subject string) []string {
	parts := strings.Split(subject, "/")
	origin, target := strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-1]
	return []string{
		origin + "/another-scenario/" + target, strings.Join(parts[:len(parts)-1], "/") + "/another-target",
		"evil-" + subject, "https://" + subject, subject + "/", subject + "x", strings.ToUpper(subject),
		origin + "/stopper", origin, "*", "",
	}
}

// others are those who come to the same door without a token.
func others(s sample) []line {
	var lines []line
	for who, principal := range map[string]string{
		"a user of the account who may do everything":     arn(s, "user", "root-like"),
		"a role of the account that may do everything":    fmt.Sprintf("arn:aws:sts::%s:assumed-role/Admin/x", s.account),
		"the root user of the account":                    fmt.Sprintf("arn:aws:iam::%s:root", s.account),
		"a user of another account who may do everything": "arn:aws:iam::999999999999:user/root-like",
		"another session of the same role":                fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/hg-2", s.account, s.role),
		"the stopper":                                     fmt.Sprintf("arn:aws:sts::%s:assumed-role/halligan-stopper/x", s.account),
	} {
		lines = append(lines, row(denied, meaning.Case{Principal: principal, Action: "sts:AssumeRole", Account: s.account,
			Resource: arn(s, "role", s.role), Identity: policy("theirs", everything), Owner: s.trust, Door: meaning.DoorWhole,
			Context: map[string][]string{"aws:MultiFactorAuthPresent": {"true"}, "aws:MultiFactorAuthAge": {"10"}, "sts:SourceIdentity": {"hg-1"}}},
			"%s does not open the door of the web token", who))
	}
	return lines
}
