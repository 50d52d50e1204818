package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// sealed is an envelope as it lies in a folder, and as the evidence has it.
type sealed struct {
	name        string
	folder      string
	serial      int64
	description *seal.Description
}

// sealed reads the folder that halligan envelope export wrote, and demands that it
// is of the sealing that is in force by the evidence, and was signed by who seals it.
func (c *counted) sealed(name, folder string) (*sealed, error) {
	const hint = "name the folder that halligan envelope export wrote after the last rotation, with --envelope"
	held, ok := c.world.Envelopes[name]
	if !ok || held.Current == nil {
		return nil, fail(exitRefused, hint, "by your evidence envelope %s was never sealed", name)
	}
	e := &sealed{name: name, folder: folder, serial: held.Current.Serial}
	if folder == "" {
		return nil, fail(exitUsage, hint, "the files of envelope %s are needed", name)
	}
	data, err := e.file("description.json", seal.DescriptionMost)
	if err != nil {
		return nil, fail(exitUsage, hint, "cannot read the envelope: %w", err)
	}
	if e.description, err = seal.Decode(data); err != nil {
		return nil, fail(exitRefused, hint, "cannot use %s: %w", folder, err)
	}
	says := seal.Said{
		Origin: c.world.Name, Name: name, Serial: e.serial, Threshold: held.Current.Threshold,
		Commitments: held.Current.Commitments, Content: held.Current.Content,
	}
	for _, h := range held.Current.Holders {
		says.Custodians, says.Sealed = append(says.Custodians, h.Custodian), append(says.Sealed, h.Sealed)
	}
	if !e.description.Says(says) {
		return nil, fail(exitRefused, hint, "the folder %s is not of envelope %s, serial %d, as your evidence has it", folder, name, e.serial)
	}
	return e, nil
}

func (e *sealed) file(name string, most int64) ([]byte, error) {
	return verify.ReadLimited(filepath.Join(e.folder, name), most)
}

// share gives a custodian's share to a request that the quorum has signed.
func (k *kit) share(args []string) error {
	f := newFlags("share")
	only, identity := f.String("only", "", ""), f.String("identity", os.Getenv("HALLIGAN_IDENTITY"), "")
	c, err := k.count(f, args)
	if err != nil {
		return err
	}
	fmt.Fprint(k.errOut, c.sheet())
	if err := c.asks(); err != nil {
		return err
	}
	if !c.request.Offline.Filled {
		return fail(exitRefused, "give nothing before the quorum has signed: with no server there is no other way", "the quorum of the request is not filled")
	}
	s, err := k.signer(c.proved, *f.key)
	if err != nil {
		return err
	}
	name, err := c.wanted(*only)
	if err != nil {
		return err
	}
	e, err := c.sealed(name, *f.envelope)
	if err != nil {
		return err
	}
	if *identity == "" {
		*identity = *f.key
	}
	share, err := e.open(s.person, *identity)
	if err != nil {
		return err
	}
	defer share.Wipe()
	file, err := seal.Reseal(share, c.body.Holder.X25519)
	if err != nil {
		return fail(exitRefused, "sign nothing; tell security", "cannot seal your share to the request: %w", err)
	}
	k.say("\nYour signature, as %s, gives your share of %s to %s, encrypted to the key that the signed request names.", s.person, e.description.SerialText(), c.request.Requester)
	k.say("It cannot be taken back: whoever has the file from then on has it for good. No server can stop it, and until\nit is carried back no ledger knows of it. Only a changed secret makes it worth nothing.")
	if err := k.confirm(f, "share"); err != nil {
		return err
	}
	c.bundle.Files = append(c.bundle.Files, file)
	blob := statement.Blob{Digest: canon.Sum(file), Length: len(file)}
	body := &statement.Share{Of: c.request.ID, Envelope: name, Serial: e.serial, Holder: c.body.Holder.X25519, Sealed: &blob}
	if err := k.add(c, f, s, body); err != nil {
		return err
	}
	k.say("Given, into %s. %s.", *f.output, c.custodians())
	k.say("Next: hand it to %s, who opens the envelope: halligan-kit open. Keep a copy: it is carried back by anyone of the\ncell, as soon as the server answers: halligan reconcile FILE.", c.request.Requester)
	return nil
}

// open opens the custodian's own share.
func (e *sealed) open(person, identity string) (seal.Share, error) {
	const hint = "name the private key that your share was sealed to with --identity; ssh-agent signs, and does not decrypt"
	mine, ok := e.description.Of(person)
	if !ok {
		return seal.Share{}, fail(exitRefused, "ask another custodian", "%s holds no share of envelope %s", person, e.name)
	}
	data, err := verify.ReadLimited(identity, seal.IdentityMost)
	if err != nil {
		return seal.Share{}, fail(exitUsage, hint, "cannot read the key that opens your share: %w", err)
	}
	defer clear(data)
	identities, err := seal.ParseIdentities(data, nil)
	if err != nil {
		return seal.Share{}, fail(exitUsage, hint, "cannot open your share with %s: %w", identity, err)
	}
	file, err := e.file(fmt.Sprintf("share-%d-%s.age", mine.Index, person), seal.ShareMost)
	if err != nil {
		return seal.Share{}, fail(exitUsage, "it is in the folder that halligan envelope export wrote", "cannot read your share: %w", err)
	}
	share, err := e.description.OpenShare(person, file, identities...)
	if err != nil {
		return share, fail(exitRefused, hint, "cannot use your share: %w", err)
	}
	return share, nil
}

// open puts the shares together on the machine that asked.
func (k *kit) open(args []string) error {
	f := newFlags("open")
	only, keys := f.String("only", "", ""), f.String("keys", "", "")
	c, err := k.count(f, args)
	if err != nil {
		return err
	}
	if err := c.asks(); err != nil {
		return err
	}
	if !c.request.Offline.Filled {
		return fail(exitRefused, "halligan-kit show tells who must agree still", "the quorum of the request is not filled")
	}
	name, err := c.wanted(*only)
	if err != nil {
		return err
	}
	e, err := c.sealed(name, *f.envelope)
	if err != nil {
		return err
	}
	if *keys == "" {
		*keys = f.files[0] + ".keys"
	}
	id, err := c.holder(*keys)
	if err != nil {
		return err
	}
	secret, givers, err := c.unseal(k, e, id)
	if err != nil {
		return err
	}
	defer clear(secret)
	k.say("Opened %s with the shares of %s. It is broken until its secret is changed.", e.description.SerialText(), both(givers))
	k.say("Next: as soon as the server answers, anyone of the cell carries this back: halligan reconcile %s", f.files[0])
	if *f.output != "" {
		return writeNew(*f.output, secret)
	}
	_, err = k.out.Write(secret)
	return err
}

// holder reads the keys that were made for the request.
func (c *counted) holder(path string) (age.Identity, error) {
	const hint = "use the machine that asked, and the file that halligan-kit request wrote there: --keys FILE"
	data, err := verify.ReadLimited(path, 1000)
	if err != nil {
		return nil, fail(exitUsage, hint, "cannot read the keys of the request: %w", err)
	}
	defer clear(data)
	h := new(holder)
	if err := canon.Decode(data, 1000, h); err != nil {
		return nil, fail(exitUsage, hint, "%s holds no keys of a request", path) // the cause would quote them
	}
	public, err := h.public()
	if err != nil || public != c.body.Holder {
		return nil, fail(exitUsage, hint, "the keys in %s were made for another request", path)
	}
	return seal.Holder(h.X25519[:])
}

// unseal opens the envelope with the shares that count. A bad one is named and left
// out.
func (c *counted) unseal(k *kit, e *sealed, id age.Identity) (secret []byte, givers []string, err error) {
	content, err := e.file("content.age", seal.ContentMost)
	if err != nil {
		return nil, nil, fail(exitUsage, "it is in the folder that halligan envelope export wrote", "cannot read the content: %w", err)
	}
	var shares []seal.Share
	defer func() {
		for i := range shares {
			shares[i].Wipe()
		}
	}()
	lease, ok := c.request.Lease(e.name)
	if !ok {
		return nil, nil, fail(exitRefused, "hand the file to the custodians: halligan-kit share", "nobody has given a share of %s", e.name)
	}
	for _, given := range lease.Shares {
		if !c.request.Offline.Counts(given.Statement) {
			continue
		}
		share, err := e.description.UnwrapFrom(given.Custodian, c.bundle.File(given.Sealed), id)
		var bad *seal.BadShare
		if errors.As(err, &bad) {
			k.say("Bad share: %s; it is left out. Tell security whose it was.", bad)
			continue
		}
		if err != nil {
			return nil, nil, fail(exitRefused, "ask another custodian", "cannot use a share: %w", err)
		}
		shares, givers = append(shares, share), append(givers, given.Custodian)
	}
	secret, err = e.description.Open(content, shares)
	if err != nil {
		return nil, nil, fail(exitRefused, "ask another custodian for theirs: "+strings.TrimSuffix(c.custodians(), "."), "cannot open envelope %s: %w", e.name, err)
	}
	return secret, givers, nil
}
