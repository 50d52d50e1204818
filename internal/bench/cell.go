package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

// people are the founders of a bench cell: the first asks, the others approve.
var people = []string{"ann", "bob", "cas", "dee"}

// folderOf a cell: its files, its sealed ledger and the keys of its people.
type folderOf struct {
	path   string
	listen string
	bundle config.Bundle
	keys   map[string]ed25519.PrivateKey
}

// makeCell founds a cell in a folder of the run, as `halligan init` and
// `halligan init seal` do.
func (r *run) makeCell(name string) (*folderOf, error) {
	f := &folderOf{path: r.path(name), keys: map[string]ed25519.PrivateKey{}}
	if err := os.MkdirAll(filepath.Join(f.path, "people"), 0o700); err != nil {
		return nil, err
	}
	lines := map[string]string{}
	for _, id := range append([]string{"host", "report"}, people...) {
		line, err := f.key(id)
		if err != nil {
			return nil, err
		}
		lines[id] = line
	}
	starter := config.Starter{Name: "localhost.example", Hosts: []config.StarterHost{{
		ID: "db1", Address: "127.0.0.1:9", Keys: []string{lines["host"]}, Report: lines["report"], OtherWay: "The console",
	}}}
	for _, id := range people {
		starter.People = append(starter.People, config.StarterPerson{ID: id, Name: id, Contact: "call " + id, Keys: []string{lines[id]}})
	}
	files, err := starter.Files()
	if err != nil {
		return nil, err
	}
	web, metrics, err := f.addresses()
	if err != nil {
		return nil, err
	}
	f.listen = web
	files[config.ServerFile] = fmt.Appendf(nil, "listen: %s\nmetrics_listen: %s\n", web, metrics)
	for path, data := range files {
		path = filepath.Join(f.path, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			return nil, err
		}
	}
	return f, f.found(starter.Name)
}

// key makes a person's key: in memory, and as a file for separate processes.
func (f *folderOf) key(id string) (line string, err error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", err
	}
	wire, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", err
	}
	f.keys[id] = private
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(wire))),
		os.WriteFile(filepath.Join(f.path, "people", id), pem.EncodeToMemory(block), 0o600)
}

// addresses finds two loopback ports that are free now.
func (f *folderOf) addresses() (string, string, error) {
	var found []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		found = append(found, l.Addr().String())
	}
	return found[0], found[1], nil
}

// found makes the keys of the server and seals the cell.
func (f *folderOf) found(name string) error {
	settings, _, err := config.LoadServer(filepath.Join(f.path, config.ServerFile))
	if err != nil {
		return err
	}
	keys, err := server.MakeKeys(settings.KeysFolder, name)
	if err != nil {
		return err
	}
	if err := server.MakeCertificate(settings.KeysFolder, name, time.Now()); err != nil {
		return err
	}
	if _, err := config.FillNotes(f.path, rand.Reader); err != nil {
		return err
	}
	if f.bundle, err = config.Compile(f.path, keys); err != nil {
		return err
	}
	var signed []server.Founding
	for _, id := range people {
		data, err := server.FoundStatement(&f.bundle, id)
		if err != nil {
			return err
		}
		signer, err := ssh.NewSignerFromKey(f.keys[id])
		if err != nil {
			return err
		}
		blob, err := sshsig.Sign(signer, sshsig.Namespace("found"), data)
		if err != nil {
			return err
		}
		signed = append(signed, server.Founding{Statement: data, Signature: ledger.Signature{SSHSig: blob}})
	}
	if err := server.Seal(context.Background(), settings, &f.bundle, signed); err != nil {
		return err
	}
	anchor := server.AnchorOf(&f.bundle)
	data, err := anchor.Encode()
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(f.path, "anchor.json"), data, 0o600),
		server.WriteProfiles(filepath.Join(f.path, "profiles"), "https://"+f.listen, settings, &f.bundle))
}
