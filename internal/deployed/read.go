package deployed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Bounds of what is read one by one.
const (
	providersMost = 100
	reportTries   = 15 // asks whether a credential report is made
	reportMost    = 8 << 20
)

// Reader reads one account as a session of Halligan's that may. Calls are bounded by
// their contexts alone. Errors hold what AWS said: whoever shows them judges them first.
type Reader struct {
	client *iam.Client
	Wait   func(context.Context, time.Duration) error // between two asks whether a report is made; nil: a timer
}

// NewReader makes a reader of the account that a configuration's credentials are of.
func NewReader(c aws.Config) *Reader { return &Reader{client: iam.NewFromConfig(c)} }

// IAM is the answer that Account gives, with users, and with AWS's own policies that are
// attached to somebody.
func (r *Reader) IAM(ctx context.Context) ([]byte, error) {
	return read(ctx, r.client, types.EntityTypeUser, types.EntityTypeRole, types.EntityTypeGroup, types.EntityTypeLocalManagedPolicy, types.EntityTypeAWSManagedPolicy)
}

// Provider is an identity provider of OpenID Connect.
type Provider struct {
	URL       string // without https://
	Audiences []string
}

// Providers are those that the account believes, all of them or an error.
func (r *Reader) Providers(ctx context.Context) (all []Provider, err error) {
	list, err := r.client.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return nil, fmt.Errorf("cannot list identity providers: %w", err)
	}
	if len(list.OpenIDConnectProviderList) > providersMost {
		return nil, fmt.Errorf("the account has over %d identity providers", providersMost)
	}
	for _, one := range list.OpenIDConnectProviderList {
		got, err := r.client.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: one.Arn})
		if err != nil {
			return nil, fmt.Errorf("cannot read an identity provider: %w", err)
		}
		all = append(all, Provider{strings.TrimPrefix(aws.ToString(got.Url), "https://"), got.ClientIDList})
	}
	return all, nil
}

// SAML is a SAML provider of the account.
type SAML struct {
	Name string
	Ends time.Time // when nobody can sign in by it any more; zero: its metadata does not say
}

// SAML gives those that the account has, all of them or an error.
func (r *Reader) SAML(ctx context.Context) (all []SAML, err error) {
	list, err := r.client.ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
	if err != nil {
		return nil, fmt.Errorf("cannot list SAML providers: %w", err)
	}
	if len(list.SAMLProviderList) > providersMost {
		return nil, fmt.Errorf("the account has over %d SAML providers", providersMost)
	}
	for _, one := range list.SAMLProviderList {
		got, err := r.client.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: one.Arn})
		if err != nil {
			return nil, fmt.Errorf("cannot read a SAML provider: %w", err)
		}
		arn := aws.ToString(one.Arn)
		ends := signedUntil(aws.ToString(got.SAMLMetadataDocument))
		if until := aws.ToTime(got.ValidUntil); !until.IsZero() && (ends.IsZero() || until.Before(ends)) {
			ends = until
		}
		all = append(all, SAML{arn[strings.LastIndexByte(arn, '/')+1:], ends})
	}
	return all, nil
}

// Profile is what a user signs in to the console with, without the password.
type Profile struct {
	There     bool
	Set       time.Time
	MustReset bool
}

// Profile reads that of a user. A user without one has none, which is no error.
func (r *Reader) Profile(ctx context.Context, user string) (Profile, error) {
	got, err := r.client.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user})
	var none *types.NoSuchEntityException
	switch {
	case errors.As(err, &none):
		return Profile{}, nil
	case err != nil:
		return Profile{}, fmt.Errorf("cannot read a login profile: %w", err)
	case got.LoginProfile == nil:
		return Profile{}, errors.New("cannot read a login profile: the answer has none")
	}
	return Profile{true, aws.ToTime(got.LoginProfile.CreateDate), got.LoginProfile.PasswordResetRequired}, nil
}

// Report is the account's credential report. AWS makes one of its own at most every four
// hours, and gives the last one until then.
func (r *Reader) Report(ctx context.Context) (Report, error) {
	for try := range reportTries {
		made, err := r.client.GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
		if err != nil {
			return Report{}, fmt.Errorf("cannot have a credential report made: %w", err)
		}
		if made.State == types.ReportStateTypeComplete {
			break
		}
		if try == reportTries-1 {
			return Report{}, errors.New("cannot read the credential report: AWS is still making it")
		}
		if err := r.wait(ctx, time.Second); err != nil {
			return Report{}, fmt.Errorf("cannot read the credential report: AWS is still making it: %w", err)
		}
	}
	got, err := r.client.GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
	switch {
	case err != nil:
		return Report{}, fmt.Errorf("cannot read the credential report: %w", err)
	case len(got.Content) > reportMost:
		return Report{}, fmt.Errorf("cannot read the credential report: it has %d bytes, at most %d", len(got.Content), reportMost)
	}
	return parseReport(got.Content, aws.ToTime(got.GeneratedTime))
}

func (r *Reader) wait(ctx context.Context, d time.Duration) error {
	if r.Wait != nil {
		return r.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
