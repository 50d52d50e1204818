package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/statement"
)

// What B12 is measured with: how much later every answer of the account comes, and
// how many emergencies there are in a turn. People may have 20 open, and what is
// released keeps its stop slot, so that all of a run stay open.
const (
	accountLatency = 50 * time.Millisecond
	accountEach    = 4
	accountDue     = 1.5
	accountTarget  = "prod"
	accountIssuer  = "https://oidc.example.com"
)

// measureAccount is B12.
func (r *run) measureAccount() error {
	program, err := r.build("cloud", ".", "./internal/bench/cloud")
	if err != nil {
		return err
	}
	keys := r.path("cloud-keys")
	account, err := r.launch("cloud-process", program, keys, accountIssuer, "localhost.example", scenario, accountTarget)
	if err != nil {
		return err
	}
	defer account.end()
	endpoints, err := account.line()
	if err != nil {
		return err
	}
	crowd, server, err := r.withAccount(endpoints, keys)
	if err != nil {
		return err
	}
	defer server.end()
	at := func(late time.Duration) func() (turn, error) {
		return func() (turn, error) {
			if _, err := fmt.Fprintln(account.in, late); err != nil {
				return turn{}, err
			}
			if _, err := account.line(); err != nil {
				return turn{}, err
			}
			return crowd.atAccount()
		}
	}
	turns, err := interleave(r.rounds(5), side{"late", at(accountLatency)}, side{"at once", at(0)})
	if err != nil {
		return err
	}
	var beyond []float64
	for i, late := range turns["late"] {
		beyond = append(beyond, float64(late.P50-turns["at once"][i].P50)/float64(accountLatency))
	}
	wait := func(name string) string {
		return span(time.Duration(median(turns[name], func(t turn) float64 { return float64(t.P50) })))
	}
	r.add(row{
		ID: "B12", What: "from agreement to a session of AWS, whose answers come 50 ms later", Ours: wait("late"),
		Peer: "the same with no latency: " + wait("at once"), Ratio: middle(beyond), Unit: "× 50 ms beyond", Due: atMost(accountDue),
		Note: "from the answer to the decision that fills the quorum until the sealed credential is there, over HTTPS, with a double of AWS: STS, IAM and the role's own services are all as late. One call of STS stands in the way; what a stop is later measured by is asked beside it.",
	})
	return nil
}

// withAccount serves a cell that has an account, with the issuer's keys of a folder.
func (r *run) withAccount(endpoints, keys string) (*crowd, *process, error) {
	private, err := filepath.Glob(filepath.Join(keys, "issuer-*.pem"))
	if err != nil || len(private) != 1 {
		return nil, nil, errors.Join(err, fmt.Errorf("%d keys of the issuer, want 1", len(private)))
	}
	secret, err1 := os.ReadFile(private[0])
	public, err2 := os.ReadFile(filepath.Join(keys, "current.jwk"))
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	cell, err := r.makeCellOf(plan{name: "account", people: people, hosts: []string{target}, alter: func(files map[string][]byte) { addAccount(files, endpoints, public) }})
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(cell.path, "keys", filepath.Base(private[0])), secret, 0o600); err != nil {
		return nil, nil, err
	}
	server, err := r.self("serve", cell.path, "")
	if err != nil {
		return nil, nil, err
	}
	if _, err := server.line(); err != nil {
		return nil, nil, err
	}
	crowd, err := cell.crowd()
	return crowd, server, err
}

// addAccount gives a cell an account, and its scenario a role there.
func addAccount(files map[string][]byte, endpoints string, public []byte) {
	files["issuer/current.jwk"] = public
	files["policies/rds.json"] = []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"rds:*","Resource":"*"}]}`)
	files[config.CellFile] = append(files[config.CellFile], `
aws:
  issuers: [`+accountIssuer+`]
  keys: [issuer/current.jwk]
  accounts:
    - { id: prod, account: "123456789012", regions: [eu-west-1], other_way: "The console" }
`...)
	files[config.ServerFile] = append(files[config.ServerFile], "aws: { endpoints: "+endpoints+" }\n"...)
	path := config.ScenariosDir + "/" + scenario + ".yaml"
	files[path] = bytes.Replace(files[path], []byte("\nprocedure:"), []byte(`
  - aws: { account: prod, role: EmergencyDatabase, policy: policies/rds.json, probe: { service: rds, action: DescribeDBInstances }, allows: Databases }

procedure:`), 1)
}

// atAccount goes through some emergencies at the account, one after the other, and
// takes the time of each from its agreement to its credential.
func (c *crowd) atAccount() (turn, error) {
	if err := c.look(); err != nil {
		return turn{}, err
	}
	var took []time.Duration
	for i := range accountEach {
		who := people[i%len(people)]
		o, err := c.ask(who, accountTarget)
		if err != nil {
			return turn{}, err
		}
		if _, err := c.agree(people[(i+1)%len(people)], o.id); err != nil {
			return turn{}, err
		}
		agreed, err := c.agree(people[(i+2)%len(people)], o.id)
		if err != nil {
			return turn{}, err
		}
		begun := time.Now()
		if err := c.awaitOpen(who, o.id, agreed.Request); err != nil {
			return turn{}, err
		}
		said, err := c.send(who, o.holder, &statement.Fetch{Of: o.id, Target: accountTarget})
		if err != nil {
			return turn{}, err
		}
		took = append(took, time.Since(begun))
		if !bytes.Contains(said, []byte("BEGIN AGE ENCRYPTED FILE")) {
			return turn{}, fmt.Errorf("no session came: %s", said)
		}
	}
	slices.Sort(took)
	return turn{Count: len(took), P50: took[len(took)/2], P99: took[len(took)-1]}, nil
}
