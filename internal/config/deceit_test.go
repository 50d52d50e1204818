package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/halligan-dev/halligan/internal/config"
)

// lintTitle lints the small sample with another title of its scenario.
func lintTitle(t *testing.T, title string) []config.Problem {
	t.Helper()
	files := smallFS(t)
	text := strings.Replace(string(files["scenarios/locked-out.yaml"].Data), "title: Production", "title: "+title, 1)
	files["scenarios/locked-out.yaml"] = &fstest.MapFile{Data: []byte(text)}
	return config.LintFS(files)
}

// TestT11NothingHiddenInText: what an approver reads is what was signed.
func TestT11NothingHiddenInText(t *testing.T) {
	for _, r := range []rune{
		0x00, 0x07, 0x08, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x17b4, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029,
		0x202a, 0x202d, 0x202e, 0x2060, 0x2064, 0x2066, 0x2069, 0x206f, 0x2800, 0x3164, 0xe000, 0xfe00, 0xfeff, 0xffa0, 0xfff9, 0xffff, 0xe0001, 0xe0100, 0xf0000,
	} {
		problems := lintTitle(t, fmt.Sprintf("a%cb", r))
		if len(problems) != 1 || !strings.Contains(problems[0].What, fmt.Sprintf("%U", r)) || problems[0].Line != 2 || problems[0].Column != 9 {
			t.Errorf("%U: %v", r, problems)
		}
		// The same as an escape, in the forms that YAML has.
		escape := fmt.Sprintf(`"a\U%08x" #`, r)
		if problems := lintTitle(t, escape); !config.HasErrors(problems) {
			t.Errorf("%U passes as %s", r, escape)
		}
	}
	for _, text := range []string{"é", "日本", "→", "“quoted”", "⚠️", "naïve café", "عربي", "עברית"} {
		if problems := lintTitle(t, text); len(problems) != 0 {
			t.Errorf("%q: %v", text, problems)
		}
	}
}

// TestT61NoSecretInAFile: found, and never printed. The samples are put together
// from pieces, so that nobody takes this file for a leak.
func TestT61NoSecretInAFile(t *testing.T) {
	secrets := map[string]string{
		"AWS":        "ASIA" + "ABCDEFGHIJKLMNOP",
		"Slack":      "xoxp" + "-1234567890-abcdef",
		"GitHub":     "ghp" + "_" + strings.Repeat("a1", 18),
		"fine":       "github" + "_pat_" + strings.Repeat("a1", 18),
		"GitLab":     "glpat" + "-" + strings.Repeat("a1", 10),
		"Google":     "AI" + "za" + strings.Repeat("b", 35),
		"Stripe":     "sk" + "_live_" + strings.Repeat("a1", 10),
		"age":        "AGE-SECRET" + "-KEY-1" + strings.Repeat("Q", 58),
		"JWT":        "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxIn0.c2lnbmF0dXJl",
		"webhook":    "whsec" + "_" + strings.Repeat("A", 32),
		"URL":        "postgres" + "://admin:hunter2@db/x",
		"PEM":        "-----BEGIN EC PRIVATE" + " KEY-----",
		"PGP":        "-----BEGIN PGP PRIVATE" + " KEY BLOCK-----",
		"signed log": "PRIVATE" + "+KEY+halligan.example.com+0a1b2c3d+AAAA",
	}
	for name, secret := range secrets {
		problems := lintTitle(t, "x "+secret+" y")
		if len(problems) != 1 || problems[0].Severity != config.Error || !strings.Contains(problems[0].What, "looks like") {
			t.Errorf("%s: %v", name, problems)
		}
		if strings.Contains(render(problems), secret) {
			t.Errorf("%s is printed", name)
		}
	}
	for _, text := range []string{"AKIA", "the xoxb tokens of Slack", "http://db:5432/x", "mail anna@example.com", "SHA256:AKIAIOSFODNN7"} {
		if problems := lintTitle(t, "'"+text+"' #"); len(problems) != 0 {
			t.Errorf("%q: %v", text, problems)
		}
	}
}

func TestBrokenErrorNamesTheFirst(t *testing.T) {
	files := smallFS(t)
	files["cell.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(files["cell.yaml"].Data), "witnesses: none", "witnesses: some\ncolour: red", 1))}
	_, err := config.CompileFS(files, fixedKeys())
	var broken *config.BrokenError
	if !errors.As(err, &broken) {
		t.Fatal(err)
	}
	if got, want := err.Error(), `cannot use cell.yaml: line 35: witnesses must be none or keys with values, is text "some" (and 1 more)`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMaskedIsWithoutSecrets: an error that quotes what somebody typed says what it
// is, and keeps what stands around it.
func TestMaskedIsWithoutSecrets(t *testing.T) {
	armored := "-----BEGIN OPENSSH PRIVATE" + " KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE" + " KEY-----\n"
	for secret, kind := range map[string]string{
		"AGE-SECRET" + "-KEY-1" + strings.Repeat("Q", 58):             "(an age key)",
		"PRIVATE+KEY" + "+halligan.example.com+0a1b2c3d+AX9kZXk":      "(a private key)",
		"whsec" + "_" + strings.Repeat("A", 32):                       "(a webhook secret)",
		"eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxIn0.c2lnbmF0dXJl": "(a signed token)",
		armored: "(a private key)",
		"-----BEGIN EC PRIVATE" + " KEY-----\nMHcCAQEEII": "(a private key)",
	} {
		for _, format := range []string{"cannot use %s", "cannot use %q"} {
			got := config.Masked(fmt.Sprintf(format, secret))
			if !strings.HasPrefix(strings.ReplaceAll(got, `"`, ""), "cannot use "+kind) || strings.Contains(got, "MHcC") || strings.Contains(got, "b3Bl") || strings.Contains(got, "AX9k") {
				t.Errorf("%s", got)
			}
		}
	}
	if got := config.Masked("open (a key) AKIA" + "ABCDEFGHIJKLMNOP: whsec" + "_" + strings.Repeat("A", 32) + " is none"); got != "open (a key) AKIA"+"ABCDEFGHIJKLMNOP: (a webhook secret) is none" {
		t.Error(got)
	}
}
