package cli

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/paper"
)

// blueprintCommand is about the AWS side of a cell.
type blueprintCommand struct {
	CloudFormation blueprintCloudFormationCommand `cmd:"" name:"cloudformation" help:"Write CloudFormation templates: roles, bounds, stop slots, and in each region rules and alarms."`
	Terraform      blueprintTerraformCommand      `cmd:"" help:"Write the same as Terraform modules."`
	SSM            blueprintSSMCommand            `cmd:"" name:"ssm" help:"Write Systems Manager Automation documents: approval without Halligan and without an identity provider."`
	SCP            blueprintSCPCommand            `cmd:"" name:"scp" help:"Write service control policies: one that guards all this, and one that cuts the issuers off."`
	Diff           blueprintDiffCommand           `cmd:"" help:"Name what is deployed otherwise than the blueprint has it."`
}

// blueprintFlags say which cell and accounts are meant.
type blueprintFlags struct {
	Account []string `complete:"accounts" help:"Only this account of the cell; once for each. Default: all." placeholder:"ID"`
	Files   string   `help:"Read cell.yaml and the scenarios of a folder, and ask no server: for files that are not in force yet." placeholder:"DIR"`
	memberFlags
}

// blueprintOut says where files go.
type blueprintOut struct {
	Out string `help:"Folder to write the files into; those that are there are replaced. Without it they are printed." placeholder:"FOLDER"`
}

// blueprintFile is one file that came out, as JSON.
type blueprintFile struct {
	Name   string       `json:"name"`
	SHA256 canon.Digest `json:"sha256"`
	Bytes  int          `json:"bytes"`
	Text   string       `json:"text,omitempty"` // unless it was written
}

// blueprintAnswer is what came out, as JSON.
type blueprintAnswer struct {
	Files []blueprintFile `json:"files"`
	Sizes []paper.Size    `json:"sizes,omitempty"` // that AWS limits
}

type blueprintCloudFormationCommand struct {
	blueprintFlags
	blueprintOut
	Management bool `help:"The management accounts instead: rules only, because nothing guards a role there."`
}

// Help is the long help of `blueprint cloudformation`.
func (blueprintCloudFormationCommand) Help() string {
	return `Two templates for each account, in a folder of its own: halligan.yaml stands once, in the account's first region; halligan-rules.yaml stands in each region where the use of a role can be recorded. deploy.md has the commands that deploy them. The same cell gives the same bytes; what is over a limit of AWS is refused with the number and the limit.

Examples:

    halligan blueprint cloudformation --out aws
    halligan blueprint cloudformation --files /etc/halligan --account prod
    halligan blueprint cloudformation --management --out aws`
}

// Run writes.
func (b blueprintCloudFormationCommand) Run(c *call) error {
	all, err := b.blueprints(c, b.Management)
	if err != nil {
		return err
	}
	var files []paper.File
	for _, of := range all {
		made, err := of.CloudFormation()
		if err != nil {
			return because(exitUsage, err, "cannot write a template").or("open less in one account, or split the scenario")
		}
		files = append(files, made...)
	}
	return b.deliver(c, all, files)
}

type blueprintTerraformCommand struct {
	blueprintFlags
	blueprintOut
	Management bool `help:"The management accounts instead: rules only, because nothing guards a role there."`
}

// Help is the long help of `blueprint terraform`.
func (blueprintTerraformCommand) Help() string {
	return `A root module for each account, ID/main.tf, with the rules of each region as a module of its own, ID/rules. They hold no backend and no credential: add yours beside them.

Examples:

    halligan blueprint terraform --out aws
    halligan blueprint terraform --files /etc/halligan --account prod --out aws`
}

// Run writes.
func (b blueprintTerraformCommand) Run(c *call) error {
	all, err := b.blueprints(c, b.Management)
	if err != nil {
		return err
	}
	var files []paper.File
	for _, of := range all {
		files = append(files, of.Terraform()...)
	}
	return b.deliver(c, all, files)
}

type blueprintSSMCommand struct {
	blueprintFlags
	blueprintOut
}

// Help is the long help of `blueprint ssm`.
func (blueprintSSMCommand) Help() string {
	return `One Automation document for each severity of each scenario that opens a role, and halligan-ssm.yaml, a template that makes them with the users, groups, role and topic that they need. People approve as users of the account, so that it works without the identity provider. Each leg of the quorum is a step; nobody stands in two, and nobody who approves can be let in. It puts a user into a group and takes them out on every way out; no credential passes through it.

And one for each group of IAM that a scenario opens by automation: with group. Its digest is printed when it is written: the scenario has to name it, and nothing else is started.

Examples:

    halligan blueprint ssm --out aws
    halligan blueprint ssm --files /etc/halligan --account prod`
}

// Run writes.
func (b blueprintSSMCommand) Run(c *call) error {
	all, err := b.blueprints(c, false)
	if err != nil {
		return err
	}
	var files []paper.File
	for _, of := range all {
		if len(of.Roles) == 0 && len(of.Runs) == 0 {
			continue
		}
		made, err := of.SSM()
		if err != nil {
			return because(exitUsage, err, "cannot write a document").or("mend the scenario, or leave its account out: --account names those that are meant")
		}
		files = append(files, made...)
		for _, text := range otherDigests(of, made) {
			c.tell("warning: %s", text)
		}
	}
	if len(files) == 0 {
		return nothingToApprove(all)
	}
	return b.deliver(c, all, files)
}

// otherDigests names the targets for whose group a document was made that is not the one
// they name: nothing would be started for them. Of one that is not filled in yet lint warns.
func otherDigests(of *paper.Blueprint, made []paper.File) (all []string) {
	for _, t := range of.Runs {
		for _, f := range made {
			if digest := canon.Sum(f.Data); t.Group != "" && !t.Digest.IsZero() && path.Base(f.Name) == t.Document+".yaml" && digest != t.Digest {
				all = append(all, fmt.Sprintf("target %s names another digest than %s has: it opens nothing with this document until it says digest: \"sha256:%s\"", t.Name, f.Name, digest))
			}
		}
	}
	return all
}

// nothingToApprove says that no scenario opens a role in accounts, for which there
// is no document to write.
func nothingToApprove(in []*paper.Blueprint) *failure {
	ids := make([]string, 0, len(in))
	for _, of := range in {
		ids = append(ids, of.Account.ID)
	}
	return failf(exitNotFound, "no scenario opens a role in %s: there is no document to write", either(ids)).
		or("a scenario does with aws: {account: %s, role: …} under opens: halligan scenario list names those that come with one", ids[0])
}

type blueprintSCPCommand struct {
	blueprintFlags
	blueprintOut
	Keeper []string `help:"ARN, or a pattern of ARNs, of who may go on changing Halligan's roles and rules; once for each. Default: stack sets of the organisation." placeholder:"ARN"`
}

// stackSets is who deploys a stack set with service-managed permissions.
const stackSets = "arn:aws:iam::*:role/stacksets-exec-*"

// Help is the long help of `blueprint scp`.
func (blueprintSCPCommand) Help() string {
	return `halligan-guard.json keeps everybody but the keepers from changing the roles, their policies, the identity providers, trails and rules in member accounts. halligan-cut-off.json is kept ready: attached, it denies everything to sessions that came in by a token of the cell's issuers. Where the cell has an Identity Center, halligan-denial.json is the policy that the server may write to deny people's sessions when their grants are over, as it begins: it denies nobody. Once cell.yaml names its ARN (aws.identity_center.denial), halligan-denial-delegation.json is the statement by which the management account lets the server's role write it, and nobody else. None of them binds the management account.

Examples:

    halligan blueprint scp --keeper 'arn:aws:iam::*:role/PlatformDeploy' --out aws
    halligan blueprint scp --files /etc/halligan`
}

// Run writes.
func (b blueprintSCPCommand) Run(c *call) error {
	all, err := b.blueprints(c, false)
	if err != nil {
		return err
	}
	keepers := b.Keeper
	if len(keepers) == 0 {
		keepers = []string{stackSets}
	}
	for _, keeper := range keepers {
		if !strings.HasPrefix(keeper, "arn:") || strings.Count(keeper, ":") < 5 {
			return failf(exitUsage, "cannot use --keeper %q: it is no ARN", keeper).or("write it such as 'arn:aws:iam::*:role/PlatformDeploy'")
		}
	}
	files, err := paper.Organization(all, keepers)
	if err != nil {
		return because(exitUsage, err, "cannot write the policies").or("write them for some accounts at a time, with --account")
	}
	return b.deliver(c, nil, files)
}

// blueprints are those of the accounts that are meant.
func (f blueprintFlags) blueprints(c *call, management bool) ([]*paper.Blueprint, error) {
	known, err := f.book(c)
	if err != nil {
		return nil, err
	}
	of := paper.Cell{Genesis: known.genesis, Scenarios: known.Scenarios}
	all, err := of.Blueprints(f.Account, management)
	switch {
	case errors.Is(err, paper.ErrNoAccounts):
		return nil, noAccounts()
	case err == nil || errors.Is(err, paper.ErrNotThere):
		for _, id := range f.Account {
			if !slices.Contains(of.Accounts(), id) {
				return nil, failf(exitNotFound, "the cell has no account %q", id).or("accounts of the cell: %s", both(of.Accounts()))
			}
		}
	}
	switch {
	case errors.Is(err, paper.ErrNotThere) && management:
		return nil, failf(exitNotFound, "there is no management account among them").or("accounts of the cell: %s", both(of.Accounts()))
	case errors.Is(err, paper.ErrNotThere):
		return nil, failf(exitNotFound, "these are management accounts, which get rules alone").
			or("for them: halligan blueprint cloudformation --management; accounts of the cell: %s", both(of.Accounts()))
	case err != nil:
		return nil, because(exitUsage, err, "cannot make the blueprint")
	}
	for _, id := range f.Account {
		if !slices.ContainsFunc(all, func(b *paper.Blueprint) bool { return b.Account.ID == id }) {
			c.tell("warning: account %s is left out: management accounts get rules alone, by --management, and others nothing by it", id)
		}
	}
	return all, nil
}

func noAccounts() *failure {
	return failf(exitNotFound, "the cell has no AWS account").or("add aws: with issuers, keys and accounts to cell.yaml")
}

// book is the cell and its scenarios: in force, or as files have them.
func (f blueprintFlags) book(c *call) (*scenarioBook, error) {
	if f.Files != "" {
		return filesBook(f.Files)
	}
	m, err := c.open(f.memberFlags)
	if err != nil {
		return nil, err
	}
	return m.founding()
}

// deliver writes files, or prints them.
func (o blueprintOut) deliver(c *call, all []*paper.Blueprint, files []paper.File) error {
	answer := blueprintAnswer{Files: []blueprintFile{}}
	for _, b := range all {
		answer.Sizes = append(answer.Sizes, b.Sizes()...)
	}
	for _, f := range files {
		one := blueprintFile{Name: f.Name, SHA256: canon.Sum(f.Data), Bytes: len(f.Data), Text: string(f.Data)}
		if o.Out != "" {
			one.Name, one.Text = filepath.Join(o.Out, filepath.FromSlash(f.Name)), ""
			if err := replaceFile(one.Name, f.Data); err != nil {
				return because(exitUsage, err, "cannot write %s", one.Name).or("name a folder that you may write to with --out")
			}
		}
		answer.Files = append(answer.Files, one)
	}
	return c.answer(answer, func() {
		for _, f := range answer.Files {
			switch {
			case o.Out != "":
				c.say("wrote %s", f.Name)
				if strings.HasPrefix(filepath.Base(f.Name), "Halligan-member-") {
					c.say("  its digest, for the scenario: sha256:%s", f.SHA256)
				}
			case len(files) == 1:
				c.print(f.Text)
			default:
				c.say("# --- %s", f.Name)
				c.print(f.Text)
			}
		}
	})
}

// replaceFile writes a file that others may read: there is no secret in it.
func replaceFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
