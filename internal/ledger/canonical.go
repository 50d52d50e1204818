package ledger

import (
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
)

// decodeCanonical reads data into v, strictly, as a fault of a class and place.
func decodeCanonical(data []byte, v any, class, where string) error {
	err := canon.Decode(data, len(data), v)
	if errors.Is(err, canon.ErrNotCanonical) {
		return &Fault{
			Class: class, Where: where,
			Detail: "it is not canonical JSON (RFC 8785) with exactly the members of its format",
			Mend:   "use the file as it was written, without reformatting it",
		}
	}
	if err != nil {
		return &Fault{Class: class, Where: where, Detail: "it cannot be decoded", Err: err}
	}
	return nil
}
