package deployed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// Judge puts an error of a client of AWS into words that hold no secret: what was tried,
// and the name of AWS's error.
type Judge func(ctx context.Context, tried string, err error) error

// Member is an account of an organisation.
type Member struct {
	Number string
	Name   string
	State  string // as Organizations has it, such as ACTIVE or SUSPENDED
}

// Listing is all accounts of an organisation while they are read. One that is not whole
// is read on from where it broke off.
type Listing struct {
	All        []Member
	Whole      bool
	Management string // number of the organisation's management account

	next  *string
	pages int
}

// Policy is a service control policy, and what it is attached to by itself.
type Policy struct {
	ID, Name string
	Owner    string // number of the account whose it is: the organisation's management account
	Document string
	On       []string // ids of accounts, organisational units and roots
}

// Bounds of what is read of an organisation. It gives twenty accounts a page.
const (
	memberPages = 1500
	policyPages = 100
	guardsMost  = 10
	depthMost   = 10 // of an account: AWS takes five organisational units above one another
	rootPrefix  = "r-"
)

// Organization reads an organisation, as one of its accounts that may. Make it with
// OrganizationBy.
type Organization struct {
	client *organizations.Client
	judge  Judge
}

// OrganizationBy reads as a configuration says.
func OrganizationBy(c aws.Config, judge Judge) Organization {
	return Organization{organizations.NewFromConfig(c), judge}
}

// Members reads a listing to its end, from where it is. After an error it holds what was
// read before. One that Organizations does not go on with is begun anew.
func (o Organization) Members(ctx context.Context, so *Listing) error {
	const tried = "list the accounts of the organisation"
	resumed := so.next != nil
	for so.pages < memberPages {
		page, err := o.client.ListAccounts(ctx, &organizations.ListAccountsInput{NextToken: so.next})
		if over := new(types.InvalidInputException); resumed && errors.As(err, &over) {
			*so, resumed = Listing{}, false
			continue
		}
		if err != nil {
			return o.judge(ctx, tried, err)
		}
		resumed = false
		for _, a := range page.Accounts {
			so.All = append(so.All, Member{aws.ToString(a.Id), aws.ToString(a.Name), stateOf(a)})
			so.Management = ownerOf(aws.ToString(a.Arn))
		}
		so.next, so.pages = page.NextToken, so.pages+1
		if aws.ToString(so.next) == "" {
			so.Whole = true
			return nil
		}
	}
	return fmt.Errorf("cannot %s: there are over %d pages", tried, memberPages)
}

// ownerOf is the number in an ARN of Organizations: whatever it is of, that of the
// management account. Empty where it has none.
func ownerOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 5 {
		return parts[4]
	}
	return ""
}

// stateOf is the state of an account; where AWS tells it the older way alone, that.
func stateOf(a types.Account) string {
	if a.State != "" {
		return string(a.State)
	}
	return string(a.Status)
}

// Policies are the service control policies whose names begin so, with what they say and
// what they are attached to.
func (o Organization) Policies(ctx context.Context, begin string) (all []Policy, err error) {
	const tried = "list the service control policies of the organisation"
	var next *string
	for range policyPages {
		page, err := o.client.ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: types.PolicyTypeServiceControlPolicy, NextToken: next})
		if err != nil {
			return nil, o.judge(ctx, tried, err)
		}
		for _, p := range page.Policies {
			if strings.HasPrefix(aws.ToString(p.Name), begin) {
				all = append(all, Policy{ID: aws.ToString(p.Id), Name: aws.ToString(p.Name), Owner: ownerOf(aws.ToString(p.Arn))})
			}
		}
		if len(all) > guardsMost {
			return nil, fmt.Errorf("over %d service control policies are named %s…: take the old ones away", guardsMost, begin)
		}
		if next = page.NextToken; aws.ToString(next) == "" {
			return o.read(ctx, all)
		}
	}
	return nil, fmt.Errorf("cannot %s: there are over %d pages", tried, policyPages)
}

// read fills in what policies say and what they are attached to.
func (o Organization) read(ctx context.Context, all []Policy) ([]Policy, error) {
	for i := range all {
		p := &all[i]
		tried := "read service control policy " + p.ID
		said, err := o.client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &p.ID})
		switch {
		case err != nil:
			return nil, o.judge(ctx, tried, err)
		case said.Policy == nil:
			return nil, errors.New("cannot " + tried + ": the answer has none")
		}
		p.Document = aws.ToString(said.Policy.Content)
		if p.On, err = o.targets(ctx, p.ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (o Organization) targets(ctx context.Context, policy string) (all []string, err error) {
	tried := "list what service control policy " + policy + " is attached to"
	var next *string
	for range memberPages {
		page, err := o.client.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: &policy, NextToken: next})
		if err != nil {
			return nil, o.judge(ctx, tried, err)
		}
		for _, target := range page.Targets {
			all = append(all, aws.ToString(target.TargetId))
		}
		if next = page.NextToken; aws.ToString(next) == "" {
			return all, nil
		}
	}
	return nil, fmt.Errorf("cannot %s: there are over %d pages", tried, memberPages)
}

// Above is an account's own number and the ids of everything that it is below, the root
// last. Whatever is attached to one of these binds the account, unless it is the
// management account. An account that is not in the organisation has none. Parents keeps
// what was seen, for the next account.
func (o Organization) Above(ctx context.Context, parents map[string]string, account string) ([]string, error) {
	way := []string{account}
	for child := account; !strings.HasPrefix(child, rootPrefix); child = way[len(way)-1] {
		if _, known := parents[child]; !known {
			parent, err := o.parent(ctx, child)
			if err != nil {
				return nil, err
			}
			parents[child] = parent
		}
		if parents[child] == "" {
			return nil, nil
		}
		if way = append(way, parents[child]); len(way) > depthMost {
			return nil, fmt.Errorf("cannot see what %s is below in the organisation: it is below over %d things", account, depthMost)
		}
	}
	return way, nil
}

// parent is what something of the organisation is directly below; of what is not in it,
// nothing.
func (o Organization) parent(ctx context.Context, child string) (string, error) {
	tried := "see what " + child + " is below in the organisation"
	page, err := o.client.ListParents(ctx, &organizations.ListParentsInput{ChildId: &child})
	var none *types.ChildNotFoundException
	var account *types.AccountNotFoundException
	switch {
	case errors.As(err, &none), errors.As(err, &account):
		return "", nil
	case err != nil:
		return "", o.judge(ctx, tried, err)
	case len(page.Parents) != 1 || aws.ToString(page.Parents[0].Id) == "":
		return "", fmt.Errorf("cannot %s: the answer has %d", tried, len(page.Parents))
	}
	return aws.ToString(page.Parents[0].Id), nil
}
