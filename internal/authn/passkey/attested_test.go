package passkey_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
)

// TestRegistrationIsAttested: what a device's maker says of a new passkey comes with
// it, if it is of this very passkey; and the passkey is one without.
func TestRegistrationIsAttested(t *testing.T) {
	const host = "halligan.example.com"
	for _, format := range []string{attestation.Packed, attestation.U2F, "none", "android-key"} {
		acme := attestationtest.New("Acme")
		device := passkeytest.New("sam", host)
		if acme.Format = format; format != "none" {
			device.Maker = acme
		}
		made, err := device.Register().Key(host)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if format == "none" || format == "android-key" {
			if made.Attestation != "" {
				t.Errorf("%s attests", format)
			}
			continue
		}
		a, err := attestation.Parse(made.Attestation)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if err := a.Check(device.Wire()); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if err := a.By([][]byte{acme.Root.Raw}, []string{made.AAGUID}, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	// What is of no authenticator is no attestation, and no reason to refuse a passkey.
	acme := attestationtest.New("Acme")
	acme.CA = true
	device := passkeytest.New("sam", host)
	device.Maker = acme
	if made, err := device.Register().Key(host); err != nil || made.Attestation != "" {
		t.Errorf("a certificate of an authority: %+v, %v", made, err)
	}
}
