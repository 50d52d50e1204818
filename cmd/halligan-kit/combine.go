package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

// shareMost bounds the file of a share, in either form.
const shareMost = 4 << 10

const combineHint = "the description is what halligan envelope export wrote; a share is what age gave of one of its share files, or a file with its 34 words"

// runCombine makes the key of an envelope's content from shares that lie open.
func runCombine(args []string, out, errOut io.Writer) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(out, usage)
		return exitGood
	}
	if len(args) < 1+seal.ThresholdLeast {
		complain(errOut, fmt.Errorf("combine wants a description and at least %d shares", seal.ThresholdLeast), seeHelp)
		return exitUsage
	}
	data, err := readMost(args[0], seal.DescriptionMost)
	if err != nil {
		complain(errOut, err, combineHint)
		return exitUsage
	}
	d, err := seal.Decode(data)
	if err != nil {
		complain(errOut, fmt.Errorf("cannot use %s: %w", args[0], err), combineHint)
		return exitRefused
	}
	key, err := combine(d, args[1:])
	var bad *seal.BadShare
	switch {
	case errors.Is(err, seal.ErrTooFew):
		complain(errOut, err, "ask another custodian for theirs")
		return exitRefused
	case errors.As(err, &bad):
		complain(errOut, err, "leave it out and take another custodian's; tell security whose was bad")
		return exitRefused
	case err != nil:
		complain(errOut, err, combineHint)
		return exitUsage
	}
	fmt.Fprintf(errOut, "The key of %s, sealing %s. With it: age -d -i KEYFILE content.age\n", d.SerialText(), d.Fingerprint())
	fmt.Fprintln(out, key.Text())
	return exitGood
}

func combine(d *seal.Description, paths []string) (*seal.Key, error) {
	var shares []seal.Share
	defer func() {
		for i := range shares {
			shares[i].Wipe()
		}
	}()
	for _, path := range paths {
		data, err := readMost(path, shareMost)
		if err != nil {
			return nil, err
		}
		share, err := shareIn(d, data)
		clear(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		shares = append(shares, share)
	}
	return d.Combine(shares)
}

// shareIn reads a share: its canonical JSON, as its age file and its QR code
// hold it, or its words.
func shareIn(d *seal.Description, data []byte) (seal.Share, error) {
	data = bytes.TrimSpace(data)
	if !bytes.HasPrefix(data, []byte("{")) {
		return d.ShareOf(string(data), statement.WordList())
	}
	return seal.DecodeShare(data)
}

// readMost reads a file that is not longer than it may be.
func readMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("cannot use %s: it is longer than %d bytes", path, most)
	}
	return data, nil
}
