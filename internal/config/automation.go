package config

import (
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// automationFile is a document of Systems Manager Automation that a scenario runs.
type automationFile struct {
	Mark
	Name       word         `yaml:"name"`
	Account    word         `yaml:"account,required"`
	Region     word         `yaml:"region"`
	Group      word         `yaml:"group"`
	Document   word         `yaml:"document"`
	Version    count        `yaml:"version,required" mend:"write the number of one version, such as 1: aws ssm list-document-versions"`
	Digest     word         `yaml:"digest,required" mend:"write the SHA-256 of the document's content: halligan blueprint ssm prints it, or aws ssm get-document and sha256sum"`
	ActsAs     word         `yaml:"acts_as"`
	Parameters table[value] `yaml:"parameters"`
	Tells      table[word]  `yaml:"tells"`
	Opens      word         `yaml:"opens"`
	Closes     word         `yaml:"closes"`
	Allows     word         `yaml:"allows,required" mend:"say in plain words what the document opens: approvers read it"`
}

func (*automationFile) planned() []string {
	return []string{"targets", "rate", "approve", "tags"}
}

func (*automationFile) instead() map[string]string {
	const role = "write acts_as: the role that the document acts as, which its assumeRole says"
	return map[string]string{
		"role": role, "assume_role": role, "assumeRole": role,
		"minutes": "have a parameter of the document told until, under tells: it ends a minute after the grant",
	}
}

// automation reads a document.
func (s *scenarioFacts) automation(t *automationFile) access.Automation {
	before := len(s.list)
	out := access.Automation{
		Name: s.targetName(t.Name, t.Account), Account: t.Account.text, Region: t.Region.text, Document: t.Document.text, Version: int64(t.Version.n),
		Role: t.ActsAs.text, Opens: t.Opens.text, Closes: t.Closes.text, Group: t.Group.text, Allows: t.Allows.text,
	}
	lengthOf(s.findings, t.Allows, textLongest)
	s.personal(t.Allows)
	if t.Version.given && t.Version.n < 1 {
		s.errorf(t.Version.at, "write the number of one version: $LATEST and $DEFAULT may be another tomorrow", "version must be 1 or more, is %d", t.Version.n)
	}
	s.digest(t, &out)
	s.documentAccount(t, &out)
	if t.Group.given() {
		s.memberOf(t, &out)
	} else {
		s.document(t, &out)
	}
	whole := t.Account.text != "" && t.Version.given && t.Digest.text != "" && out.Region != "" && out.Allows != ""
	if whole && !HasErrors(s.list[before:]) && !s.told(t.at) { // the law must find nothing that was not told here
		if err := out.Check(); err != nil {
			s.errorf(t.at, "write it otherwise", "%v", err)
		}
	}
	return out
}

// digest reads the digest of the document's content.
func (s *scenarioFacts) digest(t *automationFile, out *access.Automation) {
	if t.Digest.text == "" {
		return
	}
	digest, err := canon.ParseDigest(strings.TrimPrefix(t.Digest.text, "sha256:"))
	switch {
	case err != nil:
		s.errorf(t.Digest.at, "write sha256: and 64 digits, of 0–9 and small a–f, without spaces", "%s is not a digest", show(t.Digest.text))
	case digest.IsZero():
		s.warnf(t.Digest.at, "write the one that halligan blueprint ssm prints", "the digest is not filled in yet: no document has it, and nothing opens")
	}
	out.Digest = digest
}

// documentAccount checks where the document is.
func (s *scenarioFacts) documentAccount(t *automationFile, out *access.Automation) {
	if t.Region.given() {
		checkRegions(s.findings, []word{t.Region})
	}
	if s.cell == nil || t.Account.text == "" {
		return
	}
	i := slices.IndexFunc(s.cell.aws.Accounts, func(a cell.Account) bool { return a.ID == t.Account.text })
	switch {
	case i < 0:
		s.errorf(t.Account.at, s.cell.accountNear(t.Account.text, "accounts of aws in "+CellFile+": "), "account %s does not exist", showID(t.Account.text))
	case s.cell.aws.Accounts[i].Management:
		s.errorf(t.Account.at, "name a member account", "account %s is the management account: no role of Halligan is put there", show(t.Account.text))
	case out.Region == "" && len(s.cell.aws.Accounts[i].Regions) > 0:
		out.Region = firstRegion(s.cell.aws.Accounts[i])
	}
}

// firstRegion is the first of an account, where it is one; what is not was told in its place.
func firstRegion(a cell.Account) string {
	if access.IsRegion(a.Regions[0]) {
		return a.Regions[0]
	}
	return ""
}

// memberOf reads the document that a blueprint makes for a group.
func (s *scenarioFacts) memberOf(t *automationFile, out *access.Automation) {
	if t.Group.text != "" && !access.IsGroup(t.Group.text) {
		s.errorf(t.Group.at, bareName(t.Group.text, "use a group with letters, digits and _.-, at most 48"), "%s is not a group that a document can be made for", show(t.Group.text))
	}
	for _, w := range []word{t.Document, t.ActsAs, t.Opens, t.Closes} {
		if w.given() {
			s.errorf(w.at, "take it out, or take group out", "with group, the document is the one that halligan blueprint ssm writes")
		}
	}
	if len(t.Parameters)+len(t.Tells) > 0 {
		s.errorf(t.Group.at, "take parameters and tells out, or take group out", "with group, the document takes what halligan blueprint ssm writes")
	}
	out.MemberOf()
}

// document reads a document of the account's own.
func (s *scenarioFacts) document(t *automationFile, out *access.Automation) {
	for _, m := range []struct {
		of         word
		name, mend string
	}{
		{t.Document, "document", "name the document, or a group that halligan blueprint ssm writes one for"},
		{t.ActsAs, "acts_as", "name the role that the document acts as, its assumeRole"},
		{t.Opens, "opens", "name the step whose success is that it is open"},
		{t.Closes, "closes", "name the step whose success is that it is closed, on every way out"},
	} {
		if !m.of.given() {
			s.errorf(t.at, m.mend, "%s is missing", m.name)
		}
	}
	if w := t.Document; w.text != "" && !access.IsDocument(w.text) {
		s.errorf(w.at, bareName(w.text, "name a document of the account itself: 3 to 128 letters, digits and _.-"), "%s is not the name of a document that an account can make", show(w.text))
	}
	s.checkRoleName(t.ActsAs)
	for _, w := range []word{t.Opens, t.Closes} {
		if w.text != "" && !access.IsStep(w.text) {
			s.errorf(w.at, "use letters, digits and _, beginning with a letter", "%s is not the name of a step", show(w.text))
		}
	}
	if t.Opens.text != "" && t.Opens.text == t.Closes.text {
		s.errorf(t.Closes.at, "name the step that closes", "the step %s cannot both open and close", show(t.Closes.text))
	}
	s.automationParameters(t, out)
}

// automationParameters reads what an execution is given, and what it is told.
func (s *scenarioFacts) automationParameters(t *automationFile, out *access.Automation) {
	if n := len(t.Parameters) + len(t.Tells); n > access.AutomationParametersMost {
		s.errorf(t.at, "let the document hold the rest", "parameters and tells: at most %d together, are %d", access.AutomationParametersMost, n)
	}
	named := map[string]bool{}
	name := func(w word) bool {
		switch {
		case !access.IsStep(w.text):
			s.errorf(w.at, "use letters, digits and _, beginning with a letter", "%s is not the name of a parameter", show(w.text))
		case named[w.text]:
			s.errorf(w.at, "take one out", "parameter %s stands twice", show(w.text))
		default:
			named[w.text] = true
			return true
		}
		return false
	}
	for _, e := range t.Parameters {
		if !name(e.key) {
			continue
		}
		if n := len(e.value.text); n > access.AutomationValueLongest {
			s.errorf(e.value.at, "let the document hold it", "parameter %s has %d characters, at most %d", show(e.key.text), n, access.AutomationValueLongest)
		} else if n > 0 && !access.IsValue(e.value.text) {
			s.errorf(e.value.at, "write one line, without {{: Systems Manager would put something else in its place", "%s is not a value of parameter %s", show(e.value.text), show(e.key.text))
		}
		if out.Parameters == nil {
			out.Parameters = map[string]string{}
		}
		out.Parameters[e.key.text] = e.value.text
	}
	until := false
	for _, e := range t.Tells {
		until = until || e.value.text == access.FactUntil
		if !name(e.key) {
			continue
		}
		if e.value.text != "" && !slices.Contains(access.AutomationFacts, e.value.text) {
			s.errorf(e.value.at, nearest(e.value.text, access.AutomationFacts, "one of: "), "%s is nothing that an execution is told", show(e.value.text))
		}
		if out.Tells == nil {
			out.Tells = map[string]string{}
		}
		out.Tells[e.key.text] = e.value.text
	}
	if !until {
		s.warnf(t.at, "have a parameter of the document told until, and wait in it no longer", "the document is not told when the grant ends: while this server is down, nothing but its own time ends it")
	}
}

// checkActing refuses a role that a document acts as and that a scenario opens, too:
// whoever started the one would have the other.
func checkActing(f *findings, scenarios []*scenarioFacts) {
	opened := map[string]place{}
	id := func(account, role word) string { return account.text + "/" + strings.ToLower(role.text) }
	for _, s := range scenarios {
		for _, open := range s.file.Opens {
			switch {
			case open.AWS != nil:
				opened[id(open.AWS.Account, open.AWS.Role)] = open.AWS.Role.at
			case open.RootTask != nil:
				opened[id(open.RootTask.Through, open.RootTask.Role)] = open.RootTask.Role.at
			}
		}
	}
	for _, s := range scenarios {
		for _, open := range s.file.Opens {
			t := open.Automation
			if t == nil || t.ActsAs.text == "" {
				continue
			}
			if at, taken := opened[id(t.Account, t.ActsAs)]; taken {
				f.errorf(t.ActsAs.at, "make a role for the document alone", "role %s is opened in %s, line %d, too", show(t.ActsAs.text), at.file, at.line)
			}
		}
	}
}
