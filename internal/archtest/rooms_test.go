package archtest_test

// module is where every path of the table lives.
const module = "github.com/halligan-dev/halligan"

// room is one row of the map. Only non-test imports are judged: a test may reach
// for whatever shows the fault best.
type room struct {
	path    string   // below the module
	kind    kind     // what it is held to
	may     []string // rooms of ours that it may import
	third   []string // third-party packages that a pure room may import, with what is below them
	planned bool     // drawn, not built: it must not exist
}

type kind int

const (
	pure    kind = iota // no clock, no randomness, no I/O, no goroutine
	work                // does what the law decided
	adapter             // speaks to one thing outside; never to another adapter
	edge                // what people and programs touch
	tool                // builds, measures or tests the rest
)

const (
	jsonLib    = "github.com/go-json-experiment/json"
	sumdb      = "golang.org/x/mod/sumdb"
	formats    = "github.com/transparency-dev/formats"
	argon      = "golang.org/x/crypto/argon2"
	cedar      = "github.com/cedar-policy/cedar-go"
	everything = "*" // any room but cli and the tools
)

// encoding is the one room that every format shares.
var encoding = []string{"internal/canon"}

// law is what cell sees and what may be named together with it.
var law = []string{"internal/canon", "internal/access", "internal/roster", "internal/statement", "internal/ledger", "internal/cell"}

func with(base []string, more ...string) []string {
	return append(append([]string{}, base...), more...)
}

// rooms is the map.
var rooms = []room{
	// The law.
	{path: "internal/canon", third: []string{jsonLib}},
	{path: "internal/access", may: encoding},
	{path: "internal/roster", may: with(encoding, "internal/access")},
	{path: "internal/custody", may: with(encoding, "internal/access")},
	{path: "internal/practice", may: []string{"internal/access"}, planned: true},
	{path: "internal/attestation"},
	{path: "internal/policy", may: with(encoding, "internal/access"), third: []string{cedar}},
	{path: "internal/statement", may: encoding, third: []string{jsonLib, argon}},
	{path: "internal/ledger", may: encoding, third: []string{jsonLib, sumdb, formats}},
	{path: "internal/revocation", may: encoding, third: []string{jsonLib, sumdb}},
	{path: "internal/cell", may: with(law[:5], "internal/custody", "internal/policy", "internal/attestation"), third: []string{jsonLib}},
	{path: "internal/view", may: with(law, "internal/custody", "internal/policy")},
	{path: "internal/openapi", third: []string{jsonLib}},
	{path: "internal/procedure", may: with(encoding, "internal/access")},
	{path: "internal/blueprint", may: with(encoding, "internal/access"), third: []string{jsonLib}},

	// Work.
	{path: "internal/broker", kind: work, may: law},
	{path: "internal/scheduler", kind: work, may: with(law, "internal/broker", "internal/provider")},
	{path: "internal/disk", kind: work},
	{path: "internal/issuer", kind: work, may: encoding},
	{path: "internal/certificate", kind: work, may: []string{"internal/disk"}},
	{path: "internal/seal", kind: work, may: encoding},
	{path: "internal/seal/jwe", kind: work, may: encoding},
	{path: "internal/alert", kind: work, may: with(encoding, "internal/view")},
	{path: "internal/verify", kind: work, may: with(law, "internal/revocation", "internal/authn/sshsig")},
	{path: "internal/lookout", kind: adapter, may: with(encoding, "internal/access")},
	{path: "internal/host", kind: work, may: with(encoding, "internal/disk", "internal/ledger", "internal/revocation", "internal/authn/sshsig")},
	{path: "internal/backup", kind: work},
	{path: "internal/enrol", kind: work, may: with(encoding, "internal/disk", "internal/statement", "internal/authn/securitykey", "internal/authn/sshsig")},
	{path: "internal/witness", kind: work, may: with(encoding, "internal/disk", "internal/ledger")},
	{path: "internal/detect", kind: work, may: []string{"internal/view"}, planned: true},
	{path: "internal/readiness", may: []string{"internal/canon", "internal/view"}},
	{path: "internal/report", kind: work, may: []string{"internal/view"}, planned: true},
	{path: "internal/drill", kind: work, may: []string{"internal/view"}, planned: true},

	// Adapters and the contracts that they keep.
	{path: "internal/store/sqlite", kind: adapter, may: with(encoding, "internal/disk", "internal/broker", "internal/ledger")},
	{path: "internal/store/postgres", kind: adapter, may: with(encoding, "internal/broker", "internal/ledger"), planned: true},
	{path: "internal/store/storetest", kind: tool, may: with(encoding, "internal/broker", "internal/ledger")},
	{path: "internal/provider", kind: work, may: with(encoding, "internal/access")},
	{path: "internal/provider/ssh", kind: adapter, may: with(encoding, "internal/access", "internal/provider", "internal/revocation")},
	{path: "internal/provider/aws", kind: adapter, may: with(encoding, "internal/access", "internal/provider")},
	{path: "internal/provider/aws/awstest", kind: tool},
	{path: "internal/provider/aws/mototest", kind: tool},
	{path: "internal/provider/exec", kind: adapter, may: with(encoding, "internal/access", "internal/provider")},
	{path: "internal/deployed", kind: adapter},
	{path: "internal/rotation", kind: adapter, may: with(encoding, "internal/access", "internal/disk")},
	{path: "internal/provider/providertest", kind: tool, may: []string{"internal/access", "internal/provider"}},
	{path: "internal/authn", kind: work, may: []string{"internal/statement"}},
	{path: "internal/authn/sshsig", kind: adapter, may: with(encoding, "internal/authn", "internal/statement")},
	{path: "internal/authn/passkey", kind: work, may: []string{"internal/authn/sshsig", "internal/attestation"}},
	{path: "internal/authn/securitykey", kind: work, may: []string{"internal/authn/sshsig", "internal/attestation"}},
	{path: "internal/attestation/attestationtest", kind: tool, may: []string{"internal/attestation"}},
	{path: "internal/authn/passkey/passkeytest", kind: tool, may: []string{"internal/authn/passkey", "internal/authn/sshsig", "internal/attestation/attestationtest"}},
	{path: "internal/authn/totp", kind: work, may: with(encoding, "internal/disk", "internal/authn/sshsig")},
	{path: "internal/authn/totp/totptest", kind: tool},
	{path: "internal/authn/oidc", kind: adapter},
	{path: "internal/authn/oidc/oidctest", kind: tool},

	// Edges.
	{path: "client", kind: edge, may: with(encoding, "internal/disk", "internal/statement", "internal/ledger", "internal/enrol", "internal/seal", "internal/authn/sshsig")},
	{path: "internal/api", kind: edge, may: with(law, "internal/broker", "internal/view", "internal/disk", "internal/authn/passkey", "internal/authn/sshsig", "internal/authn/totp", "internal/custody", "internal/openapi", "internal/enrol", "internal/readiness")},
	{path: "internal/web", kind: edge, may: []string{"internal/canon", "internal/access", "internal/statement", "internal/ledger", "internal/view", "internal/authn/passkey", "internal/enrol"}},
	{path: "internal/config", kind: edge, may: with(law[:2], "internal/roster", "internal/attestation", "internal/ledger", "internal/cell", "internal/policy", "internal/authn/sshsig")},
	{path: "internal/server", kind: edge, may: []string{everything}},
	{path: "internal/paper", kind: edge, may: []string{"internal/canon", "internal/access", "internal/cell", "internal/blueprint", "internal/procedure", "internal/deployed"}},
	{path: "internal/cli", kind: edge, may: with(law, "client", "internal/server", "internal/config",
		"internal/seal", "internal/rotation", "internal/custody", "internal/paper",
		"internal/verify", "internal/demo", "internal/view", "internal/authn/sshsig")},
	{path: "internal/demo", kind: edge, may: with(law, "client", "internal/server", "internal/config",
		"internal/alert", "internal/host", "internal/verify", "internal/view", "internal/authn/sshsig")},
	{path: "cmd/halligan", kind: edge, may: []string{"internal/cli"}},
	{path: "cmd/halligan-kit", kind: edge, may: with(law, "internal/seal", "internal/procedure",
		"internal/verify", "internal/authn/sshsig")},
	{path: "cmd/halligan-host", kind: edge, may: []string{"internal/ledger", "internal/host"}},

	// Tools.
	{path: "internal/archtest", kind: tool},
	{path: "internal/hostile", kind: tool},
	{path: "internal/meaning", kind: tool},
	{path: "internal/e2e", kind: tool, may: []string{everything, "internal/cli"}},
	{path: "internal/bench", kind: tool, may: []string{everything, "internal/cli"}},
	{path: "internal/bench/cloud", kind: tool, may: []string{"internal/issuer", "internal/provider/aws/awstest"}},
	{path: "internal/alert/mailtest", kind: tool},
	{path: "internal/api/apitest", kind: tool, may: []string{"internal/api"}},
	{path: "internal/cell/celltest", kind: tool, may: law},
	{path: "internal/broker/brokertest", kind: tool, may: with(law, "internal/broker", "internal/cell/celltest", "internal/issuer",
		"internal/authn/sshsig", "internal/verify", "internal/store/sqlite")},
	{path: "scripts/gotest", kind: tool},
	{path: "scripts/release", kind: tool},
}
