package server

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/witness"
)

// MakeWitness makes the memory of a new witness, in a folder that is not there yet.
func MakeWitness(memory string) error { return witness.Make(memory) }

// OpenWitness opens the witness of its settings, for whoever serves it. It refuses a
// key that others may read.
func OpenWitness(settings config.Witness, now func() time.Time, log *slog.Logger) (*witness.Witness, error) {
	info, err := os.Lstat(settings.Key)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeType != 0 || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read %s; chmod 600 mends that", settings.Key)
	}
	skey, err := os.ReadFile(settings.Key)
	if err != nil {
		return nil, err
	}
	key, err := ledger.NewCosigner(strings.TrimSpace(string(skey)))
	if err != nil {
		return nil, err
	}
	o := witness.Options{Key: key, Folder: settings.Memory, Now: func() canon.Time { return canon.At(now()) }, Log: log}
	for _, l := range settings.Logs {
		o.Logs = append(o.Logs, witness.Log(l))
	}
	return witness.Open(o)
}
