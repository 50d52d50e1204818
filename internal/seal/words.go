package seal

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// A share in words: version, number, eight bytes of the sealing's ID, the value,
// and four bytes of checksum, as 34 words of eleven bits, the last six bits zero.
const (
	wordsVersion = 1
	wordsIDBytes = 8
	wordsBytes   = 1 + 1 + wordsIDBytes + shareValueLength + wordsSum
	wordsSum     = 4
	wordsBits    = 11
	wordsSpare   = WordCount*wordsBits - 8*wordsBytes

	// WordCount is how many words a share has.
	WordCount = 34
)

// Words spells a share in words of the list of 2,048 that confirmation words
// are taken from: a secret. They can be read out, typed in and checked.
func (s Share) Words(list []string) ([]string, error) {
	if len(list) != 1<<wordsBits {
		return nil, fmt.Errorf("the list has %d words, not %d", len(list), 1<<wordsBits)
	}
	data := make([]byte, 0, wordsBytes)
	data = append(data, wordsVersion, byte(s.Index))
	data = append(data, s.Envelope[:wordsIDBytes]...)
	data = append(data, s.Value[:]...)
	data = append(data, wordsChecksum(data)...)
	defer clear(data)
	n := new(big.Int).Lsh(new(big.Int).SetBytes(data), wordsSpare)
	mask := big.NewInt(1<<wordsBits - 1)
	words := make([]string, WordCount)
	for i := WordCount - 1; i >= 0; i-- {
		words[i] = list[new(big.Int).And(n, mask).Int64()]
		n.Rsh(n, wordsBits)
	}
	return words, nil
}

// ShareOf reads the words of a share of this envelope back: lower case, in
// order, with any white space between. A word that is not of the list is named
// by its place, never quoted: the others of a mistyped share are still secret.
func (d *Description) ShareOf(text string, list []string) (Share, error) {
	if len(list) != 1<<wordsBits {
		return Share{}, fmt.Errorf("the list has %d words, not %d", len(list), 1<<wordsBits)
	}
	words := strings.Fields(text)
	if len(words) != WordCount {
		return Share{}, fmt.Errorf("%d words, where a share has %d", len(words), WordCount)
	}
	n := new(big.Int)
	for i, word := range words {
		at, ok := slices.BinarySearch(list, word)
		if !ok {
			return Share{}, fmt.Errorf("word %d is not in the list", i+1)
		}
		n.Or(n.Lsh(n, wordsBits), big.NewInt(int64(at)))
	}
	if n.TrailingZeroBits() < wordsSpare && n.Sign() != 0 {
		return Share{}, errWords
	}
	data := make([]byte, wordsBytes)
	defer clear(data)
	n.Rsh(n, wordsSpare).FillBytes(data)
	body, sum := data[:wordsBytes-wordsSum], data[wordsBytes-wordsSum:]
	if subtle.ConstantTimeCompare(wordsChecksum(body), sum) != 1 || body[0] != wordsVersion {
		return Share{}, errWords
	}
	s := Share{Version: Version, Envelope: d.ID(), Index: int(body[1]), Value: Value(body[2+wordsIDBytes:])}
	if subtle.ConstantTimeCompare(body[2:2+wordsIDBytes], s.Envelope[:wordsIDBytes]) != 1 {
		return Share{}, &BadShare{Index: s.Index, Fault: FaultForeign}
	}
	return s, d.CheckShare(s)
}

var errWords = errors.New("the words do not fit together: one is wrong, or two are swapped")

func wordsChecksum(data []byte) []byte {
	sum := sha256.Sum256(append([]byte("halligan share words v1\n"), data...))
	return binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(sum[:wordsSum]))
}

// SerialText is a sealing as people tell it from others: its name and serial.
func (d *Description) SerialText() string { return fmt.Sprintf("%s, serial %d", d.Name, d.Serial) }

// Fingerprint is a sealing's ID as a page shows it.
func (d *Description) Fingerprint() string { return canon.Digest(d.ID()).Short() }
