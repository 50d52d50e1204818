package aws_test

import (
	"errors"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
)

// TestKeyRotation is the drill of docs/howto/publish-the-issuer.md: the next key was
// published long ago, so that a change of the cell puts it in force at once; sessions
// begin before, during and after it, and once published anew the old key is none.
func TestKeyRotation(t *testing.T) {
	w := newWorld(t)
	var signers []aws.Signer
	var public []issuer.PublicKey
	for _, pair := range tokenKeys() {
		key, err := issuer.OpenOIDC(pair[0], issuer.Bounds{Audience: access.STSAudience, Subject: origin + "/", Now: w.now})
		if err != nil {
			t.Fatal(err)
		}
		jwk, err := issuer.ParseJWK(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		signers, public = append(signers, key), append(public, jwk)
	}
	shown := public[:2] // what the hosts show: the key in force and the next
	for _, url := range w.cell.Issuers {
		w.double.AddIssuer(url, func() ([]byte, error) { return issuer.KeySet(shown) })
	}
	w.aws.Keys = signers
	mint := func(with int) error {
		t.Helper()
		w.cell.Key = public[with].ID
		_, err := w.aws.Mint(t.Context(), w.session("00112233445566ff", 1, time.Minute), w.recipient())
		return err
	}
	if err := mint(0); err != nil {
		t.Fatalf("before: %v", err)
	}
	if err := mint(2); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("with a key that was never published: %v", err)
	}
	// The change is in force: the cell names the next key first, and another next.
	if err := mint(1); err != nil {
		t.Errorf("in force, before anything is published: %v", err)
	}
	shown = public[1:3]
	if err := mint(1); err != nil {
		t.Errorf("published anew: %v", err)
	}
	if err := mint(0); err == nil {
		t.Error("the old key still lets in")
	}
	// And the drill's next round.
	if err := mint(2); err != nil {
		t.Errorf("the next exchange: %v", err)
	}
}
