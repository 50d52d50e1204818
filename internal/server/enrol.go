package server

import (
	"log/slog"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/enrol"
)

// enrolments are the invitations and offers. Where they cannot be read, the server
// starts all the same, and keeps new ones in memory: they open nothing in an
// emergency, and whoever was invited is invited again.
func (s *Server) enrolments() *enrol.Book {
	book, err := enrol.Open(filepath.Join(s.Settings.DataFolder, enrolFile))
	if err != nil {
		s.Log.Error("invitations and offers of before are lost, and new ones are kept in memory only", slog.Any("error", err))
		return nil
	}
	return book
}

// codes are the code devices. Where they cannot be opened, the server starts all the
// same and signs by no code: every person has a key beside theirs.
func (s *Server) codes() *totp.Devices {
	devices, err := totp.Open(filepath.Join(s.Settings.DataFolder, codesFolder), filepath.Join(s.Settings.KeysFolder, codesKeyFile), s.Wall)
	if err != nil {
		s.Log.Error("nothing is signed by codes", slog.Any("error", err))
		return nil
	}
	return devices
}
