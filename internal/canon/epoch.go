package canon

import (
	"fmt"
	"strconv"
	"strings"
)

// epochPart stands between the name of a cell and what tells its later ledgers
// apart.
const epochPart = "/epoch/"

// epochDigits is how much of the digest stands in an origin: 128 bits.
const epochDigits = 32

// EpochOrigin is the origin of a cell's ledger from its second epoch on: the
// name of the cell, the number of the epoch, and the first 128 bits of a digest
// over what its signers agreed to.
func EpochOrigin(name string, number int64, agreed Digest) string {
	return name + epochPart + strconv.FormatInt(number, 10) + "/" + agreed.String()[:epochDigits]
}

// CellOf is the cell that an origin is of, and the number of the epoch: an
// origin of the first epoch is the cell's name itself. False: it is no origin.
func CellOf(origin string) (name string, number int64, ok bool) {
	name, rest, later := strings.Cut(origin, epochPart)
	if CheckOrigin(name) != nil {
		return "", 0, false
	}
	if !later {
		return name, 1, true
	}
	digits, agreed, ok := strings.Cut(rest, "/")
	number, err := strconv.ParseInt(digits, 10, 32)
	if !ok || err != nil || number < 2 || strconv.FormatInt(number, 10) != digits ||
		len(agreed) != epochDigits || !MadeOf(agreed, "0123456789abcdef") {
		return "", 0, false
	}
	return name, number, true
}

// CheckLedger refuses what is no origin of a ledger, of whatever epoch.
func CheckLedger(origin string) error {
	if _, _, ok := CellOf(origin); !ok {
		return fmt.Errorf("%q is not a ledger origin (the cell's name, and after that its epoch)", origin)
	}
	return nil
}
