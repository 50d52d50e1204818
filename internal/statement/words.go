package statement

import (
	_ "embed" // the word list
	"encoding/binary"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/halligan-dev/halligan/internal/canon"
)

// wordList is 2,048 words, sorted, one a line, made to be read out over a bad
// line: no two share their first four letters, none begins another, none is one
// letter away from another, and no two sound the same. A word's place in the
// list is part of the format: a list that differs in one place gives two people
// different words for one request.
//
//go:embed words.txt
var wordList string

const (
	wordBits   = 11 // 2,048 words
	wordPasses = 2
	wordMemory = 19 * 1024 // KiB
	wordLanes  = 1
	wordOutput = 32 // bytes
)

// WordsSpace is how much memory Words takes, in bytes.
const WordsSpace = wordMemory << 10

// Words are the four words for the statement with this digest: argon2id (two
// passes, 19 MiB, one lane, 32 bytes) over the digest with the salt, its first
// 44 bits in big-endian order, eleven bits a word. The salt is the nonce that
// the server draws after the digest is fixed, and records beside it. A call
// takes 19 MiB and some tens of milliseconds, so it has no place in a rule.
//
// What they show: two people whose own machines work out the same words are
// looking at the same statement, but for one chance in 2^44 when nobody aims at
// it. Whoever writes a statement cannot aim, since the salt comes later.
//
// What they do not show: anything against the server, which picks the salts: for
// two statements of its choice, some 2^22 tries on each find salts under which
// the words agree. Nor do they show who speaks. The digest, the signatures and
// the ledger prove; the words only keep two honest people from speaking of two
// different requests.
func Words(digest canon.Digest, salt [16]byte) [4]string {
	sum := argon2.IDKey(digest[:], salt[:], wordPasses, wordMemory, wordLanes, wordOutput)
	bits := binary.BigEndian.Uint64(sum)
	list := strings.Fields(wordList)
	var words [4]string
	for i := range words {
		words[i] = list[bits>>(64-wordBits)]
		bits <<= wordBits
	}
	return words
}

// WordList is the whole list, sorted: 2,048 words of eleven bits each. Other
// things that people read out are spelled with it too.
func WordList() []string { return strings.Fields(wordList) }
