package verify

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// supposedOfLog makes the anchor that a log claims for itself. It proves nothing:
// it lets the rest be checked for agreeing with itself.
func supposedOfLog(src ledger.Source) (ledger.Anchor, error) {
	signed, err := src.ReadFile(ledger.CheckpointPath)
	if err != nil {
		return ledger.Anchor{}, &Fault{Class: ClassCheckpointMissing, Where: "checkpoint", Detail: "it cannot be read", err: err}
	}
	size, err := claimedSize(signed)
	if err != nil {
		return ledger.Anchor{}, err
	}
	path := ledger.BundlePath(0, int(min(size, ledger.TileWidth)))
	bundle, err := src.ReadFile(path)
	if err != nil {
		return ledger.Anchor{}, &Fault{Class: ClassEntryMissing, Where: "entry 0", Detail: path + " cannot be read", err: err}
	}
	entries, err := ledger.SplitBundle(bundle)
	if err != nil {
		return ledger.Anchor{}, err
	}
	return supposed(entries[0], func(digest canon.Digest) ([]byte, error) {
		return src.ReadFile(ledger.AttachmentPath(ledger.Hash(digest)))
	})
}

func claimedSize(signed []byte) (int64, error) {
	lines := bytes.SplitN(signed, []byte("\n"), 3)
	if len(lines) == 3 {
		if size, err := strconv.ParseInt(string(lines[1]), 10, 64); err == nil && size > 0 {
			return size, nil
		}
	}
	return 0, newFault(ClassEncoding, "checkpoint", "it counts no entries")
}

// supposedOfPartial makes the anchor that partial evidence claims for itself.
func supposedOfPartial(data []byte) (ledger.Anchor, error) {
	var claims struct {
		Attachments map[canon.Digest][]byte `json:"attachments"`
		Entries     []struct {
			Body jsontext.Value `json:"body"`
			Rest jsontext.Value `json:",embed"`
		} `json:"entries"`
		Rest jsontext.Value `json:",embed"`
	}
	if err := json.Unmarshal(data, &claims); err != nil {
		return ledger.Anchor{}, newFault(ClassEncoding, "evidence", "%v", err)
	}
	if len(claims.Entries) == 0 {
		return ledger.Anchor{}, newFault(ClassGenesis, "evidence", "it has no entry")
	}
	return supposed(claims.Entries[0].Body, func(digest canon.Digest) ([]byte, error) {
		if attachment, ok := claims.Attachments[digest]; ok {
			return attachment, nil
		}
		return nil, fmt.Errorf("the evidence does not have it")
	})
}

// supposed reads the genesis that a first entry names.
func supposed(first []byte, attachment func(canon.Digest) ([]byte, error)) (ledger.Anchor, error) {
	entry, err := ledger.DecodeEntry(first)
	if err != nil {
		return ledger.Anchor{}, newFault(ClassEncoding, "entry 0", "%v", err)
	}
	s, err := statement.Decode(entry.Cause.Statement)
	if err != nil {
		return ledger.Anchor{}, newFault(ClassGenesis, "entry 0", "it is no founder's signature: %v", err)
	}
	found, ok := s.Body.(*statement.Found)
	if !ok {
		return ledger.Anchor{}, newFault(ClassGenesis, "entry 0", "it is no founder's signature")
	}
	data, err := attachment(found.Genesis)
	if err != nil {
		return ledger.Anchor{}, &Fault{Class: ClassAttachment, Where: "attachment " + found.Genesis.String(), Detail: "it cannot be read: " + err.Error(), err: err}
	}
	genesis, err := cell.DecodeGenesis(data)
	if err != nil {
		return ledger.Anchor{}, newFault(ClassGenesis, "genesis", "%v", err)
	}
	return ledger.Anchor{
		Origin: genesis.Origin, Genesis: ledger.Hash(found.Genesis),
		LedgerKeys: []string{genesis.Ledger}, Witnesses: genesis.Witnesses,
	}, nil
}
