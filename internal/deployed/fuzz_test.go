package deployed_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/deployed"
)

// FuzzReport: whatever is given as a credential report ends in one or in an error.
func FuzzReport(f *testing.F) {
	f.Add([]byte(head + rootRow + userRow))
	f.Add([]byte(head + "x,y"))
	f.Add([]byte("\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := deployed.ParseReport(data, made)
		if err == nil && report.Users == nil {
			t.Error("a report of nobody")
		}
	})
}

// FuzzMetadata: whatever is given as the metadata of a SAML provider ends.
func FuzzMetadata(f *testing.F) {
	f.Add(`<a><KeyDescriptor use="encryption"><X509Certificate>bm8=</X509Certificate></KeyDescriptor><X509Certificate/></a>`)
	f.Add(`<X509Certificate><X509Certificate>`)
	f.Fuzz(func(_ *testing.T, metadata string) { deployed.SignedUntil(metadata) })
}
