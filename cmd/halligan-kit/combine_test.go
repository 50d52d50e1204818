package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

// envelope writes a description, content and the three open shares of an
// envelope that two of them open: one as words.
func envelope(t *testing.T, dir, name string) *seal.Envelope {
	t.Helper()
	order := seal.Order{Origin: "halligan.example.com", Name: name, Serial: 1, Threshold: 2}
	keys := map[string]*age.X25519Identity{}
	for _, id := range []string{"ben", "cara", "dan"} {
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		keys[id], order.Custodians = key, append(order.Custodians, seal.Custodian{ID: id, Recipient: key.Recipient().String()})
	}
	e, err := seal.Seal(order, []byte("the secret of "+name))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"description.json": e.Description.Encode(), "content.age": e.Content}
	for i, c := range order.Custodians {
		share, err := e.Description.OpenShare(c.ID, e.Shares[i], keys[c.ID])
		if err != nil {
			t.Fatal(err)
		}
		words, err := share.Words(statement.WordList())
		if err != nil {
			t.Fatal(err)
		}
		files[c.ID+".share"], files[c.ID+".words"] = append(share.Encode(), '\n'), []byte(strings.Join(words, "\n"))
	}
	for file, data := range files {
		if err := folder(dir).WriteFile(file, data); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// TestCombine: shares in either form, in any order, give the key that opens the
// content; a bad one is named, and nothing that a share holds is ever printed.
func TestCombine(t *testing.T) {
	binary, dir := build(t), t.TempDir()
	e := envelope(t, dir, "prod-root")
	envelope(t, filepath.Join(dir, "other"), "other")
	in := func(name string) string { return filepath.Join(dir, name) }
	code, out := run(t, binary, "combine", in("description.json"), in("dan.words"), in("ben.share"))
	key, after, _ := strings.Cut(out[strings.Index(out, "AGE-SECRET-KEY-"):], "\n")
	identity, err := age.ParseX25519Identity(key)
	if code != 0 || err != nil || after != "" || identity.Recipient().String() != e.Description.Recipient {
		t.Fatalf("code %d, %v: %s", code, err, out)
	}
	words := strings.Fields(read(t, in("dan.words")))
	words[3], words[4] = words[4], words[3]
	if err := folder(dir).WriteFile("swapped.words", []byte(strings.Join(words, " "))); err != nil {
		t.Fatal(err)
	}
	share := read(t, in("ben.share"))
	last := strings.LastIndexAny(share, "0123456789abcdef")
	flipped := share[:last-40] + map[bool]string{true: "1", false: "0"}[share[last-40] == '0'] + share[last-39:]
	if err := folder(dir).WriteFile("altered.share", []byte(flipped)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		code   int
		says   string
		shares []string
	}{
		"one share":            {2, "at least 2 shares", []string{"ben.share"}},
		"the same twice":       {1, "share 1 (ben's) was given twice", []string{"ben.share", "ben.words"}},
		"one is altered":       {1, "share 1 (ben's) is not the one that was sealed", []string{"altered.share", "dan.share"}},
		"of another envelope":  {1, "belongs to another envelope", []string{"other/ben.share", "dan.share"}},
		"words swapped":        {2, "do not fit together", []string{"swapped.words", "ben.share"}},
		"not there":            {2, "no such file", []string{"nobody.share", "ben.share"}},
		"the content":          {2, "words", []string{"content.age", "ben.share"}},
		"the description":      {1, "is not a share", []string{"description.json", "ben.share"}},
		"of another in words":  {1, "belongs to another envelope", []string{"other/ben.words", "dan.share"}},
		"three, one is beyond": {0, "AGE-SECRET-KEY-", []string{"ben.share", "cara.share", "dan.share"}},
	} {
		args := []string{"combine", in("description.json")}
		for _, file := range c.shares {
			args = append(args, in(file))
		}
		code, out := run(t, binary, args...)
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: code %d, want %d and %q: %s", name, code, c.code, c.says, out)
		}
		if strings.Contains(out, words[0]+" "+words[1]) || strings.Contains(out, share[len(share)-40:len(share)-5]) {
			t.Errorf("%s: it prints of a share: %s", name, out)
		}
		if code != 0 && strings.Contains(out, "AGE-SECRET") {
			t.Errorf("%s: it prints a key", name)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
