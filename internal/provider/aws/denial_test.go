package aws_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

const (
	denialARN = "arn:aws:iam::" + account + ":role/halligan-denial"
	policyARN = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1"
)

// denialWorld is a world whose organisation has a policy of denials that denies nobody.
func denialWorld(t *testing.T) (*world, aws.Center) {
	w := newWorld(t)
	w.double.AddRole(awstest.Role{
		ARN: denialARN, Audience: access.STSAudience, Subjects: []string{origin + "/denial"}, Sources: "hg-",
		Allows: []string{"organizations:DescribePolicy", "organizations:UpdatePolicy"},
	})
	w.double.AddPolicy(policyARN, says("nobody"))
	return w, w.aws.Center()
}

// says is a policy that denies a user, in the form that readSaid knows.
func says(user string) string {
	return `{"Statement":[{"Action":"*","Condition":{"StringEquals":{"identitystore:userId":"` + user + `"}},"Effect":"Deny","Resource":"*","Sid":"ours"}],"Version":"2012-10-17"}`
}

func readSaid(content string) ([]byte, bool) {
	line := strings.Join(strings.Fields(content), "")
	return []byte(line), strings.Contains(line, `"Sid":"ours"`)
}

func denialOf(user string) provider.Denial {
	return provider.Denial{
		Policy: policyARN, Role: denialARN, Regions: regions, Read: readSaid,
		Wanted: func() ([]byte, error) { return []byte(says(user)), nil },
	}
}

// TestDenialIsSeen: it is done when the organisation shows it so, and no sooner; what is
// so already is not written again, however white space stands in it.
func TestDenialIsSeen(t *testing.T) {
	w, center := denialWorld(t)
	if err := center.Deny(t.Context(), denialOf("ann")); err != nil || w.double.Policy(policyARN) != says("ann") {
		t.Fatalf("%v, and the policy is %s", err, w.double.Policy(policyARN))
	}
	w.double.AddPolicy(policyARN, strings.ReplaceAll(says("ann"), ":{", ": {\n"))
	before := w.double.Policy(policyARN)
	if err := center.Deny(t.Context(), denialOf("ann")); err != nil || w.double.Policy(policyARN) != before {
		t.Errorf("%v, and the policy is %s", err, w.double.Policy(policyARN))
	}
	for _, call := range w.double.Calls() {
		if call.Kind == "organizations" && call.By != "hg-denial" {
			t.Errorf("%s by %q", call.Action, call.By)
		}
	}
	for _, s := range w.double.Sessions() {
		if strings.Contains(s.Policy, "*") || !strings.Contains(s.Policy, policyARN) {
			t.Errorf("the session may do %s", s.Policy)
		}
	}
}

// TestDenialTakesItsTime: errors of one call, wherever they fall, leave nothing that
// asking again does not mend, and nothing is called done that is not so.
func TestDenialTakesItsTime(t *testing.T) {
	w, center := denialWorld(t)
	for i, code := range []awstest.How{
		"ConcurrentModificationException", "PolicyChangesInProgressException", "TooManyRequestsException", "ServiceException", awstest.Down, awstest.Lost, "AccessDeniedException",
	} {
		for _, action := range []string{"DescribePolicy", "UpdatePolicy"} {
			for _, times := range []int{1, 2, 4} {
				user := fmt.Sprintf("user-%d-%s-%d", i, action, times)
				w.double.Break(awstest.Fault{Kind: "organizations", Action: action, How: code, Times: times})
				err := center.Deny(t.Context(), denialOf(user))
				w.hides(t, err)
				if is := w.double.Policy(policyARN) == says(user); err == nil && !is {
					t.Fatalf("%s at %s: called done", code, action)
				}
				if code == "AccessDeniedException" && !errors.Is(err, provider.ErrRefused) {
					t.Errorf("%s at %s: %v", code, action, err)
				}
				w.double.Mend()
				if err := center.Deny(t.Context(), denialOf(user)); err != nil || w.double.Policy(policyARN) != says(user) {
					t.Fatalf("%s at %s, and asked again: %v", code, action, err)
				}
			}
		}
	}
}

// TestT48LostDenial: an answer that was lost is found out about by looking, and not
// written a second time.
func TestT48LostDenial(t *testing.T) {
	w, center := denialWorld(t)
	w.double.Break(awstest.Fault{Kind: "organizations", Action: "UpdatePolicy", How: awstest.Lost, Times: 1})
	if err := center.Deny(t.Context(), denialOf("ann")); err != nil {
		t.Fatal(err)
	}
	writes := 0
	for _, call := range w.double.Calls() {
		if call.Action == "UpdatePolicy" {
			writes++
		}
	}
	if writes != 1 || w.double.Policy(policyARN) != says("ann") {
		t.Errorf("written %d times, and the policy is %s", writes, w.double.Policy(policyARN))
	}
}

// TestStrangersPolicyIsLeft: what somebody else wrote is never written over, and told.
func TestStrangersPolicyIsLeft(t *testing.T) {
	w, center := denialWorld(t)
	theirs := strings.Replace(says("mallory"), "ours", "theirs", 1)
	w.double.AddPolicy(policyARN, theirs)
	if err := center.Deny(t.Context(), denialOf("ann")); !errors.Is(err, provider.ErrForeign) || w.double.Policy(policyARN) != theirs {
		t.Errorf("%v, and the policy is %s", err, w.double.Policy(policyARN))
	}
	w.double.AddPolicy(policyARN, says("nobody"))
	if err := center.Deny(t.Context(), denialOf("ann")); err != nil {
		t.Errorf("given back: %v", err)
	}
}

// TestDenialAsksNobodyElse: a role of another name, and what is no service control
// policy, are refused before any call.
func TestDenialAsksNobodyElse(t *testing.T) {
	w, center := denialWorld(t)
	for _, change := range []func(*provider.Denial){
		func(d *provider.Denial) { d.Role = centerARN },
		func(d *provider.Denial) { d.Role = "arn:aws:iam::999999999999:role/halligan-denial" },
		func(d *provider.Denial) {
			d.Policy = "arn:aws:organizations::999988887777:policy/o-exampleorgid/tag_policy/p-exampleid1"
		},
		func(d *provider.Denial) { d.Policy = strings.Replace(policyARN, "arn:aws:", "arn:aws-cn:", 1) },
		func(d *provider.Denial) { d.Regions = nil },
	} {
		d := denialOf("ann")
		change(&d)
		if err := center.Deny(t.Context(), d); !errors.Is(err, provider.ErrRefused) || len(w.double.Calls()) != 0 {
			t.Errorf("%v, after %d calls", err, len(w.double.Calls()))
		}
	}
}

// TestT47DenialsTakeTurns: of many that write at once the last word is what was wanted
// last: each asks what is wanted in its turn.
func TestT47DenialsTakeTurns(t *testing.T) {
	w, center := denialWorld(t)
	var mu sync.Mutex
	var ended []string
	wanted := func() ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return []byte(says(strings.Join(ended, "-"))), nil
	}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			mu.Lock()
			ended = append(ended, fmt.Sprint(n))
			mu.Unlock()
			d := denialOf("")
			d.Wanted = wanted
			if err := center.Deny(t.Context(), d); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := w.double.Policy(policyARN); got != says(strings.Join(ended, "-")) {
		t.Errorf("the policy is %s, and %v have ended", got, ended)
	}
	if slices.ContainsFunc(w.double.Calls(), func(c awstest.Call) bool { return c.Kind == "iam" }) {
		t.Error("IAM was asked")
	}
}

// TestDenialEnds: nobody answers, and it ends with its deadline and an error.
func TestDenialEnds(t *testing.T) {
	w, center := denialWorld(t)
	w.double.Break(awstest.Fault{Kind: "organizations", How: awstest.Hangs})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := center.Deny(ctx, denialOf("ann")); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("nobody answered: %v", err)
	}
}

// TestMotoDenial: the policy is read, written and read back in moto's eyes, which gives
// it the id and the ARN.
func TestMotoDenial(t *testing.T) {
	moto := mototest.Start(t)
	w := newWorld(t, func(o *aws.Options) { o.Endpoints = aws.Endpoints{"sts": moto, "organizations": moto} })
	w.clock.t = time.Now()
	by := sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
	})
	client := organizations.New(organizations.Options{Region: "us-east-1", BaseEndpoint: &moto, Credentials: by})
	if _, err := client.CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{FeatureSet: types.OrganizationFeatureSetAll}); err != nil {
		t.Fatal(err)
	}
	made, err := client.CreatePolicy(t.Context(), &organizations.CreatePolicyInput{
		Name: sdk.String("halligan-denial"), Description: sdk.String("denials"), Type: types.PolicyTypeServiceControlPolicy, Content: sdk.String(says("nobody")),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := denialOf("ann")
	d.Policy = *made.Policy.PolicySummary.Arn
	for range 2 {
		if err := w.aws.Center().Deny(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	is, err := client.DescribePolicy(t.Context(), &organizations.DescribePolicyInput{PolicyId: made.Policy.PolicySummary.Id})
	if err != nil || *is.Policy.Content != says("ann") {
		t.Errorf("%v: the policy is %+v", err, is)
	}
}
