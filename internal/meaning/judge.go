package meaning

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Policy is one policy document, with the name by which a verdict speaks of it.
type Policy struct {
	Name     string         `json:"name"`
	Document jsontext.Value `json:"policy"`
}

// Case is one request to AWS and all that AWS weighs it by. What a policy cannot say
// (that a token's signature is good) is taken for granted.
type Case struct {
	Principal string              `json:"principal"` // ARN of who asks
	Action    string              `json:"action"`
	Resource  string              `json:"resource"` // ARN, or * for an action that takes no other
	Account   string              `json:"account"`  // that the resource is in
	Context   map[string][]string `json:"context,omitempty"`

	Identity []Policy       `json:"identity,omitempty"` // of the role: its own, and what the stopper attached
	Boundary []Policy       `json:"boundary,omitempty"`
	Session  jsontext.Value `json:"session,omitempty"`
	SCP      []Policy       `json:"scp,omitempty"`             // beside FullAWSAccess, which every account has
	Owner    jsontext.Value `json:"resource_policy,omitempty"` // of the resource: the trust policy of a role

	// Door says that the request comes to a role's trust policy with a web token. The
	// context has keys that an issuer names, which the evaluator's table of actions
	// does not know, so it weighs them without that table.
	Door Door `json:"door,omitzero"`
}

// Door is how the context of a request at a trust policy is read.
type Door string

// The readings of a context.
const (
	DoorWhole   Door = "whole" // every member is there for each of the three things that STS asks
	DoorByTable Door = "table" // only those that the vendor's table of actions names, and the issuer's own
)

// Verdict is what the evaluator says of a case.
type Verdict struct {
	Allowed bool     `json:"allowed"`
	Result  string   `json:"result"`            // Allowed, ExplicitlyDenied or ImplicitlyDenied
	Why     []string `json:"why,omitempty"`     // each policy that refused, with the statement by which it did
	Ignored []string `json:"ignored,omitempty"` // members of the context that were not weighed
	Error   string   `json:"error,omitempty"`
}

// ErrAbsent says that this machine has no node or no evaluator.
var ErrAbsent = errors.New("no IAM evaluator on this machine: scripts/deps.sh installs iam-simulate into .tools where there are node and npm")

//go:embed judge.mjs
var program string

// deadline is how long a batch may take. The evaluator does some hundred cases a second,
// on a machine that does nothing else.
const deadline = 20 * time.Minute

// Judge is the evaluator, found.
type Judge struct{ node, folder string }

// Find looks for node on the path, and for the evaluator in .tools/iam-simulate of the
// checkout that the working folder is in. It fails with ErrAbsent.
func Find() (Judge, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return Judge{}, ErrAbsent
	}
	at, err := os.Getwd()
	if err != nil {
		return Judge{}, fmt.Errorf("cannot look for the IAM evaluator: %w", err)
	}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		folder := filepath.Join(at, ".tools", "iam-simulate")
		if _, err := os.Stat(filepath.Join(folder, "node_modules", "@cloud-copilot", "iam-simulate", "package.json")); err == nil {
			return Judge{node, folder}, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Judge{}, fmt.Errorf("cannot look for the IAM evaluator: %w", err)
		}
	}
	return Judge{}, ErrAbsent
}

// Weigh gives the verdict on each case, in order. It fails when one of them was not
// weighed as a whole: a policy that the evaluator calls invalid, an action or a member
// of the context that it does not know.
func (j Judge) Weigh(ctx context.Context, cases []Case) ([]Verdict, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	var in bytes.Buffer
	for _, c := range cases {
		if err := json.MarshalWrite(&in, c); err != nil {
			return nil, fmt.Errorf("cannot write a case: %w", err)
		}
		in.WriteByte('\n')
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.node, "--input-type=module", "--eval", program, "--", j.folder)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot run the IAM evaluator: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return read(cases, out)
}

func read(cases []Case, out []byte) ([]Verdict, error) {
	lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
	if len(lines) != len(cases) {
		return nil, fmt.Errorf("the IAM evaluator answered %d of %d cases", len(lines), len(cases))
	}
	verdicts := make([]Verdict, len(cases))
	for i, line := range lines {
		if err := json.Unmarshal(line, &verdicts[i], json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("cannot read the IAM evaluator's answer: %w", err)
		}
		if v := verdicts[i]; v.Error != "" || len(v.Ignored) > 0 {
			return nil, fmt.Errorf("%s on %s was not weighed: %s; left out: %s", cases[i].Action, cases[i].Resource,
				v.Error, strings.Join(v.Ignored, ", "))
		}
	}
	return verdicts, nil
}
