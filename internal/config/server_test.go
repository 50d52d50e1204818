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
sns:
  cloud: { topic: "arn:aws:sns:eu-west-1:123456789012:halligan-alarms", endpoint: "https://sns.vpce.example.com", credentials_file: aws.secret }
  plain: { topic: "arn:aws-cn:sns:cn-north-1:123456789012:a.fifo" }
witnesses: { w.example.net: "http://127.0.0.1:9/w", v.example.net: "https://v.example.net" }
limits: { connections: 10, streams: 5, requests_per_minute: 60, statements_per_minute: 7 }
`)
	if err := os.WriteFile(filepath.Join(folder, "aws.secret"), []byte("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = a/b=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
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
		SNS: map[string]config.SNS{
			"cloud": {Topic: "arn:aws:sns:eu-west-1:123456789012:halligan-alarms", Endpoint: "https://sns.vpce.example.com", Keys: &config.AWSKeys{}},
			"plain": {Topic: "arn:aws-cn:sns:cn-north-1:123456789012:a.fifo"},
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

// TestAWSKeys: a file of credentials holds one profile's keys and nothing else, above
// all no program to run.
func TestAWSKeys(t *testing.T) {
	const both = "aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = a/b=c\n"
	for text, want := range map[string]string{
		"[default]\n" + both: "AKIAIOSFODNN7EXAMPLE a/b=c ",
		"# mine\r\n\r\n [default] \r\n; x\r\n" + both + "aws_session_token = t==": "AKIAIOSFODNN7EXAMPLE a/b=c t==",
		"": "", both: "", "[default]\n": "", "[default]\naws_access_key_id = AKIA\n": "", "[default]\n[default]\n" + both: "", "[other]\n" + both: "",
		"[default]\n" + both + "[other]\n" + both: "", "[default]\n" + both + "aws_access_key_id=x\n": "", "[default]\n" + both + "aws_session_token =\n": "",
		"[default]\n" + both + "credential_process = /bin/sh\n": "", "[default]\n" + both + "role_arn = x\n": "", "[default]\n" + both + "aws_session_token = a b\n": "",
		"[default]\n" + both + "aws_session_token = \x1b[2J\n": "", "[default]\n" + both + "word\n": "",
	} {
		keys, ok := config.DecodeAWSKeys(text)
		got := ""
		if ok {
			got = fmt.Sprintf("%s %s %s", keys.ID.Key(), keys.Secret.Key(), keys.Token.Key())
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestSecretsDoNotPrint: not in text, JSON, logs or the problems of a file.
func TestSecretsDoNotPrint(t *testing.T) {
	folder := serverFolder(t, `webhooks: { pager: { url: "https://example.com/", secret_file: pager.secret } }
mail: { desk: { server: "mail.example.com:465", tls: tls, from: h@example.com, to: [a@example.com], username: h, password_file: pager.secret } }
sns: { cloud: { topic: "arn:aws:sns:eu-west-1:123456789012:halligan-alarms", credentials_file: aws.secret } }
`)
	if err := os.WriteFile(filepath.Join(folder, "aws.secret"), []byte("[default]\naws_access_key_id = AKIA"+secretText+"\naws_secret_access_key = "+secretText+"\naws_session_token = "+secretText+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
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
