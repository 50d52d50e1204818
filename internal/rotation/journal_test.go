package rotation_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/rotation"
)

// TestJournalOfAnother: what was begun of something else, what cannot be read, and
// what another process goes on with, stops a rotation before it asks AWS for anything
// but who is asking.
func TestJournalOfAnother(t *testing.T) {
	w, old := sealedKey(t)
	if ended, err := w.rotate(keyContents, 8, true); ended {
		t.Fatal(err)
	}
	path := filepath.Join(w.folder, envelope+".json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	before := len(w.aws.Calls())
	other := access.Contents{AccessKey: &access.AWSUser{Account: awstest.Number, User: "another"}}
	if err := w.here(other); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Error(err)
	}
	for name, data := range map[string]string{
		"cut": string(good[:len(good)-1]), "more": string(good) + " ", "nothing": "", "another cell": strings.Replace(string(good), "halligan.example.com", "other.example.com", 1),
		"another version": strings.Replace(string(good), `"version":1`, `"version":2`, 1), "no step": strings.Replace(string(good), `"step":"sealing"`, `"step":""`, 1),
		"another step": strings.Replace(string(good), `"step":"sealing"`, `"step":"sealed"`, 1),
		"no sealing":   `{"begun":"2026-12-01T04:10:04.654Z","cell":"halligan.example.com","contents":{"aws_access_key":{"account":"123456789012","user":"breaker"}},"envelope":"prod-key","step":"proved","version":1}`,
		"unknown":      strings.Replace(string(good), `{`, `{"aa":1,`, 1),
	} {
		if data == string(good) {
			t.Fatalf("%s: nothing was changed in %s", name, good)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.here(keyContents); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(filepath.Join(w.folder, envelope+".lock"), os.O_RDWR, 0)
	if err == nil {
		err = disk.Lock(lock, rotation.ErrBusy)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.here(keyContents); !errors.Is(err, rotation.ErrBusy) {
		t.Error(err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if after := len(w.aws.Calls()); after != before {
		t.Errorf("%d calls of AWS", after-before)
	}
	if err := w.here(keyContents); err != nil {
		t.Fatal(err)
	}
	w.oneKey(old)
}

// TestCredentialsOfAnotherAccount rotate nothing.
func TestCredentialsOfAnotherAccount(t *testing.T) {
	w := newWorld(t)
	w.aws.AddIAMUser("breaker")
	other := access.Contents{AccessKey: &access.AWSUser{Account: "999999999999", User: "breaker"}}
	if err := w.here(other); err == nil || !strings.Contains(err.Error(), awstest.Number) || len(w.aws.UserKeys("breaker")) != 0 {
		t.Error(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := rotation.Connect(t.Context()); err == nil {
		t.Error("nobody is somebody")
	}
}

// FuzzRecord: no bytes make the reader of what was begun fail other than by refusing,
// and what it takes it writes alike.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"begun":"2026-03-04T12:00:00.000Z","cell":"halligan.example.com","contents":{"aws_access_key":{"account":"123456789012","user":"breaker"}},"envelope":"prod-key","old":["AKIA1"],"step":"begun","version":1}`))
	f.Add([]byte(`{"asked":["2026-03-04T12:00:00.000Z"],"begun":"2026-03-04T12:00:00.000Z","cell":"c","contents":{"aws_password":{"account":"123456789012","user":"b"}},"envelope":"e","step":"setting","version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		again, err := rotation.Reread(data)
		if err == nil && string(again) != string(data) {
			t.Errorf("%q is written as %q", data, again)
		}
	})
}
