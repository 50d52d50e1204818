package cli

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

type joinCommand struct {
	Address string `arg:"" optional:"" help:"Where the server is: https://host:port. Without it, the words for somebody else who joins are shown."`
	As      string `placeholder:"ID" help:"Who you are in cell.yaml."`
	Words   string `placeholder:"WORDS" help:"The four words that you compare, as they were read to you."`
	Look    bool   `help:"Sign nothing yet: only compare, read genesis and write the profile."`
	Anchor  string `type:"path" placeholder:"FILE" help:"Write the anchor of this genesis there as well: verification starts from it."`
	Yes     bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `join`.
func (joinCommand) Help() string {
	return `A server that is not sealed yet shows four words, worked out from its TLS key and the name of the cell. This machine works out its own from the key that it sees. Have the words of the server's machine read to you, on the phone or across the table: if somebody is in between, they differ, and nothing is written.

When they are the same, the server's key is pinned, genesis is fetched and shown from its bytes, your profile is written, and, if you are a founder, you sign exactly that genesis. Repeat the command when the files were changed since: everybody must sign again.

Who comes later joins a cell that is sealed. Then the words are of the server's key and the anchor, and it is somebody of the cell who reads them out, from what their own machine pins: halligan join without an address shows them.

Examples:

    halligan join https://halligan.example.com:7878 --as ben --key ~/.ssh/id_ed25519
    halligan join https://halligan.example.com:7878 --as ben --words "copper lantern seven orchid" --look
    halligan join`
}

// Run joins.
func (j joinCommand) Run(c *call) error {
	if j.Address == "" {
		return j.readOut(c)
	}
	if j.As == "" {
		return failf(exitUsage, "missing flags: --as=ID").or("say who you are in cell.yaml")
	}
	address, err := serverAddress(j.Address)
	if err != nil {
		return err
	}
	j.Profile, err = profilePath(j.Profile)
	if err != nil {
		return err
	}
	key, signer, err := c.joinKey(j.Key)
	if err != nil {
		return err
	}
	met, err := client.Meet(c.ctx, address)
	if errors.Is(err, client.ErrNoCell) {
		return because(exitUsage, err, "cannot join %s", address).or("name the address that the server's machine shows")
	}
	if errors.Is(err, client.ErrUnreachable) {
		return because(exitUnreachable, err, "").or("see whether halligan serve runs there, and whether the address is the one that it shows")
	}
	if err != nil {
		return err
	}
	if err := j.compare(c, met); err != nil {
		return err
	}
	if anchor, sealed := met.Anchor(); sealed {
		return j.late(c, client.Profile{URL: address, ServerKey: met.ServerKey(), Anchor: anchor, Person: j.As, Key: key}, signer)
	}
	g, err := readGenesis(c, met, j.As, signer)
	if err != nil {
		return err
	}
	profile := client.Profile{URL: address, ServerKey: met.ServerKey(), Anchor: server.AnchorOf(&g.bundle), Person: j.As, Key: key}
	if err := newProfile(j.Profile, profile); err != nil {
		return err
	}
	c.toPeople(g.sheet())
	if err := j.write(c, profile); err != nil {
		return err
	}
	if m, err := c.member(profile, nil); err == nil {
		g.keep(m)
	}
	if j.Look || !slices.Contains(g.bundle.Genesis.Founders, j.As) {
		return c.answer(joined{Genesis: g.bundle.Digest(), Profile: j.Profile}, func() {
			c.say("You signed nothing. %s", j.later(&g.bundle))
		})
	}
	return j.sign(c, met, g, signer)
}

// write writes what this machine pins from now on.
func (j joinCommand) write(c *call, profile client.Profile) error {
	if err := profile.Save(j.Profile); err != nil {
		return because(exitInternal, err, "")
	}
	c.tell("Wrote your profile, which pins the server's key and this genesis: %s", j.Profile)
	if j.Anchor == "" {
		return nil
	}
	data, err := profile.Anchor.Encode()
	if err == nil {
		err = os.WriteFile(j.Anchor, data, 0o644)
	}
	if err != nil {
		return because(exitInternal, err, "cannot write the anchor")
	}
	return nil
}

// keep keeps a copy on this machine, for the hour in which the server is down.
func (g *foundingFiles) keep(m *member) {
	m.lay(g.bundle.Digest(), g.bundle.GenesisBytes)
	for id, digest := range g.book.Digests {
		m.lay(digest, g.bundle.Scenarios[id])
	}
	for _, ref := range g.bundle.Genesis.Policies {
		m.lay(ref.Digest, g.bundle.Policies[ref.ID])
	}
}

// joined is what a joining became, as JSON.
type joined struct {
	Genesis canon.Digest `json:"genesis"`
	Profile string       `json:"profile"`
	Signed  bool         `json:"signed"`
	Missing []string     `json:"missing,omitempty"` // founders who have not signed yet
}

func (j joinCommand) later(b *config.Bundle) string {
	if !slices.Contains(b.Genesis.Founders, j.As) {
		return "The founders do; your profile is of use once they sealed the cell."
	}
	return "Repeat the command without --look to sign."
}

// sign signs the genesis that was shown, and leaves the signature with the server.
func (j joinCommand) sign(c *call, met *client.Met, g *foundingFiles, signer client.Signer) error {
	c.toPeople("\nYour signature, as " + j.As + ", founds exactly this: genesis " + g.bundle.Digest().String() + ".\n")
	if err := c.confirm(j.Yes, "found"); err != nil {
		return err
	}
	signed, err := foundWith(c.ctx, &g.bundle, j.As, signer)
	if err != nil {
		return err
	}
	state, err := met.Leave(c.ctx, signed.Statement, signed.Signature)
	if err != nil {
		return err
	}
	out := joined{Genesis: g.bundle.Digest(), Profile: j.Profile, Signed: true, Missing: state.Missing}
	return c.answer(out, func() {
		c.say("%s signed genesis %s", j.As, g.bundle.Digest())
		c.say("%s", server.StillMissing(state.Missing))
		c.say("Next, once the cell is sealed: halligan status")
	})
}

// compare demands that a person was read the words that this machine works out.
// It shows nothing to say yes to: who hears other words cannot type these.
func (j joinCommand) compare(c *call, met *client.Met) error {
	whose, how := "the server's machine", "it shows them"
	if _, sealed := met.Anchor(); sealed {
		whose, how = "the machine of somebody of the cell", "halligan join shows them there"
	}
	heard := j.Words
	words, err := met.Words()
	if err != nil {
		return err
	}
	if heard == "" {
		heard, err = c.ask("Type the four words that " + whose + " shows, as they are read to you: ")
		if errors.Is(err, errNobody) {
			return failf(exitUsage, "nobody compared the words of %s; nothing was written", j.Address).
				or("have them read to you from %s (%s), and give them with --words", whose, how)
		}
		if err != nil {
			return err
		}
	}
	// People write down what they hear as they like: commas, hyphens, capitals.
	said := strings.FieldsFunc(strings.ToLower(heard), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(said) != len(words) {
		return failf(exitUsage, "four words are wanted, and you gave %d; nothing was written", len(said)).or("give all of them as they are read to you from %s", whose)
	}
	if !slices.Equal(said, words[:]) {
		return failf(exitUnverified, "these are not the words of the key that %s shows here; nothing was written", j.Address).
			or("hear them again from %s; if they stay different, somebody is between you and the server: tell whoever runs it", whose)
	}
	c.tell("The words are the same: %s shows the key of %s.", j.Address, met.Cell())
	return nil
}

// joinKey is the person's key, and how their profile names it.
func (c *call) joinKey(named string) (string, client.Signer, error) {
	signer, err := c.signer(named, client.Profile{}, "")
	if err != nil || named == "" || strings.HasPrefix(named, "SHA256:") {
		return named, signer, err
	}
	path, err := filepath.Abs(named)
	if err != nil {
		return "", nil, because(exitUsage, err, "cannot find your key")
	}
	return path, signer, nil
}

// serverAddress is the address of a server as profiles have it.
func serverAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return "", failf(exitUsage, "%q is not the address of a server", text).or("write it as https://halligan.example.com:7878")
	}
	return "https://" + u.Host, nil
}

// newProfile refuses to write over a profile of something else.
func newProfile(path string, p client.Profile) error {
	there, err := client.LoadProfile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && there.Anchor.Origin == p.Anchor.Origin && there.Person == p.Person {
		return nil
	}
	if err == nil {
		err = errors.New("it is of " + there.Person + " in " + there.Anchor.Origin)
	}
	return because(exitUsage, err, "another profile is at %s already", path).or("name another file with --profile or HALLIGAN_PROFILE")
}

// foundingFiles are what founders sign, checked against the digest that they
// sign.
type foundingFiles struct {
	bundle config.Bundle
	book   *scenarioBook
	texts  map[canon.Digest]string
}

// readGenesis fetches what founders sign and checks it.
func readGenesis(c *call, met *client.Met, person string, signer client.Signer) (*foundingFiles, error) {
	files, err := met.Files(c.ctx, person, signer)
	if err != nil {
		mine := "the key that you named"
		if key, err := ssh.ParsePublicKey(signer.Key()); err == nil {
			mine = ssh.FingerprintSHA256(key)
		}
		return nil, hinting(err, "unknown-key", "whoever runs the server looks into cell.yaml: is there a person with the id %s, and %s a key of theirs? (ssh-keygen -lf FILE prints fingerprints)", person, mine)
	}
	return checkedGenesis(files, met.Cell(), canon.At(c.now()))
}

// checkedGenesis checks what a server says founders sign: every file has the
// digest that genesis names, the rules take all of it, and genesis is of the cell
// whose words were compared.
func checkedGenesis(files client.FoundingFiles, of string, now canon.Time) (*foundingFiles, error) {
	held := map[canon.Digest][]byte{}
	for _, file := range files.Files {
		held[canon.Sum([]byte(file))] = []byte(file)
	}
	g := &foundingFiles{texts: map[canon.Digest]string{}}
	g.bundle.GenesisBytes = []byte(files.Files[0])
	digest := g.bundle.Digest()
	var err error
	g.book, err = bookOf(ledger.Anchor{Genesis: ledger.Hash(digest)}, digest, func(of canon.Digest) ([]byte, error) {
		if data, ok := held[of]; ok {
			return data, nil
		}
		return nil, otherGenesis("it did not send %s, which genesis names", of.Short())
	}, now)
	if err != nil {
		return nil, err
	}
	if g.bundle.Genesis = *g.book.genesis; g.bundle.Genesis.Origin != of {
		return nil, otherGenesis("it sent genesis of %s, and not of %s", g.bundle.Genesis.Origin, of)
	}
	g.bundle.Scenarios = map[string][]byte{}
	for id, at := range g.book.Digests {
		g.bundle.Scenarios[id] = held[at]
	}
	g.bundle.Policies = map[string][]byte{}
	for _, ref := range g.bundle.Genesis.Policies {
		g.bundle.Policies[ref.ID] = held[ref.Digest]
	}
	if _, err := g.bundle.Document(); err != nil {
		return nil, because(exitUnverified, err, "the rules would refuse this genesis")
	}
	for _, noted := range files.Notes {
		if len(noted.Salt) == ledger.SaltSize {
			g.texts[canon.Digest(ledger.NoteHash([ledger.SaltSize]byte(noted.Salt), noted.Text))] = noted.Text
		}
	}
	return g, nil
}

// otherGenesis is the failure of a server that does not send what it must.
func otherGenesis(format string, args ...any) *failure {
	return failf(exitUnverified, "nothing was signed: the server does not show what founders sign: "+format, args...).
		or("tell whoever runs the server")
}
