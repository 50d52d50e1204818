package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/halligan-dev/halligan/internal/config"
)

const secretText = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func serverFolder(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	for name, data := range map[string]string{"server.yaml": text, "pager.secret": secretText + "\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestServerDefaults(t *testing.T) {
	folder := t.TempDir()
	server, problems, err := config.LoadServer(filepath.Join(folder, "server.yaml"))
	if err != nil || len(problems) != 0 {
		t.Fatalf("a missing file: %v, %v", problems, err)
	}
	want := config.Server{
		Listen: "127.0.0.1:7878", MetricsListen: "127.0.0.1:7879",
		DataFolder: filepath.Join(folder, "data"), KeysFolder: filepath.Join(folder, "keys"), HighWater: filepath.Join(folder, "high-water"),
		Webhooks: map[string]config.Webhook{}, Limits: config.LimitsDefault,
	}
	if diff := cmp.Diff(want, server); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestServerReadsEverything(t *testing.T) {
	folder := serverFolder(t, `listen: "[::1]:0"
metrics_listen: localhost:9000
names: [Door.example.com, 192.0.2.7]
trusted_proxies: [192.0.2.10/32, 2001:db8::/32]
data: { folder: all/data, keys: /etc/halligan/keys, high_water: ../mark }
webhooks:
  pager: { url: "http://127.0.0.1:9/hook", secret_file: pager.secret }
mail:
  desk: { server: "mail.example.com:465", tls: tls, from: h@example.com, to: [a@example.com, b+c@example.com], username: h, password_file: pager.secret }
  wall: { server: "[::1]:25", tls: none, from: h@example.com, to: [a@example.com] }
witnesses: { w.example.net: "http://127.0.0.1:9/w", v.example.net: "https://v.example.net" }
limits: { connections: 10, streams: 5, requests_per_minute: 60, statements_per_minute: 7 }
`)
	server, problems, err := config.LoadServer(filepath.Join(folder, "server.yaml"))
	if err != nil || len(problems) != 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	want := config.Server{
		Listen: "[::1]:0", MetricsListen: "localhost:9000", Names: []string{"door.example.com", "192.0.2.7"},
		Proxies: config.Proxies{
			Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/32"), netip.MustParsePrefix("2001:db8::/32")}, Header: config.HeaderXForwardedFor,
		},
		DataFolder: filepath.Join(folder, "all/data"), KeysFolder: "/etc/halligan/keys", HighWater: filepath.Join(filepath.Dir(folder), "mark"),
		Webhooks: map[string]config.Webhook{"pager": {URL: "http://127.0.0.1:9/hook"}},
		Mail: map[string]config.Mail{
			"desk": {Server: "mail.example.com:465", TLS: "tls", From: "h@example.com", To: []string{"a@example.com", "b+c@example.com"}, Username: "h"},
			"wall": {Server: "[::1]:25", TLS: "none", From: "h@example.com", To: []string{"a@example.com"}},
		},
		Witnesses: map[string]string{"w.example.net": "http://127.0.0.1:9/w", "v.example.net": "https://v.example.net"},
		Limits:    config.Limits{Connections: 10, Streams: 5, RequestsPerMinute: 60, StatementsPerMinute: 7},
	}
	if diff := cmp.Diff(want, server, cmpopts.IgnoreTypes(config.Secret{}), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	if !bytes.Equal(server.Webhooks["pager"].Secret.Key(), key) {
		t.Error("the secret is another than its file holds")
	}
	if string(server.Mail["desk"].Password.Key()) != secretText {
		t.Error("the password is another than its file holds")
	}
}

// TestSecretsDoNotPrint: not in text, JSON, logs or the problems of a file.
func TestSecretsDoNotPrint(t *testing.T) {
	folder := serverFolder(t, `webhooks: { pager: { url: "https://example.com/", secret_file: pager.secret } }
mail: { desk: { server: "mail.example.com:465", tls: tls, from: h@example.com, to: [a@example.com], username: h, password_file: pager.secret } }
`)
	server, _, err := config.LoadServer(filepath.Join(folder, "server.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "server", server, "secret", server.Webhooks["pager"].Secret)
	fmt.Fprintf(&out, "%v %+v %#v %s %q", server, server, server, server.Webhooks["pager"].Secret, server.Webhooks)
	data, err := json.Marshal(server)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(data)
	if text := out.String(); !strings.Contains(text, "[secret]") || strings.Contains(text, "AAECAwQF") || strings.Contains(text, "0x1, 0x2") || strings.Contains(text, "0 1 2 3") {
		t.Errorf("printed: %s", text)
	}
}

func TestSecretFilesAreTheOwnersAlone(t *testing.T) {
	folder := serverFolder(t, "webhooks:\n  pager: { url: \"https://example.com/\", secret_file: pager.secret }\n")
	name, secret := filepath.Join(folder, "server.yaml"), filepath.Join(folder, "pager.secret")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o610} {
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
		_, _, err := config.LoadServer(name)
		var broken *config.BrokenError
		if !errors.As(err, &broken) {
			t.Errorf("mode %04o: %v, want a BrokenError", mode, err)
		}
	}
	if err := os.Rename(secret, secret+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(secret+".real", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret+".real", secret); err != nil {
		t.Fatal(err)
	}
	if _, _, err := config.LoadServer(name); err == nil {
		t.Error("a link was followed to a secret")
	}
}
