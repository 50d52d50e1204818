package alert_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/halligan-dev/halligan/internal/alert"
)

func TestGeneratedSecretsAreReadBack(t *testing.T) {
	source := bytes.Repeat([]byte{7}, 32)
	text, err := alert.GenerateSecret(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := alert.ParseSecret(text); err != nil || !bytes.Equal(secret, source) {
		t.Errorf("%s was read as %x, %v", text, secret, err)
	}
	if _, err := alert.GenerateSecret(bytes.NewReader(source[:31])); err == nil {
		t.Error("a secret was made of too little randomness")
	}
	broken := errors.New("no randomness")
	if _, err := alert.GenerateSecret(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func encoded(n int) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, n)) }

func TestParseSecretRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":       "",
		"prefix alone":  "whsec_",
		"no prefix":     encoded(32),
		"other prefix":  "whsk_" + encoded(32),
		"23 bytes":      "whsec_" + encoded(23),
		"65 bytes":      "whsec_" + encoded(65),
		"url alphabet":  "whsec_" + strings.NewReplacer("+", "-", "/", "_").Replace(encoded(24)),
		"no padding":    "whsec_" + strings.TrimRight(encoded(32), "="),
		"line end":      "whsec_" + encoded(24) + "\n",
		"broken line":   "whsec_" + encoded(24)[:8] + "\n" + encoded(24)[8:],
		"two spellings": "whsec_" + encoded(32)[:42] + "9=",
	} {
		secret, err := alert.ParseSecret(text)
		if !errors.Is(err, alert.ErrSecret) || secret != nil {
			t.Errorf("%s: %x, %v", name, secret, err)
		}
		if err != nil && len(text) > 6 && strings.Contains(err.Error(), text[6:]) {
			t.Errorf("%s: the error quotes it: %v", name, err)
		}
	}
}

func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := "whsec_" + encoded(32)
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"line":             {write("line", text+"\n", 0o600), nil},
		"no line end":      {write("bare", text, 0o600), nil},
		"carriage return":  {write("crlf", text+"\r\n", 0o600), nil},
		"read only":        {write("fixed", text, 0o400), nil},
		"group reads":      {write("group", text, 0o640), alert.ErrSecretFile},
		"others read":      {write("others", text, 0o604), alert.ErrSecretFile},
		"others write":     {write("writable", text, 0o602), alert.ErrSecretFile},
		"to be run":        {write("program", text, 0o700), alert.ErrSecretFile},
		"directory":        {dir, alert.ErrSecretFile},
		"missing":          {filepath.Join(dir, "none"), fs.ErrNotExist},
		"two lines":        {write("two", text+"\n"+text+"\n", 0o600), alert.ErrSecret},
		"empty":            {write("empty", "", 0o600), alert.ErrSecret},
		"long":             {write("long", text+strings.Repeat("\n", 5000), 0o600), alert.ErrSecret},
		"another's format": {write("hex", strings.Repeat("5ec2e7", 12), 0o600), alert.ErrSecret},
	} {
		secret, err := alert.ReadSecret(c.path)
		if !errors.Is(err, c.want) || (err == nil) != (len(secret) == 32) {
			t.Errorf("%s: %d bytes, %v; want %v", name, len(secret), err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), encoded(32)) || strings.Contains(err.Error(), "5ec2e7")) {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
}
