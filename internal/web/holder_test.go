package web_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// signing runs holder.js outside a browser: two requests' keys, the line of the
// first and its signature of what comes on stdin.
const signing = `
globalThis.document = { addEventListener() {} };
const { make, sshsig } = await import('./holder.js');
const [keys, other] = [await make(), await make()];
if (keys.line === other.line) throw new Error('two requests have the same keys');
for (const pair of [keys.ed25519, keys.p256]) {
  await crypto.subtle.exportKey('pkcs8', pair.privateKey).then(() => { throw new Error('a private key can be taken out'); }, () => {});
  if (pair.privateKey.extractable) throw new Error('a private key can be taken out');
}
let message = '';
for await (const chunk of process.stdin.setEncoding('utf8')) message += chunk;
console.log(keys.line);
console.log(Buffer.from(await sshsig(keys.ed25519, 'halligan.v1.release', message)).toString('base64'));
`

// TestHolderSigns has holder.js sign a statement with keys that it made, and reads
// both as the server does.
func TestHolderSigns(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed (Debian: nodejs)")
	}
	folder := t.TempDir()
	for name, data := range map[string][]byte{
		"act.js": asset(t, "act.js"), "sealed.js": asset(t, "sealed.js"), "holder.js": asset(t, "holder.js"), "sign.js": []byte(signing), "package.json": []byte(`{"type":"module"}`),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const message = "{\"kind\":\"release\",\"of\":\"5f0c\",\"why\":\"ä ✓\"}"
	run := exec.Command(node, "--no-warnings", "sign.js")
	run.Dir, run.Stdin = folder, strings.NewReader(message)
	var told strings.Builder
	run.Stderr = &told
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &told)
	}
	line, encoded, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	public, err := statement.ParseHolder(line)
	if err != nil || public.P256.IsZero() {
		t.Fatalf("%q: %v", line, err)
	}
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := sshsig.Verify(signature, "halligan.v1.release", []byte(message))
	if err != nil || signer.Type != "ssh-ed25519" || !bytes.HasSuffix(signer.Key, public.Ed25519[:]) {
		t.Errorf("signed by %s, the line names %s: %v", signer.Fingerprint, public.Ed25519, err)
	}
	if _, err := sshsig.Verify(signature, "halligan.v1.fetch", []byte(message)); err == nil {
		t.Error("it passes for another kind")
	}
	if key := (&ledger.Signature{SSHSig: signature}).Key(); key == nil {
		t.Error("the ledger finds no key in it")
	}
}

func asset(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("assets", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
