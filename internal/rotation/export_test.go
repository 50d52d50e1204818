package rotation

import "github.com/halligan-dev/halligan/internal/canon"

// Reread reads a record and writes it again.
func Reread(data []byte) ([]byte, error) {
	r, err := decodeRecord(data)
	if err != nil {
		return nil, err
	}
	return canon.Encode(&r)
}
