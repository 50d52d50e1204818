package access

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// AWS is a role of an AWS account, which a grant uses in sessions of a quarter
// of an hour. Policy and Session are IAM policy documents in the one form that
// DecodeIAM takes.
type AWS struct {
	Name         string   `json:"name"`    // target name, unique in the scenario
	Account      string   `json:"account"` // id of an account of the cell
	Role         string   `json:"role"`    // name of the IAM role
	Policy       string   `json:"policy"`  // the most that the role may do
	Session      string   `json:"session_policy,omitempty"`
	Regions      []string `json:"regions,omitempty"`        // only there, global services aside; none means anywhere
	Source       []string `json:"source_address,omitempty"` // FromRequest or networks; none means anywhere
	Probe        AWSProbe `json:"probe"`
	Console      bool     `json:"console,omitzero"`        // links to sign in to the console may be made
	Slots        int      `json:"slots,omitzero"`          // grants of the role that can be stopped each by itself; 0 means SlotsUsual
	WithoutRails []string `json:"without_rails,omitempty"` // of RailIDs: those that do not hold
	Allows       string   `json:"allows"`                  // in plain words: what the role may do
}

// AWSProbe is a read by which a session is seen to work or to be refused.
type AWSProbe struct {
	Service string `json:"service"`
	Action  string `json:"action"`
}

// IAM is the action as IAM policies spell it.
func (p AWSProbe) IAM() string {
	if p.Service == "s3" && p.Action == "ListBuckets" { // the call's name is not the action's
		return "s3:ListAllMyBuckets"
	}
	return p.Service + ":" + p.Action
}

// AWSProbes are the reads that may be probes. None of them is let through when
// everything is denied, as sts:GetCallerIdentity is, and each is answered by a
// list that may be empty.
var AWSProbes = []AWSProbe{
	{"cloudtrail", "DescribeTrails"}, {"dynamodb", "ListTables"}, {"ec2", "DescribeInstances"}, {"iam", "ListRoles"},
	{"kms", "ListKeys"}, {"lambda", "ListFunctions"}, {"logs", "DescribeLogGroups"}, {"organizations", "DescribeOrganization"},
	{"rds", "DescribeDBInstances"}, {"s3", "ListAllMyBuckets"}, {"sqs", "ListQueues"}, {"ssm", "DescribeInstanceInformation"},
}

// Limits of AWS, from its documentation of November 2026: IAM quotas are those
// that an account begins with.
const (
	RoleNameLongest      = 64
	ConsoleSuffix        = "-console" // of the role that people fall back to
	RolePolicyLongest    = 10240      // characters of a role's inline policies together
	SharingRailLongest   = 2700       // characters that the guard rail against sharing takes of them, at most
	SessionPolicyLongest = 2048       // characters, of the policies given with a session
	ManagedPoliciesMost  = 10         // attached to one role
	SlotsUsual           = 8
	RegionsMost          = 32
	SourcesMost          = 16
)

// SlotCount is how many stop slots the role has.
func (a *AWS) SlotCount() int {
	if a.Slots == 0 {
		return SlotsUsual
	}
	return a.Slots
}

// AWS finds the role that the scenario opens under a target name.
func (s *Scenario) AWS(name string) (*AWS, bool) {
	for _, open := range s.Opens {
		if open.AWS != nil && open.AWS.Name == name {
			return open.AWS, true
		}
	}
	return nil, false
}

// Sources is what SSH.Sources is, of a role.
func (a *AWS) Sources(asked string) ([]string, bool) { return sources(a.Source, asked) }

// IsRoleName tells whether a text is the name of an IAM role: 1 to 64 of
// letters, digits and +=,.@_-. It can break out of no ARN, no claim, no template.
func IsRoleName(text string) bool {
	return text != "" && len(text) <= RoleNameLongest && canon.MadeOf(text, canon.Alnum+"+=,.@_-")
}

// IsRegion tells whether a text has the form of a region, such as eu-west-1.
func IsRegion(text string) bool {
	parts := strings.Split(text, "-")
	last := parts[len(parts)-1]
	return len(text) <= 32 && len(parts) >= 3 && len(last) == 1 && canon.MadeOf(last, "123456789") &&
		!slices.ContainsFunc(parts[:len(parts)-1], func(part string) bool {
			return part == "" || !canon.MadeOf(part, "abcdefghijklmnopqrstuvwxyz")
		})
}

// Check refuses a role that could not be made or used as it is written, or whose
// end could not be seen. Its errors begin with the member at fault.
func (a *AWS) Check() error {
	if err := canon.CheckID(a.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if err := checkRole(a.Role); err != nil {
		return err
	}
	if most := RoleNameLongest - len(ConsoleSuffix); a.Console && len(a.Role) > most {
		return fmt.Errorf("role: %q has %d characters, at most %d where there is a console role beside it", a.Role, len(a.Role), most)
	}
	if a.Slots < 0 || a.Slots > ManagedPoliciesMost {
		return fmt.Errorf("slots: %d stop slots, and a role takes at most %d managed policies", a.Slots, ManagedPoliciesMost)
	}
	if a.Allows == "" {
		return errors.New("allows: must say in plain words what the role may do")
	}
	if err := a.checkLists(); err != nil {
		return err
	}
	return a.checkPolicies()
}

// checkRole refuses what cannot be the name of a role that a scenario opens.
func checkRole(name string) error {
	if !IsRoleName(name) || strings.HasSuffix(name, ConsoleSuffix) || strings.HasPrefix(strings.ToLower(name), "halligan-") {
		return fmt.Errorf("role: %q is not a role's name (letters, digits, +=,.@_-, at most %d), begins with halligan- or ends in %s", name, RoleNameLongest, ConsoleSuffix)
	}
	return nil
}

func (a *AWS) checkLists() error {
	for i, region := range a.Regions {
		if !IsRegion(region) || slices.Contains(a.Regions[:i], region) {
			return fmt.Errorf("regions: %q is not a region such as eu-west-1, or stands twice", region)
		}
	}
	if len(a.Regions) > RegionsMost || len(a.Source) > SourcesMost {
		return fmt.Errorf("regions, source_address: at most %d and %d", RegionsMost, SourcesMost)
	}
	for _, source := range a.Source {
		if prefix, err := netip.ParsePrefix(source); source != FromRequest && (err != nil || prefix != prefix.Masked() || prefix.Addr().Is4In6()) {
			return fmt.Errorf("source_address: %q is neither %q nor a network such as 10.0.0.0/8", source, FromRequest)
		}
	}
	for i, rail := range a.WithoutRails {
		if !slices.Contains(RailIDs(), rail) || slices.Contains(a.WithoutRails[:i], rail) {
			return fmt.Errorf("without_rails: %q is not one of %v, or stands twice", rail, RailIDs())
		}
	}
	return nil
}

// checkPolicies refuses documents that IAM or STS would, and a probe that the
// role is not allowed: its refusal would prove nothing.
func (a *AWS) checkPolicies() error {
	policy, err := DecodeIAM(a.Policy)
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	if n := len(a.Policy); n > RolePolicyLongest {
		return fmt.Errorf("policy: has %d characters, at most %d", n, RolePolicyLongest)
	}
	if a.Session != "" {
		if _, err := DecodeIAM(a.Session); err != nil {
			return fmt.Errorf("session_policy: %w", err)
		}
	}
	if n := a.LargestSession(); n > SessionPolicyLongest {
		return fmt.Errorf("session_policy: a session's policy has up to %d characters with its end, source and regions, at most %d", n, SessionPolicyLongest)
	}
	if !slices.Contains(AWSProbes, a.Probe) {
		return fmt.Errorf("probe: %s is none of the reads that can be probes", a.Probe.IAM())
	}
	if !policy.AllowsAlways(a.Probe.IAM()) {
		return fmt.Errorf("probe: the policy does not allow %s on * without a condition, so that its refusal would prove nothing", a.Probe.IAM())
	}
	return nil
}

// outliving begins sessions that go on when the role's are over. SSM lists its own
// and ends them; other ways to that are behind a guard rail.
const outliving = "ssm:StartSession"

// unlisted runs as root on machines, and leaves there what nobody can list.
const unlisted = "ssm:SendCommand"

// Outlives tells whether the role may begin sessions of Systems Manager, which a stop
// must end by themselves, whatever closes the lease.
func (a *AWS) Outlives() bool {
	policy, err := DecodeIAM(a.Policy)
	return err != nil || policy.MayAllow(outliving)
}

// Needs are the proofs that close a lease of the role besides a shut door. Where
// something may stay behind that nothing lists, only a person can tell.
func (a *AWS) Needs() []ProofKind {
	if !a.Holds(RailPersistence) || !a.Holds(RailSharing) {
		return []ProofKind{ProofAttested}
	}
	switch policy, err := DecodeIAM(a.Policy); {
	case err == nil && policy.MayAllow(unlisted):
		return []ProofKind{ProofAttested}
	case !a.Outlives():
		return nil
	case len(a.Regions) == 0: // it would have to be listed in every region that there is
		return []ProofKind{ProofAttested}
	}
	return []ProofKind{ProofEnded}
}

// provedByAWS tells whether a lease of an AWS role is proved dead.
func (l *Lease) provedByAWS() bool {
	return l.DoorShut() && !slices.ContainsFunc(l.Needs, func(kind ProofKind) bool { return !l.Has(kind) })
}

// Lives tells whether a session under an AWS lease can still be alive, so that
// what stops it must stay in place. A person who attests ends no session.
//
// Nothing stops a session of a root user.
func (l *Lease) Lives() bool {
	return l.Account != "" && l.Task == "" && !l.Has(ProofExpired) && !l.Has(ProofUnissued)
}

// Stopped tells whether sessions of the lease are being kept out by its slot.
func (l *Lease) Stopped() bool { return l.Lives() && !l.Held() }

// ByAWS stands in Proof.By before the id of an account, which no host is named.
const ByAWS = "aws:"

// SameSlot tells whether what stops the one lease stops the other.
func (l *Lease) SameSlot(other *Lease) bool {
	return l.Account != "" && l.Task == "" && other.Task == "" && l.Account == other.Account && l.Role == other.Role && l.Slot == other.Slot
}
