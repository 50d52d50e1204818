package config

// cellFile is cell.yaml.
type cellFile struct {
	Mark
	Name     word          `yaml:"name,required"`
	Founders []word        `yaml:"founders,required"`
	People   []personFile  `yaml:"people,required"`
	Groups   table[[]word] `yaml:"groups,required"`
	Security word          `yaml:"security,required"`
	Change   changeFile    `yaml:"change,required"`
	Recovery recoveryFile  `yaml:"recovery"`
	Pending  span          `yaml:"pending"`
	CoolOff  span          `yaml:"cool_off"`
	Hosts    []hostFile    `yaml:"hosts"`
	Channels []channelFile `yaml:"channels"`
	Programs []programFile `yaml:"programs"`
	AWS      *awsFile      `yaml:"aws"`
	Networks []word        `yaml:"networks"`

	Attestation []makerFile   `yaml:"attestation"`
	GuardRails  []word        `yaml:"guard_rails"`
	Witnesses   witnessesFile `yaml:"witnesses,required"`
	Trial       flag          `yaml:"trial"`
}

func (*cellFile) planned() []string {
	return []string{"escalation", "upgrade", "on_call"}
}

func (*cellFile) instead() map[string]string {
	return map[string]string{
		"custodians":        "name a group under groups, and that in the envelope that a scenario opens",
		"identity_provider": "write oidc to each person who may read by it, and where it is into oidc of " + ServerFile,
		"incidents":         "name the tracker in a symptom of a scenario, and where it is under trackers of " + ServerFile,
		"identity_center":   "write it under aws; of a person, what stands there is their UserId",
		"accounts":          "write it under aws",
		"organization":      "write it under aws",
		"scenarios":         "write each into a file of " + ScenariosDir,
		"webhooks":          "name the channel under channels, and where it is under webhooks of " + ServerFile,
	}
}

type personFile struct {
	Mark
	ID       word   `yaml:"id,required"`
	Name     word   `yaml:"name,required"`
	Contact  word   `yaml:"contact"`
	Keys     []word `yaml:"keys"`
	KeysFrom word   `yaml:"keys_from"`
	TOTP     []word `yaml:"totp"`

	Attestations []word `yaml:"attestations"`

	OIDC []identityFile `yaml:"oidc"`
	User word           `yaml:"identity_center"`
}

func (*personFile) instead() map[string]string {
	return map[string]string{
		"passkeys":  "write the line of a passkey under keys, as of any other key",
		"custodian": "put them into a group, and name that in the envelope that a scenario opens",
		"groups":    "name them in groups of the cell",
	}
}

type changeFile struct {
	Mark
	Quorum []legFile `yaml:"quorum,required"`
}

func (*changeFile) planned() []string { return []string{"delay", "notice"} }

type recoveryFile struct {
	Mark
	Quorum []legFile `yaml:"quorum,required"`
	Notice span      `yaml:"notice"`
}

type legFile struct {
	Mark
	From  word  `yaml:"from,required"`
	Count count `yaml:"count,required"`
}

type hostFile struct {
	Mark
	ID        word   `yaml:"id,required"`
	Address   word   `yaml:"address,required"`
	HostKeys  []word `yaml:"host_keys,required"`
	ReportKey word   `yaml:"report_key,required" mend:"run halligan-host init on the host, and write the key that it prints: without it no report of the host is believed"`
	OtherWay  word   `yaml:"other_way" mend:"write how to log in when certificates do not work, such as a serial console, or a key kept in a safe"`
}

type channelFile struct {
	Mark
	ID   word `yaml:"id,required"`
	Kind word `yaml:"kind,required"`
}

// scenarioFile is one file of scenarios.
type scenarioFile struct {
	Mark
	Scenario     word             `yaml:"scenario,required"`
	Title        word             `yaml:"title,required"`
	Owner        word             `yaml:"owner"`
	UseWhen      []word           `yaml:"use_when,required"`
	DoNotUseWhen []word           `yaml:"do_not_use_when"`
	Symptoms     []symptomFile    `yaml:"symptoms"`
	MayRequest   []word           `yaml:"may_request,required"`
	Severities   table[termsFile] `yaml:"severities,required"`
	Ladder       []rungFile       `yaml:"ladder"`
	Controls     controlsFile     `yaml:"controls"`
	Conditions   []word           `yaml:"conditions"`
	Opens        []openFile       `yaml:"opens,required"`
	Alarms       alarmsFile       `yaml:"alarms"`
	Procedure    word             `yaml:"procedure"`
}

func (*scenarioFile) planned() []string {
	return []string{"training", "drill", "review", "guidelines"}
}

func (*scenarioFile) instead() map[string]string {
	return map[string]string{
		"guard_rails": "name policies that hold here under conditions, and those that hold everywhere under guard_rails of " + CellFile,
		"quorum":      "write it to each of severities",
		"longest":     "write it to each of severities",
		"mfa":         "write it under controls",
		"aws":         "write it under opens, after a hyphen",
	}
}

type termsFile struct {
	Mark
	Longest   span      `yaml:"longest,required"`
	Quorum    []legFile `yaml:"quorum,required"`
	ReviewDue span      `yaml:"review_due,required"`
}

func (*termsFile) planned() []string { return []string{"extensions"} }

func (*termsFile) instead() map[string]string {
	return map[string]string{
		"channels": "name them under alarms of the scenario",
		"ladder":   "write it beside severities: it is the same for all of them",
		"solo":     "write it on the last rung of ladder, beside severities",
	}
}

type controlsFile struct {
	Mark
	MFA    word        `yaml:"mfa"`
	Source []word      `yaml:"source"`
	Hours  []hoursFile `yaml:"hours"`
}

func (*controlsFile) planned() []string {
	return []string{"training", "device", "country"}
}

func (*controlsFile) instead() map[string]string {
	const policies = "name files of policies under conditions of the scenario"
	return map[string]string{"policy": policies, "policies": policies, "networks": "write source: the networks that asking may come from"}
}

type hoursFile struct {
	Mark
	Days []word `yaml:"days"`
	From word   `yaml:"from,required"`
	To   word   `yaml:"to,required"`
}

type openFile struct {
	Mark
	SSH      *sshFile      `yaml:"ssh"`
	Envelope *envelopeFile `yaml:"envelope"`
	Exec     *execFile     `yaml:"exec"`
	AWS      *roleFile     `yaml:"aws"`
	RootTask *taskFile     `yaml:"aws_root_task"`

	IdentityCenter *setFile        `yaml:"identity-center"`
	Automation     *automationFile `yaml:"automation"`
}

func (*openFile) planned() []string {
	return []string{"postgres", "kubernetes"}
}

func (*openFile) instead() map[string]string {
	return map[string]string{
		"ssm":            "write automation: a document of Systems Manager that runs while the grant lives",
		"sealed":         "write envelope: a sealed credential",
		"host":           "write ssh: { host: …, principals: […] }",
		"program":        "write exec: { program: … }",
		"role":           "write aws: { account: …, role: … }",
		"permission_set": "write identity-center: { account: …, permission_set: … }",
		"task":           "write aws_root_task: { account: …, task: … }",
	}
}

// envelopeFile is a sealed credential, and what must hold for it.
type envelopeFile struct {
	Mark
	Name        word  `yaml:"name,required"`
	Custodians  word  `yaml:"custodians,required"`
	Threshold   count `yaml:"threshold,required"`
	SealedBy    word  `yaml:"sealed_by,required"`
	RotateEvery span  `yaml:"rotate_every"`
	Physical    flag  `yaml:"physical"`
	Honey       flag  `yaml:"honey"`

	Contents *contentsFile `yaml:"contents"`
}

func (*envelopeFile) planned() []string { return []string{"verify", "rotate_with", "places"} }

type sshFile struct {
	Mark
	Name          word        `yaml:"name"`
	Host          word        `yaml:"host,required"`
	User          word        `yaml:"user"`
	Principals    []word      `yaml:"principals,required"`
	SourceAddress sourcesFile `yaml:"source_address"`
	Permit        permitsFile `yaml:"permit"`
}

func (*sshFile) planned() []string { return []string{"record", "force_command", "session_policy"} }

// sourcesFile is the word request, or a list of it and networks.
type sourcesFile []word

func (s *sourcesFile) read(f *findings, n *node) {
	if n.form == text && n.text == "request" {
		*s = sourcesFile{{n.text, n.place}}
		return
	}
	readWords(f, n, (*[]word)(s), "write request, or a list of networks such as [10.0.0.0/8]")
}

// permitsFile is a list; an empty one was written, a missing one was not.
type permitsFile struct {
	words []word
	given bool
}

func (p *permitsFile) read(f *findings, n *node) {
	p.given = true
	readWords(f, n, &p.words, "write a list such as [pty], or [] for none")
}

func readWords(f *findings, n *node, words *[]word, mend string) {
	if n.form != sequence {
		f.errorf(n.place, mend, "must be %s, is %s", sequence, n.saying())
		return
	}
	*words = make([]word, len(n.items))
	for i, item := range n.items {
		(*words)[i].read(f, item)
	}
}

type alarmsFile struct {
	Mark
	To []word `yaml:"to"`
}

func (*alarmsFile) planned() []string { return []string{"also_when", "escalate", "acknowledge"} }
