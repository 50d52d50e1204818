package blueprint

import (
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// File is one file that comes out.
type File struct {
	Name string
	Data []byte
}

// compactJSON is a tree as JSON on one line, members in the order of RFC 8785.
func compactJSON(value any) string { return string(canon.MustEncode(plain(value))) }

// CloudFormation gives the templates of the account: what stands once, to be
// deployed in its home region, and what stands in each region. A management
// account has the second alone.
func (b *Blueprint) CloudFormation() ([]File, error) {
	var files []File
	if standing := b.standing(); len(standing) > 0 {
		files = append(files, b.template("halligan.yaml", "Halligan in account "+b.Account.ID+": emergency roles, their bounds and stop slots.", standing))
	}
	files = append(files, b.template("halligan-rules.yaml", "Halligan in account "+b.Account.ID+", in each region: what tells people that an emergency role was used.", b.watching()))
	var sizes []Size
	for _, f := range files {
		sizes = append(sizes, Size{"template " + f.Name + ": bytes", len(f.Data), templateLongest})
	}
	sizes = append(sizes, Size{"template " + files[0].Name + ": resources", len(b.standing()), resourcesMost})
	if err := over(sizes); err != nil {
		return nil, err
	}
	files = append(files, File{"deploy.md", []byte(b.deploying(files))})
	return b.foldered(append(files, b.base()...)), nil
}

// base is what the server's own role or user needs, as a file, where the account is
// opened by it.
func (b *Blueprint) base() []File {
	if !b.byExternalID() || !b.opened() {
		return nil
	}
	return []File{{"halligan-base.json", indented(b.BasePolicy())}}
}

// foldered puts files into a folder of the account.
func (b *Blueprint) foldered(files []File) []File {
	for i := range files {
		files[i].Name = b.Account.ID + "/" + files[i].Name
	}
	return files
}

// template is a template of resources.
func (b *Blueprint) template(name, about string, all []resource) File {
	t := object{
		{name: "AWSTemplateFormatVersion", value: "2010-09-09", note: b.made()},
		{name: "Description", value: clean(about, 1024)},
	}
	if name != "halligan.yaml" {
		t = append(t,
			field{name: "Parameters", value: object{{name: emailParameter, value: object{
				{name: "Type", value: "String"}, {name: "Default", value: ""},
				{name: "Description", value: "Address that is told by mail in this region; empty for none. Whoever it is must confirm."},
			}}}},
			field{name: "Conditions", value: b.conditions()})
	}
	resources := object{}
	for _, r := range all {
		resources = append(resources, field{name: r.id, note: r.note, value: r.cloudFormation()})
	}
	return File{name, []byte(yaml(append(t, field{name: "Resources", value: resources})))}
}

func (b *Blueprint) conditions() object {
	equals := func(x, y any) object { return object{{name: "Fn::Equals", value: list{x, y}}} }
	all := object{{name: onlyMail, value: object{{name: "Fn::Not", value: list{equals(ref(emailParameter), "")}}}}}
	for _, rule := range b.EventRules() {
		if rule.Global {
			return append(all, field{name: onlyGlobal, value: equals(ref("AWS::Region"), b.GlobalRegion()), note: "IAM and Organizations are recorded there alone."})
		}
	}
	return all
}

func (r resource) cloudFormation() object {
	o := object{{name: "Type", value: r.kind}}
	if r.only != "" {
		o = append(o, field{name: "Condition", value: r.only})
	}
	if len(r.after) > 0 {
		o = append(o, field{name: "DependsOn", value: texts(r.after...)})
	}
	return append(o, field{name: "Properties", value: r.props})
}

// made says where a file comes from.
func (b *Blueprint) made() string {
	return "Made by halligan blueprint from the cell " + b.Cell.Origin + ". Change the scenario, not this file:\nhalligan blueprint diff names what differs from it."
}

// deploying says how the templates are put in place.
func (b *Blueprint) deploying(files []File) string {
	w := new(writer)
	w.line(0, "# Account %s (%s)\n", b.Account.ID, b.Account.Number)
	w.line(0, "Made from the cell %s. Deploy in this order, as somebody who may change IAM, on a calm day.\n", b.Cell.Origin)
	w.line(0, "| file | SHA-256 |\n|---|---|")
	for _, f := range files {
		w.line(0, "| `%s` | `%s` |", f.Name, canon.Sum(f.Data))
	}
	w.line(0, "")
	if b.opened() {
		w.line(0, "Roles, once, in the home region:\n")
		w.line(0, "    aws cloudformation deploy --region %s --stack-name halligan --capabilities CAPABILITY_NAMED_IAM --template-file %s%s", b.Home(), files[0].Name, b.needsBucket(files[0]))
		w.line(0, "    aws cloudformation update-termination-protection --region %s --stack-name halligan --enable-termination-protection\n", b.Home())
	}
	if b.byExternalID() {
		w.line(0, "The roles believe no issuer: %s takes them, with the external id of the scenario. Give it the policy in halligan-base.json, and nothing else that counts here.\n", b.Account.Base)
	}
	rules := files[len(files)-1]
	w.line(0, "Rules, in each region where a use can be recorded, and better in every region that the account has enabled:\n")
	for _, region := range b.RuleRegions() {
		w.line(0, "    aws cloudformation deploy --region %s --stack-name halligan-rules --template-file %s%s", region, rules.Name, b.needsBucket(rules))
	}
	if b.Account.Management {
		w.line(0, "\nThis is a management account: stack sets with service-managed permissions leave it out, and no service control policy binds it.")
		in := "There is no role of Halligan's in it"
		if len(b.Ways) > 0 {
			in = "The roles of Halligan's in it become root users of member accounts, each for one task, and do nothing else; better a member account is delegated for IAM, and they are there"
		}
		w.line(0, "Deploy here by hand. %s; these rules tell when somebody uses its root user or changes the organisation.", in)
		return w.String()
	}
	w.line(0, "\nOr by a stack set, from the delegated administrator: the names in it are this account's, so that it targets this account alone.\n")
	w.line(0, "    aws cloudformation create-stack-set --stack-set-name halligan-rules-%s --permission-model SERVICE_MANAGED --auto-deployment Enabled=false --template-body file://%s", b.Account.ID, rules.Name)
	w.line(0, "    aws cloudformation create-stack-instances --stack-set-name halligan-rules-%s --deployment-targets Accounts=%s,AccountFilterType=INTERSECTION,OrganizationalUnitIds=OU --regions %s --operation-preferences RegionConcurrencyType=PARALLEL", b.Account.ID, b.Account.Number, strings.Join(b.RuleRegions(), " "))
	return w.String()
}

// needsBucket is what a deployment of a large template needs besides.
func (b *Blueprint) needsBucket(f File) string {
	if len(f.Data) <= templateInline {
		return ""
	}
	return " --s3-bucket BUCKET"
}
