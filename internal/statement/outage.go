package statement

import "github.com/halligan-dev/halligan/internal/canon"

// WitnessedOutage says that the signer, a custodian who does not ask, has seen
// that the emergency of a request is real.
type WitnessedOutage struct {
	Of   canon.Digest `json:"of"`
	Note Note         `json:"note"` // what they saw
}

func (b *WitnessedOutage) check() error {
	if err := b.Note.check("note"); err != nil {
		return err
	}
	return checkOf(b.Of)
}

// Kind is "witnessed-outage".
func (b *WitnessedOutage) Kind() Kind { return KindWitnessedOutage }
func (b *WitnessedOutage) encode(h Header) ([]byte, error) {
	return encodeFrame(b, KindWitnessedOutage, h)
}
func (b *WitnessedOutage) decode(data []byte) (Statement, error) {
	return decodeFrame[WitnessedOutage](data)
}
