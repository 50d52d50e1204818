package access_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

const allowRDS = `{"Statement":[{"Action":["rds:*"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"}`

func role() access.AWS {
	return access.AWS{
		Name: "database", Account: "prod", Role: "EmergencyDatabase", Policy: allowRDS,
		Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Allows: "Start databases",
	}
}

// TestAWSLimits: each limit of AWS holds to the character, on both sides.
func TestAWSLimits(t *testing.T) {
	padded := func(length int) string { // a policy of exactly that length
		policy := strings.Replace(allowRDS, `"Resource"`, `"Resource":["*"],"Sid":"`+strings.Repeat("a", length)+`"`, 1)
		policy = strings.Replace(policy, `":["*"]}`, `"}`, 1)
		return strings.Replace(policy, strings.Repeat("a", length), strings.Repeat("a", length-(len(policy)-length)), 1)
	}
	if _, err := access.DecodeIAM(padded(500)); err != nil || len(padded(500)) != 500 {
		t.Fatalf("%d characters: %v", len(padded(500)), err)
	}
	least := role()
	least.Session = padded(500)
	room := access.SessionPolicyLongest - least.LargestSession()
	for name, c := range map[string]struct {
		change func(*access.AWS)
		at     string // of the error; empty: it is taken
	}{
		"as it is":               {func(*access.AWS) {}, ""},
		"role of 64":             {func(a *access.AWS) { a.Role = strings.Repeat("r", 64) }, ""},
		"role of 65":             {func(a *access.AWS) { a.Role = strings.Repeat("r", 65) }, "role"},
		"console role of 56":     {func(a *access.AWS) { a.Console, a.Role = true, strings.Repeat("r", 56) }, ""},
		"console role of 57":     {func(a *access.AWS) { a.Console, a.Role = true, strings.Repeat("r", 57) }, "role"},
		"Halligan's own name":    {func(a *access.AWS) { a.Role = "Halligan-stopper" }, "role"},
		"a fall-back role":       {func(a *access.AWS) { a.Role = "Emergency-console" }, "role"},
		"policy of 10240":        {func(a *access.AWS) { a.Policy = padded(10240) }, ""},
		"policy of 10241":        {func(a *access.AWS) { a.Policy = padded(10241) }, "policy"},
		"session of 2048":        {func(a *access.AWS) { a.Session = padded(500 + room) }, ""},
		"session of 2049":        {func(a *access.AWS) { a.Session = padded(500 + room + 1) }, "session_policy"},
		"session for an address": {func(a *access.AWS) { a.Session, a.Source = padded(500+room), []string{access.FromRequest} }, "session_policy"},
		"ten slots":              {func(a *access.AWS) { a.Slots = 10 }, ""},
		"eleven slots":           {func(a *access.AWS) { a.Slots = 11 }, "slots"},
		"no region":              {func(a *access.AWS) { a.Regions = []string{"eu-west"} }, "regions"},
		"a region twice":         {func(a *access.AWS) { a.Regions = []string{"eu-west-1", "eu-west-1"} }, "regions"},
		"no rail":                {func(a *access.AWS) { a.WithoutRails = []string{"NO-PERSISTENCE"} }, "without_rails"},
		"identity as a probe":    {func(a *access.AWS) { a.Probe = access.AWSProbe{Service: "sts", Action: "GetCallerIdentity"} }, "probe"},
		"a probe out of scope":   {func(a *access.AWS) { a.Probe = access.AWSProbe{Service: "ec2", Action: "DescribeInstances"} }, "probe"},
		"no words":               {func(a *access.AWS) { a.Allows = "" }, "allows"},
	} {
		a := role()
		c.change(&a)
		err := a.Check()
		if c.at == "" && err != nil || c.at != "" && (err == nil || !strings.HasPrefix(err.Error(), c.at+": ")) {
			t.Errorf("%s: %v, want an error of %q", name, err, c.at)
		}
	}
}

// TestSessionLasts: sixteen minutes, never past the grant; a sign-in is over when
// AWS says, whatever its policy says.
func TestSessionLasts(t *testing.T) {
	at := canon.At(time.Date(2026, 11, 22, 3, 7, 9, 5e8, time.UTC))
	whole := canon.At(at.Std().Truncate(time.Second))
	for _, c := range []struct {
		left                time.Duration
		console             bool
		before, latest, end time.Duration
	}{
		{time.Hour, false, 960 * time.Second, 960 * time.Second, 60 * time.Second},
		{5 * time.Minute, false, 5 * time.Minute, 5 * time.Minute, 60 * time.Second},
		{2 * time.Hour, true, 3660 * time.Second, 3660 * time.Second, 60 * time.Second},
		{5 * time.Minute, true, 5 * time.Minute, 3660 * time.Second, 60 * time.Second},
	} {
		var s access.Session
		s.Derive(canon.Sum([]byte("fetch")))
		s.Lasts(at, whole.Add(c.left+300*time.Millisecond), c.console)
		if s.Before != whole.Add(c.before) || s.Latest() != whole.Add(c.latest) || c.console != (s.Duration == 0) {
			t.Errorf("%+v: before %s, latest %s, duration %s", c, s.Before, s.Latest(), s.Duration)
		}
		var claims struct {
			IssuedAt  int64 `json:"iat"`
			NotBefore int64 `json:"nbf"`
			Expires   int64 `json:"exp"`
		}
		if err := json.Unmarshal(s.Claims(), &claims); err != nil || claims.NotBefore != whole.Std().Unix() || claims.Expires-claims.IssuedAt != 60 {
			t.Errorf("claims %s: %v", s.Claims(), err)
		}
	}
}

// TestClaims: the claims are the ones that AWS reads, and nothing else.
func TestClaims(t *testing.T) {
	s := access.Session{
		Issuer: "https://oidc.example.com", Audience: access.STSAudience, Subject: "cell/scenario/target", SourceIdentity: "hg-0123456789abcdef",
		Tags: []access.Tag{{Key: access.TagGrant, Value: "0123456789abcdef"}, {Key: access.TagSlot, Value: "3"}},
	}
	s.Derive(canon.Digest{})
	s.Lasts(canon.At(time.Unix(1_800_000_000, 0)), canon.At(time.Unix(1_900_000_000, 0)), false)
	want := `{"aud":"sts.amazonaws.com","exp":1800000060,"https://aws.amazon.com/source_identity":"hg-0123456789abcdef",` +
		`"https://aws.amazon.com/tags":{"principal_tags":{"halligan-grant":["0123456789abcdef"],"halligan-slot":["3"]},"transitive_tag_keys":["halligan-grant","halligan-slot"]},` +
		`"iat":1800000000,"iss":"https://oidc.example.com","jti":"` + s.ID + `","nbf":1800000000,"sub":"cell/scenario/target"}`
	if got := string(s.Claims()); got != want {
		t.Errorf("claims are\n%s\nwant\n%s", got, want)
	}
	if len(s.ID) != 64 || s.Serial() != s.ID[:16] || s.Name != "hg-0123456789abcdef-"+s.ID[:8] || len(s.Name) > 64 {
		t.Errorf("id %q, serial %q, name %q", s.ID, s.Serial(), s.Name)
	}
}

// TestTwinMayOnlyProbe: a twin bears the slot of its grant, and can read one thing;
// the control bears no slot.
func TestTwinMayOnlyProbe(t *testing.T) {
	s := access.Session{
		SourceIdentity: "hg-x", Tags: []access.Tag{{Key: access.TagGrant, Value: "x"}, {Key: access.TagSlot, Value: "3"}, {Key: access.TagStrength, Value: "possession"}},
		Probe: access.AWSProbe{Service: "s3", Action: "ListAllMyBuckets"}, Policy: "all", ID: "id", Console: true, RoleARN: "arn",
	}
	for name, c := range map[string]struct {
		made           access.Session
		identity, slot string
	}{"twin": {s.Twin(), "hg-x", "3"}, "control": {s.Control(), "hg-control", "control"}} {
		policy, err := access.DecodeIAM(c.made.Policy)
		if err != nil || len(policy.Statement) != 1 || !policy.AllowsAlways("s3:ListAllMyBuckets") || policy.MayAllow("s3:GetObject") {
			t.Errorf("%s may %s: %v", name, c.made.Policy, err)
		}
		if c.made.SourceIdentity != c.identity || c.made.Tags[1].Value != c.slot || c.made.Tags[2].Value != "possession" || c.made.Console || c.made.Duration != 900 || c.made.ID != "" {
			t.Errorf("%s is %+v", name, c.made)
		}
	}
	if s.Tags[1].Value != "3" {
		t.Error("the session's own tags were changed")
	}
}

// TestT50PolicyIsReadAsIAMReadsIt: case, wildcards and what is denied by a
// condition or on one resource alone change what a policy is taken to allow.
func TestT50PolicyIsReadAsIAMReadsIt(t *testing.T) {
	statement := func(effect, members string) string {
		return `{` + members + `,"Effect":"` + effect + `","Resource":["*"]}`
	}
	document := func(statements ...string) string {
		return `{"Statement":[` + strings.Join(statements, ",") + `],"Version":"2012-10-17"}`
	}
	allow := func(action string) string { return statement("Allow", `"Action":["`+action+`"]`) }
	deny := func(action string) string { return statement("Deny", `"Action":["`+action+`"]`) }
	for _, c := range []struct {
		policy      string
		may, always bool // ssm:StartSession
	}{
		{document(allow("ssm:StartSession")), true, true},
		{document(allow("SSM:startsession")), true, true},
		{document(allow("*")), true, true},
		{document(allow("s*:*")), false, false}, // no service is a pattern: refused
		{document(allow("ssm:Start*")), true, true},
		{document(allow("ssm:*Session")), true, true},
		{document(allow("ssm:S?artSession")), true, true},
		{document(allow("ssm:StartSessions")), false, false},
		{document(allow("ssm:Get*")), false, false},
		{document(allow("*"), deny("ssm:*")), false, false},
		{document(allow("*"), deny("SSM:STARTSESSION")), false, false},
		{document(allow("*"), `{"Effect":"Deny","NotAction":["rds:*"],"Resource":["*"]}`), false, false},
		{document(allow("*"), `{"Effect":"Deny","NotAction":["ssm:*"],"Resource":["*"]}`), true, true},
		{document(allow("*"), `{"Action":["ssm:*"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}},"Effect":"Deny","Resource":["*"]}`), true, false},
		{document(allow("*"), `{"Action":["ssm:*"],"Effect":"Deny","Resource":["arn:aws:ec2:*:*:instance/i-1"]}`), true, false},
		{document(`{"Action":["ssm:*"],"Effect":"Allow","Resource":["arn:aws:ec2:*:*:instance/i-1"]}`), true, false},
	} {
		policy, err := access.DecodeIAM(c.policy)
		if err != nil {
			if !strings.Contains(c.policy, "s*:*") {
				t.Errorf("%s: %v", c.policy, err)
			}
			continue
		}
		if may, always := policy.MayAllow("ssm:StartSession"), policy.AllowsAlways("ssm:StartSession"); may != c.may || always != c.always {
			t.Errorf("%s: may %t, always %t", c.policy, may, always)
		}
	}
	for _, bad := range []string{
		"", "{}", allowRDS + " ", strings.Replace(allowRDS, "2012-10-17", "2008-10-17", 1), strings.Replace(allowRDS, "Allow", "allow", 1),
		strings.Replace(allowRDS, `"Action"`, `"NotAction"`, 1), strings.Replace(allowRDS, `["*"]`, `["bucket"]`, 1), strings.Replace(allowRDS, `["rds:*"]`, `"rds:*"`, 1),
		strings.Replace(allowRDS, `["rds:*"]`, `["rds:*","rds"]`, 1), strings.Replace(allowRDS, `["rds:*"]`, `[]`, 1), strings.Replace(allowRDS, `"Effect"`, `"Principal":"*","Effect"`, 1),
		`{"Statement":[],"Version":"2012-10-17"}`,
	} {
		if _, err := access.DecodeIAM(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// TestNeedsOfRoles: what may be left behind says what closes a lease.
func TestNeedsOfRoles(t *testing.T) {
	all := strings.Replace(allowRDS, "rds:*", "*", 1)
	shells := strings.Replace(allowRDS, "rds:*", "ssm:*Session", 1)
	for name, c := range map[string]struct {
		change func(*access.AWS)
		want   access.ProofKind
	}{
		"databases":            {func(*access.AWS) {}, ""},
		"shells, in a region":  {func(a *access.AWS) { a.Policy, a.Regions = shells, []string{"eu-west-1"} }, access.ProofEnded},
		"shells, anywhere":     {func(a *access.AWS) { a.Policy = shells }, access.ProofAttested},
		"commands":             {func(a *access.AWS) { a.Policy = strings.Replace(allowRDS, "rds:*", "ssm:SendCommand", 1) }, access.ProofAttested},
		"all, in one region":   {func(a *access.AWS) { a.Policy, a.Regions = all, []string{"eu-west-1"} }, access.ProofAttested},
		"all, in every region": {func(a *access.AWS) { a.Policy = all }, access.ProofAttested},
		"without the rail":     {func(a *access.AWS) { a.WithoutRails = []string{access.RailPersistence} }, access.ProofAttested},
		"without another rail": {func(a *access.AWS) { a.WithoutRails = []string{access.RailTrails} }, ""},
		"what nobody can read": {func(a *access.AWS) { a.Policy, a.Regions = "{", []string{"eu-west-1"} }, access.ProofEnded},
	} {
		a := role()
		c.change(&a)
		got := access.ProofKind("")
		if needs := a.Needs(); len(needs) > 0 {
			got = needs[0]
		}
		if got != c.want {
			t.Errorf("%s needs %q, want %q", name, got, c.want)
		}
	}
}

// TestT43AStopEndsWhatOutlives: sessions of Systems Manager are ended by a stop also
// where their list proves nothing, because a person attests.
func TestT43AStopEndsWhatOutlives(t *testing.T) {
	for name, change := range map[string]func(*access.AWS){
		"in a region":      func(a *access.AWS) { a.Regions = []string{"eu-west-1"} },
		"anywhere":         func(*access.AWS) {},
		"without the rail": func(a *access.AWS) { a.WithoutRails = []string{access.RailPersistence} },
	} {
		a := role()
		a.Policy = strings.Replace(allowRDS, "rds:*", "ssm:StartSession", 1)
		if change(&a); !a.Outlives() {
			t.Errorf("%s: its sessions are left alone", name)
		}
	}
	if a := role(); a.Outlives() {
		t.Error("databases have no such sessions")
	}
}

// FuzzDecodeIAM: what is taken is the one form, and is never matched slowly.
func FuzzDecodeIAM(f *testing.F) {
	f.Add(allowRDS, "rds:StopDBInstance")
	f.Add(strings.Replace(allowRDS, "rds:*", "rds:*a*b*c*d*", 1), "rds:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")
	f.Fuzz(func(t *testing.T, text, action string) {
		policy, err := access.DecodeIAM(text)
		if err != nil {
			return
		}
		if again := string(canon.MustEncode(policy)); again != text {
			t.Errorf("%q is taken, and is %q", text, again)
		}
		if policy.AllowsAlways(action) && !policy.MayAllow(action) {
			t.Errorf("%q always allows %q, and never may", text, action)
		}
	})
}
