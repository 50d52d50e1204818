package config

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// programFile is a program of cell.yaml.
type programFile struct {
	Mark
	ID         word                 `yaml:"id,required"`
	Opens      word                 `yaml:"opens,required"`
	Can        []word               `yaml:"can"`
	Parameters table[parameterFile] `yaml:"parameters"`
	OtherWay   word                 `yaml:"other_way"`
}

func (*programFile) planned() []string { return []string{"mint", "check", "rotate"} }

type parameterFile struct {
	Mark
	Kind  word   `yaml:"kind,required"`
	Of    []word `yaml:"of"`
	Least count  `yaml:"least"`
	Most  count  `yaml:"most"`
}

// execFile is a target that a program opens.
type execFile struct {
	Mark
	Name       word         `yaml:"name"`
	Program    word         `yaml:"program,required"`
	Parameters table[value] `yaml:"parameters"`
}

func (*execFile) planned() []string { return []string{"args", "command", "path", "environment"} }

// value is a word or a whole number.
type value struct{ word }

func (v *value) read(f *findings, n *node) {
	if n.form == number {
		v.text, v.at = n.text, n.place
		return
	}
	v.word.read(f, n)
}

// abilities are what a program can show, and the proof that each gives.
var abilities = []string{"probe", "list"}

// readPrograms checks the programs.
func (c *cellFacts) readPrograms(f *findings) {
	seen := make(map[string]place)
	for _, p := range c.file.Programs {
		if !idOf(f, p.ID) {
			continue
		}
		if first, twice := seen[p.ID.text]; twice {
			f.errorf(p.ID.at, "give the other another id", "program %s stands twice, first in line %d", p.ID.text, first.line)
			continue
		}
		seen[p.ID.text] = p.ID.at
		c.programs = append(c.programs, readProgram(f, p))
	}
	if len(c.programs) > cell.ProgramsMost {
		f.errorf(c.file.key("programs"), "make cells of fewer programs", "programs: at most %d, has %d", cell.ProgramsMost, len(c.programs))
	}
}

func readProgram(f *findings, p programFile) cell.Program {
	out := cell.Program{ID: p.ID.text, Opens: p.Opens.text, Other: p.OtherWay.text}
	lengthOf(f, p.Opens, textLongest)
	lengthOf(f, p.OtherWay, textLongest)
	for _, w := range p.Can {
		switch w.text {
		case "probe":
			out.Probes = true
		case "list":
			out.Lists = true
		case "":
		default:
			f.errorf(w.at, nearest(w.text, abilities, "known here: "), "%s is nothing that a program can show in this version", show(w.text))
		}
	}
	if len(out.Needs()) == 0 {
		f.warnf(p.ID.at, "add can: [list] when the program can list what stands open, or can: [probe]",
			"program %s can show nothing: each lease of it closes only when a person attests", out.ID)
	}
	if !p.OtherWay.given() {
		f.warnf(p.ID.at, "add other_way: how a person ends it by hand when the program fails", "program %s has no other_way", out.ID)
	}
	for _, e := range p.Parameters {
		if idOf(f, e.key) {
			out.Parameters = append(out.Parameters, readParameter(f, e))
		}
	}
	if len(out.Parameters) > cell.ParametersMost {
		f.errorf(p.ID.at, "ask less of a scenario", "program %s has %d parameters, at most %d", out.ID, len(out.Parameters), cell.ParametersMost)
	}
	slices.SortFunc(out.Parameters, func(a, b cell.Parameter) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func readParameter(f *findings, e entry[parameterFile]) cell.Parameter {
	p := e.value
	out := cell.Parameter{ID: e.key.text, Kind: p.Kind.text, Of: texts(p.Of), Least: int64(p.Least.n), Most: int64(p.Most.n)}
	switch {
	case out.Kind != "" && !slices.Contains(cell.ParameterKinds, out.Kind):
		f.errorf(p.Kind.at, nearest(out.Kind, cell.ParameterKinds, "known here: "), "%s is not a kind of parameter", show(out.Kind))
	case (out.Kind == cell.ParameterChoice) != (len(out.Of) > 0) || len(out.Of) > cell.ChoicesMost:
		f.errorf(p.at, "write kind: choice and of: [one, two]", "of: a choice, and nothing else, has 1 to %d values", cell.ChoicesMost)
	case (out.Kind == cell.ParameterNumber) != (p.Least.given && p.Most.given) || out.Least > out.Most:
		f.errorf(p.at, "write kind: number, least: 1 and most: 9", "least, most: a number, and nothing else, has both, and least is not over most")
	}
	for i, w := range p.Of {
		if w.text != "" && (!access.PlainName(w.text) || slices.Contains(out.Of[:i], w.text)) {
			f.errorf(w.at, plainMend, "%s is not a plain name, or stands twice", show(w.text))
		}
	}
	return out
}

const plainMend = "use letters, digits, dot, underscore, at sign and hyphen, beginning with a letter or digit, without two dots in a row"

func (c *cellFacts) programIDs() []string {
	var ids []string
	for _, p := range c.programs {
		ids = append(ids, p.ID)
	}
	return ids
}

// exec reads what a program opens.
func (s *scenarioFacts) exec(t *execFile) access.Exec {
	out := access.Exec{Name: s.targetName(t.Name, t.Program), Program: t.Program.text}
	given := map[string]value{}
	for _, e := range t.Parameters {
		given[e.key.text] = e.value
	}
	if len(given) > 0 {
		out.Parameters = map[string]string{}
	}
	for id, v := range given {
		out.Parameters[id] = v.text
	}
	if s.cell == nil || t.Program.text == "" {
		return out
	}
	i := slices.IndexFunc(s.cell.programs, func(p cell.Program) bool { return p.ID == t.Program.text })
	if i < 0 {
		s.errorf(t.Program.at, nearest(t.Program.text, s.cell.programIDs(), "programs: "), "program %s does not exist", showID(t.Program.text))
		return out
	}
	s.parameters(t, &s.cell.programs[i], given)
	return out
}

// parameters compares what is given with what the program takes.
func (s *scenarioFacts) parameters(t *execFile, p *cell.Program, given map[string]value) {
	var names []string
	for _, q := range p.Parameters {
		names = append(names, q.ID)
		v, ok := given[q.ID]
		if !ok {
			s.errorf(t.at, "add "+q.ID+" to parameters", "parameter %s of program %s is missing", q.ID, p.ID)
			continue
		}
		if v.text == "" {
			continue
		}
		if err := q.Takes(v.text); err != nil {
			s.errorf(v.at, parameterMend(q), "%s is not a value of parameter %s", show(v.text), q.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(names, id) {
			s.errorf(given[id].at, nearest(id, names, "it takes: "), "program %s takes no parameter %s", p.ID, show(id))
		}
	}
}

func parameterMend(q cell.Parameter) string {
	switch q.Kind {
	case cell.ParameterChoice:
		return "write one of " + strings.Join(q.Of, ", ")
	case cell.ParameterNumber:
		return "write a whole number from " + strconv.FormatInt(q.Least, 10) + " to " + strconv.FormatInt(q.Most, 10)
	}
	return plainMend
}

// Program is where a program of the cell lies, and what it is always given.
type Program struct {
	Path        string // absolute
	Args        []string
	Folder      string   // absolute
	Environment []string // NAME=value
	Deadline    time.Duration
}

const (
	programDeadline = 10 * time.Second
	programLongest  = 20 * time.Second
	argsMost        = 32
)

// programs reads where programs lie.
func (s *serverFacts) programs() {
	if len(s.file.Programs) > 0 {
		s.out.Programs = map[string]Program{}
	}
	for _, e := range s.file.Programs {
		if !idOf(s.findings, e.key) {
			continue
		}
		p := e.value
		out := Program{Path: s.path(p.Path, ""), Args: texts(p.Args), Folder: s.path(p.Folder, "."), Deadline: programDeadline}
		if p.Path.text != "" {
			s.executable(p.Path, out.Path)
		}
		if len(p.Args) > argsMost {
			s.errorf(p.at, "let the program read a file of its own", "args: at most %d, has %d", argsMost, len(p.Args))
		}
		if p.Deadline.given() {
			out.Deadline = p.Deadline.seconds.Duration()
			if out.Deadline > programLongest {
				s.errorf(p.Deadline.at, boundsMend, "deadline must be at most %v, is %v", programLongest, out.Deadline)
			}
		}
		for _, v := range p.Environment {
			s.variable(v)
			out.Environment = append(out.Environment, v.key.text+"="+v.value.text)
		}
		s.out.Programs[e.key.text] = out
	}
}

// executable refuses a file that somebody else could write: they would be it.
func (s *serverFacts) executable(w word, name string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		s.errorf(w.at, fileMend, "cannot find %s: %v", show(w.text), reason(err))
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		s.errorf(w.at, "name the program itself, and chmod 755 it", "%s is not an executable file", show(w.text))
	case info.Mode().Perm()&0o022 != 0:
		s.errorf(w.at, "chmod 755 "+w.text, "%s can be written by others (mode %04o)", show(w.text), info.Mode().Perm())
	}
}

// secretive are parts of names of variables that hold secrets.
var secretive = []string{"SECRET", "TOKEN", "PASSWORD", "PASSPHRASE", "KEY", "CREDENTIAL"}

// variable refuses what is no variable, and a secret where every process of the
// account can read it.
func (s *serverFacts) variable(e entry[word]) {
	name := e.key.text
	upper := strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "" && name != "" && !strings.ContainsAny(name[:1], "0123456789")
	if !upper || len(name) > 64 {
		s.errorf(e.key.at, "use A–Z, 0–9 and underscore", "%s is not the name of a variable", show(name))
		return
	}
	file := strings.HasSuffix(name, "_FILE") || strings.HasSuffix(name, "_PATH")
	if !file && slices.ContainsFunc(secretive, func(part string) bool { return strings.Contains(name, part) }) {
		s.errorf(e.key.at, "let the program read a file of mode 0600, and name that in "+name+"_FILE", "%s would be a secret in an environment", show(name))
	}
}

// checkPrograms compares where programs lie with the programs of the cell.
func (s *serverFacts) checkPrograms(f *findings, programs []string) {
	for _, e := range s.file.Programs {
		if !slices.Contains(programs, e.key.text) {
			f.errorf(e.key.at, nearest(e.key.text, programs, "programs: "), "program %s does not exist", showID(e.key.text))
		}
	}
	for _, id := range programs {
		if !slices.ContainsFunc(s.file.Programs, func(e entry[pathFile]) bool { return e.key.text == id }) {
			f.warnf(s.file.at, "add it under programs", "program %s has no path here: nothing of it can be opened", show(id))
		}
	}
}
