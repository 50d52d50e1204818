package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// WitnessFile is the file of a witness.
const WitnessFile = "witness.yaml"

// WitnessListenDefault is where a witness listens if its file does not say.
const WitnessListenDefault = "127.0.0.1:7880"

// witnessLogsMost bounds the logs that one witness knows.
const witnessLogsMost = 10_000

// Witness are the settings of one witness.
type Witness struct {
	Listen string // host:port
	Key    string // absolute; the file of its secret key
	Memory string // absolute; the folder of what it cosigned
	Logs   []WitnessedLog
}

// WitnessedLog is a log that a witness knows.
type WitnessedLog struct {
	Origin string
	Keys   []string // its ledger keys
}

// witnessFile is witness.yaml.
type witnessFile struct {
	Mark
	Listen word      `yaml:"listen"`
	Key    word      `yaml:"key"`
	Memory word      `yaml:"memory"`
	Logs   []logFile `yaml:"logs,required"`
}

func (*witnessFile) planned() []string { return []string{"tls", "bastion", "mirror", "limits"} }

type logFile struct {
	Mark
	Origin word   `yaml:"origin,required"`
	Keys   []word `yaml:"keys,required"`
}

// LoadWitness reads witness.yaml. Relative paths are below its folder. It fails
// with a BrokenError.
func LoadWitness(name string) (Witness, error) {
	data, err := readFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		problem := Problem{File: WitnessFile, What: "cannot be read: " + reason(err).Error(), Mend: "write one with halligan witness init", Severity: Error}
		return Witness{}, &BrokenError{[]Problem{problem}}
	}
	out, problems := ParseWitness(data, filepath.Dir(name))
	if HasErrors(problems) {
		return Witness{}, &BrokenError{problems}
	}
	return out, nil
}

// ParseWitness is LoadWitness of the file's bytes; folder is the one it lies in.
func ParseWitness(data []byte, folder string) (Witness, []Problem) {
	f := &findings{}
	root := parse(WitnessFile, data, f)
	if root == nil {
		return Witness{}, f.sorted()
	}
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	file := &witnessFile{}
	readValue(f, root, reflect.ValueOf(file).Elem())
	at := &serverFacts{findings: f, folder: folder}
	out := Witness{Listen: WitnessListenDefault, Key: at.path(file.Key, "witness.key"), Memory: at.path(file.Memory, "memory")}
	if file.Listen.text != "" {
		checkListen(f, file.Listen)
		out.Listen = file.Listen.text
	}
	if within(out.Key, out.Memory) {
		f.errorf(file.Key.orElse(file.Memory).at, "put it beside it", "the key lies in the memory folder")
	}
	if len(file.Logs) > witnessLogsMost {
		f.errorf(file.key("logs"), "run a second witness under another name", "%d logs, at most %d", len(file.Logs), witnessLogsMost)
	}
	for _, l := range file.Logs {
		out.Logs = append(out.Logs, l.check(f, out.Logs))
	}
	return out, f.sorted()
}

// check reads one log of those that stand before it.
func (l *logFile) check(f *findings, before []WitnessedLog) WitnessedLog {
	out := WitnessedLog{Origin: l.Origin.text, Keys: texts(l.Keys)}
	if l.Origin.text == "" {
		return out
	}
	if slices.ContainsFunc(before, func(other WitnessedLog) bool { return other.Origin == out.Origin }) {
		f.errorf(l.Origin.at, "list all of its keys in one place", "the log %s stands twice", showID(out.Origin))
	}
	if err := ledger.CheckKeys(out.Origin, out.Keys); err != nil {
		mend := "copy ledger_keys of the log's anchor.json"
		if fault := (*ledger.Fault)(nil); errors.As(err, &fault) && fault.Mend != "" {
			mend = fault.Mend
		}
		f.errorf(l.key("keys"), mend, "the keys of %s cannot be used: %v", showID(out.Origin), err)
	}
	return out
}
