package cell_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// awake names the defect that a seeded law shall have; without it, none.
const awake = "HALLIGAN_DEFECT"

// seeded is a folder of test binaries, one for each room, of a law with defects.
type seeded string

// seed builds the law once with all defects: a function that has some begins with
// a switch that runs, instead of it, what the defect makes of it. A defect outside
// of functions cannot sleep; those are built alone and come by their place.
func seed(ctx context.Context, dir string, all []defect) (law seeded, alone map[int]seeded, err error) {
	alone = map[int]seeded{}
	planted := map[string]*planting{}
	rooms := map[string]bool{}
	for i, d := range all {
		file, changed, err := d.source()
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", d.name, err)
		}
		room, _, _ := strings.Cut(d.test, " ")
		rooms[room] = true
		p := planted[file]
		if p == nil {
			if p, err = newPlanting(file); err != nil {
				return "", nil, err
			}
			planted[file] = p
		}
		if fits, err := p.plant(i+1, changed); err != nil {
			return "", nil, fmt.Errorf("%s: %w", d.name, err)
		} else if fits {
			continue
		}
		if alone[i], err = build(ctx, filepath.Join(dir, strconv.Itoa(i+1)), map[string]string{file: changed}, []string{room}); err != nil {
			return "", nil, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	overlay := map[string]string{}
	for file, p := range planted {
		overlay[file] = p.text()
		overlay[filepath.Join(filepath.Dir(file), "seeded.go")] = "package " + p.file.Name.Name +
			"\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nvar defectAwake, _ = strconv.Atoi(os.Getenv(\"" + awake + "\"))\n"
	}
	law, err = build(ctx, filepath.Join(dir, "all"), overlay, slices.Sorted(maps.Keys(rooms)))
	return law, alone, err
}

// build makes the test binaries of rooms with other text for some files, which
// only the compiler sees.
func build(ctx context.Context, dir string, overlay map[string]string, rooms []string) (seeded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range overlay {
		copied := filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[file] = copied
	}
	described, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, described, 0o600); err != nil {
		return "", err
	}
	args := []string{"test", "-c", "-vet=off", "-overlay", list, "-o", dir + string(filepath.Separator)}
	for _, room := range rooms {
		args = append(args, "./"+room)
	}
	run := exec.CommandContext(ctx, "go", args...)
	run.Dir = ".."
	if out, err := run.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build a law with defects: %w\n%s", err, out)
	}
	return seeded(dir), nil
}

// asleep demands that every test which shall notice a defect passes where none
// is awake: else it would say nothing about the defect.
func (s seeded) asleep(ctx context.Context, all []defect) error {
	tests := map[string][]string{}
	for _, d := range all {
		room, test, _ := strings.Cut(d.test, " ")
		tests[room] = append(tests[room], test)
	}
	for room, names := range tests {
		out, err := s.run(ctx, room, "^("+strings.Join(names, "|")+")$", 0)
		if err != nil {
			return fmt.Errorf("tests of %s fail with every defect asleep: %w\n%s", room, err, out)
		}
		for _, name := range names {
			if !bytes.Contains(out, []byte("--- PASS: "+name+" ")) {
				return fmt.Errorf("%s of %s did not run with every defect asleep:\n%s", name, room, out)
			}
		}
	}
	return nil
}

// notices runs the test of a defect against the law that has it.
func (s seeded) notices(ctx context.Context, d defect, number int) error {
	room, test, _ := strings.Cut(d.test, " ")
	switch out, err := s.run(ctx, room, "^"+test+"$", number); {
	case err == nil:
		return errors.New(test + " passes all the same: " + string(bytes.TrimSpace(out)))
	case !bytes.Contains(out, []byte("--- FAIL: "+test+" ")):
		return errors.New(test + " did not fail, but something else did:\n" + string(out))
	}
	return nil
}

// run runs tests of a room as `go test -failfast` would, with one defect awake, or none (0).
func (s seeded) run(ctx context.Context, room, tests string, number int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	binary := filepath.Join(string(s), filepath.Base(room)+".test")
	run := exec.CommandContext(ctx, binary, "-test.short", "-test.failfast", "-test.v", "-test.paniconexit0", "-test.run", tests)
	run.Dir = filepath.Join("..", room)
	run.Env = append(os.Environ(), awake+"="+strconv.Itoa(number))
	return run.CombinedOutput()
}

// planting is one file of the law and what is to be put into its functions.
type planting struct {
	source string
	fset   *token.FileSet
	file   *ast.File
	cases  map[*ast.FuncDecl]string
}

func newPlanting(name string) (*planting, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	p := &planting{source: string(text), fset: token.NewFileSet(), cases: map[*ast.FuncDecl]string{}}
	p.file, err = parser.ParseFile(p.fset, name, text, parser.SkipObjectResolution)
	return p, err
}

// plant adds what changed makes of one function, as defect number. It answers
// false if more than the body of one function differs.
func (p *planting) plant(number int, changed string) (bool, error) {
	fset := token.NewFileSet()
	after, err := parser.ParseFile(fset, "", changed, parser.SkipObjectResolution)
	if err != nil {
		return false, err
	}
	for _, decl := range p.file.Decls {
		was, ok := decl.(*ast.FuncDecl)
		if !ok || was.Body == nil {
			continue
		}
		from, to := p.fset.Position(was.Body.Lbrace).Offset+1, p.fset.Position(was.Body.Rbrace).Offset
		end := len(changed) - (len(p.source) - to)
		if end < from || changed[:from] != p.source[:from] || changed[end:] != p.source[to:] {
			continue
		}
		if !isBody(fset, after, from, end) {
			return false, nil
		}
		begin, finish := "func() {", "}()\nreturn\n"
		if results := was.Type.Results; results != nil {
			kinds := p.source[p.fset.Position(results.Pos()).Offset:p.fset.Position(results.End()).Offset]
			begin, finish = "return func() "+kinds+" {", "}()\n"
		}
		p.cases[was] += "case " + strconv.Itoa(number) + ":\n" + begin + changed[from:end] + finish
		return true, nil
	}
	return false, nil
}

// isBody reports whether what stands between two places is one function's body.
func isBody(fset *token.FileSet, file *ast.File, from, end int) bool {
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		f, ok := decl.(*ast.FuncDecl)
		return ok && f.Body != nil && fset.Position(f.Body.Lbrace).Offset+1 == from && fset.Position(f.Body.Rbrace).Offset == end
	})
}

// text is the file with a switch at the top of every function that has defects.
func (p *planting) text() string {
	var out strings.Builder
	done := 0
	for _, decl := range p.file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || p.cases[f] == "" {
			continue
		}
		from := p.fset.Position(f.Body.Lbrace).Offset + 1
		out.WriteString(p.source[done:from] + "\nswitch defectAwake {\n" + p.cases[f] + "}\n")
		done = from
	}
	return out.String() + p.source[done:]
}
