package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/issuer"
)

// MakeIssuerKey makes another key of the token issuer beside those that a folder
// has, and gives its public half as a JWK, its id, and the file of its private half.
// Nothing signs with it before the cell's document names it first. Files are named
// by the key, so that none takes the place of another.
func MakeIssuerKey(folder string) (public []byte, id, file string, err error) {
	if _, err := os.Stat(filepath.Join(folder, sessionKeyFile)); err != nil {
		return nil, "", "", fmt.Errorf("cannot make an issuer's key: %s is no keys folder of a cell: %w", folder, err)
	}
	private, public, err := issuer.GenerateOIDC(rand.Reader)
	if err != nil {
		return nil, "", "", err
	}
	key, err := issuer.ParseJWK(public)
	if err != nil {
		return nil, "", "", err
	}
	file = filepath.Join(folder, "issuer-"+key.ID[:16]+".pem")
	// What if we crash after this: a key that nobody proposed, and another is made.
	if err := disk.Create(file, private, 0o600); err != nil {
		return nil, "", "", fmt.Errorf("cannot make an issuer's key: %w", err)
	}
	return public, key.ID, file, disk.SyncFolder(folder)
}

// issuerKeys are the public keys of a cell's issuers, the one in force first.
func issuerKeys(of cell.AWS) ([]issuer.PublicKey, error) {
	var keys []issuer.PublicKey
	for _, k := range of.Keys {
		key, err := issuer.ParseJWK([]byte(k.Public))
		if err != nil {
			return nil, fmt.Errorf("key %s of the cell: %w", k.ID, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Published is a file that a host of an issuer must show.
type Published struct {
	File   string       `json:"file"`
	SHA256 canon.Digest `json:"sha256"`
}

// PublishIssuers writes what the issuers of a cell publish below a folder: each
// issuer has one in it, named by its host. What it writes follows from the cell's
// document alone, and each file is replaced whole.
func PublishIssuers(of cell.AWS, to string) ([]Published, error) {
	keys, err := issuerKeys(of)
	if err != nil {
		return nil, err
	}
	all := []Published{}
	for _, url := range of.Issuers {
		folder, err := issuer.Folder(url)
		if err != nil {
			return nil, err
		}
		documents, err := issuer.Documents(url, keys)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(documents)) {
			file := filepath.Join(to, filepath.FromSlash(folder), filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return nil, fmt.Errorf("cannot publish: %w", err)
			}
			if err := disk.Replace(file, documents[name], 0o644); err != nil {
				return nil, fmt.Errorf("cannot publish: %w", err)
			}
			all = append(all, Published{file, canon.Sum(documents[name])})
		}
	}
	return all, nil
}

// LookAtIssuers asks each issuer of a cell, from this machine, for what it publishes.
func LookAtIssuers(ctx context.Context, of cell.AWS, now func() time.Time) ([]issuer.Seen, error) {
	keys, err := issuerKeys(of)
	if err != nil {
		return nil, err
	}
	looker := issuer.NewLooker(now)
	all := []issuer.Seen{}
	for _, url := range of.Issuers {
		all = append(all, looker.Look(ctx, url, keys))
	}
	return all, nil
}
