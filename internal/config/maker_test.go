package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/config"
)

const makersHost = "halligan.example.com"

// hardware is a folder of a cell whose scenario demands hardware, with a root of a
// maker, in which each person has a passkey that another maker attests.
func hardware(t *testing.T, root, attests *attestationtest.Maker, change func(cell string) string) string {
	t.Helper()
	folder := t.TempDir()
	copyTree(t, folder, "testdata/good/small")
	write := func(name string, edit func(string) string) {
		t.Helper()
		path := filepath.Join(folder, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		edited := edit(string(data))
		if edited == string(data) {
			t.Fatalf("%s: nothing was edited", name)
		}
		if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scenarios, err := os.ReadDir(filepath.Join(folder, "scenarios"))
	if err != nil || len(scenarios) != 1 {
		t.Fatalf("%d scenarios: %v", len(scenarios), err)
	}
	write(filepath.Join("scenarios", scenarios[0].Name()), func(text string) string {
		return strings.Replace(text, "alarms:", "controls: { mfa: hardware }\nalarms:", 1)
	})
	write("cell.yaml", func(text string) string {
		for _, person := range []string{"anna", "ben", "cara", "dan"} {
			device := passkeytest.New(person, makersHost)
			device.Maker = attests
			made, err := device.Register().Key(makersHost)
			if err != nil {
				t.Fatal(err)
			}
			text = strings.Replace(text, " "+person+"@laptop]", " "+person+"@laptop, "+device.Line()+" "+person+"@phone]\n    attestations: ["+made.Attestation+"]", 1)
		}
		pem := strings.ReplaceAll(strings.TrimSpace(root.PEM()), "\n", "\n        ")
		return change(text + "attestation:\n  - maker: acme\n    roots:\n      - |\n        " + pem + "\n")
	})
	return folder
}

func asItIs(text string) string { return text }

// TestMakersOfAFolder: roots and attestations come into the document that is signed,
// and whoever has an attested key may do what demands hardware.
func TestMakersOfAFolder(t *testing.T) {
	acme := attestationtest.New("Acme")
	folder := hardware(t, acme, acme, asItIs)
	for _, p := range config.Lint(folder) {
		t.Errorf("with attested passkeys: %v", p)
	}
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	bundle, err := config.Compile(folder, machineKeys(t, makersHost))
	if err != nil {
		t.Fatal(err)
	}
	if makers := bundle.Genesis.Makers; len(makers) != 1 || makers[0].ID != "acme" || string(makers[0].Roots[0]) != string(acme.Root.Raw) {
		t.Errorf("makers: %+v", makers)
	}
	for _, person := range bundle.Genesis.People {
		if len(person.Keys) != 2 || person.Keys[0].Attestation != "" || person.Keys[1].Attestation == "" {
			t.Errorf("%s: %+v", person.ID, person.Keys)
		}
	}
}

// TestMakersThatAreWrong are named with what would mend them.
func TestMakersThatAreWrong(t *testing.T) {
	acme, other := attestationtest.New("Acme"), attestationtest.New("Other")
	u2f := *acme
	u2f.Format = attestation.U2F
	replace := func(old, new string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, new, 1) }
	}
	for name, c := range map[string]struct {
		attests *attestationtest.Maker
		change  func(string) string
		want    string
	}{
		"another maker":   {other, asItIs, "is not hardware: its attestation has no chain"},
		"nobody has any":  {other, asItIs, "nobody who may ask has a key that a maker of the cell attests"},
		"no certificate":  {acme, replace("-----BEGIN CERTIFICATE-----", "-----BEGIN KEY-----"), "is not one certificate in PEM"},
		"a bad model":     {acme, func(text string) string { return text + "    models: [ACME-1]\n" }, "is not a model"},
		"a device of U2F": {&u2f, asItIs, "is of a device of U2F, which tells no model"},
		"any device of U2F": {&u2f, func(text string) string { return text + "    models: [" + attestation.NoModel + "]\n" },
			"lets devices of U2F count, and with them whatever else the maker signed"},
		"no attestation": {acme, replace("attestations: [", "attestations: [AAAA"), "the attestation is"},
		"a bad id":       {acme, replace("maker: acme", "maker: Acme Inc"), "is not an id"},
		"of somebody else's": {acme, func(text string) string { // anna's stands at ben
			from := strings.Index(text, "attestations: [")
			to := from + strings.Index(text[from:], "]")
			second := to + strings.Index(text[to:], "attestations: [")
			end := second + strings.Index(text[second:], "]")
			return text[:second] + text[from:to] + text[end:]
		}, "the attestation is of no key of ben: it is of another key"},
	} {
		said := ""
		for _, p := range config.Lint(hardware(t, acme, c.attests, c.change)) {
			said += fmt.Sprintf("%v\n", p)
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %q is not in\n%s", name, c.want, said)
		}
	}
}
