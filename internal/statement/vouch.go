package statement

import "fmt"

// Vouch says that the signer met a person, who showed them a key of theirs that
// was added lately.
type Vouch struct {
	Person string `json:"person"`
	Key    string `json:"key"` // SHA256 fingerprint
	How    Check  `json:"how"` // in-person: nothing else will do
}

func (b *Vouch) check() error {
	if err := checkKeyOf(b.Person, b.Key); err != nil {
		return err
	}
	if b.How != InPerson {
		return fmt.Errorf("how: %q is not in-person", b.How)
	}
	return nil
}

// Kind is "vouch".
func (b *Vouch) Kind() Kind                            { return KindVouch }
func (b *Vouch) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindVouch, h) }
func (b *Vouch) decode(data []byte) (Statement, error) { return decodeFrame[Vouch](data) }
