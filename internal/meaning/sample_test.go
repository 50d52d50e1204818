package meaning_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// sample is one emergency role with all that a blueprint writes for it, and what is
// meant by its scenario: calls that it is for, and calls that it is not for.
type sample struct {
	name, account, role string
	origin, subject     string   // of the cell, and of web tokens for this target
	hosts               []string // of the issuers, the first one first
	strengths           []string // that its door takes
	regions             []string // none: every Region
	networks            []string // that calls come from; none: from anywhere
	fixed               bool     // the networks are the same for every session
	console             bool
	sessions            bool // a role of the account may begin Systems Manager sessions that can be listed
	withoutRails        []string

	trust, policy, boundary     jsontext.Value
	sharing                     jsontext.Value // beside the policy; nil: the guard rail does not hold
	consoleTrust, reach         jsontext.Value // reach: for the users that go there
	stopperTrust, stopperPolicy jsontext.Value
	slots                       map[int]jsontext.Value
	stopAll, guard, cutOff      []meaning.Policy // attached by hand; service control policies
	minted, twin, control       access.Session   // one in slot 1 that ends at before, and those of its probes
	session                     jsontext.Value   // the policy of the first
	probe                       call

	inside, outside, onlyWithout []call // onlyWithout: the role's policy allows it, the session's does not
}

func arn(s sample, kind, name string) string {
	return fmt.Sprintf("arn:aws:iam::%s:%s/%s", s.account, kind, name)
}

func slotARN(s sample, k int) string {
	return arn(s, "policy", fmt.Sprintf("halligan-stop-slot-%s-%d", s.role, k))
}

// acting is one session of an emergency role, and what AWS sees of a call that it makes.
type acting struct {
	s        sample
	name     string // of the session
	identity []meaning.Policy
	boundary []meaning.Policy
	policy   jsontext.Value // of the session; nil: the caller of STS gave none
	guard    []meaning.Policy
	context  map[string][]string
}

// acting is a session in slot k, within its grant, from where it may come from.
func (s sample) acting(k int) acting {
	a := s.as(s.minted)
	a.policy = s.session // which may have been spoilt
	return a.with("aws:PrincipalTag/halligan-slot", strconv.Itoa(k))
}

// as is a session that STS made as the law authorised it.
func (s sample) as(session access.Session) acting {
	context := map[string][]string{
		"aws:CurrentTime":      {stamp(began.Add(time.Minute))},
		"aws:TokenIssueTime":   {stamp(began)},
		"aws:ViaAWSService":    {"false"},
		"aws:SourceIp":         {fromAddress},
		"aws:RequestedRegion":  {s.region()},
		"aws:SourceIdentity":   {session.SourceIdentity},
		"aws:PrincipalArn":     {session.RoleARN},
		"aws:PrincipalAccount": {s.account},
		"aws:userid":           {"AROAEXAMPLE:" + session.Name},
	}
	for _, tag := range session.Tags {
		context["aws:PrincipalTag/"+tag.Key] = []string{tag.Value}
	}
	identity := []meaning.Policy{{Name: "role", Document: s.policy}}
	if s.sharing != nil {
		identity = append(identity, meaning.Policy{Name: "no sharing", Document: s.sharing})
	}
	return acting{s: s, context: context, name: session.Name, policy: jsontext.Value(session.Policy),
		identity: identity,
		boundary: []meaning.Policy{{Name: "boundary", Document: s.boundary}}}
}

// regional are the calls it is for that go to one Region.
func (s sample) regional() []call { return slices.DeleteFunc(slices.Clone(s.inside), ofTheWorld) }

// global are those that have one Region for the world.
func (s sample) global() []call {
	return slices.DeleteFunc(slices.Clone(s.inside), func(c call) bool { return !ofTheWorld(c) })
}

func ofTheWorld(c call) bool {
	return strings.HasPrefix(c.action, "iam:")
}

func (s sample) region() string {
	if len(s.regions) > 0 {
		return s.regions[0]
	}
	return "eu-west-1"
}

// with is the same session with another member of the context; no value: without it.
func (a acting) with(key string, values ...string) acting {
	a.context = maps.Clone(a.context)
	delete(a.context, key)
	if len(values) > 0 {
		a.context[key] = values
	}
	return a
}

// at is the same session at another time.
func (a acting) at(t time.Time) acting { return a.with("aws:CurrentTime", stamp(t)) }

// without is the same session by somebody who called STS with the web token and gave
// another session policy, or none.
func (a acting) without(policy jsontext.Value) acting {
	a.policy = policy
	return a
}

// guarded is the same session in an account that a service control policy binds.
func (a acting) guarded() acting {
	a.guard = a.s.guard
	return a
}

// attached is the same session after something more was attached to its role.
func (a acting) attached(more ...meaning.Policy) acting {
	a.identity = append(slices.Clone(a.identity), more...)
	return a
}

// stopped is the same session after the stopper attached slot k.
func (a acting) stopped(k int) acting {
	return a.attached(meaning.Policy{Name: "slot " + strconv.Itoa(k), Document: a.s.slots[k]})
}

func (a acting) does(c call) meaning.Case {
	var owner jsontext.Value
	if strings.HasPrefix(c.action, "kms:") { // a key must leave it to the account's policies, as usual
		owner = jsontext.Value(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + a.s.account + `:root"},"Action":"kms:*","Resource":"*"}]}`)
	}
	return meaning.Case{
		Owner:     owner,
		Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", a.s.account, a.s.role, a.name),
		Action:    c.action, Resource: c.resource, Account: a.s.account, Context: a.context,
		Identity: a.identity, Boundary: a.boundary, Session: a.policy, SCP: a.guard,
	}
}

// token is a web token as STS reads it, with what its bearer says beside it.
type token struct {
	issuer   int // place in the hosts of the sample
	aud, sub string
	source   string // identity; empty: the token has none
	name     string // of the session, which the caller says
	tags     map[string]string
	provider string // ARN of the provider that verified it; empty: the issuer's own
}

// token is the one that the law authorises for slot 1.
func (s sample) token() token { return tokenOf(s.minted) }

// tokenOf reads the claims of a session as STS does.
func tokenOf(session access.Session) token {
	var claims struct {
		Aud    string `json:"aud"`
		Sub    string `json:"sub"`
		Source string `json:"https://aws.amazon.com/source_identity"`
		Tags   struct {
			Principal map[string][]string `json:"principal_tags"`
		} `json:"https://aws.amazon.com/tags"`
	}
	if err := json.Unmarshal(session.Claims(), &claims); err != nil {
		panic(err)
	}
	t := token{aud: claims.Aud, sub: claims.Sub, source: claims.Source, name: session.Name, tags: map[string]string{}}
	for key, values := range claims.Tags.Principal {
		t.tags[key] = values[0]
	}
	return t
}

func (t token) tag(name, value string) token {
	t.tags = maps.Clone(t.tags)
	t.tags[name] = value
	return t
}

func (t token) untagged(name string) token {
	t.tags = maps.Clone(t.tags)
	delete(t.tags, name)
	return t
}

// enters is what STS asks of a trust policy when a token comes: to assume the role, and
// to set tags and source identity where the token has them. Each is asked in two
// readings, since the vendor does not say which members of the context STS fills in for
// the second and third: all of them, and those that its table of actions names.
func (s sample) enters(t token, role string, trust jsontext.Value) []meaning.Case {
	host := s.hosts[t.issuer]
	provider := t.provider
	if provider == "" {
		provider = arn(s, "oidc-provider", host)
	}
	context := map[string][]string{host + ":aud": {t.aud}, host + ":sub": {t.sub},
		"sts:RoleSessionName": {t.name}, "aws:CurrentTime": {stamp(began)}, "aws:SourceIp": {fromAddress}}
	actions := []string{"sts:AssumeRoleWithWebIdentity"}
	if t.source != "" {
		context["sts:SourceIdentity"] = []string{t.source}
		actions = append(actions, "sts:SetSourceIdentity")
	}
	if len(t.tags) > 0 {
		names := slices.Sorted(maps.Keys(t.tags))
		context["aws:TagKeys"], context["sts:TransitiveTagKeys"] = names, names
		for name, value := range t.tags {
			context["aws:RequestTag/"+name] = []string{value}
		}
		actions = append(actions, "sts:TagSession")
	}
	var cases []meaning.Case
	for _, reading := range []meaning.Door{meaning.DoorWhole, meaning.DoorByTable} {
		for _, action := range actions {
			cases = append(cases, meaning.Case{Principal: provider, Action: action, Resource: arn(s, "role", role),
				Account: s.account, Context: context, Owner: trust, Door: reading})
		}
	}
	return cases
}
