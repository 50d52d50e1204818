package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Session is what a fetch of an AWS target authorises: the web identity token and
// the call that turns it into credentials, before anybody signed the token. It is
// rebuilt alike by whoever decides, mints or verifies.
//
// The token bears the whole role for as long as it lives, whatever policy goes
// with the call: it is for the minter alone.
type Session struct {
	Issuer   string
	Audience string
	Subject  string // cell, scenario and target, with slashes between

	RoleARN        string
	Name           string // RoleSessionName
	SourceIdentity string
	Tags           []Tag         // all of them transitive; sorted by key
	ID             string        // of the token (jti); empty of a twin, which is of no fetch
	At, Before     canon.Time    // whole seconds: when the token begins, and the end in the session's policy
	Policy         string        // inline session policy
	Duration       canon.Seconds // of the credentials; 0 leaves it to AWS, as a console link must
	Console        bool          // a link to sign in to the console is made of it, and no key leaves
	Regions        []string      // of the STS endpoints, in the order in which they are tried
	Probe          AWSProbe
	Root           *RootCall // nil: the role's own session is handed over
	Door           string    // how the role is taken; empty: by a web identity token
}

// Tag is a session tag.
type Tag struct{ Key, Value string }

// The session tags, and what goes into a token.
const (
	TagCell     = "halligan-cell"
	TagGrant    = "halligan-grant"
	TagPerson   = "halligan-person"
	TagScenario = "halligan-scenario"
	TagSlot     = "halligan-slot"
	TagStrength = "halligan-strength"

	SlotControl    = "control" // no stop slot: what a round is compared with
	STSAudience    = "sts.amazonaws.com"
	IdentityPrefix = "hg-" // of every source identity
)

// DoorExternalID is the door by AssumeRole, for accounts that can have no identity
// provider: the server's own credentials call, and the subject is the external id. The
// claims are then what the call says; there is no token.
const DoorExternalID = "external-id"

const (
	TokenLives     = canon.Seconds(60)   // of a token for AWS
	SessionLives   = canon.Seconds(900)  // the shortest that STS gives
	ConsoleLives   = canon.Seconds(3600) // what AWS gives where no duration is named
	ConsoleLongest = TokenLives + ConsoleLives
	SessionLongest = TokenLives + SessionLives
)

// SourceIdentityOf is the source identity of every session under a request.
func SourceIdentityOf(request canon.Digest) string { return IdentityPrefix + request.Short() }

// Derive fixes what of a session follows from the digest of the fetch that asked
// for it: the token's id, and the session's name.
func (s *Session) Derive(fetch canon.Digest) {
	s.ID = canon.Sum(append([]byte("halligan session id "), fetch[:]...)).String()
	s.Name = s.SourceIdentity + "-" + s.ID[:8]
}

// Serial is the token's id as events and evidence show it: sixteen digits.
func (s *Session) Serial() string { return s.ID[:min(16, len(s.ID))] }

// Lasts fixes when a session that is authorised at an instant begins and ends,
// under a grant that ends at until.
func (s *Session) Lasts(at, until canon.Time, console bool) {
	whole := canon.At(at.Std().Truncate(1e9))
	longest := SessionLongest
	s.Duration, s.Console = SessionLives, console
	if console {
		s.Duration, longest = 0, ConsoleLongest
	}
	s.At, s.Before = whole, canon.Earlier(whole.Add(longest.Duration()), canon.At(until.Std().Truncate(1e9)))
}

// Latest is when the credentials are over whatever their policy says of the end.
// That a console session keeps to its policy is not known (4-aws: unconfirmed),
// so that its end is what AWS gives; of others it is the end in the policy.
func (s *Session) Latest() canon.Time {
	if s.Console {
		return s.At.Add(ConsoleLongest.Duration())
	}
	return s.Before
}

type principalTags struct {
	Tags       map[string][]string `json:"principal_tags"`
	Transitive []string            `json:"transitive_tag_keys"`
}

type claims struct {
	Audience       string        `json:"aud"`
	Expires        int64         `json:"exp"`
	SourceIdentity string        `json:"https://aws.amazon.com/source_identity"`
	Tags           principalTags `json:"https://aws.amazon.com/tags"`
	At             int64         `json:"iat"`
	Issuer         string        `json:"iss"`
	ID             string        `json:"jti"`
	NotBefore      int64         `json:"nbf"`
	Subject        string        `json:"sub"`
}

func (s *Session) claims() claims {
	tags := principalTags{Tags: map[string][]string{}}
	for _, tag := range s.Tags {
		tags.Tags[tag.Key] = []string{tag.Value}
		tags.Transitive = append(tags.Transitive, tag.Key)
	}
	at := s.At.Std().Unix()
	return claims{
		Audience: s.Audience, Expires: at + int64(TokenLives), SourceIdentity: s.SourceIdentity, Tags: tags,
		At: at, Issuer: s.Issuer, ID: s.ID, NotBefore: at, Subject: s.Subject,
	}
}

// Claims are the claims of the token, as canonical JSON. The token of another
// issuer differs in "iss" alone.
func (s *Session) Claims() []byte { return canon.MustEncode(s.claims()) }

// Unsigned is everything that is authorised, as canonical JSON: the claims and the
// call. Its digest stands in the ledger before the token exists.
func (s *Session) Unsigned() []byte {
	type call struct {
		Door     string        `json:"door,omitempty"`
		Duration canon.Seconds `json:"duration,omitzero"`
		Name     string        `json:"name"`
		Policy   string        `json:"policy"`
		Role     string        `json:"role"`
		Root     *RootCall     `json:"root,omitzero"`
	}
	return canon.MustEncode(struct {
		Call   call   `json:"call"`
		Claims claims `json:"claims"`
	}{call{s.Door, s.Duration, s.Name, s.Policy, s.RoleARN, s.Root}, s.claims()})
}

// Twin is a session like s, with the same tags, that may make the probe's read
// and nothing else. Whoever asks gives it a time and an id. Its policy has no end:
// were it the grant's, the twin would be refused for that whatever the slot does.
func (s *Session) Twin() Session {
	t := *s
	t.Tags = slices.Clone(s.Tags)
	t.Name, t.ID = s.SourceIdentity+"-twin", ""
	t.Duration, t.Console, t.At, t.Before = SessionLives, false, canon.Time{}, canon.Time{}
	may := IAMStatement{Effect: IAMAllow, Action: []string{s.Probe.IAM()}, Resource: []string{"*"}}
	if s.Root != nil { // that the role can be taken is all that is tried: nobody becomes a root user for it
		may, t.Root = IAMStatement{Effect: IAMDeny, Action: []string{"*"}, Resource: []string{"*"}}, nil
	}
	t.Policy = string(canon.MustEncode(IAMPolicy{Version: IAMVersion, Statement: []IAMStatement{may}}))
	return t
}

// Control is a twin of nobody's grant: what no stop slot refuses.
func (s *Session) Control() Session {
	c := s.Twin()
	c.SourceIdentity, c.Name = IdentityPrefix+SlotControl, s.SourceIdentity+"-"+SlotControl
	for i, tag := range c.Tags {
		if tag.Key == TagSlot || tag.Key == TagGrant || tag.Key == TagPerson {
			c.Tags[i].Value = SlotControl
		}
	}
	return c
}

// SlotText is a slot as a tag bears it.
func SlotText(slot int) string { return strconv.Itoa(slot) }

// GlobalActions are of services that answer from one region, wherever a caller is.
var GlobalActions = []string{
	"account:*", "budgets:*", "ce:*", "cloudfront:*", "globalaccelerator:*", "health:*", "iam:*", "organizations:*",
	"route53:*", "shield:*", "sts:*", "support:*", "waf:*",
}

// SessionPolicy is the inline policy of one session of the role: what the
// scenario narrows it to, less everything after its end, from another place and
// in another region. No document of this form lets more through than without it.
func (a *AWS) SessionPolicy(sources []string, before canon.Time) string {
	narrow, err := DecodeIAM(a.Session)
	if a.Session == "" || err != nil { // Check refused what cannot be read: then nothing is allowed
		narrow = IAMPolicy{Version: IAMVersion}
	}
	if a.Session == "" {
		narrow.Statement = []IAMStatement{{Effect: IAMAllow, Action: []string{"*"}, Resource: []string{"*"}}}
	}
	everything := []string{"*"}
	deny := func(condition map[string]map[string][]string) IAMStatement {
		return IAMStatement{Effect: IAMDeny, Action: everything, Resource: everything, Condition: condition}
	}
	statements := append(slices.Clone(narrow.Statement), deny(map[string]map[string][]string{
		"DateGreaterThanEquals": {"aws:CurrentTime": {before.Std().Format("2006-01-02T15:04:05Z")}},
	}))
	if len(sources) > 0 {
		statements = append(statements, deny(map[string]map[string][]string{
			"BoolIfExists": {"aws:ViaAWSService": {"false"}},
			"NotIpAddress": {"aws:SourceIp": sources},
		}))
	}
	if region := a.RegionStatement(); region != nil {
		statements = append(statements, *region)
	}
	narrow.Statement = statements
	return string(canon.MustEncode(narrow))
}

// RegionStatement denies every region but the role's; nil where it has none. It
// belongs into the role's boundary too, for a session's policy is whoever calls'.
func (a *AWS) RegionStatement() *IAMStatement {
	if len(a.Regions) == 0 {
		return nil
	}
	return &IAMStatement{
		Effect: IAMDeny, NotAction: GlobalActions, Resource: []string{"*"},
		Condition: map[string]map[string][]string{"StringNotEquals": {"aws:RequestedRegion": a.Regions}},
	}
}

// LargestSession is the length of the longest policy that a session of the role
// can have, wherever it is asked for from.
func (a *AWS) LargestSession() int {
	networks, _ := a.Sources("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	return len(a.SessionPolicy(networks, canon.Time{}))
}

// IssuerName gives the condition keys' name of an issuer: its URL without https://.
func IssuerName(url string) string { return strings.TrimPrefix(url, "https://") }
