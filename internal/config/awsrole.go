package config

import (
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// roleFile is a role of an AWS account that a scenario opens.
type roleFile struct {
	Mark
	Name          word        `yaml:"name"`
	Account       word        `yaml:"account,required"`
	Role          word        `yaml:"role,required"`
	Policy        word        `yaml:"policy,required" mend:"name a file with an IAM policy: the most that the role may do"`
	SessionPolicy word        `yaml:"session_policy"`
	Regions       []word      `yaml:"regions"`
	SourceAddress sourcesFile `yaml:"source_address"`
	Probe         probeFile   `yaml:"probe,required" mend:"name a read that the role may make: by it a session is seen to work, and to be refused"`
	Console       flag        `yaml:"console"`
	Slots         count       `yaml:"slots"`
	WithoutRails  []word      `yaml:"without_rails"`
	Allows        word        `yaml:"allows,required" mend:"say in plain words what the role may do: approvers read it"`
}

func (*roleFile) planned() []string {
	return []string{"max_duration", "managed_policies", "record"}
}

func (*roleFile) instead() map[string]string {
	return map[string]string{
		"external_id": "write door: external-id at the account in " + CellFile,
		"region":      "write regions: a list",
		"principals":  "take it out: who may ask says the scenario, and how they come in blueprint writes",
	}
}

type probeFile struct {
	Mark
	Service word `yaml:"service,required"`
	Action  word `yaml:"action,required"`
}

// aws reads a role. Each limit of AWS is refused here, where it stands, with the
// number and the limit.
func (s *scenarioFacts) aws(t *roleFile) access.AWS {
	before := len(s.list)
	out := access.AWS{
		Name: s.targetName(t.Name, t.Account), Account: t.Account.text, Role: t.Role.text, Regions: texts(t.Regions), Source: texts(t.SourceAddress),
		Probe: access.AWSProbe{Service: t.Probe.Service.text, Action: t.Probe.Action.text}, Console: t.Console.on, Slots: t.Slots.n,
		WithoutRails: texts(t.WithoutRails), Allows: t.Allows.text,
	}
	lengthOf(s.findings, t.Allows, textLongest)
	s.personal(t.Allows)
	s.account(t)
	s.roleName(t)
	s.roleLists(t)
	if s.cell != nil {
		out.Policy = readIAM(s.findings, s.cell.folder, t.Policy)
		out.Session = readIAM(s.findings, s.cell.folder, t.SessionPolicy)
		if out.Policy != "" {
			s.rolePolicies(t, &out)
		}
	}
	whole := t.Account.text != "" && t.Role.text != "" && t.Allows.text != "" && out.Probe.IAM() != ":" && out.Policy != ""
	if whole && !HasErrors(s.list[before:]) && !s.told(t.at) { // the law must find nothing that was not told here
		if err := out.Check(); err != nil {
			s.errorf(t.at, "write it otherwise", "%v", err)
		}
	}
	return out
}

func (s *scenarioFacts) account(t *roleFile) {
	if s.cell == nil || t.Account.text == "" {
		return
	}
	i := slices.IndexFunc(s.cell.aws.Accounts, func(a cell.Account) bool { return a.ID == t.Account.text })
	if i < 0 {
		s.errorf(t.Account.at, s.cell.accountNear(t.Account.text, "accounts of aws in "+CellFile+": "), "account %s does not exist", showID(t.Account.text))
		return
	}
	if !s.cell.aws.Accounts[i].Management {
		return
	}
	s.warnf(t.Account.at, "use an account that is a member of the organisation, unless it must be this one",
		"account %s is the management account: no service control policy binds the role there", show(t.Account.text))
	for _, w := range t.WithoutRails {
		if w.text == access.RailOrganization {
			s.errorf(w.at, "take it out", "guard rail %s always holds in the management account", w.text)
		}
	}
}

func (s *scenarioFacts) roleName(t *roleFile) {
	most := access.RoleNameLongest - len(access.ConsoleSuffix)
	s.checkRoleName(t.Role)
	if n := len(t.Role.text); t.Console.on && most < n && n <= access.RoleNameLongest {
		s.errorf(t.Role.at, "make it shorter", "role has %d characters, at most %d where console is true: the fall-back role's name ends in %s", n, most, access.ConsoleSuffix)
	}
}

// checkRoleName checks the name of a role that a scenario opens.
func (s *scenarioFacts) checkRoleName(w word) {
	const mend = "use letters, digits and +=,.@_-, at most 64"
	switch role := w.text; {
	case role == "":
	case len(role) > access.RoleNameLongest:
		s.errorf(w.at, bareName(role, mend), "role has %d characters, at most %d", len(role), access.RoleNameLongest)
	case !access.IsRoleName(role):
		s.errorf(w.at, bareName(role, mend), "%s is not the name of a role", showID(role))
	case strings.HasSuffix(role, access.ConsoleSuffix) || strings.HasPrefix(strings.ToLower(role), "halligan-"):
		s.errorf(w.at, "choose another name", "%s begins with halligan- or ends in %s, as Halligan's own roles do", showID(role), access.ConsoleSuffix)
	}
}

func (s *scenarioFacts) roleLists(t *roleFile) {
	checkRegions(s.findings, t.Regions)
	if n := len(t.Regions); n > access.RegionsMost {
		s.errorf(t.key("regions"), "name fewer, or leave regions out", "regions: at most %d, has %d", access.RegionsMost, n)
	}
	if n := len(t.SourceAddress); n > access.SourcesMost {
		s.errorf(t.key("source_address"), "name larger networks", "source_address: at most %d, has %d", access.SourcesMost, n)
	}
	for _, w := range t.SourceAddress {
		if w.text != "" && w.text != access.FromRequest {
			checkNetwork(s.findings, w, ", or request for the address that asked")
		}
	}
	if n := t.Slots.n; t.Slots.given && (n < 1 || n > access.ManagedPoliciesMost) {
		s.errorf(t.Slots.at, "choose fewer: each slot is a managed policy that is attached to stop a grant",
			"slots must be 1 to %d, is %d: a role takes %d managed policies", access.ManagedPoliciesMost, n, access.ManagedPoliciesMost)
	}
	for i, w := range t.WithoutRails {
		switch {
		case w.text == "":
		case !slices.Contains(access.RailIDs(), w.text):
			s.errorf(w.at, nearest(w.text, access.RailIDs(), "known here: "), "%s is not a guard rail", show(w.text))
		case slices.Contains(texts(t.WithoutRails[:i]), w.text):
			s.errorf(w.at, "take one out", "guard rail %s stands twice", w.text)
		case w.text == access.RailPersistence, w.text == access.RailSharing:
			s.warnf(w.at, "take it out if you can", "without %s something may outlive the grant: each lease closes only when a person attests", w.text)
		}
	}
}

// rolePolicies checks what the documents allow, and their sizes.
func (s *scenarioFacts) rolePolicies(t *roleFile, out *access.AWS) {
	policy, err := access.DecodeIAM(out.Policy)
	most, beside := access.RolePolicyLongest, ""
	if out.Holds(access.RailSharing) {
		most, beside = most-access.SharingRailLongest, " beside guard rail "+access.RailSharing
	}
	if n := len(out.Policy); n > most || err != nil {
		s.errorf(t.Policy.at, "allow by fewer, wider patterns, or make two roles of it", "the policy has %d characters, at most %d fit into a role%s", n, most, beside)
		return
	}
	if n := out.LargestSession(); n > access.SessionPolicyLongest {
		at, mend := t.Policy.at, "name fewer regions and networks"
		if t.SessionPolicy.given() {
			at, mend = t.SessionPolicy.at, "make session_policy shorter: STS takes no more"
		}
		s.errorf(at, mend, "the policy of a session has up to %d characters with its end, source and regions, at most %d", n, access.SessionPolicyLongest)
	}
	switch {
	case out.Probe.Service == "" || out.Probe.Action == "":
	case !slices.Contains(access.AWSProbes, out.Probe):
		var known []string
		for _, p := range access.AWSProbes {
			known = append(known, p.Service+" "+p.Action)
		}
		s.errorf(t.Probe.at, nearest(out.Probe.Service+" "+out.Probe.Action, known, "one of: "), "%s cannot be a probe in this version", show(out.Probe.Service+" "+out.Probe.Action))
	case !policy.AllowsAlways(out.Probe.IAM()):
		s.errorf(t.Probe.at, "allow it on * and without a condition in the policy, or choose another probe",
			"the policy does not allow %s always: that it is refused would prove nothing", out.Probe.IAM())
	}
	if policy.AllowsAlways("iam:DeleteAccountPasswordPolicy") && policy.AllowsAlways("s3:DeleteBucket") {
		s.warnf(t.Policy.at, "allow what the emergency needs", "the policy allows everything")
	}
	const outlive = "the policy allows ssm:StartSession, and such sessions outlive the grant: "
	const attested = "each lease closes only when a person attests"
	switch needs := out.Needs(); {
	case slices.Contains(needs, access.ProofEnded):
		s.warnf(t.Policy.at, "deny ssm:StartSession where it is not needed", outlive+"its end is known only when Systems Manager lists none")
	case policy.MayAllow("ssm:SendCommand") && out.Holds(access.RailPersistence):
		s.warnf(t.Policy.at, "deny ssm:SendCommand where it is not needed", "the policy allows ssm:SendCommand, and nobody can list what a command leaves on a machine: "+attested)
	case slices.Contains(needs, access.ProofAttested) && out.Holds(access.RailPersistence):
		s.warnf(t.Policy.at, "name regions, in which they can be listed, or deny ssm:StartSession", outlive+attested)
	}
}
