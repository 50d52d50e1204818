package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// doorOf is a door of files that compile to something, or do not.
func doorOf(t testing.TB, wrong error) *server.Door {
	return &server.Door{
		Settings: config.Server{KeysFolder: t.TempDir()}, Kept: server.FoundingsOf(t.TempDir()),
		Compile: func() (config.Bundle, error) {
			return config.Bundle{Genesis: cell.Genesis{Origin: "halligan.example.com", Founders: []string{"ann"}}}, wrong
		},
		Told: func(string, ...any) {}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// TestDoorTellsNoSecrets: why the files cannot be read is for the log alone.
func TestDoorTellsNoSecrets(t *testing.T) {
	w := httptest.NewRecorder()
	doorOf(t, errors.New("cell.yaml:7: +46 70 000")).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, client.JoinPath, nil))
	if w.Code != http.StatusInternalServerError || bytes.Contains(w.Body.Bytes(), []byte("+46")) || !bytes.Contains(w.Body.Bytes(), []byte(`"reason":"internal"`)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// FuzzDoor: whatever a stranger sends, nothing is shown and nothing is kept.
func FuzzDoor(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"ask":"{\"join\":\"v1\",\"cell\":\"halligan.example.com\",\"person\":\"ann\",\"server_key\":\"00\"}","signature":{"sshsig":"AAAA"}}`,
		`{"statement":"{\"kind\":\"found\",\"v\":1}","signature":{"sshsig":"U1NIU0lH"}}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, signs bool) {
		d, path := doorOf(t, nil), client.JoinGenesisPath
		if signs {
			path = client.JoinSignPath
		}
		w := httptest.NewRecorder()
		d.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
		if w.Code < 400 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if kept, err := d.Kept.Read(); err != nil || len(kept) > 0 {
			t.Fatalf("%v %v", kept, err)
		}
	})
}
