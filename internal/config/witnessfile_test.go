package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/config"
)

const witnessedKey = "halligan.example.com+883e9281+AZM42Pw6nf8lchBsWu6nlfTU51AOfx5YLi7DMkTm9chs"

func TestWitnessFile(t *testing.T) {
	got, err := config.LoadWitness("testdata/witness/witness.yaml")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("testdata/witness")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Witness{
		Listen: "127.0.0.1:0", Key: filepath.Join(here, "secret/witness.key"), Memory: "/var/lib/halligan-witness",
		Logs: []config.WitnessedLog{{Origin: "halligan.example.com", Keys: []string{witnessedKey}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, problems := config.ParseWitness([]byte("logs: []\n"), "."); len(problems) != 0 || got.Listen != config.WitnessListenDefault {
		t.Errorf("the least file: %+v, %v", got, problems)
	}
	var broken *config.BrokenError
	if _, err := config.LoadWitness(filepath.Join(t.TempDir(), "witness.yaml")); !errors.As(err, &broken) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestWitnessFileRefuses(t *testing.T) {
	one := "logs:\n  - origin: halligan.example.com\n    keys: [" + witnessedKey + "]\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":       {"", "witness.yaml"},
		"no logs":     {"listen: 127.0.0.1:1\n", "witness.yaml:1:1: logs is missing"},
		"unknown key": {one + "port: 3\n", "4:1: key \"port\" is not known"},
		"planned":     {one + "tls: {}\n", "4:1: tls is not supported by this version"},
		"listen":      {one + "listen: nowhere\n", "4:9: "},
		"key inside":  {one + "key: memory/key\n", "4:6: the key lies in the memory folder"},
		"no keys":     {"logs:\n  - origin: halligan.example.com\n    keys: []\n", "3:5: the keys of \"halligan.example.com\" cannot be used"},
		"other's key": {strings.Replace(one, "origin: h", "origin: x", 1), "3:5: the keys of \"xalligan.example.com\" cannot be used"},
		"bad hash":    {strings.Replace(one, "883e9281", "00000000", 1), "3:5: "},
		"log twice":   {one + strings.TrimPrefix(one, "logs:\n"), "4:13: the log \"halligan.example.com\" stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := config.ParseWitness([]byte(c.text), ".")
			if len(problems) == 0 || !strings.Contains(problems[0].String(), c.want) || problems[0].Mend == "" {
				t.Errorf("%v, want %s", problems, c.want)
			}
		})
	}
}

func FuzzWitnessFile(f *testing.F) {
	good, err := os.ReadFile("testdata/witness/witness.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("logs:\n  - origin: a\n    keys: [a+b+c]\n"))
	f.Add([]byte("logs: {}\nlisten: [1]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, problems := config.ParseWitness(data, "/srv/witness")
		wellFormed(t, problems, config.WitnessFile, data)
	})
}
