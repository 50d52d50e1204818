package cli

import (
	"github.com/halligan-dev/halligan/internal/server"
)

type issuerPublishCommand struct {
	Folder string `arg:"" optional:"" help:"Where the cell lives. Without it, the ledger says what is published."`
	To     string `required:"" help:"Folder to write into; each issuer has one in it, named by its host." placeholder:"FOLDER"`
	memberFlags
}

// Help is the long help of `issuer publish`.
func (issuerPublishCommand) Help() string {
	return `Writes two files for each issuer: .well-known/openid-configuration and jwks.json, with the key that signs and the next one. They follow from the cell's document alone, so that each run writes the same; each file is replaced whole. Copy each folder to the root of its host, as static files with the type application/json. Nothing in them is secret, and whoever can write them can be anybody at AWS: lock both hosts.

Examples:

    halligan issuer publish /srv/halligan --to ./issuers
    halligan issuer publish --to ./issuers`
}

// Run writes.
func (p issuerPublishCommand) Run(c *call) error {
	of, err := c.issuers(p.Folder, p.memberFlags)
	if err != nil {
		return err
	}
	out, err := server.PublishIssuers(of, p.To)
	if err != nil {
		return because(exitUsage, err, "").or("name a folder that you may write to")
	}
	return c.answer(out, func() {
		for _, w := range out {
			c.say("%s  %s", w.SHA256, w.File)
		}
		check := "halligan issuer check"
		if p.Folder != "" {
			check += " " + shellQuoted(p.Folder)
		}
		c.tell("Copy each folder of %s to its host, and then: %s", p.To, check)
	})
}
