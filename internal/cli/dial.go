package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// open loads the profile and finds the member's key. It speaks to nobody yet.
func (c *call) open(f memberFlags) (*member, error) {
	collectSeldom()
	path, profile, err := loadProfile(f.profileFlags)
	if err != nil {
		return nil, err
	}
	var signer client.Signer
	if f.TOTP {
		signer, err = c.codeSigner(f.deviceNamed(), profile)
	} else {
		signer, err = c.signer(f.Key, profile, filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	m, err := c.member(profile, signer)
	if err == nil {
		m.key = keyNamed(f.Key, profile, filepath.Dir(path))
	}
	return m, err
}

// deviceNamed is the file with a code device's line, if --key names one: that of an
// SSH key, which HALLIGAN_KEY may name for good, is none.
func (f memberFlags) deviceNamed() string {
	if f.Key == os.Getenv("HALLIGAN_KEY") {
		return ""
	}
	return f.Key
}

// reader is a member who signs nothing, and so can read only what is for everybody.
func (c *call) reader(f profileFlags) (*member, error) {
	_, profile, err := loadProfile(f)
	if err != nil {
		return nil, err
	}
	return c.member(profile, nil)
}

func loadProfile(f profileFlags) (path string, profile client.Profile, err error) {
	if path, err = profilePath(f.Profile); err != nil {
		return path, profile, err
	}
	profile, err = client.LoadProfile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, profile, failf(exitUsage, "there is no profile at %s", path).or("halligan join https://SERVER:7878 --as ID --key FILE writes it; one that you were given is named with --profile or HALLIGAN_PROFILE; to look around without a cell: halligan demo")
	}
	if err != nil {
		return path, profile, because(exitUsage, err, "").or("a profile is what halligan init seal wrote to profiles/ID.json: get yours from whoever sealed the cell")
	}
	return path, profile, nil
}

// member is the person of a profile, with a signer or without.
func (c *call) member(profile client.Profile, signer client.Signer) (*member, error) {
	folder, err := stateFolder(profile)
	if err != nil {
		return nil, err
	}
	opened, err := client.Open(profile, folder, signer)
	if err != nil {
		return nil, because(exitUsage, err, "")
	}
	var once sync.Once
	opened.OnAgain(func(why error) {
		once.Do(func() {
			c.tell("%s does not answer (%v); trying again for some seconds …", profile.URL, innermost(why))
		})
	})
	opened.OnProof(c.proveLedger(opened))
	return &member{
		c: c, self: profile.Person, pinned: profile.Anchor,
		way: &way{client: opened, signer: signer, profile: profile, now: c.now},
	}, nil
}

// innermost is what lies at the bottom of an error: "connection refused" says
// more to a person than how it came up.
func innermost(err error) error {
	for {
		switch below := err.(type) {
		case interface{ Unwrap() error }:
			if below.Unwrap() == nil {
				return err
			}
			err = below.Unwrap()
		case interface{ Unwrap() []error }:
			all := below.Unwrap()
			err = all[len(all)-1]
		default:
			return err
		}
	}
}

// profilePath is the profile that was named, or the default one.
func profilePath(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", because(exitUsage, err, "cannot find your configuration folder").or("name the profile with --profile")
	}
	return filepath.Join(folder, "halligan", "profile.json"), nil
}

// stateFolder is where this person's machine keeps, for one cell, the keys of
// requests and the newest checkpoint that it has seen.
func stateFolder(p client.Profile) (string, error) {
	folder := os.Getenv("HALLIGAN_STATE")
	if folder == "" {
		if folder = os.Getenv("XDG_STATE_HOME"); folder == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", because(exitUsage, err, "cannot find your home folder").or("set HALLIGAN_STATE to a folder of your own")
			}
			folder = filepath.Join(home, ".local", "state")
		}
		folder = filepath.Join(folder, "halligan")
	}
	return filepath.Join(folder, canon.Digest(p.Anchor.Genesis).Short()+"-"+p.Person), nil
}

// signer is the member's key: the one that was named, else the profile's, else
// one that ssh-agent holds. A key that is none of the person's is refused by
// the rules, which alone know whose it is now.
func (c *call) signer(named string, p client.Profile, beside string) (client.Signer, error) {
	key := keyNamed(named, p, beside)
	var signer client.Signer
	var err error
	if key == "" {
		if key, err = agentKey(); err != nil {
			return nil, err
		}
	}
	signer, err = client.OpenSigner(key, c.passphrase())
	if err != nil {
		return nil, because(exitUsage, err, "").or("name your key with --key or HALLIGAN_KEY: a private key file, or a .pub file whose key ssh-agent holds")
	}
	return signer, nil
}

// keyNamed is the key that was named, else the profile's; empty if neither is.
func keyNamed(named string, p client.Profile, beside string) string {
	if named != "" || p.Key == "" || filepath.IsAbs(p.Key) || strings.HasPrefix(p.Key, "SHA256:") {
		return cmp.Or(named, p.Key)
	}
	return filepath.Join(beside, p.Key)
}

// agentKey is the fingerprint of the one key that ssh-agent holds.
func agentKey() (string, error) {
	const hint = "name your key with --key or HALLIGAN_KEY: a private key file, a .pub file whose key ssh-agent holds, or its SHA256: fingerprint"
	var held []string
	_, err := client.AgentSigner(func(fingerprint string) bool {
		held = append(held, fingerprint)
		return false
	})
	switch {
	case len(held) == 1:
		return held[0], nil
	case len(held) > 1:
		return "", failf(exitUsage, "ssh-agent holds several keys: %s", strings.Join(held, ", ")).or(hint)
	}
	return "", because(exitUsage, err, "").or(hint)
}

// remote is the ledger of the profile's server, whose URL must be the one given.
func (c *call) remote(at string) (ledger.Source, error) {
	m, err := c.open(memberFlags{profileFlags: profileFlags{Profile: os.Getenv("HALLIGAN_PROFILE")}, Key: os.Getenv("HALLIGAN_KEY")})
	if err != nil {
		return nil, err
	}
	if own := m.way.profile.URL; strings.TrimSuffix(at, "/") != strings.TrimSuffix(own, "/") {
		return nil, failf(exitUsage, "cannot read %s: your profile is of %s", at, own).
			or("name the right profile with HALLIGAN_PROFILE, or verify a folder that halligan evidence --all wrote")
	}
	if _, err := m.log(); err != nil { // it must go on from what this machine has seen
		return nil, err
	}
	return m.source(), nil
}

// way is a member's way to the server. It may be used concurrently.
type way struct {
	client  *client.Client
	signer  client.Signer
	profile client.Profile
	now     func() time.Time
	early   atomic.Pointer[ahead] // nil: nothing was asked for ahead
}

// read gives what a path of the server holds, as the member may see it.
func (w *way) read(ctx context.Context, path string) ([]byte, error) {
	if below, ok := strings.CutPrefix(path, "/ledger/"); ok {
		return w.client.Source(ctx).ReadFile(below)
	}
	below, query, _ := strings.Cut(strings.TrimPrefix(path, "/api/v1"), "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	data, err := w.client.Get(ctx, below, values)
	return []byte(data), err
}

// validFor is how long a statement that is signed here may be taken.
const validFor = 10 * time.Minute

// submit signs an order and sends the same bytes until it is known what became
// of them. What if we crash here: the keys of a request are on disk before
// anybody could know of it.
func (w *way) submit(ctx context.Context, o order) (client.Answer, error) {
	for try := 0; ; try++ {
		data, digest, err := w.encode(ctx, o)
		if err != nil {
			return client.Answer{}, err
		}
		if o.keep != nil {
			if err := client.SaveHolder(w.client.Folder(), digest, o.keep); err != nil {
				return client.Answer{}, err
			}
		}
		a, err := w.client.SendSignedWith(ctx, w.signerOf(o), data, client.Beside{Notes: o.notes, Files: o.files})
		var no *client.Problem
		if errors.As(err, &no) && no.Status < 500 && o.keep != nil {
			err = errors.Join(err, client.DropHolder(w.client.Folder(), digest))
		}
		if o.seen.Size == 0 && try == 0 && (refusedFor(err, "seen-stale") || refusedFor(err, "seen-unknown")) {
			continue
		}
		if errors.Is(err, client.ErrUnreachable) || ctx.Err() != nil && err != nil {
			return a, because(exitUnreachable, err, "what became of the statement is not known").
				or("halligan status tells, once the server answers; repeat the command only if it was not taken")
		}
		return a, err
	}
}

// encode makes the bytes that are signed.
func (w *way) encode(ctx context.Context, o order) ([]byte, canon.Digest, error) {
	newest := o.seen
	if newest.Size == 0 {
		var err error
		if newest, err = w.newest(ctx); err != nil {
			return nil, canon.Digest{}, err
		}
	}
	h := statement.Header{
		Actor: w.profile.Person, Ledger: newest.Origin, Expires: canon.At(w.now().Add(validFor)),
		Seen: statement.Seen{Size: newest.Size, Root: canon.Digest(newest.Root)},
	}
	_, _ = rand.Read(h.Nonce[:]) // never fails
	data, err := statement.Encode(statement.Statement{Header: h, Body: o.body})
	if err != nil {
		return nil, canon.Digest{}, because(exitUsage, err, "cannot make the statement")
	}
	return data, canon.Sum(data), nil
}

func (w *way) signerOf(o order) client.Signer {
	if o.signer != nil {
		return o.signer
	}
	return w.signer
}

// holder gives the keys that were made for a request: with it, or before it and
// then found by the public key that it names.
func (w *way) holder(id canon.Digest, names canon.Key32) (*client.Holder, error) {
	h, err := client.LoadHolder(w.client.Folder(), id)
	if errors.Is(err, client.ErrNoHolder) && !names.IsZero() {
		h, err = client.LoadMade(w.client.Folder(), names)
	}
	if errors.Is(err, client.ErrNoHolder) {
		return nil, failf(exitNotFound, "cannot act for request %s: %w", id.Short(), err).
			or("use the machine and person that asked; to end access from anywhere: halligan stop %s --why …", id.Short())
	}
	return h, err
}
