package access

import "github.com/halligan-dev/halligan/internal/canon"

// ConditionsMost bounds the policies that hold for a scenario, and the guard
// rails of a cell; PoliciesMost those of a cell in all.
const (
	ConditionsMost = 8
	PoliciesMost   = 64
)

// PolicyRef names a file of policies by the digest of its bytes.
type PolicyRef struct {
	ID     string       `json:"id"`
	Digest canon.Digest `json:"digest"`
}
