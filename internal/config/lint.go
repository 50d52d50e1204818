package config

import (
	"io/fs"
	"os"
)

// Lint tells what is wrong with the cell and the scenarios of a folder, and with
// server.yaml where there is one, in the order of the files. Nothing means that
// Compile works, once notes.json has a salt for every name and contact.
func Lint(folder string) []Problem {
	f := &findings{}
	root, err := os.OpenRoot(folder)
	if err != nil {
		f.errorf(place{CellFile, 0, 0}, "name the folder that holds "+CellFile+", or write one with halligan init", "cannot be read: %v", reason(err))
		return f.sorted()
	}
	lintFolder(f, root.FS(), folder)
	if err := root.Close(); err != nil {
		f.errorf(place{CellFile, 0, 0}, "try again", "cannot be read: %v", reason(err))
	}
	return f.sorted()
}

// LintFS is Lint of the cell and scenarios of a file system; it does not look at
// server.yaml, whose secrets lie elsewhere.
func LintFS(folder fs.FS) []Problem {
	f := &findings{}
	readFolder(f, folder)
	return f.sorted()
}

func lintFolder(f *findings, files fs.FS, folder string) {
	cell, scenarios := readFolder(f, files)
	if _, err := fs.Stat(files, ServerFile); err != nil {
		return
	}
	data, err := readFile(files, ServerFile)
	if err != nil {
		f.errorf(place{ServerFile, 0, 0}, "make it readable for you", "cannot be read: %v", reason(err))
		return
	}
	server := readServer(f, data, folder)
	if server != nil && cell != nil {
		server.checkChannels(f, cell.file.Channels)
		server.checkPrograms(f, cell.programIDs())
		server.checkWitnesses(f, cell.witnesses)
		server.checkNetworks(f, texts(cell.file.Networks))
		server.checkTrackers(f, scenarios)
		server.checkProvider(f, cell.file.People)
	}
}

// readFolder reads and checks the cell and its scenarios, as far as it can.
func readFolder(f *findings, folder fs.FS) (*cellFacts, []*scenarioFacts) {
	cell := readCell(f, folder)
	var scenarios []*scenarioFacts
	for _, name := range scenarioNames(f, folder) {
		if s := readScenario(f, folder, name, cell); s != nil {
			scenarios = append(scenarios, s)
		}
	}
	checkRoles(f, scenarios)
	checkSets(f, scenarios)
	checkActing(f, scenarios)
	checkContents(f, scenarios)
	if cell != nil {
		ids := make([]string, 0, len(scenarios))
		for _, s := range scenarios {
			ids = append(ids, s.out.ID)
		}
		cell.checkPolicies(f, ids)
		lintPolicies(f, runPolicies(f, folder, cell.policies, cell))
	}
	return cell, scenarios
}
