package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

func (t teller) ofLease(e cell.Event) string {
	switch e := e.(type) {
	case *cell.LeaseOpened:
		return fmt.Sprintf("%s is open.", e.Target)
	case *cell.AssignmentClaimed:
		return fmt.Sprintf("Nobody has what is to be assigned for %s, or by another grant alone: what is listed from now on is this cell's.", e.Target)
	case *cell.OpenFailed:
		return fmt.Sprintf("%s does not open yet: %s; it is tried again.", e.Target, say(failures, e.Why))
	case *cell.TwinWorked:
		return fmt.Sprintf("A twin of the credential was accepted at %s, so that a refusal later on will prove something.", e.Target)
	case *cell.CredentialAuthorised:
		if e.Console {
			return fmt.Sprintf("A sign-in to the console for %s is authorised, serial %s; it is over at %s at the latest.", e.Target, e.Serial, clock(e.Before, t.at))
		}
		return fmt.Sprintf("A credential for %s is authorised, serial %s, valid until %s.", e.Target, e.Serial, clock(e.Before, t.at))
	case *cell.CredentialDelivered:
		return fmt.Sprintf("The credential for %s was handed over.", e.Target)
	case *cell.CredentialWitnessed:
		return fmt.Sprintf("Before that, %s had cosigned that the credential for %s was authorised, by %s.", both(e.By), e.Target, clock(e.At, t.at))
	case *cell.CredentialUnwitnessed:
		return fmt.Sprintf("The witnesses had not cosigned in time that the credential for %s was authorised.", e.Target)
	case *cell.MintFailed:
		if e.Why == "interrupted" { // it may have left before the server died
			return fmt.Sprintf("Whether the credential for %s was handed over is not known: %s.", e.Target, say(failures, e.Why))
		}
		return fmt.Sprintf("The credential for %s was not handed over: %s.", e.Target, say(failures, e.Why))
	}
	return ""
}

func (t teller) ofProof(e cell.Event) string {
	switch e := e.(type) {
	case *cell.LeaseClosing:
		if e.Closing.List == 0 { // of no host
			return fmt.Sprintf("%s is closing, because %s.", e.Target, say(ends, e.Closing.Why))
		}
		return fmt.Sprintf("%s is closing, because %s; hosts refuse it from revocation list %d on.", e.Target, say(ends, e.Closing.Why), e.Closing.List)
	case *cell.LeaseShut:
		return fmt.Sprintf("What opened %s, a program or Identity Center, says that it is closed; that is not proved yet.", e.Target)
	case *cell.DenialSeen:
		return ofDenial(e)
	case *cell.LeaseProved:
		return proof(e)
	case *cell.LeaseClosed:
		return fmt.Sprintf("%s is closed: it is proved dead.", e.Target)
	case *cell.ClosingOverdue:
		return fmt.Sprintf("%s is closing since %s and still not proved dead; this pages.", e.Target, clock(e.Since, t.at))
	}
	return ""
}

// proof says what one piece of proof means, and no more.
func proof(e *cell.LeaseProved) string {
	switch e.Proof.Kind {
	case access.ProofUnissued:
		return fmt.Sprintf("No credential was ever issued for %s.", e.Target)
	case access.ProofRefused:
		return fmt.Sprintf("The twin is refused at %s while another login is accepted: no new login is possible.", e.Target)
	case access.ProofExpired:
		if e.Proof.By == access.ByCenter {
			return fmt.Sprintf("Identity Center lists the assignment of %s no more, and the last session that it let in is over.", e.Target)
		}
		return fmt.Sprintf("The last credential for %s is over: no new login is possible.", e.Target)
	case access.ProofEnded:
		if account, ok := strings.CutPrefix(e.Proof.By, access.ByAWS); ok {
			return fmt.Sprintf("Systems Manager of AWS account %s shows that nothing of this grant goes on at %s.", account, e.Target)
		}
		return fmt.Sprintf("Host %s listed its sessions: of this grant at %s none is left.", e.Proof.By, e.Target)
	case access.ProofAttested:
		return fmt.Sprintf("%s attests that nothing of it is left at %s.", e.Proof.By, e.Target)
	}
	return fmt.Sprintf("%s: %s.", e.Target, plain(string(e.Proof.Kind)))
}

// tally is "3 attempts were" and "2 nonce used and 1 unknown key".
func tally(counts map[string]int64) (total, words string) {
	var sum int64
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		sum += counts[reason]
		parts = append(parts, fmt.Sprintf("%d %s", counts[reason], plain(reason)))
	}
	if sum == 1 {
		return "1 attempt was", both(parts)
	}
	return fmt.Sprintf("%d attempts were", sum), both(parts)
}
