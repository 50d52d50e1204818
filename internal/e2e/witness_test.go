package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// watcher is one witness process of a town.
type watcher struct {
	name, address string
	process       *process
}

// watched makes witnesses of these names, all of whom must cosign, and names them
// in the cell's files. They do not run yet.
func (w *town) watched(names ...string) error {
	w.watchers = map[string]*watcher{}
	keys, addresses := "", "witnesses:\n"
	for _, name := range names {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		key, err := output(exec.Command(w.program("halligan"), "witness", "init", w.path(name), "--name", name+".example.net"))
		if err != nil {
			return err
		}
		w.watchers[name] = &watcher{name: name, address: address}
		keys += "    - " + strings.TrimSpace(key) + "\n"
		addresses += fmt.Sprintf("  %s.example.net: http://%s\n", name, address)
	}
	w.ends = append(w.ends, func() error {
		var failed []error
		for _, each := range w.watchers {
			failed = append(failed, each.process.end(syscall.SIGINT))
		}
		return errors.Join(failed...)
	})
	return errors.Join(
		edit(w.path("cell", "cell.yaml"), func(text string) string {
			return strings.Replace(text, "witnesses: none", fmt.Sprintf("witnesses:\n  need: %d\n  of:\n%s", len(names), keys), 1)
		}),
		edit(w.path("cell", "server.yaml"), func(text string) string { return text + addresses }))
}

// introduce tells the witnesses which ledger they watch.
func (w *town) introduce() error {
	data, err := os.ReadFile(w.path("cell", "anchor.json"))
	if err != nil {
		return err
	}
	var anchor struct {
		Keys []string `json:"ledger_keys"`
	}
	if err := json.Unmarshal(data, &anchor); err != nil {
		return err
	}
	for _, each := range w.watchers {
		settings := fmt.Sprintf("listen: %s\nlogs:\n  - origin: %s\n    keys: [%s]\n", each.address, origin, anchor.Keys[0])
		if err := os.WriteFile(w.path(each.name, "witness.yaml"), []byte(settings), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// watch starts or ends a witness.
func watch(_ *testscript.TestScript, s *story, args []string) (err error) {
	each := s.watchers[args[1]]
	if args[0] == "down" {
		return each.process.end(syscall.SIGINT)
	}
	each.process, err = start(filepath.Join(s.dir, each.name+".log"), exec.Command(s.program("halligan"), "witness", "serve", s.path(each.name)))
	if err != nil {
		return err
	}
	return until(patience, each.name+" to listen", func() (bool, error) { return answers(each.address), nil })
}
