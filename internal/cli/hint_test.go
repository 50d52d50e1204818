package cli_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestHints: a mistake that people make is answered with what to do about it.
func TestHints(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	d := l.desk(t, "ann")
	for _, tt := range []struct{ args, says string }{
		{"request database-locked-out --why x --for 3h", "hint: ask for 1h or less"},
		{"request database-locked-out --why x --only db-9", "hint: halligan explain database-locked-out"},
		{"vouch ben --key SHA256:abc", "43 characters"},
		{"status --timeline", "hint: halligan status ID --timeline"},
		{"stop 5f0c1a2b", `hint: halligan stop 5f0c1a2b --why "`},
		{"restore nothing.age --identity k --anchor a --to there --dry-run", "hint: name the file that halligan backup wrote"},
		{"scenario show data-los", "hint: halligan scenario list"},
		{"init --name c.example.com --person omar=omar.pem", "hint: name the .pub file that omar made"},
		{"scenario show mine", "what is in force: halligan explain"},
		{"scenario add", "halligan scenario add root-recovery cell"},
		{"scenario show", "halligan scenario list"},
		{"ready --scenario nope", "hint: there are database-locked-out"},
		{"ready --scenario", "--scenario SCENARIO: only what this scenario leans on"},
		{"request --severity", "--severity SEV: SEV1 to SEV4"},
		{"suspend", "halligan people lists them"},
		{"suspend --why x", `such as: halligan suspend SHA256:4wXg2k… --why "the laptop was stolen"`},
		{"lift --why x", "halligan people lists them"},
		{"approve", "such as: halligan approve "},
		{"change propose --offer", "--offer ID: in place of files"},
		{"change propose --offer 77a0c1de --files x", "--files and --offer do not go together"},
		{"change propose --why x", "halligan invite --list shows keys that are offered"},
		{"envelope rotate prod-root --remove-stray AKIAIOSFODNN7EXAMPLE", "hint: halligan envelope rotate prod-root --aws --remove-stray AKIAIOSFODNN7EXAMPLE"},
		{"envelope rotate prod-root --new-accepted --aws", "error: "},
		{"blueprint diff", "such as: halligan blueprint diff --account prod --deployed aws/prod"},
		{"explain database-locked-out --files .", "halligan coverage --files DIR"},
		{"ready --severity SEV1", "--severity is a flag of "},
		{"keys", "hint: halligan people lists everybody's keys"},
		{"revoke 5f0c1a2b", "hint: halligan stop ID --why"},
		{"explain locked", "hint: did you mean database-locked-out?"},
		{"verify x --seen y", "hint: halligan verify --help shows how it is used"},
		{"request database-locked-out --why x --incident a!b", "such as PD-4711"},
		{"verify http://127.0.0.1:7878", "by the https:// URL of the profile's server alone"},
		{"issuer check nowhere", "hint: name the folder that holds cell.yaml"},
		{"issuer publish nowhere --to x", "hint: name the folder that holds cell.yaml"},
	} {
		code, out, errOut := d.run(strings.Fields(tt.args)...)
		if code == 0 || !strings.Contains(errOut, tt.says) || !strings.Contains(errOut, "hint: ") {
			t.Errorf("%s: code %d, want %q:\n%s%s", tt.args, code, tt.says, out, errOut)
		}
	}
	if _, _, errOut := run("nosuch"); strings.Contains(errOut, "vouch") {
		t.Errorf("nobody meant that: %s", errOut)
	}
	if _, _, errOut := run("staus"); !strings.Contains(errOut, "status") {
		t.Errorf("it was status: %s", errOut)
	}
	if _, out, _ := run("stop", "--help"); !strings.Contains(out, "principals.off") {
		t.Errorf("what to do with no server is not in the help:\n%s", out)
	}
	if n := len(l.taken()); n != 0 {
		t.Errorf("%d statements were sent", n)
	}
}

// TestNoSecretInAnError: what somebody typed where it does not belong is not said
// again, by the error or for programs.
func TestNoSecretInAnError(t *testing.T) {
	secret := "AGE-SECRET" + "-KEY-1" + strings.Repeat("Q", 58)
	for _, args := range []string{
		"backup nowhere --to b.age --recipient " + secret,
		"restore " + secret + " --identity k --anchor a --to there --dry-run",
		"version " + secret,
	} {
		for _, json := range []string{"", " --json"} {
			code, out, errOut := run(strings.Fields(args + json)...)
			if code != 2 || strings.Contains(out+errOut, secret) {
				t.Errorf("%s: code %d\n%s%s", args, code, out, errOut)
			}
		}
	}
}

// TestWhoMayNotAskIsToldFirst: before the whole screen, and with who may. It is
// the rules that refuse it, so that the attempt is recorded.
func TestWhoMayNotAskIsToldFirst(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	l.problems[statement.KindRequest] = client.Problem{Status: http.StatusForbidden, Reason: "may-not-request", Detail: "the rule says no", Hint: "halligan explain"}
	code, out, errOut := l.desk(t, "sam").run("request", "database-locked-out", "--why", "x")
	if code != 3 || !strings.HasPrefix(out, "You, sam, may not ask under database-locked-out: somebody of on-call may.") || !strings.Contains(errOut, "hint: wake somebody of on-call") {
		t.Errorf("code %d:\n%s%s", code, out, errOut)
	}
	if len(l.taken()) == 0 {
		t.Error("the attempt was not sent")
	}
}

// TestSecretInAReason: whoever is about to sign one is told.
func TestSecretInAReason(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	for why, warned := range map[string]bool{"the key AKIAIOSFODNN7EXAMPLE leaked": true, "pool exhausted": false} {
		_, _, errOut := l.desk(t, "ann").run("request", "database-locked-out", "--why", why)
		if strings.Contains(errOut, "warning: what stands in --why looks like an AWS access key") != warned || strings.Contains(errOut, "AKIA") {
			t.Errorf("%q: %s", why, errOut)
		}
	}
}

// TestWordsAsPeopleWriteThem: separators and capitals are nothing; three words
// are no proof that somebody is in between.
func TestWordsAsPeopleWriteThem(t *testing.T) {
	door := openDoor(t)
	words := strings.Fields(door.words(t))
	join := func(words, as string) (code int, errOut string) {
		code, _, errOut = run("join", door.url, "--as", as, "--key", door.keys["ben"], "--words", words, "--look", "--profile", filepath.Join(t.TempDir(), "profile.json"))
		return code, errOut
	}
	if code, errOut := join(strings.ToUpper(strings.Join(words, ", ")), "ben"); code != 0 {
		t.Errorf("code %d: %s", code, errOut)
	}
	if code, errOut := join(strings.Join(words, "-"), "ben"); code != 0 {
		t.Errorf("code %d: %s", code, errOut)
	}
	if code, errOut := join(strings.Join(words[:3], " "), "ben"); code != 2 || !strings.Contains(errOut, "four words are wanted, and you gave 3") {
		t.Errorf("code %d: %s", code, errOut)
	}
	if code, errOut := join(strings.Join(words, " "), "bne"); code != 3 || !strings.Contains(errOut, "a person with the id bne, and SHA256:") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// TestEditedNameOfACell: another name is no document of this cell.
func TestEditedNameOfACell(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "two words")
	foundedAt(t, folder)
	err := cli.EditedFiles(folder, func() {
		path := filepath.Join(folder, "cell.yaml")
		text := strings.Replace(string(must(os.ReadFile(path))), "halligan.example.com", "other.example.com", 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "the name of a cell never changes") || !strings.Contains(cli.Hint(err), "write name: halligan.example.com in ") {
		t.Error(err)
	}
}

// TestMirrorOfAnotherEpoch: whoever mirrors over an epoch is told of a second
// mirror, and to call security only when nobody began one.
func TestMirrorOfAnotherEpoch(t *testing.T) {
	for _, err := range []error{fmt.Errorf("cannot read: %w", client.ErrNewEpoch), cli.AnotherEpoch("halligan.example.com", "halligan.example.com/2")} {
		if hint := cli.Hint(cli.Unmirrored(err)); !strings.Contains(hint, "begin another: halligan ledger mirror --to NEW") {
			t.Errorf("%v: %s", err, hint)
		}
	}
	if hint := cli.Hint(cli.Unmirrored(client.ErrForked)); strings.Contains(hint, "--to NEW") || !strings.Contains(hint, "tell security") {
		t.Errorf("a fork is no epoch: %s", hint)
	}
}

// TestExclusionOfAnotherScenario: what is another scenario's emergency is not
// said to be none.
func TestExclusionOfAnotherScenario(t *testing.T) {
	of := view.Scenario{ID: "federation-broken"}
	const because, way = "The identity provider is down → scenario identity-provider-down", "scenario identity-provider-down"
	said := cli.OtherWay(of, because, way, "halligan which --broke identity-provider-down")
	if !strings.Contains(said, "Next: halligan which --broke identity-provider-down") || !strings.Contains(said, "no emergency of federation-broken") {
		t.Error(said)
	}
	if said := cli.OtherWay(of, because, way, ""); strings.Contains(said, "Next:") {
		t.Error(said)
	}
}

// TestWhatToLookAtIsNamed: a server's hint to look first is said with the id that was
// given.
func TestWhatToLookAtIsNamed(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	l := newLiar(t, c)
	l.honest(id)
	l.problems[statement.KindStop] = client.Problem{Status: http.StatusConflict, Reason: "not-live", Detail: "it has ended", Hint: "look at it first: halligan status"}
	code, _, errOut := l.desk(t, "sue").run("stop", id.String()[:10], "--why", "x", "--yes")
	if code != 3 || !strings.Contains(errOut, "hint: look at it first: halligan status "+id.String()[:10]+"\n") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// TestNoKeySuspendsItself: that is said before anything is shown, with who else can.
func TestNoKeySuspendsItself(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	l.answers["cell/evidence"] = l.cell.evidence(l.cell.bodies, func(e ledger.Entry) bool { return e.Stream == cell.StreamCell })
	sue := l.desk(t, "sue")
	code, out, errOut := sue.run("suspend", "sue", "--why", "a test", "--dry-run")
	if code != 3 || out != "" || !strings.Contains(errOut, "error: no key suspends itself") || !strings.Contains(errOut, "or call sam, who can suspend it: halligan suspend SHA256:") {
		t.Errorf("code %d:\n%s%s", code, out, errOut)
	}
	if code, out, errOut = sue.run("suspend", "sam", "--why", "a test", "--dry-run"); code != 0 || !strings.Contains(out, "Nothing was signed.") {
		t.Errorf("of somebody else: code %d:\n%s%s", code, out, errOut)
	}
}

// TestErrorsAsJSON: with --json what went wrong is one line, the last on stderr,
// that programs read, and stdout holds nothing.
func TestErrorsAsJSON(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	l.problems[statement.KindRequest] = client.Problem{Status: http.StatusForbidden, Reason: "may-not-request", Detail: "the rule says \x1b[2Jno", Hint: "ask another"}
	d := l.desk(t, "ann")
	for _, tt := range []struct {
		args, reason string
		code         int
		hint         bool // there is one
	}{
		{"request database-locked-out --why x --json", "may-not-request", 3, true},
		{"status 5f0c1a2b --json", "not-found", 4, true},
		{"status --colour --json", "", 2, true},
		{"lint /no/such/folder --json", "", 2, true},
	} {
		code, _, errOut := d.run(strings.Fields(tt.args)...)
		lines := strings.Split(strings.TrimSuffix(errOut, "\n"), "\n")
		var said struct {
			Error  string `json:"error"`
			Hint   string `json:"hint"`
			Reason string `json:"reason"`
			Code   int    `json:"code"`
		}
		err := json.Unmarshal([]byte(lines[len(lines)-1]), &said)
		if err != nil || code != tt.code || said.Code != code || said.Error == "" || said.Reason != tt.reason || (said.Hint != "") != tt.hint {
			t.Errorf("%s: code %d, %v: %s", tt.args, code, err, errOut)
		}
		if strings.Contains(errOut, "error: ") || strings.ContainsRune(errOut, '\x1b') {
			t.Errorf("%s: %q", tt.args, errOut)
		}
	}
}

// TestEveryNoSaysWhatToDo: what is not there, or is refused here, is said with a
// hint; of what is used wrongly, the help at least is named.
func TestEveryNoSaysWhatToDo(t *testing.T) {
	found := 0
	for _, name := range must(filepath.Glob("*.go")) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file := must(parser.ParseFile(files, name, nil, 0))
		ast.Inspect(file, func(n ast.Node) bool {
			returned, ok := n.(*ast.ReturnStmt)
			if !ok {
				return true
			}
			for _, result := range returned.Results {
				call, ok := result.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					continue
				}
				of, named := call.Fun.(*ast.Ident)
				code, coded := call.Args[0].(*ast.Ident)
				if !named || !coded || of.Name != "failf" && of.Name != "because" {
					continue
				}
				found++
				if code.Name == "exitRefused" || code.Name == "exitNotFound" {
					t.Errorf("%s: nothing says what to do", files.Position(call.Pos()))
				}
			}
			return true
		})
	}
	if found < 50 {
		t.Errorf("only %d were found in the sources", found)
	}
	if _, _, errOut := run("verify", "x", "--words", "y", "--json"); !strings.Contains(errOut, `"hint":"halligan verify --help shows how it is used"`) {
		t.Errorf("no help is named: %s", errOut)
	}
}

// TestPathsInCommandsAreQuoted: a path in a command that is printed to be copied
// passes shellQuoted, or a space in it makes two words.
func TestPathsInCommandsAreQuoted(t *testing.T) {
	path := regexp.MustCompile(`(?i)folder|path|\bfile|\.out\b|\.card\b`)
	verb := regexp.MustCompile(`%[a-zA-Z0-9.-]*[a-zA-Z%]`)
	command := regexp.MustCompile(`halligan [a-z -]*(--[a-z-]+[ =])?$`)
	found := 0
	for _, name := range must(filepath.Glob("*.go")) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		ast.Inspect(must(parser.ParseFile(files, name, nil, 0)), func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for at, arg := range call.Args {
				text, ok := arg.(*ast.BasicLit)
				if !ok || text.Kind != token.STRING || !strings.Contains(text.Value, "halligan ") {
					continue
				}
				for i, span := range verb.FindAllStringIndex(text.Value, -1) {
					if !command.MatchString(text.Value[:span[0]]) || at+1+i >= len(call.Args) {
						continue
					}
					var given strings.Builder
					_ = printer.Fprint(&given, files, call.Args[at+1+i])
					found++
					if path.MatchString(given.String()) && !strings.HasPrefix(given.String(), "shellQuoted(") {
						t.Errorf("%s: %s is not quoted in %s", files.Position(call.Pos()), given.String(), text.Value)
					}
				}
			}
			return true
		})
	}
	if found < 60 {
		t.Errorf("only %d were found in the sources", found)
	}
}

func TestPathsAreQuotedForAShell(t *testing.T) {
	for path, want := range map[string]string{"cell": "cell", "/srv/my cell": "'/srv/my cell'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'"} {
		if got := cli.ShellQuoted(path); got != want {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
	}
}
