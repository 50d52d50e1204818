package deployed

// What is read of an account's answers.
var (
	ParseReport = parseReport
	SignedUntil = signedUntil
)
