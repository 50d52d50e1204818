package sshsig

import (
	"encoding/binary"
	"math/big"
)

// The type names of RFC 4251 keys and signatures.
const (
	typeEd25519   = "ssh-ed25519"
	typeP256      = "ecdsa-sha2-nistp256"
	typeP384      = "ecdsa-sha2-nistp384"
	typeP521      = "ecdsa-sha2-nistp521"
	typeRSA       = "ssh-rsa"
	typeSKEd25519 = "sk-ssh-ed25519@openssh.com"
	typeSKP256    = "sk-ecdsa-sha2-nistp256@openssh.com"

	formatRSA512   = "rsa-sha2-512"
	formatWebAuthn = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
)

// wire reads RFC 4251 fields off the front. A read past the end yields ok=false
// and leaves wire unusable; slices alias the input.
type wire []byte

func (w *wire) uint32() (v uint32, ok bool) {
	if len(*w) < 4 {
		return 0, false
	}
	v = binary.BigEndian.Uint32(*w)
	*w = (*w)[4:]
	return v, true
}

func (w *wire) byte() (v byte, ok bool) {
	if len(*w) < 1 {
		return 0, false
	}
	v = (*w)[0]
	*w = (*w)[1:]
	return v, true
}

func (w *wire) string() (s []byte, ok bool) {
	n, ok := w.uint32()
	if !ok || uint64(n) > uint64(len(*w)) {
		return nil, false
	}
	s = (*w)[:n:n]
	*w = (*w)[n:]
	return s, true
}

// positive reads an mpint that is greater than zero. minimal says whether it is
// encoded as RFC 4251 demands: no needless leading zero.
func (w *wire) positive() (v *big.Int, minimal, ok bool) {
	b, ok := w.string()
	if !ok || len(b) == 0 || b[0]&0x80 != 0 {
		return nil, false, false
	}
	minimal = b[0] != 0 || (len(b) > 1 && b[1]&0x80 != 0)
	v = new(big.Int).SetBytes(b)
	return v, minimal, v.Sign() > 0
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

// appendPositive writes a number greater than zero as a minimal mpint.
func appendPositive(dst []byte, v *big.Int) []byte {
	n := v.BitLen()/8 + 1 // one more bit than the number needs: the sign
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	dst = append(dst, make([]byte, n)...)
	v.FillBytes(dst[len(dst)-n:])
	return dst
}
