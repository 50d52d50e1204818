package config

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// taskFile is a task of the root user of a member account.
type taskFile struct {
	Mark
	Name    word `yaml:"name"`
	Account word `yaml:"account,required"`
	Task    word `yaml:"task,required" mend:"name one of AWS's tasks of a root user, such as S3UnlockBucketPolicy"`
	Through word `yaml:"through,required" mend:"name the account that is delegated for IAM in the organisation: only such a one may do it"`
	Role    word `yaml:"role,required" mend:"name the role there, which may do this and nothing else; halligan blueprint makes it"`
}

func (*taskFile) planned() []string {
	return []string{"regions", "source_address", "session_policy", "duration"}
}

// rootTask reads a root task.
func (s *scenarioFacts) rootTask(t *taskFile) access.RootTask {
	before := len(s.list)
	out := access.RootTask{Name: s.targetName(t.Name, t.Account), Account: t.Account.text, Task: t.Task.text, Through: t.Through.text, Role: t.Role.text}
	task, known := access.TaskOf(out.Task)
	if t.Task.text != "" && !known {
		s.errorf(t.Task.at, nearest(t.Task.text, access.RootTaskIDs(), "one of: "), "%s is no task of a root user that AWS knows", show(t.Task.text))
	}
	s.taskAccounts(t)
	s.checkRoleName(t.Role)
	s.warnf(t.at, "give it to few, for a short time, and review each use", "nothing takes a session of a root user back: after a stop it works to its end, up to %s", access.SessionLives)
	if known && task.Leaves != "" {
		s.warnf(t.Task.at, "choose another task if it is enough", "%s can leave %s behind: each lease closes only when a person attests", task.ID, task.Leaves)
	}
	whole := t.Account.text != "" && t.Task.text != "" && t.Through.text != "" && t.Role.text != ""
	if whole && !HasErrors(s.list[before:]) && !s.told(t.at) { // the law must find nothing that was not told here
		if err := out.Check(); err != nil {
			s.errorf(t.at, "write it otherwise", "%v", err)
		}
	}
	return out
}

// taskAccounts checks the member account, and the one through which it is reached.
func (s *scenarioFacts) taskAccounts(t *taskFile) {
	if t.Account.text != "" && t.Account.text == t.Through.text {
		s.errorf(t.Through.at, "name the account that is delegated for IAM", "account %s cannot become its own root user", show(t.Account.text))
		return
	}
	if s.cell == nil {
		return
	}
	named := func(w word) (account cell.Account, ok bool) {
		i := slices.IndexFunc(s.cell.aws.Accounts, func(a cell.Account) bool { return a.ID == w.text })
		switch {
		case i >= 0:
			return s.cell.aws.Accounts[i], true
		case w.text != "":
			s.errorf(w.at, s.cell.accountNear(w.text, "accounts of aws in "+CellFile+": "), "account %s does not exist", showID(w.text))
		}
		return account, false
	}
	account, there := named(t.Account)
	through, known := named(t.Through)
	if there && account.Management {
		s.errorf(t.Account.at, "name a member account", "account %s is the management account, whose root user nobody becomes by a task", show(account.ID))
	}
	if known && through.Management {
		s.warnf(t.Through.at, "let a member account be delegated for IAM, and go through that",
			"account %s is the management account: no service control policy binds the role there", show(through.ID))
	}
	if there && known && account.In() != through.In() {
		s.errorf(t.Through.at, "name one of the same organisation", "account %s is in %s, and %s in %s", show(through.ID), through.In(), show(account.ID), account.In())
	}
}
