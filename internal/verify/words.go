package verify

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

var (
	// ErrNoRequest says that the evidence has no such request, or several.
	ErrNoRequest = errors.New("the evidence has not one request of this id")
	// ErrNoSalt says that the server recorded no salt with the request.
	ErrNoSalt = errors.New("no salt was recorded with the request, so it has no words")
)

// leastID is how many digits of a request's id must be given.
const leastID = 8

// Words works out again the confirmation words of a request, named by its id or
// the first eight or more digits of it. They tell two people that they speak of
// the same request, and prove nothing against the server.
func (r *Report) Words(id string) ([4]string, error) {
	var found []Request
	for _, request := range r.Requests {
		if len(id) >= leastID && strings.HasPrefix(request.ID.String(), id) {
			found = append(found, request)
		}
	}
	if len(found) != 1 {
		return [4]string{}, fmt.Errorf("%w: %q names %d", ErrNoRequest, id, len(found))
	}
	return wordsOf(found[0].ID, found[0].Salt)
}

func wordsOf(id canon.Digest, salt string) (words [4]string, err error) {
	raw, err := hex.DecodeString(salt)
	if salt == "" || err != nil || len(raw) != 16 || hex.EncodeToString(raw) != salt {
		return words, fmt.Errorf("%w: %q", ErrNoSalt, salt)
	}
	return statement.Words(id, [16]byte(raw)), nil
}
