package aws

import (
	"context"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// chain are the server's own credentials, from where the SDK's chain finds them: its
// environment, its files, its machine. Nothing else of Halligan reads them here, and they
// are looked for at the first call of an account that needs them, so that a server
// without such an account never does.
type chain struct {
	mu   sync.Mutex
	made sdk.CredentialsProvider
}

// chainLongest bounds the look for them: a machine without a role of its own answers
// late.
const chainLongest = 3 * time.Second

// Retrieve gives them. What could not be had is looked for again at the next call.
func (c *chain) Retrieve(ctx context.Context) (sdk.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, chainLongest)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		loaded, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
		if err != nil {
			return sdk.Credentials{}, err
		}
		c.made = loaded.Credentials
	}
	got, err := c.made.Retrieve(ctx)
	if err != nil {
		c.made = nil
	}
	return got, err
}
