package config_test

import (
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/internal/config"
)

// goodFolders are the samples that must have no problem at all.
func goodFolders(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob("testdata/good/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no good samples: %v", err)
	}
	return folders
}

func TestGoodSamplesAreClean(t *testing.T) {
	for _, sample := range goodFolders(t) {
		folder := t.TempDir()
		copyTree(t, folder, sample)
		for _, p := range config.Lint(folder) {
			t.Errorf("%s: %v", sample, p)
		}
	}
}
