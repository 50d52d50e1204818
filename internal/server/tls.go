package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/internal/certificate"
	"github.com/halligan-dev/halligan/internal/config"
)

// MakeCertificate makes a local authority in the keys folder, and a certificate
// of it for a cell's name and the loopback addresses. Client profiles pin the
// certificate's key: one that is there is kept.
func MakeCertificate(folder, name string, now time.Time) error {
	return certificate.Local{Folder: folder}.Begin(name, now)
}

// MakeAuthority is MakeCertificate for a cell that was begun before there were
// local authorities. It fails with certificate.ErrThere when it has one.
func MakeAuthority(settings config.Server, name string, now time.Time) error {
	return localOf(settings).Begin(name, now)
}

// CertificateFiles are the files of the certificate that a server shows.
func CertificateFiles(settings config.Server) certificate.Files {
	if settings.TLS.Cert != "" {
		return certificate.Files{Cert: settings.TLS.Cert, Key: settings.TLS.Key}
	}
	local := localOf(settings)
	return certificate.Files{Cert: filepath.Join(local.Folder, certificate.File), Key: filepath.Join(local.Folder, certificate.KeyFile), Local: &local}
}

func localOf(settings config.Server) certificate.Local {
	host, _, err := net.SplitHostPort(settings.Listen)
	if err != nil {
		host = ""
	}
	return certificate.Local{Folder: settings.KeysFolder, Host: host}
}

// ServerKey is the SHA-256 of a certificate's public key (SPKI), hexadecimal:
// what client profiles pin.
func ServerKey(file string) (string, error) {
	chain, err := certificate.ReadChain(file)
	if err != nil {
		return "", fmt.Errorf("cannot read the server's key: %w", err)
	}
	return certificate.Pin(chain[0]), nil
}

// certificateNow opens what a server shows.
func certificateNow(settings config.Server, log *slog.Logger) (*certificate.Shown, error) {
	return certificate.Open(CertificateFiles(settings), log, time.Now)
}

// strictly tells browsers to come by https alone from then on. Only where the
// certificate was given: who takes the local authority out of a browser again must
// be able to look past it.
func strictly(given bool, next http.Handler) http.Handler {
	if !given {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}
