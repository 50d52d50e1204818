package issuer

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// The paths of the two documents below an issuer's URL (OpenID Connect Discovery 1.0).
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	KeysPath      = "/jwks.json"
)

const keysMost = 2 // in force, and the next

// discovery is what a reader of tokens asks an issuer for.
type discovery struct {
	Claims     []string `json:"claims_supported"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	Issuer     string   `json:"issuer"`
	Keys       string   `json:"jwks_uri"`
	Responses  []string `json:"response_types_supported"`
	Scopes     []string `json:"scopes_supported"`
	Subjects   []string `json:"subject_types_supported"`
}

type keySet struct {
	Keys []PublicKey `json:"keys"`
}

// KeySet gives the document with the keys (RFC 7517, JWK set), the one in force
// first. It is the same for every issuer of a cell, and follows from the keys alone.
func KeySet(keys []PublicKey) ([]byte, error) {
	if len(keys) == 0 || len(keys) > keysMost {
		return nil, fmt.Errorf("an issuer publishes 1 or 2 keys, not %d", len(keys))
	}
	for i, k := range keys {
		if slices.Contains(keys[:i], k) {
			return nil, errors.New("the next key of the issuer is the one in force: halligan issuer new makes another")
		}
	}
	return canon.Encode(keySet{keys})
}

// Documents gives what an issuer publishes, by path below its URL. It follows from
// issuer and keys alone.
func Documents(issuer string, keys []PublicKey) (map[string][]byte, error) {
	if err := CheckURL(issuer); err != nil {
		return nil, fmt.Errorf("%q: %w", issuer, err)
	}
	set, err := KeySet(keys)
	if err != nil {
		return nil, err
	}
	found, err := canon.Encode(discovery{
		Issuer: issuer, Keys: issuer + KeysPath,
		Claims:     []string{"sub", "aud", "exp", "iat", "iss", "jti", "nbf"},
		Algorithms: []string{algorithm}, Responses: []string{"id_token"}, Scopes: []string{"openid"}, Subjects: []string{"public"},
	})
	if err != nil {
		return nil, err
	}
	return map[string][]byte{DiscoveryPath: found, KeysPath: set}, nil
}

// Folder is where the documents of an issuer lie in a folder that holds those of
// several: its host and its path.
func Folder(issuer string) (string, error) {
	if err := CheckURL(issuer); err != nil {
		return "", fmt.Errorf("%q: %w", issuer, err)
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return "", err
	}
	host := u.Hostname()
	if port := u.Port(); port != "" {
		host += "_" + port
	}
	return path.Join(host, u.Path), nil
}
