package access

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// RootTask is one privileged task of the root user of a member account, by a
// session that AWS narrows to that task (STS AssumeRoot). Whoever has the session
// is the root user, and no policy of ours goes with it: AWS's policy of the task
// and a quarter of an hour are all that bounds it, and nothing takes it back.
type RootTask struct {
	Name    string `json:"name"`    // target name, unique in the scenario
	Account string `json:"account"` // id of the member account of the cell whose root user it is
	Task    string `json:"task"`    // one of RootTaskIDs
	Through string `json:"through"` // id of the account that may: delegated for IAM, or the management account
	Role    string `json:"role"`    // name of the role there, which may do this and nothing else
}

// Task is a kind of root task, as AWS names its policy.
type Task struct {
	ID     string
	May    string // in plain words: what the session may do
	Leaves string // what it may leave behind; empty: nothing
}

// Tasks lists the root tasks that there are, from the policies that AWS manages
// below the path /root-task/.
func Tasks() []Task {
	return []Task{
		{"IAMAuditRootUserCredentials", "see which password, keys, certificates and second factors its root user has, and change nothing", ""},
		{"IAMCreateRootUserPassword", "let its root user have a password again, which whoever reads the root user's mail then sets", "a root user who can sign in"},
		{"IAMDeleteRootUserCredentials", "take the password, keys, certificates and second factors from its root user", ""},
		{"S3UnlockBucketPolicy", "read, replace and delete the policy of every bucket", "a bucket policy that lets others in"},
		{"SQSUnlockQueuePolicy", "read and replace the policy and the other attributes of every queue", "a queue policy that lets others in"},
	}
}

// TaskOf finds a root task.
func TaskOf(id string) (Task, bool) {
	all := Tasks()
	i := slices.IndexFunc(all, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return Task{}, false
	}
	return all[i], true
}

// RootTaskIDs are the names of the root tasks.
func RootTaskIDs() []string {
	var ids []string
	for _, t := range Tasks() {
		ids = append(ids, t.ID)
	}
	return ids
}

// Check refuses a task that does not exist, and a role that could not be made. Its
// errors begin with the member at fault.
func (t *RootTask) Check() error {
	if err := canon.CheckID(t.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if _, ok := TaskOf(t.Task); !ok {
		return fmt.Errorf("task: %q is not one of %v", t.Task, RootTaskIDs())
	}
	if t.Through == t.Account {
		return fmt.Errorf("through: %q cannot reach its own root user; name the account that is delegated for IAM", t.Through)
	}
	return checkRole(t.Role)
}

// Needs are the proofs that close a lease of the task besides the end of its last
// session: where it may leave something behind that lets people in, a person looks.
func (t *RootTask) Needs() []ProofKind {
	if task, ok := TaskOf(t.Task); ok && task.Leaves == "" {
		return nil
	}
	return []ProofKind{ProofAttested}
}

// RootTask finds the root task that the scenario opens under a target name.
func (s *Scenario) RootTask(name string) (*RootTask, bool) {
	for _, open := range s.Opens {
		if open.RootTask != nil && open.RootTask.Name == name {
			return open.RootTask, true
		}
	}
	return nil, false
}

// RootCall is the call by which a role's session becomes one of a root user.
type RootCall struct {
	Target string `json:"target"` // number of the member account
	Task   string `json:"task"`   // ARN of AWS's policy of the task
}

// TaskARN is the ARN of AWS's policy of a root task.
func TaskARN(partition, task string) string {
	return "arn:" + partition + ":iam::aws:policy/root-task/" + task
}

// RootARN is the ARN of an account's root user.
func RootARN(partition, account string) string {
	return "arn:" + partition + ":iam::" + account + ":root"
}

// Policy is the policy of the role's session that makes the call, and the most
// that the role itself may do.
func (c *RootCall) Policy(partition string) IAMPolicy {
	return IAMPolicy{Version: IAMVersion, Statement: []IAMStatement{{
		Effect: IAMAllow, Action: []string{"sts:AssumeRoot"}, Resource: []string{RootARN(partition, c.Target)},
		Condition: map[string]map[string][]string{"StringEquals": {"sts:TaskPolicyArn": {c.Task}}},
	}}}
}
