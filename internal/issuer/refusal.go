package issuer

import "errors"

// The refusals of (*OIDC).Sign.
const (
	// ErrClaims: not the claims of a token of ours in their one encoding, or there
	// are more of them.
	ErrClaims Refusal = "token-claims"
	// ErrAudience: it is for somebody else.
	ErrAudience Refusal = "token-audience"
	// ErrTokenSubject: its subject is not of this cell.
	ErrTokenSubject Refusal = "token-subject"
	// ErrIssuer: its issuer is not the https URL of one.
	ErrIssuer Refusal = "token-issuer"
	// ErrTokenID: it has no id that could be found again.
	ErrTokenID Refusal = "token-id"
	// ErrLife: it lives longer than MaxTokenLife, begins later than now, or is over.
	ErrLife Refusal = "token-life"
	// ErrTags: AWS would refuse its session tags or its source identity.
	ErrTags Refusal = "token-tags"
)

var errIssuerURL = errors.New("an issuer is an https URL without query, user or slash at its end, such as https://oidc.halligan.example.com")
