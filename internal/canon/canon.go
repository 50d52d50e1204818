package canon

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotCanonical says that bytes are JSON of the right shape, but not in the
// one form that RFC 8785 allows.
var ErrNotCanonical = errors.New("not in canonical form (RFC 8785: sorted names, no white space, no empty optional member)")

// ErrTooLong says that bytes are over the limit of their kind.
var ErrTooLong = errors.New("too long")

// Appender is a value that writes its canonical JSON itself, behind what dst
// holds. It owes the very bytes that Encode gives of a value of the same members
// that is no Appender, and an error where that has one.
type Appender interface {
	AppendCanonical(dst []byte) ([]byte, error)
}

// Encode gives the canonical JSON (RFC 8785) of v. It fails only for values
// that JSON cannot carry.
func Encode(v any) ([]byte, error) {
	if a, ok := v.(Appender); ok {
		data, err := a.AppendCanonical(nil)
		if err != nil {
			return nil, fmt.Errorf("cannot encode %T: %w", v, err)
		}
		return data, nil
	}
	if data, ok := encodeQuick(v); ok {
		return data, nil
	}
	return encodeGeneral(v)
}

// encodeGeneral is Encode for every value.
func encodeGeneral(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("cannot encode %T: %w", v, err)
	}
	if tidy(data) {
		return data, nil
	}
	value := jsontext.Value(data)
	if err := value.Canonicalize(); err != nil {
		return nil, fmt.Errorf("cannot canonicalise %T: %w", v, err)
	}
	return value, nil
}

// AppendValue appends the canonical form of a JSON value; nil is null.
func AppendValue(dst, value []byte) ([]byte, error) {
	if value == nil {
		return append(dst, "null"...), nil
	}
	from := len(dst)
	dst = append(dst, value...)
	if tidy(dst[from:]) {
		return dst, nil
	}
	again := jsontext.Value(bytes.Clone(value))
	if err := again.Canonicalize(); err != nil {
		return nil, err
	}
	return append(dst[:from], again...), nil
}

// MustEncode is Encode for values built of our own types, which cannot fail.
func MustEncode(v any) []byte {
	data, err := Encode(v)
	if err != nil {
		panic(err)
	}
	return data
}

// Decode reads data into *v and demands that it be the canonical encoding of
// what was read: unknown members, duplicate names, other cases, trailing bytes
// and non-canonical forms are errors. Limit bounds len(data), in bytes.
func Decode(data []byte, limit int, v any) error {
	if len(data) > limit {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(data), limit)
	}
	if err := json.Unmarshal(data, v, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	again, err := Encode(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, data) {
		return ErrNotCanonical
	}
	return nil
}

// Canonical reports whether data is valid JSON in canonical form, whatever it
// means.
func Canonical(data []byte) bool {
	value := jsontext.Value(bytes.Clone(data))
	return value.Canonicalize() == nil && bytes.Equal(value, data)
}
