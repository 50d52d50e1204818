package aws

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Minted is a credential that only its holder can open.
type Minted struct {
	Sealed  string // over a Process or a Link, in the form that its recipient opens
	Expires canon.Time
}

// Process is a credential in the form of the AWS command line's credential_process.
// Expiration is the end of the session or that in its policy, whichever is first.
type Process struct {
	AccessKeyID     string `json:"AccessKeyId"`
	Expiration      string `json:"Expiration"`
	SecretAccessKey string `json:"SecretAccessKey"`
	SessionToken    string `json:"SessionToken"`
	Version         int    `json:"Version"`
}

// Link signs a browser in to the console. Whoever has it may use it, until Opens.
type Link struct {
	Expiration string `json:"Expiration"` // of the session behind it, as far as is known
	Opens      string `json:"Opens"`      // by when it must be used
	SignInURL  string `json:"SignInURL"`
	Version    int    `json:"Version"`
}

const processVersion = 1

// Mint begins the session that a fetch authorised and seals its keys to the holder,
// or, where the session leaves its duration to AWS, a link that signs in to the
// console. It may be repeated: what an earlier try began is over by itself. Its
// errors wrap provider.ErrUnreachable or ErrRefused where they can, and hold no
// secret.
func (a *AWS) Mint(ctx context.Context, s access.Session, to access.Recipient) (Minted, error) {
	ctx, cancel := context.WithTimeout(ctx, mintLongest)
	defer cancel()
	now := a.Now()
	if !now.Before(s.At.Add(access.TokenLives.Duration())) || !now.Before(s.Before) {
		return Minted{}, errOver
	}
	k, err := a.assume(ctx, s)
	if err == nil && s.Root != nil {
		k, err = a.asRoot(ctx, s, k)
	}
	if err != nil {
		return Minted{}, err
	}
	ends := canon.Earlier(k.until, s.Before)
	text := canon.MustEncode(Process{k.id, seconded(ends), k.secret, k.token, processVersion})
	if s.Duration == 0 {
		link, err := a.link(ctx, s, k)
		if err != nil {
			return Minted{}, err
		}
		opens := now.Add(linkLives)
		text = canon.MustEncode(Link{seconded(ends), seconded(opens), link, processVersion})
	}
	defer clear(text)
	sealed, err := a.Seal(text, to)
	if err != nil {
		return Minted{}, fmt.Errorf("cannot seal a credential to its holder: %w", err)
	}
	return Minted{sealed, ends}, nil
}

func seconded(t canon.Time) string { return t.Std().Format(time.RFC3339) }

// own prepares a session of ours, such as a twin's, to begin now.
func (a *AWS) own(s access.Session) access.Session {
	id := make([]byte, 32)
	rand.Read(id)
	s.ID, s.At = hex.EncodeToString(id), canon.At(a.Now().Std().Truncate(time.Second))
	return s
}
