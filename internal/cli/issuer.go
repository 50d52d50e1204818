package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// issuerCommand is about the issuer of tokens, whose keys AWS reads from two hosts.
type issuerCommand struct {
	New     issuerNewCommand     `cmd:"" help:"Make another key that can sign tokens for AWS."`
	Publish issuerPublishCommand `cmd:"" help:"Write what the issuer's hosts must show to AWS."`
	Check   issuerCheckCommand   `cmd:"" help:"Look from outside whether the issuer's hosts show the cell's keys."`
}

type issuerNewCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
}

// Help is the long help of `issuer new`.
func (issuerNewCommand) Help() string {
	return `On the server's machine. The private half is written beside the other keys, readable by its owner alone. The public half is written into the cell's files as issuer/current.jwk, or, where that is there, as issuer/next.jwk. Nothing is signed with it before the cell's document names it first among aws.keys.

Examples:

    halligan issuer new /srv/halligan`
}

// issuerFiles are the public halves, the one that signs first.
var issuerFiles = []string{"issuer/current.jwk", "issuer/next.jwk"}

// Run makes a key.
func (n issuerNewCommand) Run(c *call) error {
	settings, _, err := config.LoadServer(filepath.Join(n.Folder, config.ServerFile))
	if err != nil {
		return broken(err)
	}
	name := ""
	for _, file := range issuerFiles {
		if _, err := os.Lstat(filepath.Join(n.Folder, file)); errors.Is(err, fs.ErrNotExist) {
			name = file
			break
		}
	}
	if name == "" {
		return failf(exitUsage, "there is a next key already, in %s", filepath.Join(n.Folder, issuerFiles[1])).
			or("let it sign first: move it over %s, have the change agreed to, and make another then", issuerFiles[0])
	}
	public, id, private, err := server.MakeIssuerKey(settings.KeysFolder)
	if err != nil {
		return because(exitUsage, err, "").or("run it as whoever runs the server, on its machine, with the folder that halligan init began")
	}
	file := filepath.Join(n.Folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return because(exitUsage, err, "cannot write %s", file)
	}
	if err := writeNew(file, append(public, '\n')); err != nil {
		return err
	}
	out := struct {
		ID      string `json:"id"`
		Public  string `json:"public"`
		Private string `json:"private"`
	}{id, file, private}
	return c.answer(out, func() {
		c.say("%s", id)
		c.tell("Wrote %s: keep a copy of it where the copies of the other keys are.", private)
		c.tell("Wrote %s: name it in aws.keys of cell.yaml.", file)
	})
}

// issuers are those of a cell: as its files say, or, where no folder is named, as
// the ledger does, which is verified from the profile's anchor.
func (c *call) issuers(folder string, by memberFlags) (cell.AWS, error) {
	if folder != "" {
		if _, err := os.Stat(filepath.Join(folder, config.CellFile)); err != nil {
			return cell.AWS{}, because(exitUsage, err, "%s is not a cell's folder", folder).or("name the folder that holds %s", config.CellFile)
		}
		d, err := config.Read(folder)
		if err != nil {
			return cell.AWS{}, broken(err)
		}
		return withIssuers(d.Genesis.AWS)
	}
	m, err := c.open(by)
	if err != nil {
		return cell.AWS{}, err
	}
	known, err := m.founding()
	if err != nil {
		return cell.AWS{}, err
	}
	return withIssuers(known.genesis.AWS)
}

func withIssuers(of cell.AWS) (cell.AWS, error) {
	if len(of.Issuers) == 0 {
		return of, failf(exitUsage, "the cell has no issuer of tokens").or("write aws: with issuers, keys and accounts into cell.yaml, and propose the change")
	}
	return of, nil
}
