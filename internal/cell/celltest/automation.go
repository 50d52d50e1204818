package celltest

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Document is a document of Systems Manager in account prod, and its content.
const (
	Document        = "EmergencyMembers"
	DocumentContent = "schemaVersion: \"0.3\"\nassumeRole: arn:aws:iam::123456789012:role/AutomationMembers\n"
)

// AutomationTarget is version 2 of Document, told who asks and until when.
func AutomationTarget(name string) access.Automation {
	return access.Automation{
		Name: name, Account: "prod", Region: "eu-west-1", Document: Document, Version: 2, Digest: canon.Sum([]byte(DocumentContent)), Role: "AutomationMembers",
		Parameters: map[string]string{"Group": "operators"}, Tells: map[string]string{"Person": access.FactPerson, "Until": access.FactUntil},
		Opens: "Open", Closes: "Close", Allows: "Be a member of operators",
	}
}

// AutomationScenario is Scenario with two executions in front of its hosts, of one document
// for two groups: run-1 and run-2.
func AutomationScenario() access.Scenario {
	s := Scenario()
	one, two := AutomationTarget("run-1"), AutomationTarget("run-2")
	two.Parameters = map[string]string{"Group": "deployers"}
	s.Opens = append([]access.Open{{Automation: &one}, {Automation: &two}}, s.Opens...)
	return s
}
