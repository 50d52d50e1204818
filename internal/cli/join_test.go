package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

// newDoor is a cell that is not sealed, with its door open.
type newDoor struct {
	folder, url string
	keys        map[string]string // private key files, by person
	settings    config.Server
}

func openDoor(t *testing.T) *newDoor {
	t.Helper()
	t.Setenv("HALLIGAN_STATE", t.TempDir())
	d := &newDoor{folder: filepath.Join(t.TempDir(), "cell")}
	d.keys = begunAt(t, d.folder)
	settings, _, err := config.LoadServer(filepath.Join(d.folder, config.ServerFile))
	if err != nil {
		t.Fatal(err)
	}
	settings.Listen = "127.0.0.1:0"
	d.settings = settings
	door := &server.Door{
		Settings: settings, Kept: server.FoundingsOf(d.folder), Compile: func() (config.Bundle, error) { return d.compile() },
		Sealed: func() bool { return false }, Told: func(string, ...any) {}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	at := must(door.Listen())
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- door.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	d.url = "https://" + at
	return d
}

func (d *newDoor) compile() (config.Bundle, error) {
	keys, err := server.PublicKeys(d.settings.KeysFolder)
	if err != nil {
		return config.Bundle{}, err
	}
	return config.Compile(d.folder, keys)
}

func (d *newDoor) words(t *testing.T) string {
	t.Helper()
	key := must(server.ServerKey(filepath.Join(d.settings.KeysFolder, "tls.crt")))
	words := client.JoinWords("halligan.example.com", key)
	return strings.Join(words[:], " ")
}

// TestJoin: nothing is written before the words are the same; afterwards the
// profile pins what sealing makes, and every founder's signature is where it
// waits.
func TestJoin(t *testing.T) {
	d := openDoor(t)
	profile := filepath.Join(t.TempDir(), "ben", "profile.json")
	join := func(person string, more ...string) (int, string, string) {
		return run(append([]string{"join", d.url, "--as", person, "--key", d.keys[person], "--profile", profile}, more...)...)
	}
	for _, words := range []string{"", "savannah ninja backpack endless", strings.TrimSuffix(d.words(t), "s") + "x", "a"} {
		more := []string{}
		if words != "" {
			more = append(more, "--words", words)
		}
		code, out, errOut := join("ben", more...)
		if want := map[bool]int{true: 2, false: 6}[words == "" || words == "a"]; code != want || out != "" || !strings.Contains(errOut, "nothing was written") {
			t.Fatalf("%q: code %d\n%s%s", words, code, out, errOut)
		}
		if strings.Contains(errOut, d.words(t)) {
			t.Errorf("the right words are shown to who has not heard them:\n%s", errOut)
		}
	}
	if _, err := os.Stat(filepath.Dir(profile)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("something was written: %v", err)
	}

	heard := "  " + strings.ToUpper(strings.ReplaceAll(d.words(t), " ", "   "))
	code, out, errOut := join("ben", "--words", heard, "--look")
	if code != 0 || !strings.Contains(out, "You signed nothing.") || !strings.Contains(out, "contact: call cara") {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	bundle := must(d.compile())
	if missing := must(server.FoundingsOf(d.folder).Missing(&bundle)); len(missing) != 4 {
		t.Fatalf("missing: %v", missing)
	}
	if code, out, errOut := join("cara", "--words", heard); code != 2 || !strings.Contains(errOut, "it is of ben in halligan.example.com") {
		t.Fatalf("another's profile is written over: code %d\n%s%s", code, out, errOut)
	}
	anchor := filepath.Join(t.TempDir(), "anchor.json")
	if code, out, errOut = join("ben", "--words", heard, "--anchor", anchor); code != 0 || !strings.Contains(out, "Still missing: ann, cara, dan.") {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	if code, _, _ := run("init", "seal", d.folder, "--url", d.url); code != 3 {
		t.Fatalf("it is sealed without three founders: %d", code)
	}
	for _, person := range []string{"ann", "cara", "dan"} {
		profile = filepath.Join(t.TempDir(), "profile.json")
		if code, _, errOut := join(person, "--words", heard); code != 0 {
			t.Fatal(errOut)
		}
	}
	if _, body := d.post(t, "/api/v1/statements", nil); !strings.Contains(body, "every founder has signed") || !strings.Contains(body, "owner runs halligan init seal") {
		t.Errorf("what is missing is the seal, and it says: %s", body)
	}
	if code, _, errOut := run("init", "seal", d.folder, "--url", d.url); code != 0 {
		t.Fatal(errOut)
	}
	theirs := must(os.ReadFile(filepath.Join(d.folder, "profiles", "dan.json")))
	p := must(client.LoadProfile(profile))
	if want := must(client.DecodeProfile(theirs)); p.Anchor.Genesis != want.Anchor.Genesis || p.ServerKey != want.ServerKey || p.URL != want.URL {
		t.Errorf("joining gives %+v, sealing %+v", p, want)
	}
	if got, want := must(os.ReadFile(anchor)), must(os.ReadFile(filepath.Join(d.folder, "anchor.json"))); !bytes.Equal(got, want) {
		t.Errorf("the anchor is %s, want %s", got, want)
	}
	// A sealed cell whose anchor was lost has no door: nobody founds it again.
	if err := os.Remove(filepath.Join(d.folder, "anchor.json")); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := run("serve", d.folder); code != 2 || !strings.Contains(errOut, "hint: halligan init seal") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// TestJoinWhoFoundsNothing: people of the cell who are no founders join as well,
// and sign nothing.
func TestJoinWhoFoundsNothing(t *testing.T) {
	d := openDoor(t)
	path := filepath.Join(d.folder, "cell.yaml")
	text := strings.Replace(string(must(os.ReadFile(path))), `"cara", "dan"]`, `"cara"]`, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	profile := filepath.Join(t.TempDir(), "profile.json")
	code, out, errOut := run("join", d.url, "--as", "dan", "--key", d.keys["dan"], "--words", d.words(t), "--profile", profile)
	if code != 0 || !strings.Contains(out, "You signed nothing. The founders do") || must(client.LoadProfile(profile)).Person != "dan" {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	if n := len(must(server.FoundingsOf(d.folder).Read())); n != 0 {
		t.Errorf("%d signatures were kept", n)
	}
}

// TestT53SomebodyBetween: whoever ends TLS between a founder and the server shows
// another key, and so other words; the founder's machine writes and signs nothing,
// and what it says to the one in between is of no use at the server.
func TestT53SomebodyBetween(t *testing.T) {
	d := openDoor(t)
	proxy := httputil.NewSingleHostReverseProxy(must(url.Parse(d.url)))
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	middle := httptest.NewTLSServer(proxy)
	defer middle.Close()
	profile := filepath.Join(t.TempDir(), "ben", "profile.json")
	code, out, errOut := run("join", middle.URL, "--as", "ben", "--key", d.keys["ben"], "--words", d.words(t), "--profile", profile)
	if code != 6 || out != "" || !strings.Contains(errOut, "these are not the words of the key that "+middle.URL+" shows here") {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	if _, err := os.Stat(filepath.Dir(profile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
	// Were the one in between believed, the wish would name their key.
	met := must(client.Meet(t.Context(), middle.URL))
	_, err := met.Files(t.Context(), "ben", client.NewSigner(must(ssh.NewSignerFromSigner(celltest.Key("ben")))))
	var no *client.Problem
	if !errors.As(err, &no) || no.Reason != "wrong-ledger" {
		t.Errorf("a wish for another key is taken: %v", err)
	}
	if n := len(must(server.FoundingsOf(d.folder).Read())); n != 0 {
		t.Errorf("%d signatures were kept", n)
	}
}

// TestJoinAfterAChange: whoever signed before a file was changed is missing
// again, and signs the new genesis by joining once more.
func TestJoinAfterAChange(t *testing.T) {
	d := openDoor(t)
	join := []string{"join", d.url, "--as", "ben", "--key", d.keys["ben"], "--words", d.words(t), "--profile", filepath.Join(t.TempDir(), "profile.json")}
	if code, _, errOut := run(join...); code != 0 {
		t.Fatal(errOut)
	}
	path := filepath.Join(d.folder, "cell.yaml")
	text := strings.Replace(string(must(os.ReadFile(path))), "pending: 1h", "pending: 2h", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bundle := must(d.compile())
	if missing := must(server.FoundingsOf(d.folder).Missing(&bundle)); !slices.Contains(missing, "ben") {
		t.Fatalf("ben's signature counts for what he has not seen; missing: %v", missing)
	}
	// The door takes compiled files for those of now for a second.
	for code, out := 1, ""; !strings.Contains(out, "A request waits for 2h"); {
		if code, out, _ = run(join...); code != 0 && code != 3 {
			t.Fatalf("code %d\n%s", code, out)
		}
	}
	if missing := must(server.FoundingsOf(d.folder).Missing(&bundle)); slices.Contains(missing, "ben") {
		t.Errorf("missing: %v", missing)
	}
}

// TestT17FoundingDoor: whoever is not of the cell reads nothing at the door and
// leaves nothing there; who is, neither for another nor for another genesis.
func TestT17FoundingDoor(t *testing.T) {
	d := openDoor(t)
	met := must(client.Meet(t.Context(), d.url))
	signer := func(name string) client.Signer {
		return client.NewSigner(must(ssh.NewSignerFromSigner(celltest.Key(name))))
	}
	kept := server.FoundingsOf(d.folder)
	refused := func(what, reason string, err error) {
		t.Helper()
		var no *client.Problem
		if !errors.As(err, &no) || no.Reason != reason {
			t.Errorf("%s: %v, want %s", what, err, reason)
		}
		if n := len(must(kept.Read())); n > 0 {
			t.Fatalf("%s: %d signatures were kept", what, n)
		}
	}
	_, err := met.Files(t.Context(), "ben", signer("mallory"))
	refused("a stranger reads as ben", "unknown-key", err)
	_, err = met.Files(t.Context(), "mallory", signer("mallory"))
	refused("a stranger reads", "unknown-key", err)
	_, err = met.Files(t.Context(), "ben", signer("ann"))
	refused("ann reads as ben", "unknown-key", err)

	bundle := must(d.compile())
	found := must(server.FoundStatement(&bundle, "ben"))
	sign := func(name string, data []byte) ledger.Signature {
		return ledger.Signature{SSHSig: must(signer(name).Sign(t.Context(), sshsig.Namespace("found"), data))}
	}
	_, err = met.Leave(t.Context(), found, sign("mallory", found))
	refused("a stranger founds as ben", "not-a-founder", err)
	_, err = met.Leave(t.Context(), found, sign("ann", found))
	refused("ann founds as ben", "not-a-founder", err)
	other := bundle
	other.GenesisBytes = append(bytes.Clone(bundle.GenesisBytes), ' ')
	old := must(server.FoundStatement(&other, "ben"))
	_, err = met.Leave(t.Context(), old, sign("ben", old))
	refused("ben founds something else", "wrong-genesis", err)
	_, err = met.Leave(t.Context(), found, ledger.Signature{SSHSig: must(signer("ben").Sign(t.Context(), client.JoinNamespace, found))})
	refused("a signature of joining founds", "not-a-founder", err)

	// What ben signed for a server with another key, as somebody in between would
	// show it here; and bodies that are none.
	for what, wish := range map[string]client.JoinWish{
		"another server": {Join: "v1", Cell: "halligan.example.com", Person: "ben", ServerKey: strings.Repeat("0", 64)},
		"another cell":   {Join: "v1", Cell: "other.example.com", Person: "ben", ServerKey: met.ServerKey()},
		"no version":     {Cell: "halligan.example.com", Person: "ben", ServerKey: met.ServerKey()},
		"the right one":  {Join: "v1", Cell: "halligan.example.com", Person: "ben", ServerKey: met.ServerKey()},
	} {
		data := canon.MustEncode(wish)
		blob := must(signer("ben").Sign(t.Context(), client.JoinNamespace, data))
		status, body := d.post(t, client.JoinGenesisPath, must(json.Marshal(client.JoinAsk{Ask: string(data), Signature: ledger.Signature{SSHSig: blob}})))
		if (status == http.StatusOK) != (what == "the right one") || status != http.StatusOK && strings.Contains(body, "call ben") {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
	for _, body := range []string{"", "{}", "null", `{"ask":"{}","signature":{}}`, `{"statement":"{}","signature":{},"more":1}`, strings.Repeat("x", client.JoinLimit+1)} {
		for _, path := range []string{client.JoinGenesisPath, client.JoinSignPath} {
			if status, answer := d.post(t, path, []byte(body)); status != http.StatusForbidden {
				t.Errorf("%s %.20q: %d %s", path, body, status, answer)
			}
		}
	}
	if status, body := d.post(t, "/api/v1/statements", found); status != http.StatusConflict || !strings.Contains(body, "not-sealed") {
		t.Errorf("a statement before there is a ledger: %d %s", status, body)
	}
	if n := len(must(kept.Read())); n > 0 {
		t.Fatalf("%d signatures were kept", n)
	}
	if _, err := met.Leave(t.Context(), found, sign("ben", found)); err != nil {
		t.Error(err)
	}
}

// post posts bytes as they are.
func (d *newDoor) post(t *testing.T, path string, body []byte) (status int, answer string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer c.CloseIdleConnections()
	r := must(c.Post(d.url+path, "application/json", bytes.NewReader(body)))
	defer r.Body.Close()
	return r.StatusCode, string(must(io.ReadAll(r.Body)))
}

// TestGenesisSheetLeavesNothingOut: every text of genesis and its scenarios is on
// the sheet that founders read, but for keys, which are there by fingerprint.
func TestGenesisSheetLeavesNothingOut(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../config/testdata/good/full")); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(folder, "scenarios", "everything.yaml")
	text := strings.Replace(string(must(os.ReadFile(edited))), "\nalarms:", `
  - envelope: { name: cloud-root, custodians: "group:security", threshold: 2, sealed_by: "group:leads", rotate_every: 72h, honey: true }
  - envelope: { name: safe, custodians: "group:security", threshold: 2, sealed_by: "group:leads", physical: true }
alarms:`, 1)
	if err := os.WriteFile(edited, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	must(config.FillNotes(folder, rand.Reader))
	_, ledgerKey, err := ledger.GenerateKey(rand.Reader, "halligan.example.com")
	_, lists, err2 := ledger.GenerateKey(rand.Reader, "halligan.example.com")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	bundle := must(config.Compile(folder, config.MachineKeys{Ledger: ledgerKey, Revocations: lists, Authority: celltest.Line("ca").Line}))
	files := client.FoundingFiles{}
	for _, file := range bundle.Attachments {
		files.Files = append(files.Files, string(file))
	}
	for _, note := range bundle.Notes {
		files.Notes = append(files.Notes, client.Noted{Salt: note.Salt[:], Text: note.Text})
	}
	sheet := must(cli.GenesisSheet(files, "halligan.example.com"))
	flat := strings.Join(strings.Fields(strings.NewReplacer("│", "").Replace(sheet)), " ")
	seen := 0
	leaf := func(path, text string) {
		seen++
		short := strings.TrimPrefix(strings.Join(strings.Fields(text), " "), "group:")
		switch {
		case strings.HasSuffix(path, ".key"): // by fingerprint
		case path == ".genesis", strings.HasSuffix(path, ".source_address.") && text == "request": // a version; in words
		case strings.Contains(path, ".permit."): // in words
		case strings.HasSuffix(path, ".digest"), strings.HasSuffix(path, ".contact") || strings.HasSuffix(path, ".name") && strings.HasPrefix(path, ".people"):
			if strings.HasSuffix(path, ".digest") && !strings.Contains(flat, text[:16]) {
				t.Errorf("%s: %s is not on the sheet", path, text)
			}
		case !strings.Contains(flat, short):
			t.Errorf("%s: %q is not on the sheet", path, text)
		}
	}
	for _, file := range bundle.Attachments {
		var v any
		if err := json.Unmarshal(file, &v); err == nil {
			leaves("", v, leaf)
			continue
		}
		for line := range strings.Lines(string(file)) { // a policy, which is shown as it is
			leaf("policy", line)
		}
	}
	for _, note := range bundle.Notes {
		leaf("note", note.Text)
	}
	if seen < 100 {
		t.Fatalf("%d texts", seen)
	}
	if t.Failed() {
		t.Log(sheet)
	}
}

// leaves walks the texts of decoded JSON; names of members are texts too where
// they are ids.
func leaves(path string, v any, leaf func(path, text string)) {
	switch v := v.(type) {
	case string:
		leaf(path, v)
	case []any:
		for _, each := range v {
			leaves(path+".", each, leaf)
		}
	case map[string]any:
		for name, each := range v {
			if path == ".groups" || path == ".severities" {
				leaf(path+".", name)
			}
			leaves(path+"."+name, each, leaf)
		}
	}
}

// TestGenesisMustBeWhole: what the server leaves out or changes is found before
// anybody signs.
func TestGenesisMustBeWhole(t *testing.T) {
	d := openDoor(t)
	met := must(client.Meet(t.Context(), d.url))
	whole := must(met.Files(t.Context(), "ben", client.NewSigner(must(ssh.NewSignerFromSigner(celltest.Key("ben"))))))
	for name, tt := range map[string]struct {
		of    string
		alter func(*client.FoundingFiles)
		says  string
	}{
		"whole":          {"", func(*client.FoundingFiles) {}, ""},
		"another cell":   {"other.example.com", func(*client.FoundingFiles) {}, "and not of other.example.com"},
		"a scenario out": {"", func(f *client.FoundingFiles) { f.Files = f.Files[:2] }, "did not send"},
		"a scenario changed": {"", func(f *client.FoundingFiles) {
			f.Files[1] = strings.Replace(f.Files[1], `"longest":3600`, `"longest":9000`, 1)
		}, "did not send"},
		"genesis is not canonical": {"", func(f *client.FoundingFiles) { f.Files[0] += " " }, "cannot use genesis"},
		"genesis is nothing":       {"", func(f *client.FoundingFiles) { f.Files[0] = "" }, "cannot use genesis"},
	} {
		files := client.FoundingFiles{Files: slices.Clone(whole.Files), Notes: whole.Notes}
		tt.alter(&files)
		if tt.of == "" {
			tt.of = "halligan.example.com"
		}
		_, err := cli.GenesisSheet(files, tt.of)
		if (err == nil) != (tt.says == "") || err != nil && (!strings.Contains(err.Error(), tt.says) || cli.Code(err) != 6) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole.Notes[0].Text += "0"
	if sheet := must(cli.GenesisSheet(whole, "halligan.example.com")); !strings.Contains(sheet, "the server did not send the text of ") {
		t.Errorf("a changed contact passes for the one that is signed:\n%s", sheet)
	}
}

// TestGenesisSheetTellsOfDenials: founders read which policy the server may write, and
// what whoever has its keys can do by it.
func TestGenesisSheetTellsOfDenials(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../config/testdata/good/aws")); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(folder, "cell.yaml")
	const portal = "    portal: https://example.awsapps.com/start\n"
	text := strings.Replace(string(must(os.ReadFile(edited))), portal, portal+"    denial: "+celltest.DenialPolicy+"\n", 1)
	if err := os.WriteFile(edited, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	must(config.FillNotes(folder, rand.Reader))
	_, ledgerKey, err := ledger.GenerateKey(rand.Reader, "halligan.example.com")
	_, lists, err2 := ledger.GenerateKey(rand.Reader, "halligan.example.com")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	bundle := must(config.Compile(folder, config.MachineKeys{Ledger: ledgerKey, Revocations: lists, Authority: celltest.Line("ca").Line}))
	files := client.FoundingFiles{}
	for _, file := range bundle.Attachments {
		files.Files = append(files.Files, string(file))
	}
	for _, note := range bundle.Notes {
		files.Notes = append(files.Notes, client.Noted{Salt: note.Salt[:], Text: note.Text})
	}
	flat := strings.Join(strings.Fields(strings.NewReplacer("│", "").Replace(must(cli.GenesisSheet(files, "halligan.example.com")))), " ")
	if !strings.Contains(flat, celltest.DenialPolicy) || !strings.Contains(flat, "lock everybody out") {
		t.Errorf("the sheet says:\n%s", flat)
	}
}
