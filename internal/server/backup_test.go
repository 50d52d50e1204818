package server_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/authn/totp/totptest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// TestBackupHoldsSealedDevices: a restored cell has the code devices, which sign once
// their key file is beside the other private keys; the backup holds no such key.
func TestBackupHoldsSealedDevices(t *testing.T) {
	folder, to := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	keys := filepath.Join(folder, "keys")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(folder, "data"), 0o700))
	must(os.Mkdir(keys, 0o700))
	must(os.WriteFile(filepath.Join(folder, "cell.yaml"), []byte("name: x\n"), 0o600))
	must(os.WriteFile(filepath.Join(folder, "copy"), []byte("db"), 0o600))
	devices, err := totp.Open(filepath.Join(folder, "data", "codes"), filepath.Join(keys, "codes.key"), time.Now)
	must(err)
	made, err := devices.Make("halligan.example.com", "ann", canon.Sum([]byte("invitation")), canon.At(time.Now().Add(time.Hour)))
	must(err)
	identity, err := age.GenerateX25519Identity()
	must(err)
	var packed bytes.Buffer
	files := server.CellFiles{
		Folder: folder, Data: "data", Copy: filepath.Join(folder, "copy"), Leave: filepath.Join(folder, "backup"),
		Settings: config.Server{DataFolder: filepath.Join(folder, "data"), KeysFolder: keys, HighWater: filepath.Join(folder, "mark")},
	}
	must(files.Pack(&packed, identity.Recipient()))
	must(os.Mkdir(to, 0o700))
	must(server.Unpack(bytes.NewReader(packed.Bytes()), to, identity))
	if _, err := os.Stat(filepath.Join(to, "keys")); err == nil {
		t.Error("private keys are in the backup")
	}
	open := func() (*totp.Devices, error) {
		return totp.Open(filepath.Join(to, "data", "codes"), filepath.Join(to, "keys", "codes.key"), time.Now)
	}
	if _, err := open(); err == nil {
		t.Error("devices that nothing opens are taken for none")
	}
	key, err := os.ReadFile(filepath.Join(keys, "codes.key"))
	must(err)
	must(os.Mkdir(filepath.Join(to, "keys"), 0o700))
	must(os.WriteFile(filepath.Join(to, "keys", "codes.key"), key, 0o600))
	restored, err := open()
	must(err)
	phone := scan(t, made.Link)
	must(restored.Confirm(totp.Use{Person: "ann", Key: made.Key, Code: phone.Code(time.Now())}, canon.Sum([]byte("invitation"))))
}

func scan(t *testing.T, link string) totptest.Phone {
	t.Helper()
	phone, err := totptest.Scan(link)
	if err != nil {
		t.Fatal(err)
	}
	return phone
}
