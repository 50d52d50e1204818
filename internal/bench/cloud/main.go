// Command cloud plays AWS for the bench: one role, its stopper, and an issuer whose
// keys it makes. It is a process by itself, as AWS is, and is not for tests, which use
// internal/provider/aws/awstest as it is.
//
// It keeps to one rule: what it does not understand ends it.
//
// Read main.go.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// judge ends the program when the double is asked for what it does not know.
type judge struct{}

func (judge) Error(args ...any) { end(fmt.Sprint(args...)) }
func (judge) Errorf(format string, args ...any) {
	end(fmt.Sprintf(format, args...))
}
func (judge) Cleanup(func()) {} // its end is the process's

func end(why string) {
	fmt.Fprintln(os.Stderr, "cloud:", why)
	os.Exit(1)
}

// main takes a folder, an issuer, and the cell, scenario and target of the role's
// trust. It says where it answers, then takes latencies, one a line.
func main() {
	if err := play(os.Args[1:]); err != nil {
		end(err.Error())
	}
}

func play(args []string) error {
	if len(args) != 5 {
		return errors.New("want FOLDER ISSUER CELL SCENARIO TARGET")
	}
	folder, url, cell, subject := args[0], args[1], args[2], args[2]+"/"+args[3]+"/"+args[4]
	private, public, err := issuer.GenerateOIDC(rand.Reader)
	if err != nil {
		return err
	}
	key, err := issuer.ParseJWK(public)
	if err != nil {
		return err
	}
	err = errors.Join(
		os.MkdirAll(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "issuer-"+key.ID[:16]+".pem"), private, 0o600),
		os.WriteFile(filepath.Join(folder, "current.jwk"), public, 0o600))
	if err != nil {
		return err
	}
	account := awstest.New(judge{})
	account.AddIssuer(url, func() ([]byte, error) { return fmt.Appendf(nil, `{"keys":[%s]}`, public), nil })
	for role, trusts := range map[string]string{"EmergencyDatabase": subject, "halligan-stopper": cell + "/stopper"} {
		account.AddRole(awstest.Role{
			ARN: "arn:aws:iam::123456789012:role/" + role, Audience: "sts.amazonaws.com", Subjects: []string{trusts}, Sources: "hg-", Allows: []string{"rds:*", "iam:*"},
		})
	}
	endpoints := account.Endpoints()
	delete(endpoints, "secretsmanager") // no server asks it: people's commands do
	if err := json.NewEncoder(os.Stdout).Encode(endpoints); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); fmt.Println("set") {
		late, err := time.ParseDuration(lines.Text())
		if err != nil {
			return err
		}
		account.SetLatency(late)
	}
	return nil
}
