package config_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/config"
)

// TestOrganizationIsRead: what cell.yaml says of who reads the organisation stands in the
// document.
func TestOrganizationIsRead(t *testing.T) {
	document, err := config.Read("testdata/good/aws")
	if err != nil {
		t.Fatal(err)
	}
	if got := document.Genesis.AWS.Organization; got != "stage" {
		t.Errorf("the organisation is read from %q", got)
	}
}
