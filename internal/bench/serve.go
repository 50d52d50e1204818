package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

// serveChild runs a cell's server as `halligan serve` does, and takes a CPU
// profile of all of it when it is given a file for that.
func serveChild(folder, profile string) error {
	return serveCell(folder, profile, func(*server.Options) {})
}

// serveCell serves a cell with options that differ.
func serveCell(folder, profile string, differ func(*server.Options)) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if profile != "" {
		stop, err := profiled(profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	settings, _, err := config.LoadServer(filepath.Join(folder, config.ServerFile))
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(folder, "anchor.json"))
	if err != nil {
		return err
	}
	anchor, err := ledger.DecodeAnchor(data)
	if err != nil {
		return err
	}
	// The few people of the bench do what thousands would.
	settings.Limits.StatementsPerMinute, settings.Limits.RequestsPerMinute = 1_000_000, 1_000_000
	o := server.Options{
		Settings: settings, Anchor: anchor, Version: "bench",
		Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	differ(&o)
	s, err := server.Open(ctx, o)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	err = s.Serve(ctx)
	if profile != "" {
		err = errors.Join(err, allocations(profile+".allocs"))
	}
	return err
}

// profiled takes a CPU profile of this process until it is stopped.
func profiled(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close() // what is cut off no reader of profiles takes
	}, nil
}

func allocations(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// caller is an HTTP client with connections that stay: HTTP/1.1 over TLS, alike
// for every server.
func caller(certificate string) (*http.Client, error) {
	roots := x509.NewCertPool()
	if certificate != "" {
		data, err := os.ReadFile(certificate)
		if err != nil {
			return nil, err
		}
		if !roots.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate", certificate)
		}
	}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, MaxIdleConnsPerHost: clients,
		ForceAttemptHTTP2: false, DisableCompression: true,
	}}, nil
}

// ask is a POST of JSON, and the status that is due in answer to it.
type ask struct {
	url    string
	header http.Header
	due    int
	body   []byte
}

// post sends it and gives the answer's body, or an error when the status is
// another than the one that is due.
func post(client *http.Client, a ask) ([]byte, error) {
	request, err := http.NewRequest(http.MethodPost, a.url, bytes.NewReader(a.body))
	if err != nil {
		return nil, err
	}
	for name, values := range a.header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	said := make([]byte, max(0, answer.ContentLength))
	if _, err = io.ReadFull(answer.Body, said); err == nil && answer.ContentLength < 0 {
		said, err = io.ReadAll(answer.Body)
	}
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != a.due {
		return nil, fmt.Errorf("%s: %s: %s", a.url, answer.Status, said)
	}
	return said, nil
}
