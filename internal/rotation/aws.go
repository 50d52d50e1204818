package rotation

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

// callLongest bounds one call of AWS, what is tried again apart.
const callLongest = 30 * time.Second

// usualRegion is where IAM is administered, and whose STS is asked when nobody names
// another.
const usualRegion = "us-east-1"

// AWS is AWS as whoever rotates may use it. Make it with Connect.
type AWS struct {
	config  sdk.Config
	users   *iam.Client
	secrets *secretsmanager.Client
	callers *sts.Client
}

// ErrNoCredentials says that nobody is there to rotate as.
var ErrNoCredentials = errors.New("no AWS credentials that can be used")

// Connect finds credentials and endpoints as every program of AWS's does: in the
// environment, in the profile that it names, or from the machine.
func Connect(ctx context.Context) (*AWS, error) {
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithLogger(logging.Nop{}), config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(callLongest)))
	if err == nil {
		if loaded.Region == "" {
			loaded.Region = usualRegion
		}
		_, err = loaded.Credentials.Retrieve(ctx)
	}
	if err != nil { // the SDK's own error can quote a line of a file of credentials
		return nil, ErrNoCredentials
	}
	return &AWS{loaded, iam.NewFromConfig(loaded), secretsmanager.NewFromConfig(loaded), sts.NewFromConfig(loaded)}, nil
}

// sameAccount checks that the credentials are of the account that the contents are.
func (r *run) sameAccount(ctx context.Context) error {
	who, err := r.callers.GetCallerIdentity(ctx, nil)
	if err != nil {
		return failed("ask AWS whose credentials these are", err)
	}
	if got := sdk.ToString(who.Account); got != r.Contents.Account() {
		return fmt.Errorf("these credentials are of account %s, and envelope %s holds %s", got, r.Envelope, r.Contents)
	}
	return nil
}

// failed says what could not be done, with what AWS said of it. It is not for calls
// that carry a secret, which AWS might quote: unsaid is.
func failed(what string, err error) error {
	var said smithy.APIError
	if errors.As(err, &said) {
		return &refusedCall{what: what, code: said.ErrorCode(), text: ": " + said.ErrorMessage(), fault: said.ErrorFault()}
	}
	return fmt.Errorf("cannot %s: %w", what, err)
}

// unsaid is failed without AWS's own words.
func unsaid(what string, err error) error {
	var said smithy.APIError
	if errors.As(err, &said) {
		return &refusedCall{what: what, code: said.ErrorCode(), fault: said.ErrorFault()}
	}
	return fmt.Errorf("cannot %s: AWS did not answer, and whether it happened is not known", what)
}

// refusedCall is a call that AWS answered with an error.
type refusedCall struct {
	what, code, text string
	fault            smithy.ErrorFault
}

func (e *refusedCall) Error() string { return fmt.Sprintf("cannot %s: %s%s", e.what, e.code, e.text) }

// definite tells whether AWS said no, so that nothing happened.
func definite(err error) bool {
	var no *refusedCall
	return errors.As(err, &no) && no.fault == smithy.FaultClient && !strings.Contains(no.code, "Throttl") && no.code != "RequestTimeout"
}

// noEntity is how IAM says that something is not there.
const noEntity = "NoSuchEntity"

// is tells whether an error of the SDK is one of AWS's by its code.
func is(err error, codes ...string) bool {
	var said smithy.APIError
	if !errors.As(err, &said) {
		return false
	}
	for _, code := range codes {
		if said.ErrorCode() == code {
			return true
		}
	}
	return false
}

// once has a call not be tried again by itself: a second try could do it twice.
func once(o *iam.Options) { o.Retryer = sdk.NopRetryer{} }

// keys are credentials of a user.
func keys(id, secret string) sdk.CredentialsProvider {
	return sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: id, SecretAccessKey: secret, Source: "halligan"}, nil
	})
}

// identify asks STS as somebody else, and gives the ARN that it answers. It makes a
// client each time: one remembers what it signs with by a key's id alone, and would
// sign with the secret that it saw first.
func (a *AWS) identify(ctx context.Context, as sdk.CredentialsProvider) (string, error) {
	other := a.config.Copy()
	other.Credentials = as
	who, err := sts.NewFromConfig(other).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err
	}
	return sdk.ToString(who.Arn), nil
}

// knows tells whether AWS takes a key, without its secret: signed by a wrong one, a
// call is refused for its signature where the key is taken, and for the key where it
// is not.
func (a *AWS) knows(ctx context.Context, id string) (bool, error) {
	wrong := randomText()
	_, err := a.identify(ctx, keys(id, string(wrong)))
	switch {
	case err == nil:
		return false, fmt.Errorf("AWS took a signature of key %s by a secret that is not its own: what answers is not AWS", id)
	case is(err, "SignatureDoesNotMatch"):
		return true, nil
	case is(err, "InvalidClientTokenId"):
		return false, nil
	}
	return false, failed("ask AWS whether it takes key "+id, err)
}

// randomText is 43 characters that nobody can guess.
func randomText() []byte {
	var raw [32]byte
	defer clear(raw[:])
	_, _ = rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.AppendEncode(nil, raw[:])
}

func joined(texts []string) string { return strings.Join(texts, "; ") }
