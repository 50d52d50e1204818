package deployed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Options say whom is asked, and as whom.
type Options struct {
	Region   string // in which IAM of the partition is administered
	Endpoint string // instead of AWS's own; empty: AWS's own
	Key      string // access key id
	Secret   string
	Token    string // of a session; empty for none
}

// ErrNoCredentials says that nobody is there to ask as.
var ErrNoCredentials = errors.New("no AWS credentials")

const (
	deadline  = 2 * time.Minute
	pagesMost = 500

	thingsMost = 30_000 // roles, groups, users and policies of an account: more than AWS lets there be
)

// Account is what IAM says of the account, in the form in which the AWS command
// line prints `iam get-account-authorization-details`, its pages put together.
func Account(ctx context.Context, o Options) ([]byte, error) {
	if o.Key == "" || o.Secret == "" {
		return nil, ErrNoCredentials
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	options := iam.Options{
		Region: o.Region, HTTPClient: &http.Client{Timeout: 30 * time.Second}, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: o.Key, SecretAccessKey: o.Secret, SessionToken: o.Token, Source: "environment"}, nil
		}),
	}
	if o.Endpoint != "" {
		options.BaseEndpoint = &o.Endpoint
	}
	return read(ctx, iam.New(options), types.EntityTypeRole, types.EntityTypeGroup, types.EntityTypeLocalManagedPolicy)
}

// read puts the pages of an answer about some kinds of things together.
func read(ctx context.Context, client *iam.Client, kinds ...types.EntityType) ([]byte, error) {
	all := details{Roles: []types.RoleDetail{}, Policies: []types.ManagedPolicyDetail{}}
	input := &iam.GetAccountAuthorizationDetailsInput{Filter: kinds}
	if slices.Contains(kinds, types.EntityTypeUser) {
		all.Users = []types.UserDetail{}
	}
	for range pagesMost {
		page, err := client.GetAccountAuthorizationDetails(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("cannot read IAM: %w", err)
		}
		all.Roles = append(all.Roles, page.RoleDetailList...)
		all.Groups = append(all.Groups, page.GroupDetailList...)
		all.Users = append(all.Users, page.UserDetailList...)
		all.Policies = append(all.Policies, page.Policies...)
		if len(all.Roles)+len(all.Groups)+len(all.Users)+len(all.Policies) > thingsMost {
			return nil, fmt.Errorf("cannot read IAM: its answer has over %d roles, groups, users and policies", thingsMost)
		}
		if !page.IsTruncated || page.Marker == nil {
			return json.Marshal(all)
		}
		input.Marker = page.Marker
	}
	return nil, fmt.Errorf("cannot read IAM: its answer has over %d pages", pagesMost)
}

// details is the answer, by the names that the command line gives its members.
type details struct {
	Roles    []types.RoleDetail          `json:"RoleDetailList"`
	Groups   []types.GroupDetail         `json:"GroupDetailList"`
	Users    []types.UserDetail          `json:"UserDetailList,omitzero"`
	Policies []types.ManagedPolicyDetail `json:"Policies"`
}
