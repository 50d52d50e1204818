package web_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal/jwe"
)

// opening runs sealed.js outside a browser: it makes a key, opens what it is given,
// reads links, and seals a text itself, by WebCrypto and the standard alone.
const opening = `
import { createInterface } from 'node:readline';
const { opened, link } = await import('./sealed.js');
const curve = { name: 'ECDH', namedCurve: 'P-256' };
const pair = await crypto.subtle.generateKey(curve, false, ['deriveBits']);
const raw = async (key) => Buffer.from(await crypto.subtle.exportKey('raw', key));
console.log((await raw(pair.publicKey)).toString('hex'));
for await (const line of createInterface({ input: process.stdin })) {
  const { cases, links, to } = JSON.parse(line);
  const said = [];
  for (const { text, bound } of cases) said.push(await opened(text, pair.privateKey, bound).catch((e) => 'refused: ' + e.message));
  const read = links.map((text) => { try { return link(text).to; } catch { return 'refused'; } });
  console.log(JSON.stringify({ said, read, sealed: await sealTo(Buffer.from(to, 'hex')) }));
  break;
}
async function sealTo(to) {
  const own = await crypto.subtle.generateKey(curve, true, ['deriveBits']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', own.publicKey);
  const head = Buffer.from(JSON.stringify({ alg: 'ECDH-ES', enc: 'A256GCM', epk: { kty, crv, x, y } })).toString('base64url');
  const theirs = await crypto.subtle.importKey('raw', to, curve, false, []);
  const shared = Buffer.from(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, own.privateKey, 256));
  const number = (n) => { const out = Buffer.alloc(4); out.writeUInt32BE(n); return out; };
  const cek = await crypto.subtle.digest('SHA-256', Buffer.concat([number(1), shared, number(7), Buffer.from('A256GCM'), number(0), number(0), number(256)]));
  const key = await crypto.subtle.importKey('raw', cek, 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const out = Buffer.from(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: Buffer.from(head) }, key, Buffer.from('from WebCrypto')));
  return [head, '', Buffer.from(iv).toString('base64url'), out.subarray(0, -16).toString('base64url'), out.subarray(-16).toString('base64url')].join('.');
}
`

// sealedCase is one text for sealed.js, and what it must be bound to.
type sealedCase struct {
	Text  string            `json:"text"`
	Bound map[string]string `json:"bound"`
}

// inNode starts a script beside the assets that it takes from.
func inNode(t *testing.T, script string, names ...string) (*bufio.Reader, func(any)) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed (Debian: nodejs)")
	}
	folder := t.TempDir()
	files := map[string][]byte{"script.js": []byte(script), "package.json": []byte(`{"type":"module"}`)}
	for _, name := range names {
		files[name] = asset(t, name)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(node, "--no-warnings", "script.js")
	run.Dir, run.Stderr = folder, os.Stderr
	in, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := run.Wait(); err != nil {
			t.Error(err)
		}
	})
	return bufio.NewReader(out), func(v any) {
		if err := json.NewEncoder(in).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
}

// TestT21SealedIsOfOneFetch has sealed.js open what the server sealed, and refuse it
// wherever it answers something else: another request, another fetch, other keys, or
// in another form. And what WebCrypto seals opens here.
func TestT21SealedIsOfOneFetch(t *testing.T) {
	out, send := inNode(t, opening, "sealed.js")
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	point, err := hex.DecodeString(strings.TrimSpace(line))
	if err != nil || len(point) != 65 {
		t.Fatalf("the key is %q, %v", line, err)
	}
	const plain = `{"SignInURL":"https://signin.example/ä"}`
	about := jwe.Bound{Request: canon.Sum([]byte("request")), Fetch: canon.Sum([]byte("fetch")), Holder: canon.Key32{7}}
	text, err := jwe.Seal([]byte(plain), canon.KeyP256(point), about)
	if err != nil {
		t.Fatal(err)
	}
	bound := func(change string) map[string]string {
		b := map[string]string{"kid": about.Holder.String(), "request": about.Request.String(), "fetch": about.Fetch.String()}
		if change != "" {
			b[change] = canon.Sum([]byte("another")).String()
		}
		return b
	}
	elsewhere, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := elsewhere.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := jwe.Seal([]byte(plain), canon.KeyP256(public), about)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	rebound := func(from, to string) string {
		head, err := base64.RawURLEncoding.DecodeString(parts[0])
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(head), from, to, 1))) + text[len(parts[0]):]
	}
	cases := []sealedCase{
		{text, bound("")},
		{text, bound("request")}, {text, bound("fetch")}, {text, bound("kid")},
		{rebound(about.Request.String(), bound("request")["request"]), bound("request")}, // said, and not so sealed
		{rebound("A256GCM", "A128GCM"), bound("")}, {rebound("ECDH-ES", "dir"), bound("")}, {rebound(`"typ"`, `"apu":"QQ","typ"`), bound("")},
		{foreign, bound("")}, {text + ".AA", bound("")}, {text[:len(text)-2], bound("")}, {strings.Replace(text, "..", ".AA.", 1), bound("")},
		{text, map[string]string{"kid": about.Holder.String()}}, {"", bound("")},
	}
	at := func(url, opens string) string {
		return `{"Expiration":"2026-03-04T12:30:00Z","Opens":"` + opens + `","SignInURL":"` + url + `","Version":1}`
	}
	const opens = "2026-03-04T12:15:00Z"
	links := []string{
		at("https://signin.aws.amazon.com/federation?SigninToken=x", opens), at("http://127.0.0.1:1/x", opens),
		at("http://signin.aws.amazon.com/", opens), at("javascript:alert(1)", opens), at("https://a@signin.aws.amazon.com/", opens), at("data:text/html,x", opens),
		at("http://127.0.0.1.example.com/", opens), at("https://signin.aws.amazon.com/", ""), strings.Replace(at("https://signin.aws.amazon.com/", opens), ":1}", ":2}", 1), "{}", "",
	}
	send(map[string]any{"cases": cases, "links": links, "to": hex.EncodeToString(public)})
	var got struct {
		Said, Read []string
		Sealed     string
	}
	if err := json.NewDecoder(out).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Said) != len(cases) || got.Said[0] != plain {
		t.Fatalf("opened as %q", got.Said)
	}
	for i, said := range got.Said[1:] {
		if !strings.HasPrefix(said, "refused: ") {
			t.Errorf("case %d is opened as %q", i+1, said)
		}
	}
	for i, to := range got.Read {
		if taken := to != "refused"; taken != (i < 2) {
			t.Errorf("%s leads to %q", links[i], to)
		}
	}
	parsed, err := jose.ParseEncryptedCompact(got.Sealed, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := parsed.Decrypt(elsewhere); err != nil || string(back) != "from WebCrypto" {
		t.Errorf("what WebCrypto sealed opens as %q, %v", back, err)
	}
}
