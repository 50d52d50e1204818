package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

const headerKey, headerSignature = "X-Key", "X-Signature"

// helloChild is the least server that could stand where B1's stands: it answers
// over TLS after it checked a signature, made one, and waited for the disk
// together with whoever else waited. Without a file to wait for it only answers.
func helloChild(keys, path string) error {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })
	if path != "" {
		limit, err := newLimit(path)
		if err != nil {
			return err
		}
		handler = limit.serve
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	if keys == "" {
		return http.Serve(l, handler)
	}
	return (&http.Server{Handler: handler}).ServeTLS(l, filepath.Join(keys, "tls.crt"), filepath.Join(keys, "tls.key"))
}

// limit shares one fsync among all who wait for it.
type limit struct {
	file  *os.File
	key   ed25519.PrivateKey
	queue chan chan error
}

func newLimit(path string) (*limit, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	l := &limit{file: file, key: key, queue: make(chan chan error, queueMost)}
	go l.run()
	return l, nil
}

func (l *limit) run() {
	block := make([]byte, 4096)
	for first := range l.queue {
		waiting := []chan error{first}
		for len(l.queue) > 0 && len(waiting) < batchMost {
			waiting = append(waiting, <-l.queue)
		}
		_, err := l.file.Write(block)
		err = errors.Join(err, l.file.Sync())
		for _, one := range waiting {
			one <- err
		}
	}
}

func (l *limit) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	key, err1 := hex.DecodeString(r.Header.Get(headerKey))
	signature, err2 := hex.DecodeString(r.Header.Get(headerSignature))
	if errors.Join(err, err1, err2) != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, body, signature) {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	done := make(chan error, 1)
	l.queue <- done
	if err := <-done; err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(ed25519.Sign(l.key, body))
}

// hello is the work of one caller of the limit.
func hello(cell *folderOf, url string) (func(int) error, error) {
	client, err := caller(filepath.Join(cell.path, "keys", "tls.crt"))
	if err != nil {
		return nil, err
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return func(int) error {
		body := make([]byte, 600) // as long as a fetch and its signature
		rand.Read(body)
		header := http.Header{headerKey: {hex.EncodeToString(public)}, headerSignature: {hex.EncodeToString(ed25519.Sign(key, body))}}
		_, err := post(client, ask{url, header, http.StatusOK, body})
		return err
	}, nil
}
