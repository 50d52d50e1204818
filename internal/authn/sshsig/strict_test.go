package sshsig_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/big"
	"strings"
	"testing"

	foreign "github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const kind = "halligan.v1.decision"

func signer(t testing.TB, private crypto.PrivateKey) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newEd25519(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return signer(t, private)
}

func newECDSA(t testing.TB, curve elliptic.Curve) ssh.Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer(t, private)
}

// fields is an SSHSIG taken apart, so that tests can put it together wrongly.
type fields struct {
	version                                uint32
	key, namespace, reserved, hash, format string
	value, rest                            []byte
}

func str[T string | []byte](s T) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

func (f fields) blob() []byte {
	inner := append(append(str(f.format), str(f.value)...), f.rest...)
	head := append([]byte("SSHSIG"), binary.BigEndian.AppendUint32(nil, f.version)...)
	return bytes.Join([][]byte{head, str(f.key), str(f.namespace), str(f.reserved), str(f.hash), str(inner)}, nil)
}

// signed returns a correct signature of message, taken apart.
func signed(t testing.TB, s ssh.Signer, message string) fields {
	t.Helper()
	sig, err := foreign.Sign(strings.NewReader(message), s, foreign.HashSHA512, kind)
	if err != nil {
		t.Fatal(err)
	}
	return fields{1, string(s.PublicKey().Marshal()), kind, "", "sha512", sig.Signature.Format, sig.Signature.Blob, sig.Signature.Rest}
}

func refused(t *testing.T, blob []byte, want error) {
	t.Helper()
	if _, err := sshsig.Verify(blob, kind, []byte("message")); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestSignAndVerify(t *testing.T) {
	key3072, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]ssh.Signer{
		"ed25519": newEd25519(t),
		"p256":    newECDSA(t, elliptic.P256()),
		"p384":    newECDSA(t, elliptic.P384()),
		"p521":    newECDSA(t, elliptic.P521()),
		"rsa3072": signer(t, key3072),
	} {
		t.Run(name, func(t *testing.T) {
			for range 8 { // half of all ECDSA signatures come with a high S
				blob, err := sshsig.Sign(s, sshsig.Namespace("decision"), []byte("message"))
				if err != nil {
					t.Fatal(err)
				}
				who, err := sshsig.Verify(blob, kind, []byte("message"))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(who.Key, s.PublicKey().Marshal()) || who.Security || who.Touched {
					t.Errorf("signer %+v", who)
				}
				again, err := sshsig.Normalise(sshsig.Armor(blob))
				if err != nil || !bytes.Equal(again, blob) {
					t.Errorf("Normalise changes a canonical blob (%v)", err)
				}
				other, err := foreign.ParseSignature(blob)
				if err != nil {
					t.Fatal(err)
				}
				if err := foreign.Verify(strings.NewReader("message"), other, s.PublicKey(), foreign.HashSHA512, kind); err != nil {
					t.Errorf("the library refuses our signature: %v", err)
				}
			}
		})
	}
}

func TestStructureRefused(t *testing.T) {
	good := signed(t, newEd25519(t), "message")
	if _, err := sshsig.Verify(good.blob(), kind, []byte("message")); err != nil {
		t.Fatalf("the untouched signature: %v", err)
	}
	for name, c := range map[string]struct {
		change func(*fields)
		want   error
	}{
		"version 2":          {func(f *fields) { f.version = 2 }, sshsig.ErrMalformed},
		"reserved":           {func(f *fields) { f.reserved = "x" }, sshsig.ErrReserved},
		"sha256":             {func(f *fields) { f.hash = "sha256" }, sshsig.ErrHash},
		"no namespace":       {func(f *fields) { f.namespace = "" }, sshsig.ErrNamespace},
		"other namespace":    {func(f *fields) { f.namespace = "halligan.v1.deny" }, sshsig.ErrNamespace},
		"long namespace":     {func(f *fields) { f.namespace = strings.Repeat("n", 65) }, sshsig.ErrNamespace},
		"format of RSA":      {func(f *fields) { f.format = "rsa-sha2-512" }, sshsig.ErrFormat},
		"webauthn":           {func(f *fields) { f.format = webauthn }, sshsig.ErrFormat},
		"flags on plain key": {func(f *fields) { f.rest = []byte{1, 0, 0, 0, 1} }, sshsig.ErrMalformed},
		"short value":        {func(f *fields) { f.value = f.value[:63] }, sshsig.ErrMalformed},
		"long value":         {func(f *fields) { f.value = append(f.value, 0) }, sshsig.ErrMalformed},
		"bytes after key":    {func(f *fields) { f.key += "\x00" }, sshsig.ErrKeyMalformed},
		"no key":             {func(f *fields) { f.key = "" }, sshsig.ErrKeyMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			f := good
			f.value = bytes.Clone(good.value)
			c.change(&f)
			refused(t, f.blob(), c.want)
		})
	}
	t.Run("trailing byte", func(t *testing.T) { refused(t, append(good.blob(), 0), sshsig.ErrMalformed) })
	t.Run("second blob", func(t *testing.T) { refused(t, append(good.blob(), good.blob()...), sshsig.ErrMalformed) })
	t.Run("too long", func(t *testing.T) { refused(t, make([]byte, sshsig.MaxBlob+1), sshsig.ErrMalformed) })
	t.Run("every prefix", func(t *testing.T) {
		for n := range len(good.blob()) {
			refused(t, good.blob()[:n], sshsig.ErrMalformed)
		}
	})
}

// TestEd25519Malleated adds the group order to S: valid in sloppy verifiers.
func TestEd25519Malleated(t *testing.T) {
	f := signed(t, newEd25519(t), "message")
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	le := bytes.Clone(f.value[32:])
	reverse(le)
	sum := new(big.Int).Add(new(big.Int).SetBytes(le), order)
	raised := sum.FillBytes(make([]byte, 32))
	reverse(raised)
	copy(f.value[32:], raised)
	refused(t, f.blob(), sshsig.ErrInvalid)
}

func reverse(b []byte) {
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
}

func TestECDSAForms(t *testing.T) {
	s := newECDSA(t, elliptic.P256())
	f := signed(t, s, "message")
	var v struct{ R, S *big.Int }
	if err := ssh.Unmarshal(f.value, &v); err != nil {
		t.Fatal(err)
	}
	n := elliptic.P256().Params().N
	low := v.S
	if other := new(big.Int).Sub(n, v.S); other.Cmp(low) < 0 {
		low = other
	}
	high := new(big.Int).Sub(n, low)
	with := func(r, s []byte) []byte {
		g := f
		g.value = append(str(r), str(s)...)
		return g.blob()
	}
	bare := func(v *big.Int) []byte { return mpint(v)[4:] }
	if _, err := sshsig.Verify(with(bare(v.R), bare(low)), kind, []byte("message")); err != nil {
		t.Fatalf("low S: %v", err)
	}
	refused(t, with(bare(v.R), bare(high)), sshsig.ErrNotCanonical)
	refused(t, with(append([]byte{0}, bare(v.R)...), bare(low)), sshsig.ErrNotCanonical)
	refused(t, with(bare(v.R), append([]byte{0}, bare(low)...)), sshsig.ErrNotCanonical)
	refused(t, with(bare(v.R), nil), sshsig.ErrMalformed)
	refused(t, with(bare(v.R), []byte{0}), sshsig.ErrMalformed)
	refused(t, with(bare(v.R), []byte{0x80}), sshsig.ErrMalformed)
	refused(t, with(bare(v.R), bare(new(big.Int).Add(low, n))), sshsig.ErrInvalid)
	refused(t, with(bare(low), bare(low)), sshsig.ErrInvalid)

	mended, err := sshsig.Normalise(with(append([]byte{0}, bare(v.R)...), bare(high)))
	if err != nil || !bytes.Equal(mended, with(bare(v.R), bare(low))) {
		t.Errorf("Normalise does not bring a high S and a long R into the one form (%v)", err)
	}
}

func TestKeysRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: newEd25519(t).PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, newEd25519(t)); err != nil {
		t.Fatal(err)
	}
	ed := newEd25519(t).PublicKey().Marshal()
	point := ed[len(ed)-32:]
	p256 := newECDSA(t, elliptic.P256()).PublicKey().Marshal()
	compressed := append([]byte{2}, p256[len(p256)-64:len(p256)-32]...)
	for name, c := range map[string]struct {
		key  []byte
		want error
	}{
		"rsa 2048":         {signer(t, small).PublicKey().Marshal(), sshsig.ErrKeySize},
		"dsa":              {wireKey(t, read(t, vectors, "dsa.pub")), sshsig.ErrKeyType},
		"certificate":      {cert.Marshal(), sshsig.ErrKeyCertificate},
		"identity":         {append(str("ssh-ed25519"), str(append([]byte{1}, make([]byte, 31)...))...), sshsig.ErrKeyWeak},
		"short point":      {append(str("ssh-ed25519"), str(point[:31])...), sshsig.ErrKeyMalformed},
		"other curve":      {bytes.Join([][]byte{str("ecdsa-sha2-nistp256"), str("nistp384"), str(p256[len(p256)-65:])}, nil), sshsig.ErrKeyMalformed},
		"compressed point": {bytes.Join([][]byte{str("ecdsa-sha2-nistp256"), str("nistp256"), str(compressed)}, nil), sshsig.ErrKeyMalformed},
		"off the curve":    {append(bytes.Clone(p256[:len(p256)-1]), p256[len(p256)-1]^1), sshsig.ErrKeyMalformed},
		"sk for the web":   {bytes.Join([][]byte{str("sk-ssh-ed25519@openssh.com"), str(point), str("example.com")}, nil), sshsig.ErrKeyApplication},
		"unknown":          {append(str("ssh-ed448"), str(point)...), sshsig.ErrKeyType},
		"long modulus":     {rsaKey(t, 16384), sshsig.ErrKeySize},
		"padded modulus":   {paddedRSA(t), sshsig.ErrKeyMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := sshsig.Inspect(c.key); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			f := signed(t, newEd25519(t), "message")
			f.key = string(c.key)
			if _, err := sshsig.Verify(f.blob(), kind, []byte("message")); err == nil {
				t.Error("a signature by this key was accepted")
			}
		})
	}
	if _, err := sshsig.Sign(signer(t, small), kind, []byte("message")); !errors.Is(err, sshsig.ErrKeySize) {
		t.Errorf("Sign with a small key: %v", err)
	}
}

// rsaKey returns a well-formed key of that size whose modulus is just odd.
func rsaKey(t *testing.T, bits int) []byte {
	t.Helper()
	n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
	return ssh.Marshal(struct {
		T    string
		E, N *big.Int
	}{"ssh-rsa", big.NewInt(65537), n})
}

func paddedRSA(t *testing.T) []byte {
	t.Helper()
	n := new(big.Int).SetBit(big.NewInt(1), 3071, 1).Bytes()
	return bytes.Join([][]byte{str("ssh-rsa"), str([]byte{1, 0, 1}), str(append([]byte{0, 0}, n...))}, nil)
}

// TestSmallOrderKeys shows what the refusal is for: under these keys the
// standard library accepts one fixed signature for many messages.
func TestSmallOrderKeys(t *testing.T) {
	forged := make([]byte, 64)
	forged[0] = 1 // R is the identity, S is zero
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		n, _ := new(big.Int).SetString(y, 16)
		point := n.FillBytes(make([]byte, 32))
		for _, sign := range []byte{0, 0x80} {
			point[31] = point[31]&0x7f | sign
			fits := 0
			for i := range byte(100) {
				if ed25519.Verify(point, []byte{i}, forged) {
					fits++
				}
			}
			if _, err := sshsig.Inspect(append(str("ssh-ed25519"), str(point)...)); !errors.Is(err, sshsig.ErrKeyWeak) {
				t.Errorf("%x (one signature fits %d of 100 messages): %v", point, fits, err)
			}
			if sign == 0 && fits == 0 {
				t.Errorf("%x: not of small order after all", point)
			}
		}
	}
}

// TestSecurityKeyFlags signs as an authenticator does, with flags of our choice.
func TestSecurityKeyFlags(t *testing.T) {
	pub, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	app := sha256.Sum256([]byte("ssh:"))
	sign := func(flags byte) fields {
		h := crypto.SHA512.New()
		h.Write([]byte("message"))
		pre := bytes.Join([][]byte{[]byte("SSHSIG"), str(kind), str(""), str("sha512"), str(h.Sum(nil))}, nil)
		msg := sha256.Sum256(pre)
		data := bytes.Join([][]byte{app[:], {flags, 0, 0, 0, 7}, msg[:]}, nil)
		typ := "sk-ssh-ed25519@openssh.com"
		key := bytes.Join([][]byte{str(typ), str([]byte(pub)), str("ssh:")}, nil)
		return fields{1, string(key), kind, "", "sha512", typ, ed25519.Sign(private, data), []byte{flags, 0, 0, 0, 7}}
	}
	for _, flags := range []byte{0, 1, 4, 5, 0x1d} {
		who, err := sshsig.Verify(sign(flags).blob(), kind, []byte("message"))
		if err != nil {
			t.Fatalf("flags %#x: %v", flags, err)
		}
		if who.Flags != flags || who.Touched != (flags&1 != 0) || who.UserVerified != (flags&4 != 0) || !who.Security {
			t.Errorf("flags %#x: %+v", flags, who)
		}
	}
	refused(t, sign(0x41).blob(), sshsig.ErrFlags)
	refused(t, sign(0x81).blob(), sshsig.ErrFlags)
	lifted := sign(0)
	lifted.rest[0] = 5
	refused(t, lifted.blob(), sshsig.ErrInvalid)
	none := sign(1)
	none.rest = nil
	refused(t, none.blob(), sshsig.ErrMalformed)
	longer := sign(1)
	longer.rest = append(longer.rest, 0)
	refused(t, longer.blob(), sshsig.ErrMalformed)
}
