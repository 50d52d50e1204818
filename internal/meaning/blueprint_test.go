package meaning_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// scene is a scenario of the samples with the role that it opens, and what is meant by it.
type scene struct {
	scenario, mfa                string
	aws                          access.AWS
	inside, outside, onlyWithout []call
}

// scenes are emergencies of one account, from one that is narrow in every way to one
// whose role is an administrator's.
func scenes() []scene {
	database := "arn:aws:rds:eu-west-1:" + number + ":db:main"
	instance := "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0abc1234"
	object := "arn:aws:s3:::data/x"
	user := "arn:aws:iam::" + number + ":user/x"
	log := "arn:aws:logs:eu-west-1:" + number + ":log-group:app"
	return []scene{{
		scenario: "database-locked-out", mfa: "user-verified",
		aws: access.AWS{Name: "database", Account: "prod", Role: "EmergencyDatabase", Regions: []string{"eu-west-1"}, Source: []string{access.FromRequest},
			Policy:  iam(allows("rds:DeleteDBInstance", "rds:Describe*", "rds:ModifyDBInstance", "rds:StartDBInstance", "rds:StopDBInstance")),
			Session: iam(allows("rds:Describe*", "rds:StartDBInstance", "rds:StopDBInstance")),
			Probe:   access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Allows: "Start and stop databases of prod"},
		inside:      []call{{"rds:DescribeDBInstances", database}, {"rds:StopDBInstance", database}, {"rds:StartDBInstance", database}},
		onlyWithout: []call{{"rds:DeleteDBInstance", database}, {"rds:ModifyDBInstance", database}},
		outside:     []call{{"ec2:StopInstances", instance}, {"s3:GetObject", object}, {"iam:ListRoles", "*"}, {"rds:DeleteDBCluster", "arn:aws:rds:eu-west-1:" + number + ":cluster:main"}},
	}, {
		scenario: "workload-down", mfa: "hardware",
		aws: access.AWS{Name: "workload", Account: "prod", Role: "EmergencyAccessRole", Regions: []string{"eu-central-1", "eu-west-1"}, Source: []string{"192.0.2.0/24"}, Console: true,
			Policy: iam(allows("cloudwatch:*", "ec2:*", "logs:*", "rds:*", "s3:*")),
			Probe:  access.AWSProbe{Service: "ec2", Action: "DescribeInstances"}, Allows: "Everything with machines, databases, stores and logs of prod"},
		inside: []call{{"ec2:DescribeInstances", "*"}, {"ec2:StopInstances", instance}, {"rds:StopDBInstance", database}, {"s3:GetObject", object}, {"logs:DescribeLogStreams", log}, {"cloudwatch:ListMetrics", "*"}},
		outside: []call{{"iam:ListRoles", "*"}, {"lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:" + number + ":function:f"}, {"ssm:SendCommand", "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0abc1234"},
			{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:" + number + ":secret:db-aBcDeF"}},
	}, {
		scenario: "everything-down", mfa: "hardware",
		aws: access.AWS{Name: "everything", Account: "prod", Role: "EmergencyAdmin", Console: true, Policy: iam(allows("*")),
			Probe: access.AWSProbe{Service: "iam", Action: "ListRoles"}, Allows: "Everything in prod but what the guard rails keep"},
		inside: []call{{"iam:ListRoles", "*"}, {"ec2:TerminateInstances", instance}, {"rds:DeleteDBInstance", database}, {"s3:GetObject", object}, {"iam:GetUser", user}, {"kms:ListKeys", "*"}},
	}, {
		scenario: "logs-only", mfa: "possession",
		aws: access.AWS{Name: "logs", Account: "prod", Role: "EmergencyLogs", Regions: []string{"eu-west-1"}, Source: []string{"192.0.2.0/24", "2001:db8::/32"},
			Policy: iam(allows("cloudwatch:ListMetrics", "logs:Describe*", "logs:FilterLogEvents", "logs:GetLogEvents")),
			Probe:  access.AWSProbe{Service: "logs", Action: "DescribeLogGroups"}, Allows: "Read logs of prod"},
		inside:  []call{{"logs:DescribeLogStreams", log}, {"logs:FilterLogEvents", log}, {"cloudwatch:ListMetrics", "*"}},
		outside: []call{{"logs:DeleteLogGroup", log}, {"logs:PutRetentionPolicy", log}, {"ec2:DescribeInstances", "*"}, {"s3:GetObject", object}},
	}, {
		scenario: "security-containment", mfa: "hardware",
		aws: access.AWS{Name: "containment", Account: "prod", Role: "EmergencyContainment", WithoutRails: []string{access.RailPersistence},
			Policy: iam(allows("iam:AttachUserPolicy", "iam:DeleteAccessKey", "iam:ListRoles", "iam:PutUserPolicy", "iam:UpdateAccessKey")),
			Probe:  access.AWSProbe{Service: "iam", Action: "ListRoles"}, Allows: "Shut out a user of prod"},
		inside:  []call{{"iam:ListRoles", "*"}, {"iam:UpdateAccessKey", user}, {"iam:DeleteAccessKey", user}, {"iam:PutUserPolicy", user}},
		outside: []call{{"iam:CreateUser", user}, {"iam:CreateAccessKey", user}, {"ec2:DescribeInstances", "*"}},
	}, {
		scenario: "machines-sick", mfa: "user-verified",
		aws: access.AWS{Name: "machines", Account: "prod", Role: "EmergencyMachines", Regions: []string{"eu-west-1"}, Source: []string{access.FromRequest}, Slots: 3,
			Policy: iam(allows("ec2:DescribeInstances", "ssm:DescribeInstanceInformation", "ssm:SendCommand", "ssm:StartSession", "ssm:TerminateSession")),
			Probe:  access.AWSProbe{Service: "ssm", Action: "DescribeInstanceInformation"}, Allows: "A shell on machines of prod"},
		inside:  []call{{"ssm:DescribeInstanceInformation", "*"}, {"ssm:StartSession", instance}, {"ssm:SendCommand", instance}},
		outside: []call{{"ec2:TerminateInstances", instance}, {"ssm:GetParameter", "arn:aws:ssm:eu-west-1:" + number + ":parameter/db"}, {"s3:GetObject", object}},
	}, {
		scenario: "data-loss", mfa: "user-verified",
		aws: access.AWS{Name: "restore", Account: "prod", Role: "EmergencyRestore", Regions: []string{"eu-west-1"}, Slots: 3,
			Policy: iam(allows("rds:Describe*", "rds:RestoreDBInstanceFromDBSnapshot", "s3:GetObject", "s3:ListAllMyBuckets", "s3:ListBucket"),
				access.IAMStatement{Effect: access.IAMDeny, Action: []string{"s3:*"}, Resource: []string{"arn:aws:s3:::payroll", "arn:aws:s3:::payroll/*"}}),
			Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Allows: "Bring back data of prod"},
		inside:  []call{{"rds:DescribeDBInstances", database}, {"s3:GetObject", object}, {"s3:ListBucket", "arn:aws:s3:::data"}, {"s3:ListAllMyBuckets", "*"}},
		outside: []call{{"s3:GetObject", "arn:aws:s3:::payroll/x"}, {"s3:PutObject", object}, {"rds:DeleteDBInstance", database}},
	}}
}

// side is an account of a cell with the scenes that open roles in it.
type side struct {
	genesis *cell.Genesis
	account string
	scenes  []scene
}

// own is the side of the scenes above. Of its issuers one has a path and one has none.
func own() side {
	g := celltest.AWSGenesis()
	return side{&g, "prod", scenes()}
}

// sides are all that is put before the evaluator: the scenes above, roles that the tests of
// the law use, a cell as people write it, in files, and the scenarios that come with the
// program.
func sides(t *testing.T) []side {
	t.Helper()
	g := celltest.AWSGenesis()
	scenario := celltest.AWSScenario()
	document, err := config.Read("../config/testdata/good/aws")
	if err != nil {
		t.Fatal(err)
	}
	all := []side{own(), written(t, &g, "prod", &scenario)}
	for _, account := range document.Genesis.AWS.Accounts {
		for _, scenario := range document.Scenarios {
			all = append(all, written(t, document.Genesis, account.ID, scenario))
		}
	}
	return append(all, builtin(t)...)
}

// scenarioOf is the scenario of a scene.
func scenarioOf(s scene) *access.Scenario {
	return &access.Scenario{ID: s.scenario, Controls: access.Controls{MFA: s.mfa}, Opens: []access.Open{{AWS: &s.aws}}}
}

// written are roles that somebody else thought of. What is inside and outside of each is
// what the law reads out of its policies, so that two readers are held to each other.
func written(t *testing.T, g *cell.Genesis, account string, scenario *access.Scenario) side {
	t.Helper()
	in, ok := g.Account(account)
	if !ok {
		t.Fatalf("no account %s", account)
	}
	number, all := in.Account, side{genesis: g, account: account}
	known := []call{
		{"rds:StopDBInstance", "arn:aws:rds:eu-west-1:" + number + ":db:main"}, {"rds:DeleteDBInstance", "arn:aws:rds:eu-west-1:" + number + ":db:main"},
		{"ec2:DescribeInstances", "*"}, {"ec2:StopInstances", "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0abc1234"}, {"s3:GetObject", "arn:aws:s3:::data/x"},
		{"ssm:StartSession", "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0abc1234"}, {"iam:ListRoles", "*"}, {"kms:ListKeys", "*"},
		{"logs:DescribeLogStreams", "arn:aws:logs:eu-west-1:" + number + ":log-group:app"}, {"iam:GetUser", "arn:aws:iam::" + number + ":user/x"},
	}
	read := func(text string) access.IAMPolicy {
		p, err := access.DecodeIAM(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, open := range scenario.Opens {
		if open.AWS == nil || open.AWS.Account != account {
			continue
		}
		s := scene{scenario: scenario.ID, mfa: scenario.Controls.MFA, aws: *open.AWS}
		policy, session := read(s.aws.Policy), read(iam(allows("*")))
		if s.aws.Session != "" {
			session = read(s.aws.Session)
		}
		for _, c := range known {
			switch {
			case policy.AllowsAlways(c.action) && session.AllowsAlways(c.action):
				s.inside = append(s.inside, c)
			case policy.AllowsAlways(c.action) && !session.MayAllow(c.action):
				s.onlyWithout = append(s.onlyWithout, c)
			case !policy.MayAllow(c.action):
				s.outside = append(s.outside, c)
			}
		}
		if len(s.inside) == 0 {
			s.inside = []call{{s.aws.Probe.IAM(), "*"}}
		}
		all.scenes = append(all.scenes, s)
	}
	if len(all.scenes) == 0 {
		t.Fatalf("scenario %s opens no role in %s", scenario.ID, account)
	}
	return all
}

func sampleBlueprint(t *testing.T) *blueprint.Blueprint { return own().blueprint(t) }

func (of side) blueprint(t *testing.T) *blueprint.Blueprint {
	t.Helper()
	g := of.genesis
	c := blueprint.Cell{Origin: g.Origin, Issuers: g.AWS.Issuers}
	for i := range g.AWS.Accounts {
		a := &g.AWS.Accounts[i]
		c.Accounts = append(c.Accounts, blueprint.Account{ID: a.ID, Number: a.Account, Partition: a.In(), Regions: a.Regions, Door: a.Door, Base: a.Base, Reader: a.Reader})
	}
	for _, s := range of.scenes {
		if err := s.aws.Check(); err != nil {
			t.Fatalf("%s: %v", s.scenario, err)
		}
		c.Scenarios = append(c.Scenarios, scenarioOf(s))
	}
	b, err := blueprint.Of(c, of.account)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// minted are the session that the law authorises under a grant of a scene that ends at
// before, and the sessions of its probes.
func (of side) minted(t *testing.T, s scene) (session, twin, control access.Session) {
	t.Helper()
	g, scenario := of.genesis, scenarioOf(s)
	r := &access.Request{
		ID: canon.Sum([]byte("a request")), Requester: "anna", Address: fromAddress, Grant: &access.Grant{From: canon.At(began), Until: canon.At(before)},
		Leases: []access.Lease{{Target: s.aws.Name, Account: s.aws.Account, Role: s.aws.Role, Slot: 1}},
	}
	session, ok := cell.Session(g, scenario, r, cell.Fetched{Digest: canon.Sum([]byte("a fetch")), Target: s.aws.Name, At: canon.At(began)})
	if !ok || session.Before != canon.At(before) {
		t.Fatalf("%s: no session until %v: %+v", s.scenario, before, session)
	}
	twin, control, ok = cell.Twins(g, scenario, r, s.aws.Name)
	if !ok {
		t.Fatalf("%s: no twins", s.scenario)
	}
	return session, twin, control
}

// samples are the scenes with what a blueprint makes of them, and the sessions that the
// law authorises.
func samples(t *testing.T) (all []sample) {
	t.Helper()
	for _, of := range sides(t) {
		all = append(all, of.samples(t)...)
	}
	return all
}

func (of side) samples(t *testing.T) []sample {
	t.Helper()
	b := of.blueprint(t)
	scp := blueprint.SCP([]*blueprint.Blueprint{b}, []string{"arn:aws:iam::*:role/" + keeper})
	var all []sample
	for _, one := range of.scenes {
		role, ok := b.Role(one.aws.Role)
		if !ok {
			t.Fatalf("no role %s", one.aws.Role)
		}
		session, twin, control := of.minted(t, one)
		s := sample{
			name: one.scenario + " " + one.aws.Name, account: b.Account.Number, role: role.Name, origin: b.Cell.Origin, subject: session.Subject,
			strengths: role.Doors[0].Strengths, regions: one.aws.Regions, networks: one.aws.Source, console: one.aws.Console,
			fixed:        len(one.aws.Source) > 0 && !slices.Contains(one.aws.Source, access.FromRequest),
			withoutRails: one.aws.WithoutRails,
			trust:        b.TrustPolicy(role), policy: b.RolePolicy(role), boundary: b.Boundary(role), sharing: b.Sharing(role), consoleTrust: b.ConsoleTrust(), reach: b.ReachConsole(role),
			stopperTrust: b.StopperTrust(), stopperPolicy: b.StopperPolicy(), slots: map[int]jsontext.Value{},
			stopAll: []meaning.Policy{{Name: "stop all", Document: blueprint.StopAll()}}, guard: []meaning.Policy{{Name: "scp", Document: scp}},
			cutOff:   []meaning.Policy{{Name: "cut-off", Document: blueprint.CutOff([]*blueprint.Blueprint{b})}},
			sessions: slices.ContainsFunc(of.scenes, func(s scene) bool { return s.aws.Outlives() }),
			minted:   session, twin: twin, control: control, session: jsontext.Value(session.Policy), probe: call{one.aws.Probe.IAM(), "*"},
			inside: one.inside, outside: one.outside, onlyWithout: one.onlyWithout,
		}
		for _, issuer := range b.Cell.Issuers {
			s.hosts = append(s.hosts, strings.TrimPrefix(issuer, "https://"))
		}
		for k := 1; k <= role.Slots; k++ {
			s.slots[k] = blueprint.StopSlot(k)
		}
		all = append(all, s)
	}
	return all
}
