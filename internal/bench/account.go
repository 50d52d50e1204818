package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
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
)

// accountJudge hears what the double of AWS does not understand.
type accountJudge struct {
	wrong []error
	over  []func()
}

func (j *accountJudge) Error(args ...any) { j.wrong = append(j.wrong, errors.New(fmt.Sprint(args...))) }
func (j *accountJudge) Errorf(format string, args ...any) {
	j.wrong = append(j.wrong, fmt.Errorf(format, args...))
}
func (j *accountJudge) Cleanup(do func()) { j.over = append(j.over, do) }

// end ends the double and says what it did not understand.
func (j *accountJudge) end() error {
	for _, do := range slices.Backward(j.over) {
		do()
	}
	return errors.Join(j.wrong...)
}

// measureAccount is B12.
func (r *run) measureAccount() (err error) {
	judge := &accountJudge{}
	defer func() { err = errors.Join(err, judge.end()) }()
	account := awstest.New(judge)
	private, public, err := issuer.GenerateOIDC(rand.Reader)
	if err != nil {
		return err
	}
	cell, err := r.makeCellOf(plan{"account", people, []string{target}, func(files map[string][]byte) { addAccount(files, account, public) }})
	if err != nil {
		return err
	}
	key, err := issuer.ParseJWK(public)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(cell.path, "keys", "issuer-"+key.ID[:16]+".pem"), private, 0o600); err != nil {
		return err
	}
	server, err := r.self("serve", cell.path, "")
	if err != nil {
		return err
	}
	defer server.end()
	if _, err := server.line(); err != nil {
		return err
	}
	crowd, err := cell.crowd()
	if err != nil {
		return err
	}
	at := func(late time.Duration) func() (turn, error) {
		return func() (turn, error) {
			account.SetLatency(late)
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

// addAccount gives a cell an account that a double plays, and its scenario a role there.
func addAccount(files map[string][]byte, account *awstest.Double, public []byte) {
	const url, arn, origin = "https://oidc.example.com", "arn:aws:iam::123456789012:role/", "localhost.example"
	account.AddIssuer(url, func() ([]byte, error) { return fmt.Appendf(nil, `{"keys":[%s]}`, public), nil })
	account.AddRole(awstest.Role{
		ARN: arn + "EmergencyDatabase", Audience: "sts.amazonaws.com", Subjects: []string{origin + "/" + scenario + "/" + accountTarget}, Sources: "hg-", Allows: []string{"rds:*"},
	})
	account.AddRole(awstest.Role{
		ARN: arn + "halligan-stopper", Audience: "sts.amazonaws.com", Subjects: []string{origin + "/stopper"}, Sources: "hg-", Allows: []string{"iam:*"},
	})
	files["issuer/current.jwk"] = public
	files["policies/rds.json"] = []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"rds:*","Resource":"*"}]}`)
	files[config.CellFile] = append(files[config.CellFile], `
aws:
  issuers: [`+url+`]
  keys: [issuer/current.jwk]
  accounts:
    - { id: prod, account: "123456789012", regions: [eu-west-1], other_way: "The console" }
`...)
	server := bytes.NewBuffer(append(files[config.ServerFile], "aws:\n  endpoints:\n"...))
	for kind, at := range account.Endpoints() {
		fmt.Fprintf(server, "    %s: %q\n", kind, at)
	}
	files[config.ServerFile] = server.Bytes()
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
