package cli

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// initCommand begins a cell.
type initCommand struct {
	New      initNewCommand      `cmd:"" default:"withargs" help:"Write a new cell's files and keys into a folder."`
	Sign     initSignCommand     `cmd:"" help:"Sign genesis as one founder."`
	Seal     initSealCommand     `cmd:"" help:"Begin the ledger with every founder's signature."`
	Profiles initProfilesCommand `cmd:"" help:"Write profiles of people who came since."`
}

// Help is shown by --help.
func (initCommand) Help() string {
	return `halligan init with the flags of init new is init new.

Examples:

    halligan init cell --name halligan.example.com --host db1=db1.example.com:22 --person ann=ann.pub --person ben=ben.pub --person cara=cara.pub
    halligan serve cell
    halligan join https://halligan.example.com:7878 --as ann --key ~/.ssh/id_ed25519
    halligan init seal cell`
}

type initNewCommand struct {
	Folder  string   `arg:"" optional:"" default:"." help:"Where the cell lives."`
	Name    string   `required:"" placeholder:"NAME" help:"The cell's public host name and ledger origin, for ever."`
	Person  []string `required:"" placeholder:"ID=FILE.pub" help:"A founder and their SSH public key; once for each founder."`
	Host    []string `placeholder:"ID=ADDRESS" help:"An SSH host that scenarios may open, such as db1=db1.example.com:22, whose keys you add to cell.yaml."`
	Channel []string `placeholder:"ID" help:"A webhook channel for alarms."`
}

// Help is shown by --help.
func (c *initNewCommand) Help() string {
	return `Writes cell.yaml, two example scenarios, server.yaml, the server's keys and a
local TLS authority, for browsers. Nothing is sealed: edit the files, run halligan lint, run
halligan serve, let each founder run halligan join on their own machine, then run
halligan init seal.

Examples:

    halligan init --name halligan.example.com --person alice=alice.pub --person bob=bob.pub --person carol=carol.pub`
}

// Run writes the files.
func (c *initNewCommand) Run(on *call) error {
	if canon.CheckOrigin(c.Name) != nil {
		return failf(exitUsage, "cannot begin a cell named %q", c.Name).
			or("--name is its public host name, in lower case, such as halligan.example.com: it can never be changed")
	}
	starter, err := c.starter()
	if err != nil {
		return err
	}
	files, err := starter.Files()
	if err != nil {
		return err
	}
	files[config.ServerFile] = []byte("# The settings of this server. Nothing here is signed.\nlisten: " + config.ListenDefault + "\nmetrics_listen: " + config.MetricsListenDefault + "\n")
	for name := range files {
		if _, err := os.Lstat(filepath.Join(c.Folder, name)); err == nil {
			return failf(exitUsage, "cannot begin a cell in %s: %s is there already", c.Folder, name).or("choose an empty folder")
		}
	}
	for name, data := range files {
		if err := writeFile(filepath.Join(c.Folder, name), data); err != nil {
			return because(exitUsage, err, "cannot begin a cell in %s", c.Folder).or("name a folder that you may write to; what is in it already from this, take away")
		}
	}
	if err := c.keys(); err != nil {
		return because(exitInternal, err, "cannot begin a cell in %s", c.Folder).or("take away what this wrote there, and run it again")
	}
	return c.next(on)
}

// keys makes the server's keys and the salts of names.
func (c *initNewCommand) keys() error {
	settings, _, err := config.LoadServer(filepath.Join(c.Folder, config.ServerFile))
	if err != nil {
		return err
	}
	if _, err := server.MakeKeys(settings.KeysFolder, c.Name); err != nil {
		return err
	}
	if err := server.MakeCertificate(settings.KeysFolder, c.Name, time.Now()); err != nil {
		return err
	}
	_, err = config.FillNotes(c.Folder, rand.Reader)
	return err
}

func (c *initNewCommand) next(on *call) error {
	problems := config.Lint(c.Folder)
	return on.answer(map[string]any{"folder": c.Folder, "problems": problems}, func() {
		on.say("wrote cell.yaml, two example scenarios, server.yaml, keys and a local TLS authority in %s", c.Folder)
		for _, problem := range problems {
			on.say("%s", problem)
		}
		on.say("next: edit the files, then  halligan lint %s", shellQuoted(c.Folder))
		on.say("then:                       halligan serve %s", shellQuoted(c.Folder))
		on.say("then, each founder:         halligan join URL --as ID --key KEYFILE")
		on.say("then:                       halligan init seal %s", shellQuoted(c.Folder))
	})
}

// starter reads what the flags say.
func (c *initNewCommand) starter() (config.Starter, error) {
	s := config.Starter{Name: c.Name, Channels: c.Channel}
	for _, person := range c.Person {
		id, file, ok := strings.Cut(person, "=")
		if !ok {
			return s, failf(exitUsage, "cannot read --person %q", person).or("write it as ID=FILE.pub")
		}
		line, err := os.ReadFile(file)
		if err != nil {
			return s, because(exitUsage, err, "cannot read the public key of %s", id).or("name the .pub file that %s made and sent you: ssh-keygen -t ed25519 makes it, beside the private key", id)
		}
		key := strings.TrimSpace(string(line))
		if strings.Contains(key, "PRIVATE KEY") {
			return s, failf(exitUsage, "cannot use %s: it is a private key", file).or("give the .pub file")
		}
		s.People = append(s.People, config.StarterPerson{ID: id, Name: id, Contact: "call " + id, Keys: []string{key}})
	}
	for _, host := range c.Host {
		id, address, ok := strings.Cut(host, "=")
		if !ok {
			return s, failf(exitUsage, "cannot read --host %q", host).or("write it as ID=ADDRESS:PORT")
		}
		s.Hosts = append(s.Hosts, config.StarterHost{ID: id, Address: address})
	}
	return s, nil
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
