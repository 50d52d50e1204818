package aws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const (
	readerARN   = "arn:aws:iam::" + account + ":role/halligan-reader"
	readsReport = `{"Statement":[{"Action":"iam:GetCredentialReport","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`
)

// TestReadingIsNarrow: an account is read by a session of its reader under the cell's own
// subject, with the policy that was asked for, and by no other role. Errors hold neither
// a key nor what AWS said beyond its error's name.
func TestReadingIsNarrow(t *testing.T) {
	w := newWorld(t)
	who := aws.Reader{Role: readerARN, Regions: regions, Policy: readsReport}
	if _, err := w.aws.Reading(t.Context(), who); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("without such a role: %v", err)
	}
	w.double.AddRole(awstest.Role{ARN: readerARN, Audience: access.STSAudience, Subjects: []string{origin + "/reader"}, Sources: "hg-", Allows: []string{"iam:*"}})
	reading, err := w.aws.Reading(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	if s := w.double.Sessions(); len(s) != 1 || s[0].Role != readerARN || s[0].Policy != readsReport || len(s[0].Tags) != 0 || s[0].Source != "hg-reader" {
		t.Errorf("sessions %+v", s)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", reading, reading, reading, reading); strings.Contains(text, "secret-of-") || strings.Contains(text, "session-token-of-") {
		t.Errorf("it prints as %s", text)
	}
	if c := reading.Config("iam", "eu-west-1"); c.Region != "us-east-1" || c.BaseEndpoint == nil || c.Credentials == nil {
		t.Errorf("IAM would be asked at %+v", c)
	}
	w.double.Break(awstest.Fault{Kind: "iam", How: awstest.Down})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = iam.NewFromConfig(reading.Config("iam", "")).ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
	if err = reading.Judge(ctx, "list", err); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("nobody answered: %v", err)
	}
	w.hides(t, err)
	for name, other := range map[string]aws.Reader{
		"an emergency role": {Role: roleARN, Regions: regions, Policy: readsReport}, "no policy": {Role: readerARN, Regions: regions},
		"another account": {Role: strings.Replace(readerARN, account, "999999999999", 1), Regions: regions, Policy: readsReport}, "no region": {Role: readerARN, Policy: readsReport},
	} {
		if _, err := w.aws.Reading(t.Context(), other); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
