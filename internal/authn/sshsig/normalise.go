package sshsig

import (
	"bytes"
	"encoding/pem"
	"math/big"
)

const pemType = "SSH SIGNATURE"

// Armor returns the form that ssh-keygen reads and writes. It checks nothing.
func Armor(blob []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: blob})
}

// Normalise takes a signature as ssh-keygen wrote it, armored or bare, and
// returns the one form that Verify accepts: the bare blob, with the lower S of
// the two that ECDSA allows. It does not check the signature against anything.
// It mends what signers do by chance and nothing else: whatever a signer would
// have to do on purpose stays refused.
func Normalise(input []byte) ([]byte, error) {
	blob, err := unarmor(input)
	if err != nil {
		return nil, err
	}
	s, err := parse(blob)
	if err != nil {
		return nil, err
	}
	k, err := parseKey(s.key)
	if err != nil {
		return nil, err
	}
	if k.ec != nil && (string(s.format) == k.typ || k.typ == typeSKP256 && string(s.format) == formatWebAuthn) {
		if s.value, err = lowerS(&k, s.value); err != nil {
			return nil, err
		}
	}
	return s.encode(), nil
}

func unarmor(input []byte) ([]byte, error) {
	if bytes.HasPrefix(input, []byte(magic)) {
		return input, nil
	}
	text := bytes.TrimSpace(input)
	if len(text) > 2*MaxBlob || !bytes.HasPrefix(text, []byte("-----BEGIN "+pemType+"-----")) {
		return nil, ErrMalformed
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != pemType || len(block.Headers) != 0 || len(rest) != 0 {
		return nil, ErrMalformed
	}
	return block.Bytes, nil
}

func lowerS(k *key, value []byte) ([]byte, error) {
	r, s, _, err := readECDSA(k.ec, value)
	if err != nil {
		return nil, err
	}
	if highS(k.ec, s) {
		s = new(big.Int).Sub(k.ec.Curve.Params().N, s)
	}
	return appendPositive(appendPositive(nil, r), s), nil
}

// encode writes the signature back, field for field.
func (s *signature) encode() []byte {
	inner := appendString(nil, s.format)
	inner = appendString(inner, s.value)
	inner = append(inner, s.rest...)
	out := append([]byte(magic), 0, 0, 0, version)
	out = appendString(out, s.key)
	out = appendString(out, s.namespace)
	out = appendString(out, "")
	out = appendString(out, hashName)
	return appendString(out, inner)
}
