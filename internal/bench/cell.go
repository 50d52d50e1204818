package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

// people are the founders of a bench cell: the first asks, the others approve.
var people = []string{"ann", "bob", "cas", "dee"}

// folderOf a cell: its files, its sealed ledger and the keys of its people.
type folderOf struct {
	path    string
	listen  string
	metrics string
	bundle  config.Bundle
	keys    map[string]ed25519.PrivateKey
	people  []string         // founders, all of them
	wall    func() time.Time // of its broker and its people; nil: time.Now
}

// now is the time by which the cell's broker and people go.
func (f *folderOf) now() time.Time {
	if f.wall == nil {
		return time.Now()
	}
	return f.wall()
}

// plan is what a cell of the bench is made of.
type plan struct {
	name   string
	people []string
	hosts  []string                      // that the scenario opens, the target first
	wall   func() time.Time              // nil: time.Now
	alter  func(files map[string][]byte) // what it is founded with; nil: as it is
}

// makeCell founds a cell in a folder of the run, as `halligan init` and
// `halligan init seal` do.
func (r *run) makeCell(name string) (*folderOf, error) {
	return r.makeCellOf(plan{name: name, people: people, hosts: []string{target}})
}

func (r *run) makeCellOf(p plan) (*folderOf, error) {
	f := &folderOf{path: r.path(p.name), keys: map[string]ed25519.PrivateKey{}, people: p.people, wall: p.wall}
	if err := os.MkdirAll(filepath.Join(f.path, "people"), 0o700); err != nil {
		return nil, err
	}
	starter := config.Starter{Name: "localhost.example"}
	for _, id := range p.people {
		line, err := f.key(id)
		if err != nil {
			return nil, err
		}
		starter.People = append(starter.People, config.StarterPerson{ID: id, Name: id, Contact: "call " + id, Keys: []string{line}})
	}
	for _, id := range p.hosts {
		key, err1 := f.key("host-" + id)
		report, err2 := f.key("report-" + id)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		starter.Hosts = append(starter.Hosts, config.StarterHost{
			ID: id, Address: "127.0.0.1:9", Keys: []string{key}, Report: report, OtherWay: "The console",
		})
	}
	files, err := starter.Files()
	if err != nil {
		return nil, err
	}
	openAll(files, p.hosts)
	web, metrics, err := f.addresses()
	if err != nil {
		return nil, err
	}
	f.listen, f.metrics = web, metrics
	files[config.ServerFile] = fmt.Appendf(nil, "listen: %s\nmetrics_listen: %s\n", web, metrics)
	if p.alter != nil {
		p.alter(files)
	}
	for path, data := range files {
		path = filepath.Join(f.path, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			return nil, err
		}
	}
	return f, f.found(starter.Name)
}

// openAll has the scenario that opens the first host open all of them.
func openAll(files map[string][]byte, hosts []string) {
	path := config.ScenariosDir + "/" + scenario + ".yaml"
	before, after, _ := bytes.Cut(files[path], []byte("opens:\n"))
	one, after, _ := bytes.Cut(after, []byte("\nprocedure:"))
	all := append(slices.Clone(before), "opens:\n"...)
	for _, host := range hosts {
		all = append(all, bytes.ReplaceAll(one, []byte(strconv.Quote(hosts[0])), []byte(strconv.Quote(host)))...)
	}
	files[path] = append(append(all, "\nprocedure:"...), after...)
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
	if err := f.seal(); err != nil {
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

// seal begins the ledger with the signatures of all founders, at the cell's time.
func (f *folderOf) seal() error {
	l, err := f.local()
	if err != nil {
		return err
	}
	for _, id := range f.people {
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
		_, err = l.Submit(context.Background(), broker.Submission{
			Statement: data, Signature: ledger.Signature{SSHSig: blob}, Attachments: f.bundle.Attachments, Notes: f.bundle.Notes,
		})
		if err != nil {
			return errors.Join(err, l.close())
		}
	}
	return l.close()
}
