package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// The bounds of what is sent to a witness and of what it answers.
const (
	ProofMost  = 63
	bodyLimit  = 32 << 10
	replyLimit = 16 << 10
)

// StaleType is the content type of the size that a witness answers to whoever
// offered a checkpoint from another size than the witness has.
const StaleType = "text/x.tlog.size"

// Path is what follows a witness's submission prefix.
const Path = "/add-checkpoint"

// Offer is the body of add-checkpoint: a signed checkpoint, and the proof that it
// goes on from the size that the witness cosigned last.
type Offer struct {
	Old        int64
	Proof      []ledger.Hash
	Checkpoint []byte // signed
}

// Encode writes the body.
func (o Offer) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", o.Old)
	for _, h := range o.Proof {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteByte('\n')
	b.Write(o.Checkpoint)
	return b.Bytes()
}

// DecodeOffer accepts exactly what Encode writes. It does not look into the
// checkpoint.
func DecodeOffer(body []byte) (Offer, error) {
	if len(body) > bodyLimit {
		return Offer{}, fmt.Errorf("it has %d bytes, at most %d are taken", len(body), bodyLimit)
	}
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok || len(checkpoint) == 0 {
		return Offer{}, errors.New("no empty line parts the proof from the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	old, err := decodeSize(strings.TrimPrefix(lines[0], "old "))
	if err != nil || !strings.HasPrefix(lines[0], "old ") {
		return Offer{}, errors.New("its first line is not: old, a space, and a size")
	}
	if len(lines)-1 > ProofMost {
		return Offer{}, fmt.Errorf("its proof has %d lines, at most %d are taken", len(lines)-1, ProofMost)
	}
	o := Offer{Old: old, Proof: make([]ledger.Hash, 0, len(lines)-1), Checkpoint: checkpoint}
	for i, line := range lines[1:] {
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != len(ledger.Hash{}) || base64.StdEncoding.EncodeToString(raw) != line {
			return Offer{}, fmt.Errorf("line %d of its proof is not the base64 of a hash", i+1)
		}
		o.Proof = append(o.Proof, ledger.Hash(raw))
	}
	return o, nil
}

// decodeSize reads the one spelling of a size.
func decodeSize(text string) (int64, error) {
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil || size < 0 || size > ledger.MaxSize || strconv.FormatInt(size, 10) != text {
		return 0, errors.New("it is not a size")
	}
	return size, nil
}
