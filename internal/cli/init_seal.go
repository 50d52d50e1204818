package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

type initSignCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
	As     string `required:"" placeholder:"ID" help:"The founder who signs."`
	Key    string `required:"" placeholder:"FILE" help:"Their SSH key: a private key file, or a .pub file whose key is in ssh-agent."`
}

// Help is shown by --help.
func (c *initSignCommand) Help() string {
	return `Prints what genesis is, signs it and keeps the signature beside cell.yaml: for
a founder who sits at the server's machine. Others run halligan join on theirs.
Change a file afterwards, and every founder must sign again.

Examples:

    halligan init sign --as alice --key ~/.ssh/id_ed25519`
}

// Run signs.
func (c *initSignCommand) Run(on *call) error {
	bundle, _, err := compile(c.Folder)
	if err != nil {
		return err
	}
	signer, err := on.founderKey(c.Key)
	if err != nil {
		return err
	}
	signed, err := foundWith(on.ctx, &bundle, c.As, signer)
	if err != nil {
		return err
	}
	if err := server.FoundingsOf(c.Folder).Keep(c.As, signed); err != nil {
		return because(exitInternal, err, "")
	}
	return on.answer(map[string]any{"genesis": bundle.Digest(), "founder": c.As}, func() {
		on.say("%s signed genesis %s", c.As, bundle.Digest())
		on.say("founders: %s", strings.Join(bundle.Genesis.Founders, ", "))
	})
}

type initSealCommand struct {
	Folder string   `arg:"" optional:"" default:"." help:"Where the cell lives."`
	With   []string `placeholder:"ID=FILE" help:"Sign for a founder on the way; once for each."`
	URL    string   `placeholder:"URL" help:"What people's profiles call the server. Default: what they call it already, else https and the cell's name with the listening port."`
}

// Help is shown by --help.
func (c *initSealCommand) Help() string {
	return `Begins the ledger: genesis takes effect when every founder has signed it. Writes
anchor.json, which every verifier pins (print it), and a profile for each person.

Examples:

    halligan init seal
    halligan init seal --with alice=alice --with bob=bob --url https://localhost:7878`
}

// Run seals.
func (c *initSealCommand) Run(on *call) error {
	bundle, settings, err := compile(c.Folder)
	if err != nil {
		return err
	}
	signed, err := c.signatures(on, &bundle)
	if err != nil {
		return err
	}
	again := c.sealed(settings)
	if err := server.Seal(on.ctx, settings, &bundle, signed); err != nil {
		f := because(exitRefused, err, "cannot seal the cell")
		switch {
		case again && (errors.Is(err, server.ErrFounders) || errors.Is(err, server.ErrLocked)):
			return failf(exitRefused, "this cell is sealed already").or("there is nothing left to seal: halligan serve %s runs it, and halligan init profiles writes profiles anew", shellQuoted(c.Folder))
		case errors.Is(err, server.ErrFounders):
			return f.or("each founder runs halligan join on their own machine, or here: halligan init sign %s --as ID --key FILE", shellQuoted(c.Folder))
		case errors.Is(err, server.ErrLocked):
			return f.or("stop the server first")
		}
		return f
	}
	anchor := server.AnchorOf(&bundle)
	if err := server.WriteAnchor(filepath.Join(c.Folder, anchorFile), anchor); err != nil {
		return because(exitInternal, err, "cannot write the anchor")
	}
	profiles := filepath.Join(c.Folder, "profiles")
	if err := server.WriteProfiles(profiles, urlOf(c.URL, profiles, &bundle), settings, &bundle); err != nil {
		return err
	}
	return on.answer(map[string]any{"genesis": bundle.Digest(), "origin": bundle.Genesis.Origin}, func() {
		sealed := "sealed"
		if again {
			sealed = "this cell is sealed already"
		}
		on.say("%s: genesis %s", sealed, bundle.Digest())
		on.say("wrote anchor.json: print it, and pin it wherever the ledger is verified")
		on.say("wrote profiles/ for %s: give each person theirs; they are not secret", urlOf(c.URL, profiles, &bundle))
		on.say("%s", sealedWitnesses(anchor.Policy()))
		on.say("next: halligan serve %s (one that waited for the founders goes on by itself)", shellQuoted(c.Folder))
	})
}

// sealed tells whether the folder has what sealing leaves last but the profiles,
// and the ledger that it is of. Sealing that was cut off before is done again.
func (c *initSealCommand) sealed(settings config.Server) bool {
	_, anchor := os.Stat(filepath.Join(c.Folder, anchorFile))
	_, data := os.Stat(settings.DataFolder)
	return anchor == nil && data == nil
}

// sealedWitnesses says who cosigns, and what must be done for it.
func sealedWitnesses(policy ledger.Policy) string {
	if policy.None() {
		return "witnesses: none; truncation and forks show only against checkpoints that readers keep"
	}
	return fmt.Sprintf("witnesses: %d of %s; give each of them anchor.json's origin and ledger_keys: nothing opens before they have cosigned", policy.Need(), strings.Join(policy.Names(), ", "))
}

// urlOf is what profiles call the server: what was named, else what those call it
// that are there already, so that sealing again changes nothing unasked.
func urlOf(named, profiles string, b *config.Bundle) string {
	if named != "" {
		return named
	}
	for _, person := range b.Genesis.People {
		if there, err := client.LoadProfile(filepath.Join(profiles, person.ID+".json")); err == nil {
			return there.URL
		}
	}
	return ""
}

// signatures gathers what founders signed before and what --key signs now.
func (c *initSealCommand) signatures(on *call, b *config.Bundle) ([]server.Founding, error) {
	var signed []server.Founding
	now := map[string]bool{}
	for _, pair := range c.With {
		id, file, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, failf(exitUsage, "cannot read --with %q", pair).or("write it as ID=FILE")
		}
		signer, err := on.founderKey(file)
		if err != nil {
			return nil, err
		}
		made, err := foundWith(on.ctx, b, id, signer)
		if err != nil {
			return nil, err
		}
		signed, now[id] = append(signed, made), true
	}
	kept, err := server.FoundingsOf(c.Folder).Read()
	if err != nil {
		return nil, because(exitUsage, err, "").or("sign again with halligan init sign")
	}
	for _, founder := range slices.Sorted(maps.Keys(kept)) {
		if !now[founder] {
			signed = append(signed, kept[founder])
		}
	}
	return signed, nil
}

// compile reads a cell's folder as it is now.
func compile(folder string) (config.Bundle, config.Server, error) {
	settings, _, err := config.LoadServer(filepath.Join(folder, config.ServerFile))
	if err != nil {
		return config.Bundle{}, settings, broken(err)
	}
	keys, err := server.PublicKeys(settings.KeysFolder)
	if errors.Is(err, fs.ErrNotExist) {
		f := because(exitUsage, err, "cannot use %s", folder)
		if _, missing := os.Stat(filepath.Join(folder, anchorFile)); missing == nil {
			return config.Bundle{}, settings, f.or("put the copy of the server's keys back into %s: the cell is sealed with them, and no others will do", settings.KeysFolder)
		}
		return config.Bundle{}, settings, f.or("halligan init makes the cell's keys; name the folder that it wrote them to, if that is another than %s", folder)
	}
	if err != nil {
		return config.Bundle{}, settings, err
	}
	bundle, err := config.Compile(folder, keys)
	return bundle, settings, broken(err)
}

// broken gives the problems of files the exit code of their kind.
func broken(err error) error {
	var problems *config.BrokenError
	if errors.As(err, &problems) {
		return because(exitUsage, err, "cannot use the cell's files").or("halligan lint shows every problem with its mend")
	}
	return err
}

// foundWith signs genesis for a founder.
func foundWith(ctx context.Context, b *config.Bundle, founder string, signer client.Signer) (server.Founding, error) {
	key, err := ssh.ParsePublicKey(signer.Key())
	if err != nil {
		return server.Founding{}, because(exitUsage, err, "cannot sign for %s", founder)
	}
	if !slices.Contains(b.Genesis.Founders, founder) {
		return server.Founding{}, failf(exitUsage, "cannot sign for %s: the founders are %s", founder, both(b.Genesis.Founders)).
			or("name one of them and their own key: --as ID --key FILE, or --with ID=FILE")
	}
	if !owns(b, founder, ssh.FingerprintSHA256(key)) {
		return server.Founding{}, failf(exitUsage, "cannot sign for %s: %s is not one of their keys in cell.yaml", founder, ssh.FingerprintSHA256(key)).
			or("name the founder and their own key: --as ID --key FILE, or --with ID=FILE")
	}
	data, err := server.FoundStatement(b, founder)
	if err != nil {
		return server.Founding{}, because(exitUsage, err, "cannot sign for %s", founder)
	}
	blob, err := signer.Sign(ctx, sshsig.Namespace("found"), data)
	if err != nil {
		return server.Founding{}, because(exitUsage, err, "cannot sign for %s", founder)
	}
	return server.Founding{Statement: data, Signature: ledger.Signature{SSHSig: blob}}, nil
}

// owns tells whether a key is a person's.
func owns(b *config.Bundle, person, fingerprint string) bool {
	for _, p := range b.Genesis.People {
		for _, key := range p.Keys {
			if p.ID == person && key.Fingerprint == fingerprint {
				return true
			}
		}
	}
	return false
}
