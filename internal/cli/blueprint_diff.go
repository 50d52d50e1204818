package cli

import (
	"errors"
	"os"
	"slices"

	"github.com/halligan-dev/halligan/internal/paper"
)

type blueprintDiffCommand struct {
	Deployed string `xor:"from" help:"What is deployed: a folder or file of templates, as aws cloudformation get-template gives them, or the answer of aws iam get-account-authorization-details." placeholder:"PATH"`
	Live     bool   `xor:"from" help:"Ask IAM itself, with the credentials of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, which must allow iam:GetAccountAuthorizationDetails."`
	blueprintFlags
}

// Help is the long help of `blueprint diff`.
func (blueprintDiffCommand) Help() string {
	return `It compares with what --deployed names, or with --live with what IAM itself says, and names each difference in words: what is missing, what is there and is in no blueprint, and what says something else. Order does not count. The answer of IAM shows roles, groups and policies as they are now, whatever any template says: a boundary that was taken away, a slot that is attached, a role that believes the cell's issuers and is nobody's. Where an account has a reader, halligan ready --live has the server compare, with a role of its own. Exit code 10 says that there are differences.

Examples:

    halligan blueprint diff --account prod --deployed aws/prod
    halligan blueprint diff --account prod --live
    aws iam get-account-authorization-details > iam.json
    halligan blueprint diff --account prod --deployed iam.json --json`
}

// Run compares.
func (b blueprintDiffCommand) Run(c *call) error {
	if b.Deployed == "" && !b.Live {
		return failf(exitUsage, "say what is deployed: --deployed PATH, or --live to ask IAM").
			or("such as: halligan blueprint diff --account prod --deployed aws/prod")
	}
	known, err := b.book(c)
	if err != nil {
		return err
	}
	of := paper.Cell{Genesis: known.genesis, Scenarios: known.Scenarios}
	account, err := b.account(of)
	if err != nil {
		return err
	}
	wanted, err := of.Blueprint(account)
	if err != nil {
		return because(exitUsage, err, "cannot make the blueprint")
	}
	there, err := b.deployed(c, wanted)
	if err != nil {
		return err
	}
	found, err := wanted.Compare(there)
	if err != nil {
		return because(exitUsage, err, "cannot compare")
	}
	if found == nil {
		found = []paper.Difference{}
	}
	err = c.answer(found, func() {
		for _, d := range found {
			c.say("%s: %s", d.Kind, d.Text)
		}
		if len(found) == 0 {
			c.say("account %s: nothing differs.", account)
		}
	})
	if err != nil || len(found) == 0 {
		return err
	}
	return failf(exitDiffers, "%s in account %s", count(len(found), "difference"), account).
		or("deploy what halligan blueprint writes again, or change the scenario by its quorum; halligan ready --live tells of it where the account has a reader")
}

// deployed is what is there: as files have it, or as IAM says.
func (b blueprintDiffCommand) deployed(c *call, of *paper.Blueprint) (paper.Deployed, error) {
	if !b.Live {
		there, err := paper.ReadDeployed(b.Deployed)
		if err != nil {
			return there, because(exitUsage, err, "cannot compare with %s", b.Deployed).or("give templates as they were deployed, or the answer of aws iam get-account-authorization-details")
		}
		return there, nil
	}
	defer c.patienceFor("AWS")()
	there, err := paper.AskAccount(c.ctx, of, os.Getenv)
	switch {
	case errors.Is(err, paper.ErrNoCredentials):
		return there, because(exitUsage, err, "cannot ask the account").or(`export them first, such as: eval "$(aws configure export-credentials --format env)"`)
	case err != nil:
		return there, because(exitUnreachable, err, "cannot ask the account")
	}
	return there, nil
}

// account is the one that is compared.
func (b blueprintDiffCommand) account(of paper.Cell) (string, error) {
	switch all := of.Accounts(); {
	case len(all) > 0 && len(b.Account) == 1 && !slices.Contains(all, b.Account[0]):
		return "", failf(exitNotFound, "the cell has no account %q", b.Account[0]).or("accounts of the cell: %s", both(all))
	case len(b.Account) == 1:
		return b.Account[0], nil
	case len(all) == 1 && len(b.Account) == 0:
		return all[0], nil
	case len(all) == 0:
		return "", noAccounts()
	}
	return "", failf(exitUsage, "say which account is compared").or("--account ID: one of %s", both(of.Accounts()))
}
