package config

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// makerFile is a maker of authenticators whose word counts in the cell.
type makerFile struct {
	Mark
	Maker  word   `yaml:"maker,required"`
	Roots  []word `yaml:"roots,required"`
	Models []word `yaml:"models"`
}

const (
	rootMend        = "paste the maker's root whole, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, under roots: - |"
	attestationMend = "paste it as the page or the program printed it, for the key that it was made with"
)

// readMakers checks whose word on authenticators counts.
func (c *cellFacts) readMakers(f *findings) {
	if n := len(c.file.Attestation); n > cell.MakersMost {
		f.errorf(c.file.key("attestation"), "name fewer makers", "attestation: at most %d makers, has %d", cell.MakersMost, n)
	}
	for _, m := range c.file.Attestation {
		if !idOf(f, m.Maker) {
			continue
		}
		if slices.ContainsFunc(c.makers, func(other cell.Maker) bool { return other.ID == m.Maker.text }) {
			f.errorf(m.Maker.at, "put all its roots under one", "maker %s stands twice", m.Maker.text)
			continue
		}
		out := cell.Maker{ID: m.Maker.text}
		for _, w := range m.Roots {
			if root, ok := readRoot(f, w); ok {
				out.Roots = append(out.Roots, root)
			}
		}
		if n := len(m.Roots); n == 0 || n > cell.RootsMost {
			f.errorf(m.Maker.at, rootMend, "maker %s has %d roots, must have 1 to %d", m.Maker.text, n, cell.RootsMost)
		}
		for _, w := range m.Models {
			if !cell.IsModel(w.text) {
				f.errorf(w.at, "write the AAGUID in lower case, such as 2fc0579f-8113-47ea-b116-bb5a8db9202a", "%s is not a model", show(w.text))
			}
		}
		for _, w := range m.Models {
			if w.text == attestation.NoModel {
				f.warnf(w.at, "leave it out, unless somebody's key is a device of U2F that is made no more", "%s lets devices of U2F count, and with them whatever else the maker signed under these roots", attestation.NoModel)
			}
		}
		if n := len(m.Models); n > cell.ModelsMost {
			f.errorf(m.key("models"), "leave models out to take them all", "models: at most %d, has %d", cell.ModelsMost, n)
		}
		out.Models = slices.Compact(slices.Sorted(slices.Values(texts(m.Models))))
		c.makers = append(c.makers, out)
	}
}

// readRoot reads a certificate of a maker.
func readRoot(f *findings, w word) ([]byte, bool) {
	block, rest := pem.Decode([]byte(w.text))
	if block == nil || block.Type != "CERTIFICATE" || len(block.Headers) > 0 || len(trimmed(rest)) > 0 {
		f.errorf(w.at, rootMend, "this root is not one certificate in PEM")
		return nil, false
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil || len(block.Bytes) > cell.RootLongest {
		f.errorf(w.at, rootMend, "this root is not a certificate of at most %d bytes", cell.RootLongest)
		return nil, false
	}
	if !root.IsCA {
		f.warnf(w.at, "paste the root of the maker, not the certificate of a device", "this root is the certificate of no authority: it stands behind itself alone")
	}
	return block.Bytes, true
}

func trimmed(data []byte) []byte {
	return slices.DeleteFunc(slices.Clone(data), func(b byte) bool { return b == '\n' || b == '\r' || b == ' ' })
}

// attest gives keys of a person what their makers say of them.
func (c *cellFacts) attest(f *findings, p personFile, keys []publicKey) {
	for _, w := range p.Attestations {
		a, err := attestation.Parse(w.text)
		if err != nil {
			f.errorf(w.at, attestationMend, "the attestation %v", err)
			continue
		}
		at := slices.IndexFunc(keys, func(k publicKey) bool { return a.Check(k.Wire()) == nil })
		if at < 0 {
			why := attestation.ErrKey
			for _, k := range keys {
				if err := a.Check(k.Wire()); err != attestation.ErrKey && err != attestation.ErrApplication {
					why = err
				}
			}
			f.errorf(w.at, attestationMend, "the attestation is of no key of %s: it %v", p.ID.text, why)
			continue
		}
		if keys[at].Attestation != "" {
			f.errorf(w.at, "take one out", "key %s has an attestation already", keys[at].Fingerprint)
			continue
		}
		keys[at].Attestation = w.text
		document := cell.Genesis{Makers: c.makers}
		if _, err := document.MakerOf(keys[at].Key, canon.At(time.Now())); err != nil {
			f.warnf(w.at, "name its maker under attestation, or leave it: the key proves that it verifies its user all the same", "key %s is not hardware: its attestation %v", keys[at].Fingerprint, err)
			continue
		}
		c.hardware[p.ID.text] = true
	}
}
