package config

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// publicKey is a key with the place that it was read from.
type publicKey struct {
	roster.Key
	at       place
	security bool   // lives in a security key: a person can be verified by it
	passkey  string // the host on whose pages it signs; empty: it is no passkey
}

// keyMend is the hint for what is not a public key.
const keyMend = "paste one line of a .pub file, such as ssh-ed25519 AAAA… anna@laptop"

// securityMend is the hint where somebody must be verified by their key.
const securityMend = "add passkeys of the cell's page, or security keys: ssh-keygen -t ed25519-sk -O verify-required"

// readKey reads one authorized_keys line.
func readKey(f *findings, at place, line string) (publicKey, bool) {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(roster.KeyTypes, w) }); i > 0 {
		f.errorf(at, "begin with the type of the key, as a .pub file does", "has words before the type of the SSH public key")
		return publicKey{}, false
	}
	if len(words) > 0 && strings.HasSuffix(words[0], "-cert-v01@openssh.com") {
		f.errorf(at, keyMend, "is an SSH certificate, not a public key")
		return publicKey{}, false
	}
	if len(words) < 2 || !slices.Contains(roster.KeyTypes, words[0]) {
		f.errorf(at, keyMend+"; types: "+strings.Join(roster.KeyTypes, ", "), "%s is not an SSH public key", show(line))
		return publicKey{}, false
	}
	key, err := roster.ParseKey(line)
	if err != nil {
		f.errorf(at, keyMend, "is not a whole SSH public key: its base64 cannot be read, or is of another type")
		return publicKey{}, false
	}
	wire, err := base64.StdEncoding.Strict().DecodeString(words[1])
	if err != nil {
		f.errorf(at, keyMend, "is not a whole SSH public key: its base64 cannot be read")
		return publicKey{}, false
	}
	who, err := sshsig.Inspect(wire)
	if err != nil {
		return publicKey{}, refuseKey(f, at, err)
	}
	out := publicKey{Key: key, at: at, security: who.Security}
	if who.Passkey {
		out.passkey = who.Application
	}
	return out, true
}

// readDevice reads the line of a code device: a key that the server holds.
func readDevice(f *findings, line word) (publicKey, bool) {
	key, ok := readKey(f, line.at, line.text)
	if ok && !strings.HasPrefix(key.Line, "ssh-ed25519 ") {
		f.errorf(line.at, "write under totp what halligan enrol --totp printed, and other keys under keys", "is no code device: the server makes plain Ed25519 keys for those")
		return publicKey{}, false
	}
	key.Code = ok
	return key, ok
}

// ours demands that a passkey is one of the cell's own pages: only they show what
// is signed, and a page of another host could ask for anything.
func (c *cellFacts) ours(f *findings, key publicKey) bool {
	name := c.file.Name.text
	if key.passkey == "" || key.passkey == name || canon.CheckOrigin(name) != nil { // what is wrong with the name is said there
		return true
	}
	f.errorf(key.at, "make it on a page of https://"+name+"; a key for SSH is made with ssh-keygen, which writes ssh: into it",
		"is a passkey of %s, and the cell is %s", showID(key.passkey), name)
	return false
}

// refuseKey notes why signatures by a key would be refused. It is false.
func refuseKey(f *findings, at place, err error) bool {
	mend := keyMend
	if errors.Is(err, sshsig.ErrKeyApplication) {
		mend = "make a security key with ssh-keygen -t ed25519-sk, or a passkey on a page of the cell"
	}
	if errors.Is(err, sshsig.ErrKeySize) || errors.Is(err, sshsig.ErrKeyWeak) {
		mend = "make a new one: ssh-keygen -t ed25519"
	}
	f.errorf(at, mend, "this SSH key cannot be used: %v", err)
	return false
}

// readKeys reads a file of authorized_keys lines below the folder.
func readKeys(f *findings, folder fs.FS, name word) []publicKey {
	if !fs.ValidPath(name.text) {
		f.errorf(name.at, "write a path below the folder of cell.yaml, such as keys/anna.pub", "%s is not a path below the folder", show(name.text))
		return nil
	}
	info, err := fs.Stat(folder, name.text)
	if err != nil || !info.Mode().IsRegular() {
		f.errorf(name.at, "put it there, and make it readable for you", "cannot open %s as a file of keys", show(name.text))
		return nil
	}
	switch perm := info.Mode().Perm(); {
	case perm&0o002 != 0:
		f.errorf(name.at, "chmod go-w "+name.text, "%s can be written by everybody (mode %04o)", show(name.text), perm)
	case perm&0o020 != 0:
		f.warnf(name.at, "chmod g-w "+name.text, "%s can be written by its group (mode %04o)", show(name.text), perm)
	}
	data, err := readFile(folder, name.text)
	if err != nil {
		f.errorf(name.at, "make it readable for you", "cannot read %s: %v", show(name.text), reason(err))
		return nil
	}
	if !scan(name.text, data, f) {
		return nil
	}
	var keys []publicKey
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if key, ok := readKey(f, place{name.text, number, 1}, line); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		f.errorf(name.at, keyMend, "%s holds no key that can be used", show(name.text))
	}
	return keys
}
