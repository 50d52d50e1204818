package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/provider"
)

// role is a role's ARN in its parts. Only roles without a path are ours, so that
// what follows the last slash is the whole name.
type role struct{ partition, account, name string }

// stopper is the role that attaches stop slots and can do nothing else.
const stopper = "halligan-stopper"

const slotsMost = 10

var (
	roleShape    = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::([0-9]{12}):role/([\w+=,.@-]{1,64})$`)
	sessionShape = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	regionShape  = regexp.MustCompile(`^[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$`)
)

// roleOf reads an ARN of an account of the cell.
func (a *AWS) roleOf(arn string) (role, error) {
	m := roleShape.FindStringSubmatch(arn)
	if m == nil {
		return role{}, fmt.Errorf("%q is not the ARN of a role without a path: %w", arn, provider.ErrRefused)
	}
	r := role{m[1], m[2], m[3]}
	if !slices.Contains(a.Cell().Accounts, r.account) {
		return role{}, fmt.Errorf("account %s is not one of the cell: %w", r.account, provider.ErrRefused)
	}
	return r, nil
}

func (r role) arn() string { return "arn:" + r.partition + ":iam::" + r.account + ":role/" + r.name }

// session is the ARN that STS must answer with.
func (r role) session(name string) string {
	return "arn:" + r.partition + ":sts::" + r.account + ":assumed-role/" + r.name + "/" + name
}

// slot is the ARN of the managed policy that stops what bears a slot.
func (r role) slot(k int) string {
	return "arn:" + r.partition + ":iam::" + r.account + ":policy/halligan-stop-slot-" + r.name + "-" + strconv.Itoa(k)
}

// stopper is the role that attaches it.
func (r role) stopper() role { return role{r.partition, r.account, stopper} }

// checkRegions refuses what could lead a token elsewhere.
func checkRegions(regions []string) error {
	if len(regions) == 0 {
		return fmt.Errorf("no region is named: %w", provider.ErrRefused)
	}
	for _, region := range regions {
		if !regionShape.MatchString(region) {
			return fmt.Errorf("%q is not a region: %w", region, provider.ErrRefused)
		}
	}
	return nil
}
