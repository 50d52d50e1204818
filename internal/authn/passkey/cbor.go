package passkey

import (
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// strict reads CBOR as authenticators must write it (CTAP2): each name once, none
// that is not known, no tags, no lengths that come later, and not deep.
var strict = sync.OnceValue(func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		MaxNestedLevels: 8, MaxArrayElements: 64, MaxMapPairs: 32,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
})
