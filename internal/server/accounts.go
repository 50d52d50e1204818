package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/seal/jwe"
)

// tokenKeys are the files of keys that sign tokens for AWS, in the keys folder.
const tokenKeys = "issuer-*.pem"

// accounts is AWS as the rooms of a server need it.
type accounts struct {
	*awsprovider.AWS
	world *following
	held  []string // ids of the token keys that are here
}

// openAccounts reads the token keys and makes the provider. A key that cannot be
// used is left out and logged: the server must start all the same, and tells of it
// as long as the cell names that key (trouble).
func (s *Server) openAccounts(world *following) (*accounts, error) {
	if err := awsprovider.CheckEndpoints(s.Settings.Endpoints); err != nil {
		return nil, fmt.Errorf("cannot use server.yaml: %w", err)
	}
	a := &accounts{world: world}
	options := awsprovider.Options{Cell: a.cell, Seal: sealTo, Now: func() canon.Time { return s.broker.Now() }, Endpoints: s.Settings.Endpoints}
	names, err := filepath.Glob(filepath.Join(s.Settings.KeysFolder, tokenKeys))
	if err != nil {
		return nil, err
	}
	bounds := issuer.Bounds{Audience: access.STSAudience, Subject: s.Anchor.Origin + "/", Now: func() time.Time { return s.broker.Now().Std() }}
	for _, name := range names {
		private, err := readPrivate(s.Settings.KeysFolder, filepath.Base(name))
		var key *issuer.OIDC
		if err == nil {
			key, err = issuer.OpenOIDC(private, bounds)
			clear(private)
		}
		if err != nil {
			s.Log.Error("a key for tokens is left out", slog.String("file", filepath.Base(name)), slog.Any("error", err))
			continue
		}
		options.Keys = append(options.Keys, key)
		a.held = append(a.held, key.KeyID())
	}
	a.AWS = awsprovider.New(options)
	return a, nil
}

// sealTo seals a credential in the form that its recipient opens.
func sealTo(secret []byte, to access.Recipient) (string, error) {
	if to.P256.IsZero() {
		return seal.ToHolder(secret, to.X25519)
	}
	return jwe.Seal(secret, to.P256, jwe.Bound{Request: to.Request, Fetch: to.Fetch, Holder: to.Holder})
}

// cell is what the document in force says of AWS.
func (a *accounts) cell() awsprovider.Cell {
	genesis := a.world.genesis()
	if genesis == nil || len(genesis.AWS.Keys) == 0 {
		return awsprovider.Cell{}
	}
	out := awsprovider.Cell{Origin: genesis.Origin, Issuers: genesis.AWS.Issuers, Key: genesis.AWS.Keys[0].ID}
	for _, account := range genesis.AWS.Accounts {
		out.Accounts = append(out.Accounts, account.Account)
	}
	return out
}

// trouble says why no account can be opened or shut; empty where one can, or where
// the cell has none.
func (a *accounts) trouble() string {
	now, genesis := a.cell(), a.world.genesis()
	tokens := genesis != nil && slices.ContainsFunc(genesis.AWS.Accounts, func(account cell.Account) bool { return account.Door == "" })
	if !tokens || slices.Contains(a.held, now.Key) {
		return ""
	}
	return fmt.Sprintf("No AWS account can be opened, or shut before its sessions end by themselves: the key %.16s that signs the cell's tokens is not in the server's keys folder, or cannot be used.", now.Key)
}

// Mint is broker.Sessions.
func (a *accounts) Mint(ctx context.Context, unsigned access.Session, to access.Recipient) (broker.Sealed, error) {
	if unsigned.Door == "" && a.trouble() != "" {
		return broker.Sealed{}, broker.ErrNoSessions
	}
	made, err := a.AWS.Mint(ctx, unsigned, to)
	switch {
	case errors.Is(err, provider.ErrRefused):
		err = fmt.Errorf("%w: %w", broker.ErrMintRefused, err)
	case errors.Is(err, provider.ErrUnreachable):
		err = fmt.Errorf("%w: %w", broker.ErrMintUnreachable, err)
	}
	return broker.Sealed{Text: made.Sealed, Expires: made.Expires}, err
}
