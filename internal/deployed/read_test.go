package deployed_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/halligan-dev/halligan/internal/deployed"
)

var made = time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)

// speaker is IAM that answers each action with a text, or with an error's name.
type speaker struct {
	answers map[string]string // of action; those of one that begins with ! are errors
	asked   []string
}

func (s *speaker) reader(t *testing.T) *deployed.Reader {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		action := r.Form.Get("Action")
		s.asked = append(s.asked, action)
		answer, known := s.answers[action]
		if code, failed := strings.CutPrefix(answer, "!"); failed || !known {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code)
			return
		}
		fmt.Fprintf(w, `<%sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><%sResult>%s</%sResult></%sResponse>`, action, action, answer, action, action)
	}))
	t.Cleanup(server.Close)
	r := deployed.NewReader(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "very-secret"}, nil
	})})
	r.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return r
}

const head = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n"

const (
	rootRow = "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,2026-11-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n"
	userRow = "emergency,arn:aws:iam::123456789012:user/emergency,2025-01-01T00:00:00+00:00,true,no_information,2025-02-01T00:00:00+00:00,N/A,false,true,2025-03-01T00:00:00+00:00,N/A,N/A,N/A,false,2024-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,false,N/A\n"
)

// reported is a speaker with a report.
func reported(csv string) *speaker {
	return &speaker{answers: map[string]string{
		"GenerateCredentialReport": "<State>COMPLETE</State>",
		"GetCredentialReport":      "<Content>" + base64.StdEncoding.EncodeToString([]byte(csv)) + "</Content><GeneratedTime>" + made.Format(time.RFC3339) + "</GeneratedTime>",
	}}
}

// TestReport: the credential report is waited for and read whole; one that cannot be
// read is an error and no shorter report.
func TestReport(t *testing.T) {
	got, err := reported(head + rootRow + userRow).reader(t).Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	user := got.Users["emergency"]
	switch {
	case !got.Made.Equal(made) || !got.Rooted || !got.Root.Password || !got.Root.MFA || !got.Root.Changed.IsZero() || got.Root.Used.Month() != time.November || len(got.Root.Keys) != 0:
		t.Errorf("the root user: %+v", got.Root)
	case !user.Password || user.MFA || user.Changed.Month() != time.February || !user.Used.IsZero() || len(user.Keys) != 1 || user.Keys[0].Made.Month() != time.March || !user.Keys[0].Used.IsZero():
		t.Errorf("the user: %+v", user)
	}
	for name, csv := range map[string]string{
		"nothing": "", "a column less": strings.Replace(head, ",mfa_active", "", 1) + strings.Replace(rootRow, ",true", "", 1), "a short row": head + rootRow + "x,y\n", "no csv": "\"",
	} {
		if _, err := reported(csv).reader(t).Report(t.Context()); err == nil || !strings.Contains(err.Error(), "credential report") {
			t.Errorf("%s: %v", name, err)
		}
	}
	slow := reported(head + rootRow)
	slow.answers["GenerateCredentialReport"] = "<State>STARTED</State>"
	if _, err := slow.reader(t).Report(t.Context()); err == nil || !strings.Contains(err.Error(), "still making it") || len(slow.asked) > 20 {
		t.Errorf("it is never made: %v after %d asks", err, len(slow.asked))
	}
	if _, err := (&speaker{answers: map[string]string{"GenerateCredentialReport": "!AccessDenied"}}).reader(t).Report(t.Context()); err == nil || !strings.Contains(err.Error(), "AccessDenied") || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("refused: %v", err)
	}
}

// certificate is one in base64, that ends then.
func certificate(t *testing.T, ends time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: ends.Add(-time.Hour), NotAfter: ends}, &x509.Certificate{}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// TestSAML: a SAML provider is good as long as the last certificate that it may sign by,
// and no longer than IAM takes its metadata.
func TestSAML(t *testing.T) {
	soon, later, latest := made.Add(24*time.Hour), made.Add(48*time.Hour), made.Add(96*time.Hour)
	key := func(use, text string) string {
		return `<md:KeyDescriptor` + use + `><ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + "\n  " + text + "\n" + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
	}
	metadata := func(keys ...string) string {
		return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><md:IDPSSODescriptor>` + strings.Join(keys, "") + `</md:IDPSSODescriptor></md:EntityDescriptor>`
	}
	const list = "<SAMLProviderList><member><Arn>arn:aws:iam::123456789012:saml-provider/corp</Arn></member></SAMLProviderList>"
	for name, c := range map[string]struct {
		metadata string
		until    time.Time
		want     time.Time
	}{
		"one":                  {metadata(key(` use="signing"`, certificate(t, soon))), latest, soon},
		"two, one is good yet": {metadata(key(` use="signing"`, certificate(t, soon)), key("", certificate(t, later))), latest, later},
		"one only encrypts":    {metadata(key(` use="encryption"`, certificate(t, later)), key(` use="signing"`, certificate(t, soon))), latest, soon},
		"IAM takes it shorter": {metadata(key("", certificate(t, later))), soon, soon},
		"no certificate":       {metadata(), time.Time{}, time.Time{}},
		"no XML":               {"<<<", soon, soon},
		"no certificate in it": {metadata(key("", "bm8=")), time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			for _, r := range c.metadata {
				fmt.Fprintf(&text, "&#%d;", r)
			}
			answer := "<SAMLMetadataDocument>" + text.String() + "</SAMLMetadataDocument>"
			if !c.until.IsZero() {
				answer += "<ValidUntil>" + c.until.Format(time.RFC3339) + "</ValidUntil>"
			}
			got, err := (&speaker{answers: map[string]string{"ListSAMLProviders": list, "GetSAMLProvider": answer}}).reader(t).SAML(t.Context())
			if err != nil || len(got) != 1 || got[0].Name != "corp" || !got[0].Ends.Equal(c.want) {
				t.Errorf("%+v, want %v: %v", got, c.want, err)
			}
		})
	}
	if got, err := (&speaker{answers: map[string]string{"ListSAMLProviders": list, "GetSAMLProvider": "!AccessDenied"}}).reader(t).SAML(t.Context()); err == nil || got != nil {
		t.Errorf("one cannot be read: %+v", got)
	}
	many := "<SAMLProviderList>" + strings.Repeat("<member><Arn>a</Arn></member>", 101) + "</SAMLProviderList>"
	if _, err := (&speaker{answers: map[string]string{"ListSAMLProviders": many}}).reader(t).SAML(t.Context()); err == nil || !strings.Contains(err.Error(), "over 100") {
		t.Errorf("too many: %v", err)
	}
}

// TestProvidersAndProfiles: who is believed is given whole or not at all; a user without
// a login profile is no error, and one that AWS does not show is.
func TestProvidersAndProfiles(t *testing.T) {
	const list = "<OpenIDConnectProviderList><member><Arn>arn:aws:iam::123456789012:oidc-provider/oidc.example.com</Arn></member></OpenIDConnectProviderList>"
	r := (&speaker{answers: map[string]string{"ListOpenIDConnectProviders": list, "GetOpenIDConnectProvider": "<Url>oidc.example.com</Url><ClientIDList><member>sts.amazonaws.com</member></ClientIDList>",
		"GetLoginProfile": "<LoginProfile><UserName>x</UserName><CreateDate>2026-01-01T00:00:00Z</CreateDate><PasswordResetRequired>true</PasswordResetRequired></LoginProfile>"}}).reader(t)
	if got, err := r.Providers(t.Context()); err != nil || len(got) != 1 || got[0].URL != "oidc.example.com" || len(got[0].Audiences) != 1 {
		t.Errorf("%+v: %v", got, err)
	}
	if got, err := r.Profile(t.Context(), "x"); err != nil || !got.There || !got.MustReset || got.Set.IsZero() {
		t.Errorf("%+v: %v", got, err)
	}
	r = (&speaker{answers: map[string]string{"ListOpenIDConnectProviders": list, "GetOpenIDConnectProvider": "!AccessDenied", "GetLoginProfile": "!NoSuchEntity"}}).reader(t)
	if got, err := r.Providers(t.Context()); err == nil || got != nil {
		t.Errorf("%+v", got)
	}
	if got, err := r.Profile(t.Context(), "x"); err != nil || got.There {
		t.Errorf("%+v: %v", got, err)
	}
	r = (&speaker{answers: map[string]string{"GetLoginProfile": "!AccessDenied"}}).reader(t)
	if _, err := r.Profile(t.Context(), "x"); err == nil {
		t.Error("what AWS does not show is no profile")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.IAM(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits any more: %v", err)
	}
}

// TestIAMIsBounded: an answer that never ends, or has more than an account can have, is an
// error and no shorter answer.
func TestIAMIsBounded(t *testing.T) {
	for want, answer := range map[string]string{
		"over 500 pages": "<IsTruncated>true</IsTruncated><Marker>more</Marker>",
		"over 30000":     "<RoleDetailList>" + strings.Repeat("<member><RoleName>x</RoleName></member>", 30_001) + "</RoleDetailList>",
	} {
		if data, err := (&speaker{answers: map[string]string{"GetAccountAuthorizationDetails": answer}}).reader(t).IAM(t.Context()); err == nil || data != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d bytes: %v", want, len(data), err)
		}
	}
}

// TestAccountWithoutUsers: that there are none was read, and is not the same as that
// nobody asked for them: those who act there are judged all the same.
func TestAccountWithoutUsers(t *testing.T) {
	data, err := (&speaker{answers: map[string]string{"GetAccountAuthorizationDetails": "<IsTruncated>false</IsTruncated>"}}).reader(t).IAM(t.Context())
	if err != nil || !strings.Contains(string(data), `"UserDetailList":[]`) {
		t.Errorf("it gives %s, %v", data, err)
	}
}
