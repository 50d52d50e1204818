package statement

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Suspend has a key sign nothing for a while.
type Suspend struct {
	Person string `json:"person"` // whose key it is
	Key    string `json:"key"`    // SHA256 fingerprint
	Reason Note   `json:"reason"`
}

// Lift says that a suspended key shall sign again before its time.
type Lift struct {
	Person string `json:"person"` // whose key it is
	Key    string `json:"key"`    // SHA256 fingerprint
	Why    Note   `json:"why"`
}

func (b *Suspend) check() error {
	if err := checkKeyOf(b.Person, b.Key); err != nil {
		return err
	}
	return b.Reason.check("reason")
}

func (b *Lift) check() error {
	if err := checkKeyOf(b.Person, b.Key); err != nil {
		return err
	}
	return b.Why.check("why")
}

func checkKeyOf(person, key string) error {
	if err := canon.CheckID(person); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	if err := CheckFingerprint(key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	return nil
}

// Kind is "suspend".
func (b *Suspend) Kind() Kind                            { return KindSuspend }
func (b *Suspend) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindSuspend, h) }
func (b *Suspend) decode(data []byte) (Statement, error) { return decodeFrame[Suspend](data) }

// Kind is "lift".
func (b *Lift) Kind() Kind                            { return KindLift }
func (b *Lift) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindLift, h) }
func (b *Lift) decode(data []byte) (Statement, error) { return decodeFrame[Lift](data) }
