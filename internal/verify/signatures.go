package verify

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// ReportKind stands in the signature namespace of host reports.
const ReportKind = "report"

const typeEd25519 = "ssh-ed25519"

// Signatures checks the SSH signatures of statements and of host reports. It is
// the cell.Verifier of servers and of verification alike, so that both find the
// same signer with the same strength. Its errors are *Fault of class signature
// or report and wrap the sshsig.Refusal.
type Signatures struct{}

var _ cell.Verifier = Signatures{}

// Statement checks the signature over a statement's bytes. A plain key proves
// possession; a security key proves nothing without touch, possession with it,
// and the person where it also verified the user.
func (Signatures) Statement(kind statement.Kind, data []byte, signature ledger.Signature) (cell.Signer, error) {
	who, err := sshsig.Verify(signature.SSHSig, sshsig.Namespace(string(kind)), data)
	if err != nil {
		return cell.Signer{}, unsigned(ClassSignature, err)
	}
	signer := cell.Signer{Fingerprint: who.Fingerprint, Strength: strength(who)}
	if who.Type == typeEd25519 {
		signer.Ed25519 = canon.Key32(who.Key[len(who.Key)-len(canon.Key32{}):])
	}
	return signer, nil
}

func strength(who sshsig.Signer) roster.Strength {
	switch {
	case !who.Security:
		return roster.Possession
	case !who.Touched:
		return roster.NoStrength
	case who.UserVerified:
		return roster.UserVerified
	}
	return roster.Possession
}

// Report checks a host's signature over its report and reads it. The listing is
// complete unless the host says that it left sessions out: a host that cannot
// list does not report, and a session that it could not end stays listed, so
// what else it complains of takes nothing away from the list.
func (Signatures) Report(report, signature []byte) (cell.ReportFacts, error) {
	who, err := sshsig.Verify(signature, sshsig.Namespace(ReportKind), report)
	if err != nil {
		return cell.ReportFacts{}, unsigned(ClassReport, err)
	}
	r, err := revocation.DecodeReport(report)
	if err != nil {
		return cell.ReportFacts{}, unsigned(ClassReport, err)
	}
	facts := cell.ReportFacts{
		Host: r.Host, Origin: r.Origin, Fingerprint: who.Fingerprint,
		List: r.List.Number, ListAt: canon.At(r.List.At), Complete: r.More == 0,
	}
	for _, s := range r.Sessions {
		facts.KeyIDs = append(facts.KeyIDs, s.KeyID)
	}
	slices.Sort(facts.KeyIDs)
	facts.KeyIDs = slices.Compact(facts.KeyIDs)
	return facts, nil
}
