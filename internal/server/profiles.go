package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// WriteProfiles writes a client profile for each person into a folder: where
// the server is, the key that it shows, and the anchor. Nothing in it is secret.
func WriteProfiles(folder, url string, settings config.Server, b *config.Bundle) error {
	return Handout{Folder: folder, URL: url, Anchor: AnchorOf(b)}.Write(settings, b)
}

// Handout is where profiles go and what they pin: the genesis that the founders
// signed, whatever was amended since.
type Handout struct {
	Folder, URL string
	Anchor      ledger.Anchor
}

// Write does what WriteProfiles says.
func (h Handout) Write(settings config.Server, b *config.Bundle) error {
	folder, url, anchor := h.Folder, h.URL, h.Anchor
	if url == "" {
		_, port, err := net.SplitHostPort(settings.Listen)
		if err != nil {
			return fmt.Errorf("cannot tell the server's port: %w", err)
		}
		url = "https://" + net.JoinHostPort(b.Genesis.Origin, port)
	}
	pin, err := ServerKey(CertificateFiles(settings).Cert)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("cannot write profiles: %w", err)
	}
	var failed []error
	for _, person := range b.Genesis.People {
		profile := client.Profile{URL: url, ServerKey: pin, Anchor: anchor, Person: person.ID}
		failed = append(failed, profile.Save(filepath.Join(folder, person.ID+".json")))
	}
	return errors.Join(failed...)
}
