package client

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Offer is a passkey, security key or code device that somebody was invited to make,
// and nobody agreed to.
type Offer = enrol.Offer

// Enrolments is what the server keeps of invitations and offers.
type Enrolments struct {
	Invitations []enrol.Invitation `json:"invitations"`
	Offers      []Offer            `json:"offers"`
}

// Ours tells whether an offer is what its id says, so that a server shows no other
// key under it.
func Ours(o Offer) bool { return o.ID == enrol.IDOf(o.Person, o.Listed()) }

// KeyWords are the four words over what is offered that two people compare.
func KeyWords(o Offer) []string { return enrol.WordsOf(o.Listed()) }

// Invite lets whoever gets the code offer one passkey for a person. The code is made
// here, and the server gets its hash alone, which is the invitation's id.
func (c *Client) Invite(ctx context.Context, person string) (code canon.Key32, id canon.Digest, err error) {
	rand.Read(code[:])
	id = canon.Sum(code[:])
	return code, id, c.wish(ctx, enrol.Wish{Act: enrol.Invite, Person: person, Of: id})
}

// Revoke ends an invitation.
func (c *Client) Revoke(ctx context.Context, id canon.Digest) error {
	return c.wish(ctx, enrol.Wish{Act: enrol.Revoke, Of: id})
}

// Discard throws an offer away.
func (c *Client) Discard(ctx context.Context, id canon.Digest) error {
	return c.wish(ctx, enrol.Wish{Act: enrol.Discard, Of: id})
}

// Invited is what the code of an invitation opens.
type Invited struct {
	Person string     `json:"person"`
	By     string     `json:"by"`
	Until  canon.Time `json:"until"`
}

// Challenge asks whom the code of an invitation is for, and works out what they must
// make a security key under. It spends nothing.
func (c *Client) Challenge(ctx context.Context, code canon.Key32) (challenge []byte, of Invited, err error) {
	if err := c.tell(ctx, "/api/v1/enrol/look", map[string]string{"code": code.String()}, &of); err != nil {
		return nil, of, err
	}
	return enrol.KeyChallenge(c.profile.Anchor.Origin, of.Person, code), of, nil
}

// EnrolledKey is an offer of a security key as its maker gets it. Maker of the cell
// stands behind it, or Doubt says why none does: the server's word, both.
type EnrolledKey struct {
	Enrolled
	Maker string `json:"maker"`
	Doubt string `json:"doubt"`
}

// OfferKey offers a security key, given as its line, with the file that ssh-keygen wrote
// of it. The words are worked out here, over the key.
func (c *Client) OfferKey(ctx context.Context, code canon.Key32, line string, attestation []byte) (e EnrolledKey, err error) {
	err = c.tell(ctx, "/api/v1/enrol/key", struct {
		Code        canon.Key32 `json:"code"`
		Key         string      `json:"key"`
		Attestation []byte      `json:"attestation"`
	}{code, line, attestation}, &e)
	e.Words = KeyWords(Offer{Person: e.Person, Key: line})
	return e, err
}

// wish signs and sends a wish of the profile's person. The same one counts once.
func (c *Client) wish(ctx context.Context, w enrol.Wish) error {
	if c.signer == nil {
		return ErrNoKey
	}
	w.Cell, w.Actor, w.Expires = c.profile.Anchor.Origin, c.profile.Person, canon.At(c.now().Add(validFor))
	rand.Read(w.Nonce[:])
	data, err := w.Encode()
	if err != nil {
		return err
	}
	blob, err := c.signer.Sign(ctx, sshsig.Namespace(enrol.Kind), data)
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Invitation jsontext.Value   `json:"invitation"`
		Signature  ledger.Signature `json:"signature"`
	}{data, ledger.Signature{SSHSig: blob}})
	if err != nil {
		return err
	}
	_, err = c.patiently(ctx, func() ([]byte, error) {
		return c.exchange(ctx, ask{method: http.MethodPost, address: "/api/v1/invitations", body: body})
	})
	return err
}
