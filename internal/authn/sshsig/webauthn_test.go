package sshsig_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const (
	skP256   = "sk-ecdsa-sha2-nistp256@openssh.com"
	webauthn = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
	cellHost = "cell.example.com"
	page     = "https://cell.example.com"
)

// passkey is an authenticator and its browser, which sign whatever a test says.
type passkey struct {
	private *ecdsa.PrivateKey
	wire    []byte

	rpID                        string // that the authenticator hashes
	typ, origin, tail           string // of the client data; tail is from after the origin
	named                       string // origin that stands in the signature; empty: the same
	challenge                   []byte // empty: the right one
	flags                       byte
	extensions, trailing, value []byte // value in place of the signature's numbers
	format                      string
	highS                       bool
	namespace                   string
	clientData                  string // all of it; %s is the challenge
}

func newPasskey(t testing.TB, application string) *passkey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	wire := bytes.Join([][]byte{str(skP256), str("nistp256"), str(point), str(application)}, nil)
	return &passkey{private: private, wire: wire, rpID: application, typ: "webauthn.get", origin: "https://" + application,
		tail: `,"crossOrigin":false}`, flags: 5, format: webauthn, namespace: kind}
}

// with is the same passkey told to do something else.
func (p passkey) with(change func(*passkey)) *passkey {
	change(&p)
	return &p
}

func mpint(v *big.Int) []byte { return ssh.Marshal(struct{ V *big.Int }{v}) }

// sign makes the SSHSIG of a message, with everything that the passkey was told.
func (p *passkey) sign(t testing.TB, message string) fields {
	t.Helper()
	challenge := p.challenge
	if challenge == nil {
		challenge = sshsig.Challenge(p.namespace, []byte(message))
	}
	text := base64.RawURLEncoding.EncodeToString(challenge)
	clientData := fmt.Sprintf(`{"type":"%s","challenge":"%s","origin":"%s"%s`, p.typ, text, p.origin, p.tail)
	if p.clientData != "" {
		clientData = strings.ReplaceAll(p.clientData, "%s", text)
	}
	app, hash := sha256.Sum256([]byte(p.rpID)), sha256.Sum256([]byte(clientData))
	counter := binary.BigEndian.AppendUint32([]byte{p.flags}, 3)
	digest := sha256.Sum256(bytes.Join([][]byte{app[:], counter, p.extensions, hash[:]}, nil))
	r, s, err := ecdsa.Sign(rand.Reader, p.private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	n := elliptic.P256().Params().N
	if other := new(big.Int).Sub(n, s); (other.Cmp(s) < 0) != p.highS {
		s = other
	}
	named := p.named
	if named == "" {
		named = p.origin
	}
	value := p.value
	if value == nil {
		value = append(mpint(r), mpint(s)...)
	}
	rest := bytes.Join([][]byte{counter, str(named), str(clientData), str(p.extensions), p.trailing}, nil)
	return fields{1, string(p.wire), p.namespace, "", "sha512", p.format, value, rest}
}

func TestPasskeySigns(t *testing.T) {
	for name, c := range map[string]struct {
		host   string
		change func(*passkey)
	}{
		"plain":             {cellHost, func(*passkey) {}},
		"no crossOrigin":    {cellHost, func(p *passkey) { p.tail = "}" }},
		"a port":            {cellHost, func(p *passkey) { p.origin += ":8443" }},
		"more members":      {cellHost, func(p *passkey) { p.tail = `,"crossOrigin":false,"other_keys":{"a":[1,"} "]}}` }},
		"backup eligible":   {cellHost, func(p *passkey) { p.flags = 0x0d }},
		"backed up":         {cellHost, func(p *passkey) { p.flags = 0x1d }},
		"user not verified": {cellHost, func(p *passkey) { p.flags = 1 }},
		"user not present":  {cellHost, func(p *passkey) { p.flags = 4 }}, // the law refuses its strength
		"localhost, https":  {"localhost", func(p *passkey) { p.origin += ":8443" }},
		"localhost, http":   {"localhost", func(p *passkey) { p.origin = "http://localhost:8080" }},
		"localhost, bare":   {"localhost", func(p *passkey) { p.origin = "http://localhost" }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPasskey(t, c.host).with(c.change)
			blob := p.sign(t, "message").blob()
			who, err := sshsig.Verify(blob, kind, []byte("message"))
			if err != nil {
				t.Fatal(err)
			}
			if !who.Passkey || !who.Security || who.Origin != p.origin || who.Application != c.host || who.Type != skP256 ||
				who.Flags != p.flags || who.Touched != (p.flags&1 != 0) || who.UserVerified != (p.flags&4 != 0) || !bytes.Equal(who.Key, p.wire) {
				t.Errorf("signer %+v", who)
			}
			again, err := sshsig.Normalise(sshsig.Armor(blob))
			if err != nil || !bytes.Equal(again, blob) {
				t.Errorf("Normalise changes a canonical blob (%v)", err)
			}
		})
	}
	who, err := sshsig.Inspect(newPasskey(t, cellHost).wire)
	if err != nil || !who.Passkey || who.Application != cellHost || who.Origin != "" {
		t.Errorf("Inspect: %+v, %v", who, err)
	}
}

// TestT21PasskeyRefused: whatever was signed for another purpose, by another
// page or in another form is refused, by its own name.
func TestT21PasskeyRefused(t *testing.T) {
	otherKind := sshsig.Challenge("halligan.v1.stop", []byte("message"))
	otherMessage := sshsig.Challenge(kind, []byte("another"))
	head := `{"type":"webauthn.get","challenge":"%s","origin":"` + page + `"`
	for name, c := range map[string]struct {
		change func(*passkey)
		want   error
	}{
		"making of a passkey":        {func(p *passkey) { p.typ = "webauthn.create" }, sshsig.ErrCeremony},
		"payment":                    {func(p *passkey) { p.typ = "payment.get" }, sshsig.ErrCeremony},
		"another kind":               {func(p *passkey) { p.challenge = otherKind }, sshsig.ErrChallenge},
		"another statement":          {func(p *passkey) { p.challenge = otherMessage }, sshsig.ErrChallenge},
		"empty challenge":            {func(p *passkey) { p.challenge = []byte{} }, sshsig.ErrChallenge},
		"login's challenge":          {func(p *passkey) { p.challenge = bytes.Repeat([]byte{7}, 32) }, sshsig.ErrChallenge},
		"longer challenge":           {func(p *passkey) { p.challenge = append(sshsig.Challenge(kind, []byte("message")), 0) }, sshsig.ErrChallenge},
		"padded challenge":           {func(p *passkey) { p.clientData = strings.Replace(head, "%s", "%s=", 1) + "}" }, sshsig.ErrChallenge},
		"another site":               {func(p *passkey) { p.origin = "https://evil.example" }, sshsig.ErrOrigin},
		"a subdomain":                {func(p *passkey) { p.origin = "https://www." + cellHost }, sshsig.ErrOrigin},
		"the parent domain":          {func(p *passkey) { p.origin = "https://example.com" }, sshsig.ErrOrigin},
		"a longer host":              {func(p *passkey) { p.origin = page + ".evil.example" }, sshsig.ErrOrigin},
		"a host that begins alike":   {func(p *passkey) { p.origin = page + "m" }, sshsig.ErrOrigin},
		"user info":                  {func(p *passkey) { p.origin = page + "@evil.example" }, sshsig.ErrOrigin},
		"user info and port":         {func(p *passkey) { p.origin = page + ":443@evil.example" }, sshsig.ErrOrigin},
		"http":                       {func(p *passkey) { p.origin = "http://" + cellHost }, sshsig.ErrOrigin},
		"http of another localhost":  {func(p *passkey) { p.origin = "http://localhost" }, sshsig.ErrOrigin},
		"an app":                     {func(p *passkey) { p.origin = "android:apk-key-hash:AAAA" }, sshsig.ErrOrigin},
		"upper case":                 {func(p *passkey) { p.origin = "https://CELL.example.com" }, sshsig.ErrOrigin},
		"a dot at the end":           {func(p *passkey) { p.origin = page + "." }, sshsig.ErrOrigin},
		"a path":                     {func(p *passkey) { p.origin = page + "/" }, sshsig.ErrOrigin},
		"the usual port":             {func(p *passkey) { p.origin = page + ":443" }, sshsig.ErrOrigin},
		"port 0":                     {func(p *passkey) { p.origin = page + ":0" }, sshsig.ErrOrigin},
		"port with a zero":           {func(p *passkey) { p.origin = page + ":08443" }, sshsig.ErrOrigin},
		"port with a sign":           {func(p *passkey) { p.origin = page + ":+8443" }, sshsig.ErrOrigin},
		"port too large":             {func(p *passkey) { p.origin = page + ":65536" }, sshsig.ErrOrigin},
		"no port":                    {func(p *passkey) { p.origin = page + ":" }, sshsig.ErrOrigin},
		"no origin":                  {func(p *passkey) { p.origin = "" }, sshsig.ErrOrigin},
		"null origin":                {func(p *passkey) { p.origin = "null" }, sshsig.ErrOrigin},
		"two origins":                {func(p *passkey) { p.origin, p.named = "https://evil.example", page }, sshsig.ErrOrigin},
		"another port than said":     {func(p *passkey) { p.origin, p.named = page+":8443", page }, sshsig.ErrOrigin},
		"origin with a quote":        {func(p *passkey) { p.named = page + `","x":"` }, sshsig.ErrOrigin},
		"in another site's frame":    {func(p *passkey) { p.tail = `,"crossOrigin":true}` }, sshsig.ErrCrossOrigin},
		"crossOrigin as text":        {func(p *passkey) { p.tail = `,"crossOrigin":"false"}` }, sshsig.ErrCrossOrigin},
		"crossOrigin null":           {func(p *passkey) { p.tail = `,"crossOrigin":null}` }, sshsig.ErrCrossOrigin},
		"crossOrigin in disguise":    {func(p *passkey) { p.tail = `,"cross\u004frigin":true}` }, sshsig.ErrCrossOrigin},
		"crossOrigin last":           {func(p *passkey) { p.tail = `,"a":1,"crossOrigin":true}` }, sshsig.ErrCrossOrigin},
		"a top origin":               {func(p *passkey) { p.tail = `,"crossOrigin":false,"topOrigin":"https://cell.example.com"}` }, sshsig.ErrCrossOrigin},
		"the type twice":             {func(p *passkey) { p.tail = `,"type":"webauthn.create"}` }, sshsig.ErrClientData},
		"the challenge twice":        {func(p *passkey) { p.tail = `,"challenge":"AA"}` }, sshsig.ErrClientData},
		"the origin twice":           {func(p *passkey) { p.tail = `,"or\u0069gin":"https://evil.example"}` }, sshsig.ErrClientData},
		"crossOrigin twice":          {func(p *passkey) { p.tail = `,"crossOrigin":false,"crossOrigin":false}` }, sshsig.ErrClientData},
		"a name twice, deeper":       {func(p *passkey) { p.tail = `,"x":{"a":1,"a":2}}` }, sshsig.ErrClientData},
		"a second object":            {func(p *passkey) { p.tail = `}{}` }, sshsig.ErrClientData},
		"bytes after the object":     {func(p *passkey) { p.tail = `} }` }, sshsig.ErrClientData},
		"a space at the end":         {func(p *passkey) { p.tail = `} ` }, sshsig.ErrClientData},
		"no end":                     {func(p *passkey) { p.tail = `,"a":1` }, sshsig.ErrClientData},
		"nothing after the origin":   {func(p *passkey) { p.tail = `` }, sshsig.ErrClientData},
		"something after the origin": {func(p *passkey) { p.tail = `x}` }, sshsig.ErrClientData},
		"a comma at the end":         {func(p *passkey) { p.tail = `,}` }, sshsig.ErrClientData},
		"invalid UTF-8":              {func(p *passkey) { p.tail = ",\"a\":\"\xff\"}" }, sshsig.ErrClientData},
		"too long":                   {func(p *passkey) { p.tail = `,"a":"` + strings.Repeat("x", 2<<10) + `"}` }, sshsig.ErrClientData},
		"members in another order":   {func(p *passkey) { p.clientData = `{"challenge":"%s","type":"webauthn.get","origin":"` + page + `"}` }, sshsig.ErrClientData},
		"white space":                {func(p *passkey) { p.clientData = strings.Replace(head, ",", ", ", 1) + "}" }, sshsig.ErrClientData},
		"the type escaped":           {func(p *passkey) { p.clientData = strings.Replace(head, "webauthn", `\u0077ebauthn`, 1) + "}" }, sshsig.ErrCeremony},
		"a type that begins alike":   {func(p *passkey) { p.typ = "webauthn.getx" }, sshsig.ErrCeremony},
		"no client data":             {func(p *passkey) { p.clientData = " " }, sshsig.ErrClientData},
		"another RP id":              {func(p *passkey) { p.rpID = "example.com" }, sshsig.ErrInvalid},
		"a credential's data":        {func(p *passkey) { p.flags |= 0x40 }, sshsig.ErrFlags},
		"extension data":             {func(p *passkey) { p.flags |= 0x80 }, sshsig.ErrFlags},
		"backed up, not eligible":    {func(p *passkey) { p.flags = 0x15 }, sshsig.ErrFlags},
		"extensions":                 {func(p *passkey) { p.flags, p.extensions = 0x85, []byte{0xa0} }, sshsig.ErrExtensions},
		"bytes after the extensions": {func(p *passkey) { p.trailing = []byte{0} }, sshsig.ErrMalformed},
		"high S":                     {func(p *passkey) { p.highS = true }, sshsig.ErrNotCanonical},
		"no signature":               {func(p *passkey) { p.value = []byte{} }, sshsig.ErrMalformed},
		"signature as DER":           {func(p *passkey) { p.value = []byte{0x30, 6, 2, 1, 1, 2, 1, 1} }, sshsig.ErrMalformed},
		"another signature":          {func(p *passkey) { p.value = append(mpint(big.NewInt(1)), mpint(big.NewInt(1))...) }, sshsig.ErrInvalid},
		"signed outside a browser":   {func(p *passkey) { p.format = skP256 }, sshsig.ErrApplication},
		"the format of RSA":          {func(p *passkey) { p.format = "rsa-sha2-512" }, sshsig.ErrFormat},
		"the webauthn format of RSA": {func(p *passkey) { p.format = "webauthn-rsa-sha2-512" }, sshsig.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPasskey(t, cellHost)
			if _, err := sshsig.Verify(p.sign(t, "message").blob(), kind, []byte("message")); err != nil {
				t.Fatalf("the untouched signature: %v", err)
			}
			refused(t, p.with(c.change).sign(t, "message").blob(), c.want)
		})
	}
}

// TestT21KeysOfOneUse: a key for SSH is none for browsers, nor the other way.
func TestT21KeysOfOneUse(t *testing.T) {
	forSSH := newPasskey(t, "ssh:")
	forSSH.origin = page
	refused(t, forSSH.sign(t, "message").blob(), sshsig.ErrApplication)
	forSSH.origin = "https://ssh:"
	refused(t, forSSH.sign(t, "message").blob(), sshsig.ErrApplication)

	// The flags are lifted after the touch, and the key exchanged.
	p := newPasskey(t, cellHost)
	lifted := p.with(func(p *passkey) { p.flags = 1 }).sign(t, "message")
	lifted.rest[0] = 5
	refused(t, lifted.blob(), sshsig.ErrInvalid)
	exchanged := p.sign(t, "message")
	exchanged.key = string(newPasskey(t, cellHost).wire)
	refused(t, exchanged.blob(), sshsig.ErrInvalid)
	moved := p.sign(t, "message")
	moved.key = string(p.wire[:len(p.wire)-len(cellHost)-4]) + string(str("evil.example"))
	refused(t, moved.blob(), sshsig.ErrOrigin)

	for _, application := range []string{"", "Cell.example.com", "cell.example.com.", ".example.com", "cell_example", "https://cell.example.com",
		"cell.example.com:443", "c", "SSH:", strings.Repeat("a", 254), "cell\x00.example.com"} {
		if _, err := sshsig.Inspect(newPasskey(t, application).wire); !errors.Is(err, sshsig.ErrKeyApplication) {
			t.Errorf("application %q: %v", application, err)
		}
	}
}

// TestBlobOfPasskey puts together what TestPasskeySigns took from a browser, with
// either S.
func TestBlobOfPasskey(t *testing.T) {
	for _, high := range []bool{false, true} {
		p := newPasskey(t, cellHost)
		p.highS = high
		f := p.sign(t, "message")
		var v struct{ R, S *big.Int }
		if err := ssh.Unmarshal(f.value, &v); err != nil {
			t.Fatal(err)
		}
		var rest struct {
			Flags      byte
			Counter    uint32
			Origin     string
			ClientData string
			Extensions string
		}
		if err := ssh.Unmarshal(f.rest, &rest); err != nil {
			t.Fatal(err)
		}
		a := sshsig.WebAuthn{Key: p.wire, R: v.R, S: v.S, Flags: rest.Flags, Counter: rest.Counter, Origin: rest.Origin, ClientData: []byte(rest.ClientData)}
		blob, err := a.Blob(kind)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sshsig.Verify(blob, kind, []byte("message")); err != nil {
			t.Errorf("high S %v: %v", high, err)
		}
		for name, change := range map[string]func(*sshsig.WebAuthn){
			"no R":        func(a *sshsig.WebAuthn) { a.R = nil },
			"S zero":      func(a *sshsig.WebAuthn) { a.S = new(big.Int) },
			"R negative":  func(a *sshsig.WebAuthn) { a.R = big.NewInt(-1) },
			"S too large": func(a *sshsig.WebAuthn) { a.S = elliptic.P256().Params().N },
			"R too large": func(a *sshsig.WebAuthn) { a.R = new(big.Int).Lsh(big.NewInt(1), 4096) },
			"no key":      func(a *sshsig.WebAuthn) { a.Key = nil },
			"client data": func(a *sshsig.WebAuthn) { a.ClientData = make([]byte, sshsig.MaxClientData+1) },
		} {
			b := a
			change(&b)
			var refusal sshsig.Refusal
			if _, err := b.Blob(kind); !errors.As(err, &refusal) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestEveryBitOfPasskey flips each bit: none may pass.
func TestEveryBitOfPasskey(t *testing.T) {
	good := newPasskey(t, cellHost).sign(t, "message").blob()
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		_, err := sshsig.Verify(bad, kind, []byte("message"))
		var refusal sshsig.Refusal
		if !errors.As(err, &refusal) || refusal.Reason() == "" || refusal.Error() == "" {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
}

// TestPasskeyWithKeygen: ssh-keygen finds what a passkey signed right without any
// program of ours, and another statement wrong.
func TestPasskeyWithKeygen(t *testing.T) {
	dir := t.TempDir()
	p := newPasskey(t, cellHost)
	message := []byte(`{"halligan":"v1"}`)
	f := p.sign(t, string(message))
	if _, err := sshsig.Verify(f.blob(), kind, message); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "sig", sshsig.Armor(f.blob()))
	write(t, dir, "allowed", []byte("her "+skP256+" "+base64.StdEncoding.EncodeToString(p.wire)+"\n"))
	check := []string{"-Y", "verify", "-f", "allowed", "-I", "her", "-n", kind, "-s", "sig"}
	if out, err := keygen(t, dir, message, check...); err != nil {
		t.Errorf("ssh-keygen refuses a passkey's signature: %s", out)
	}
	if _, err := keygen(t, dir, append(message, '.'), check...); err == nil {
		t.Error("ssh-keygen accepts another message: this test proves nothing")
	}
	// What only we look at: the page's host.
	elsewhere := p.with(func(p *passkey) { p.origin = "https://evil.example" }).sign(t, string(message))
	write(t, dir, "sig", sshsig.Armor(elsewhere.blob()))
	if out, err := keygen(t, dir, message, check...); err != nil {
		t.Logf("ssh-keygen minds the origin by now: %s", out)
	}
	if _, err := sshsig.Verify(elsewhere.blob(), kind, message); !errors.Is(err, sshsig.ErrOrigin) {
		t.Errorf("a page elsewhere: %v", err)
	}
}

func BenchmarkVerifyPasskey(b *testing.B) {
	blob := newPasskey(b, cellHost).sign(b, "message").blob()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sshsig.Verify(blob, kind, []byte("message")); err != nil {
			b.Fatal(err)
		}
	}
}
