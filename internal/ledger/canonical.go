package ledger

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// encodeCanonical writes v as canonical JSON (RFC 8785).
func encodeCanonical(v any) ([]byte, error) {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	value := jsontext.Value(data)
	if err := value.Canonicalize(); err != nil {
		return nil, err
	}
	return value, nil
}

// decodeCanonical reads data into v and refuses everything that encodeCanonical
// would not have written for v: unknown, missing, repeated or unsorted members,
// white space, other spellings of strings, numbers and base64.
func decodeCanonical(data []byte, v any, class, where string) error {
	if err := json.Unmarshal(data, v, json.RejectUnknownMembers(true)); err != nil {
		return &Fault{Class: class, Where: where, Detail: "it cannot be decoded", Err: err}
	}
	again, err := encodeCanonical(v)
	if err != nil {
		return &Fault{Class: class, Where: where, Detail: "it cannot be encoded again", Err: err}
	}
	if !bytes.Equal(again, data) {
		return &Fault{
			Class: class, Where: where,
			Detail: "it is not canonical JSON (RFC 8785) with exactly the members of its format",
			Mend:   "use the file as it was written, without reformatting it",
		}
	}
	return nil
}
