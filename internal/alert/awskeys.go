package alert

import (
	"context"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// StaticKeys are credentials that somebody wrote down; token is empty for those of
// a user. They print without themselves.
func StaticKeys(id, secret, token string) sdk.CredentialsProvider {
	return sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Source: "halligan"}, nil
	})
}

// chain is the SDK's default chain: environment, shared files, container, machine.
// It is put together at the first alarm and, where that failed or SNS did not take
// what it gave, anew at the next: a server starts also while there are no credentials,
// and sees those that come. Its errors say errNoKeys alone, for those of the SDK can
// quote a file's line.
type chain struct {
	region string

	mu   sync.Mutex
	made sdk.CredentialsProvider
}

// Retrieve gives credentials that hold for a while yet.
func (c *chain) Retrieve(ctx context.Context) (sdk.Credentials, error) {
	provider, err := c.provider(ctx)
	if err != nil {
		return sdk.Credentials{}, errNoKeys
	}
	keys, err := provider.Retrieve(ctx)
	if err != nil {
		c.forget()
		return sdk.Credentials{}, errNoKeys
	}
	return keys, nil
}

// forget has the next alarm look for credentials again.
func (c *chain) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = nil
}

func (c *chain) provider(ctx context.Context) (sdk.CredentialsProvider, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region), config.WithLogger(logging.Nop{}))
		if err != nil {
			return nil, err
		}
		c.made = loaded.Credentials
	}
	return c.made, nil
}
