package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// bao is a running OpenBao with raft storage, a file audit device and an SSH CA.
type bao struct {
	*process
	http   *http.Client
	url    string
	header http.Header
	body   []byte // of a sign request
}

// startBao starts one on loopback over TLS, with the certificate of a cell.
func (r *run) startBao(tls *folderOf, publicKey string) (*bao, error) {
	folder := r.path("openbao")
	if err := os.MkdirAll(filepath.Join(folder, "raft"), 0o700); err != nil {
		return nil, err
	}
	web, cluster, err := tls.addresses()
	if err != nil {
		return nil, err
	}
	keys := filepath.Join(tls.path, "keys")
	settings := fmt.Sprintf(`storage "raft" {
  path = %q
  node_id = "bench"
}
listener "tcp" {
  address = %q
  tls_cert_file = %q
  tls_key_file = %q
}
audit "file" "bench" {
  options = { file_path = %q }
}
api_addr = "https://%s"
cluster_addr = "https://%s"
disable_mlock = true
`, filepath.Join(folder, "raft"), web, filepath.Join(keys, "tls.crt"), filepath.Join(keys, "tls.key"), filepath.Join(folder, "audit.log"), web, cluster)
	path := filepath.Join(folder, "bao.hcl")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	b := &bao{url: "https://" + web + "/v1/", header: http.Header{}}
	if b.http, err = caller(filepath.Join(keys, "tls.crt")); err != nil {
		return nil, err
	}
	if b.process, err = r.launch("openbao", r.bao, "server", "-config", path); err != nil {
		return nil, err
	}
	if b.body, err = json.Marshal(map[string]string{"public_key": publicKey, "valid_principals": "emergency-dba"}); err != nil {
		return nil, err
	}
	return b, b.prepare()
}

// prepare initialises and unseals it and makes the CA and a role.
func (b *bao) prepare() error {
	var made struct {
		Keys  []string `json:"keys"`
		Token string   `json:"root_token"`
	}
	begin := func() error {
		said, err := post(b.http, ask{b.url + "sys/init", nil, http.StatusOK, []byte(`{"secret_shares":1,"secret_threshold":1}`)})
		if err != nil {
			return err
		}
		return json.Unmarshal(said, &made)
	}
	if err := patiently(begin); err != nil {
		return err
	}
	if len(made.Keys) != 1 {
		return errors.New("OpenBao gave no key")
	}
	unseal := fmt.Appendf(nil, `{"key":%q}`, made.Keys[0])
	if _, err := post(b.http, ask{b.url + "sys/unseal", nil, http.StatusOK, unseal}); err != nil {
		return err
	}
	b.header.Set("X-Vault-Token", made.Token)
	mount := func() error {
		_, err := post(b.http, ask{b.url + "sys/mounts/ssh", b.header, http.StatusNoContent, []byte(`{"type":"ssh"}`)})
		return err
	}
	if err := patiently(mount); err != nil {
		return err
	}
	if _, err := post(b.http, ask{b.url + "ssh/config/ca", b.header, http.StatusOK, []byte(`{"generate_signing_key":true,"key_type":"ed25519"}`)}); err != nil {
		return err
	}
	role := `{"key_type":"ca","allow_user_certificates":true,"allowed_users":"*","ttl":"5m"}`
	_, err := post(b.http, ask{b.url + "ssh/roles/bench", b.header, http.StatusNoContent, []byte(role)})
	return err
}

// patiently tries until it works, for as long as a start may take.
func patiently(try func() error) error {
	var err error
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if err = try(); err == nil {
			return nil
		}
	}
	return err
}

// mint has it sign one certificate.
func (b *bao) mint(int) error {
	said, err := post(b.http, ask{b.url + "ssh/sign/bench", b.header, http.StatusOK, b.body})
	if err == nil && !bytes.Contains(said, []byte("ssh-ed25519-cert-v01@openssh.com ")) {
		err = fmt.Errorf("no certificate came: %s", said)
	}
	return err
}
