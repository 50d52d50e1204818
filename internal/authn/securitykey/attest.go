package securitykey

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

// Longest is the length in bytes of the longest file that is read.
const Longest = 8 << 10

// The first fields of files of OpenSSH.
const (
	form    = "ssh-sk-attest-v01"
	oldForm = "ssh-sk-attest-v00"
)

// Read reads the file that ssh-keygen wrote (-O write-attestation) when it made a key,
// given in SSH wire form, under a challenge (-O challenge), given as it stood in that
// file. It fails with exactly one Refusal.
func Read(wire, file, challenge []byte) (attestation.Attestation, error) {
	who, err := sshsig.Inspect(wire)
	if err != nil || !who.Security || who.Passkey {
		return attestation.Attestation{}, ErrKind
	}
	a, err := parse(file)
	if err != nil {
		return attestation.Attestation{}, err
	}
	a.Client = sha256.Sum256(challenge)
	formats := []string{attestation.Packed}
	if a.Model() == attestation.NoModel {
		// Nothing in the file says that it is of a device of U2F, and such a device tells
		// no model. One format takes what is signed for the other only by a broken hash.
		formats = append(formats, attestation.U2F)
	}
	for _, a.Format = range formats {
		if err = a.Check(wire); err == nil {
			break
		}
	}
	switch {
	case errors.Is(err, attestation.ErrSignature):
		return attestation.Attestation{}, ErrChallenge
	case err != nil:
		return attestation.Attestation{}, fmt.Errorf("%w: it %w", ErrUntrue, err)
	}
	if a, err = attestation.Parse(a.String()); err != nil {
		return attestation.Attestation{}, ErrForm
	}
	return a, nil
}

// parse reads the fields of a file, strictly: reserved ones must be as OpenSSH writes
// them, and nothing may follow.
func parse(file []byte) (a attestation.Attestation, err error) {
	if len(file) > Longest {
		return a, ErrForm
	}
	f := fields(file)
	name := string(f.string())
	certificate, signature, wrapped := f.string(), f.string(), f.string()
	flags, reserved := f.uint32(), f.string()
	switch {
	case strings.HasPrefix(string(file), string(binary.BigEndian.AppendUint32(nil, uint32(len(oldForm))))+oldForm):
		return a, ErrOld
	case f == nil || len(f) > 0 || name != form || flags != 0 || len(reserved) > 0:
		return a, ErrForm
	case len(certificate) == 0:
		return a, ErrSelf
	}
	data, ok := byteString(wrapped)
	if !ok || len(signature) == 0 {
		return a, ErrForm
	}
	a.Data, a.Signature, a.Chain = data, signature, [][]byte{certificate}
	return a, nil
}

// fields reads RFC 4251 fields off the front. A read past the end leaves it nil; what
// is at its end is empty.
type fields []byte

func (f *fields) uint32() uint32 {
	if len(*f) < 4 {
		*f = nil
		return 0
	}
	v := binary.BigEndian.Uint32(*f)
	*f = (*f)[4:]
	return v
}

func (f *fields) string() []byte {
	n := f.uint32()
	if *f == nil || uint64(n) > uint64(len(*f)) {
		*f = nil
		return nil
	}
	s := (*f)[:n:n]
	*f = (*f)[n:]
	return s
}

// byteString is what one CBOR byte string holds whose length is written in the
// shortest way, and nothing is behind it.
func byteString(data []byte) ([]byte, bool) {
	const bytes, next8, next16 = 0x40, 0x58, 0x59 // RFC 8949, section 3
	switch {
	case len(data) >= 1 && data[0] >= bytes && data[0] < next8:
		return data[1:], len(data)-1 == int(data[0]-bytes)
	case len(data) >= 2 && data[0] == next8:
		return data[2:], data[1] >= next8-bytes && len(data)-2 == int(data[1])
	case len(data) >= 3 && data[0] == next16:
		size := binary.BigEndian.Uint16(data[1:])
		return data[3:], size > 0xff && len(data)-3 == int(size)
	}
	return nil, false
}
