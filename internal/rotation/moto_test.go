package rotation_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

// motoWorld is a world whose IAM and Secrets Manager are moto. Moto takes any
// signature, so that STS stays the double, which learns from moto which keys there are.
type motoWorld struct {
	*world
	iam      *iam.Client
	vault    *secretsmanager.Client
	secrets  map[string]string // by key id
	password string            // that was set last
}

var (
	madeKey = regexp.MustCompile(`<AccessKeyId>([A-Z0-9]+)</AccessKeyId>`)
	madeBy  = regexp.MustCompile(`<SecretAccessKey>([^<]+)</SecretAccessKey>`)
)

func newMotoWorld(t *testing.T) *motoWorld {
	t.Helper()
	at := mototest.Start(t)
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	by := sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "AKIAOPERATOR", SecretAccessKey: "x"}, nil
	})
	w := &motoWorld{world: newWorld(t), secrets: map[string]string{}}
	w.iam = iam.New(iam.Options{Region: region, BaseEndpoint: &at, Credentials: by})
	w.vault = secretsmanager.New(secretsmanager.Options{Region: region, BaseEndpoint: &at, Credentials: by})
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.URL.Path = target.Scheme, target.Host, "/"
	}}
	inner := w.door.Config.Handler
	w.door.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/sts/") || strings.HasPrefix(r.URL.Path, "/custody/") {
			w.learn()
			inner.ServeHTTP(rw, r)
			return
		}
		w.pass(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.through(proxy, rw, r) }), rw, r)
	})
	user := "breaker"
	if _, err := w.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &user}); err != nil {
		t.Fatal(err)
	}
	return w
}

// through hears which secrets moto gives and takes.
func (w *motoWorld) through(moto http.Handler, rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Password") != "" {
		w.password = form.Get("Password")
	}
	kept := httptest.NewRecorder()
	moto.ServeHTTP(kept, r)
	answer := kept.Body.String()
	if id, secret := madeKey.FindStringSubmatch(answer), madeBy.FindStringSubmatch(answer); id != nil && secret != nil {
		w.secrets[id[1]] = secret[1]
	}
	for name, values := range kept.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(kept.Code)
	if _, err := io.WriteString(rw, answer); err != nil {
		return // it was killed
	}
}

// learn tells the double which keys moto has.
func (w *motoWorld) learn() {
	user := "breaker"
	out, err := w.iam.ListAccessKeys(context.Background(), &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		w.t.Error(err)
		return
	}
	var keys []awstest.UserKey
	for _, k := range out.AccessKeyMetadata {
		keys = append(keys, awstest.UserKey{User: user, ID: *k.AccessKeyId, Secret: w.secrets[*k.AccessKeyId], Status: string(k.Status), Created: *k.CreateDate})
	}
	w.aws.SetUserKeys(user, keys)
}

// TestMotoKey: a key is made, replaced, and replaced by processes that are killed at
// each third call, in moto's IAM.
func TestMotoKey(t *testing.T) {
	w := newMotoWorld(t)
	old := ""
	for at := 0; at < 24; at += 3 {
		if at > 0 {
			if ended, err := w.rotate(keyContents, at, at%2 == 0); ended {
				t.Fatal(at, err)
			}
		}
		if ended, err := w.rotate(keyContents, 0, false); !ended || err != nil {
			t.Fatal(at, err)
		}
		w.learn()
		w.oneKey(old)
		old = w.aws.UserKeys("breaker")[0].ID
	}
}

// TestMotoPassword: a password is made and replaced in moto's IAM.
func TestMotoPassword(t *testing.T) {
	w := newMotoWorld(t)
	old := ""
	for range 2 {
		if ended, err := w.rotate(passwordContents, 0, false); !ended || err != nil {
			t.Fatal(err)
		}
		if w.password == old || w.custody.open(t) != w.password || w.journal() {
			t.Errorf("%q was set after %q", w.password, old)
		}
		old = w.password
	}
}

// TestMotoSecret: a value is replaced, by processes that are killed at each third call,
// in moto's Secrets Manager.
func TestMotoSecret(t *testing.T) {
	w := newMotoWorld(t)
	name, value, current := secretName, "a-value-of-long-ago", "AWSCURRENT"
	if _, err := w.vault.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < 18; at += 3 {
		if at > 0 {
			if ended, err := w.rotate(secretContents, at, at%2 == 0); ended {
				t.Fatal(at, err)
			}
		}
		if ended, err := w.rotate(secretContents, 0, false); !ended || err != nil {
			t.Fatal(at, err)
		}
		now, err := w.vault.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name, VersionStage: &current}) // without a label moto gives the first
		if err != nil {
			t.Fatal(err)
		}
		if *now.SecretString == value || *now.SecretString != w.custody.open(t) || w.journal() {
			t.Errorf("killed at %d: the current value is not the one that custodians open", at)
		}
		value = *now.SecretString
	}
}
