package config

import (
	"embed"
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/policy"
)

//go:embed policies/*.cedar policies/*.yaml
var policyExamples embed.FS

// PolicyExamples are the policies that come with the program, to begin one's own
// with. No cell has one unless somebody adds it.
var PolicyExamples = []string{"office", "strong-keys"}

// ErrNoExample says that no policy of a name comes with the program.
var ErrNoExample = errors.New("no policy of that name comes with the program")

// PolicyExample gives a policy and its tests, each by its path in a folder.
func PolicyExample(id string) (map[string][]byte, error) {
	if !slices.Contains(PolicyExamples, id) {
		return nil, fmt.Errorf("%q: %w", id, ErrNoExample)
	}
	files := map[string][]byte{}
	for _, suffix := range []string{policySuffix, testSuffix} {
		name := PoliciesDir + "/" + id + suffix
		data, err := policyExamples.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}

// PolicyEngine names the schema and the library that judge policies.
const PolicyEngine = policy.Engine

// PolicySchema is the Cedar schema of the facts that policies may ask for.
func PolicySchema() []byte { return policy.Schema() }
