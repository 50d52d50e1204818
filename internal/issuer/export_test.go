package issuer

// What tokens' texts are held to.
var (
	Made     = made
	HexDigit = hexDigit
	InSource = inSource
	InTag    = inTag
	IsHost   = isHost
)
