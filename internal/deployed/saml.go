package deployed

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"strings"
	"time"
)

const certificatesMost = 32

// signedUntil is when the last certificate ends by which a SAML identity provider may
// sign: while one is good, people sign in. Zero: there is none that can be read.
func signedUntil(metadata string) (ends time.Time) {
	d := xml.NewDecoder(strings.NewReader(metadata))
	encrypts := false
	for seen := 0; seen < certificatesMost; {
		token, err := d.Token()
		if err != nil {
			return ends
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "KeyDescriptor":
			encrypts = false
			for _, a := range start.Attr {
				encrypts = encrypts || a.Name.Local == "use" && a.Value == "encryption"
			}
		case "X509Certificate":
			var text string
			if err := d.DecodeElement(&text, &start); err != nil {
				return ends
			}
			seen++
			if until := endOf(text); !encrypts && until.After(ends) {
				ends = until
			}
		}
	}
	return ends
}

// endOf is when a certificate in base64 ends.
func endOf(text string) time.Time {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return time.Time{}
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return time.Time{}
	}
	return certificate.NotAfter
}
