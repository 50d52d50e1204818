package deployed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/halligan-dev/halligan/internal/deployed"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

// at is the configuration of a client of a double.
func at(url, region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
		}),
	}
}

// plainly judges by naming what was tried.
func plainly(_ context.Context, tried string, err error) error {
	return fmt.Errorf("cannot %s: %w", tried, err)
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(got T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
}

// TestMotoOrganization: all accounts of an organisation are listed over the pages, what
// is above each is found up to the root, and of the service control policies those of a
// name, with what they say and what they are attached to.
func TestMotoOrganization(t *testing.T) {
	url := mototest.Start(t)
	client := organizations.NewFromConfig(at(url, "us-east-1"))
	ctx := t.Context()
	must[*organizations.CreateOrganizationOutput](t)(client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll}))
	root := must[*organizations.ListRootsOutput](t)(client.ListRoots(ctx, &organizations.ListRootsInput{})).Roots[0].Id
	if _, err := client.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: root, PolicyType: orgtypes.PolicyTypeServiceControlPolicy}); err != nil {
		t.Fatal(err)
	}
	unit := must[*organizations.CreateOrganizationalUnitOutput](t)(client.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: root, Name: aws.String("Workloads")})).OrganizationalUnit.Id
	var accounts []string
	for i := range 25 {
		made := must[*organizations.CreateAccountOutput](t)(client.CreateAccount(ctx, &organizations.CreateAccountInput{
			AccountName: aws.String(fmt.Sprintf("account-%02d", i)), Email: aws.String(fmt.Sprintf("a%d@example.com", i)),
		}))
		accounts = append(accounts, *made.CreateAccountStatus.AccountId)
	}
	must[*organizations.MoveAccountOutput](t)(client.MoveAccount(ctx, &organizations.MoveAccountInput{AccountId: &accounts[0], SourceParentId: root, DestinationParentId: unit}))
	must[*organizations.CloseAccountOutput](t)(client.CloseAccount(ctx, &organizations.CloseAccountInput{AccountId: &accounts[1]}))
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`
	for _, name := range []string{"halligan-guard", "another"} {
		made := must[*organizations.CreatePolicyOutput](t)(client.CreatePolicy(ctx, &organizations.CreatePolicyInput{
			Name: &name, Description: &name, Content: &document, Type: orgtypes.PolicyTypeServiceControlPolicy,
		}))
		must[*organizations.AttachPolicyOutput](t)(client.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: made.Policy.PolicySummary.Id, TargetId: unit}))
	}

	of := deployed.OrganizationBy(at(url, "us-east-1"), plainly)
	var so deployed.Listing
	if err := of.Members(ctx, &so); err != nil {
		t.Fatal(err)
	}
	members := so.All
	if len(members) != 26 || !so.Whole || so.Management != "123456789012" { // with the management account
		t.Errorf("%d members, whole %t, managed by %q", len(members), so.Whole, so.Management)
	}
	for _, want := range []deployed.Member{{accounts[0], "account-00", "ACTIVE"}, {accounts[1], "account-01", "SUSPENDED"}} {
		if !slices.Contains(members, want) {
			t.Errorf("%+v is not among %+v", want, members[:3])
		}
	}
	parents := map[string]string{}
	for account, want := range map[string][]string{accounts[0]: {accounts[0], *unit, *root}, accounts[2]: {accounts[2], *root}, "999999999999": nil} {
		if way := must[[]string](t)(of.Above(ctx, parents, account)); !slices.Equal(way, want) {
			t.Errorf("above %s: %v, want %v", account, way, want)
		}
	}
	policies := must[[]deployed.Policy](t)(of.Policies(ctx, "halligan-guard"))
	if len(policies) != 1 || policies[0].Name != "halligan-guard" || policies[0].Owner != "123456789012" || !slices.Equal(policies[0].On, []string{*unit}) || !strings.Contains(policies[0].Document, "LeaveOrganization") {
		t.Errorf("policies: %+v", policies)
	}
}

// TestMotoRules: the rules of a region that bear a name are read with their state, their
// pattern and whom they tell; those of another region are not.
func TestMotoRules(t *testing.T) {
	url := mototest.Start(t)
	ctx := t.Context()
	client := eventbridge.NewFromConfig(at(url, "eu-west-1"))
	for name, state := range map[string]types.RuleState{"halligan-use": types.RuleStateEnabledWithAllCloudtrailManagementEvents, "halligan-root": types.RuleStateDisabled, "nightly": types.RuleStateEnabled} {
		must[*eventbridge.PutRuleOutput](t)(client.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, State: state, EventPattern: aws.String(`{"source":["aws.sts"]}`)}))
	}
	topic, bus, role := "arn:aws:sns:eu-west-1:123456789012:halligan-alarms", "arn:aws:events:eu-west-1:123456789012:event-bus/halligan-events", "arn:aws:iam::123456789012:role/halligan-forward"
	must[*eventbridge.PutTargetsOutput](t)(client.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("halligan-use"), Targets: []types.Target{
		{Id: aws.String("topic"), Arn: &topic}, {Id: aws.String("bus"), Arn: &bus, RoleArn: &role},
	}}))
	got := must[[]deployed.Rule](t)(deployed.Rules(ctx, at(url, "eu-west-1"), plainly, "halligan-"))
	slices.SortFunc(got, func(x, y deployed.Rule) int { return strings.Compare(x.Name, y.Name) })
	if len(got) != 2 || got[0].Name != "halligan-root" || got[0].State != "DISABLED" || len(got[0].Targets) > 0 {
		t.Fatalf("rules: %+v", got)
	}
	use := got[1]
	if use.State != "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" || use.Pattern != `{"source":["aws.sts"]}` || !slices.Equal(use.Targets, []deployed.Target{{ARN: topic}, {ARN: bus, Role: role}}) {
		t.Errorf("the rule is %+v", use)
	}
	if there := must[[]deployed.Rule](t)(deployed.Rules(ctx, at(url, "eu-north-1"), plainly, "halligan-")); len(there) > 0 {
		t.Errorf("in another region: %+v", there)
	}
}

// TestNothingHalfRead: where one answer does not come there is no answer at all, and the
// error is what the judge made of it.
func TestNothingHalfRead(t *testing.T) {
	errNo := errors.New("no")
	judge := func(context.Context, string, error) error { return errNo }
	answers := map[string]string{
		"ListAccounts": `{"Accounts":[{"Id":"111111111111","Name":"x","Status":"ACTIVE"}],"NextToken":"more"}`,
		"ListPolicies": `{"Policies":[{"Id":"p-11111111","Name":"halligan-guard"}]}`,
		"ListRules":    `{"Rules":[{"Name":"halligan-use","State":"ENABLED","EventPattern":"{}"}]}`,
		"ListParents":  `{"Parents":[{"Id":"ou-1111-11111111","Type":"ORGANIZATIONAL_UNIT"}]}`,
	}
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if asked[action]++; asked[action] > 1 || answers[action] == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(w, answers[action])
	}))
	defer server.Close()
	of := deployed.OrganizationBy(at(server.URL, "eu-west-1"), judge)
	var so deployed.Listing
	if err := of.Members(t.Context(), &so); !errors.Is(err, errNo) || so.Whole || len(so.All) != 1 {
		t.Errorf("%+v, %v", so, err)
	}
	if all, err := of.Policies(t.Context(), "halligan-guard"); !errors.Is(err, errNo) || all != nil {
		t.Errorf("%v, %v", all, err)
	}
	if all, err := of.Above(t.Context(), map[string]string{}, "111111111111"); !errors.Is(err, errNo) || all != nil {
		t.Errorf("%v, %v", all, err)
	}
	if all, err := deployed.Rules(t.Context(), at(server.URL, "eu-west-1"), judge, "halligan-"); !errors.Is(err, errNo) || all != nil {
		t.Errorf("%v, %v", all, err)
	}
	for action := range answers {
		if asked[action] == 0 {
			t.Errorf("%s was not asked for", action)
		}
	}
}

// TestListingGoesOn: a listing that broke off is read on from there, and no page twice; one
// that Organizations knows no more is begun anew.
func TestListingGoesOn(t *testing.T) {
	const pages = 5
	var asked []string
	broken, forgotten := 2, false // the page that does not come, and whether tokens of before hold no more
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ NextToken string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		page := 0
		if in.NextToken != "" {
			page, _ = strconv.Atoi(in.NextToken)
		}
		asked = append(asked, in.NextToken)
		switch {
		case forgotten && in.NextToken != "":
			forgotten = false
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"InvalidInputException","Reason":"INVALID_NEXT_TOKEN"}`)
			return
		case page == broken:
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		next := ""
		if page+1 < pages {
			next = fmt.Sprintf(`,"NextToken":"%d"`, page+1)
		}
		fmt.Fprintf(w, `{"Accounts":[{"Id":"%012d","Arn":"arn:aws:organizations::999988887777:account/o-x/%012d","State":"ACTIVE"}]%s}`, page, page, next)
	}))
	defer server.Close()
	of := deployed.OrganizationBy(at(server.URL, "eu-west-1"), plainly)
	var so deployed.Listing
	if err := of.Members(t.Context(), &so); err == nil || so.Whole || len(so.All) != 2 {
		t.Fatalf("%+v, %v", so, err)
	}
	broken = -1
	if err := of.Members(t.Context(), &so); err != nil || !so.Whole || len(so.All) != pages || so.Management != "999988887777" {
		t.Fatalf("%+v, %v", so, err)
	}
	if want := []string{"", "1", "2", "2", "3", "4"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	broken, so = 3, deployed.Listing{}
	if err := of.Members(t.Context(), &so); err == nil {
		t.Fatalf("%+v", so)
	}
	broken, forgotten, asked = -1, true, nil
	if err := of.Members(t.Context(), &so); err != nil || !so.Whole || len(so.All) != pages {
		t.Errorf("%+v, %v", so, err)
	}
	if want := []string{"3", "", "1", "2", "3", "4"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}
