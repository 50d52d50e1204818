// Command knock does the least that a signing client does: it starts, reads an
// SSH key, signs, and says hello once over HTTPS to a server that it knows.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"golang.org/x/crypto/ssh"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: knock KEY CERTIFICATE URL")
		os.Exit(2)
	}
	if err := knock(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "knock:", err)
		os.Exit(1)
	}
}

func knock(key, certificate, url string) error {
	data, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return err
	}
	signature, err := signer.Sign(rand.Reader, []byte("hello"))
	if err != nil {
		return err
	}
	if data, err = os.ReadFile(certificate); err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return errors.New("no certificate")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	answer, err := client.Post(url, "text/plain", bytes.NewReader(ssh.Marshal(signature)))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
