package procedure

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// opens says what each target is.
func (w *writing) opens() (items []Item) {
	for _, open := range w.of.Opens {
		switch {
		case open.SSH != nil:
			items = append(items, say("%s: a login on host %s as %s.", open.SSH.Name, open.SSH.Host, open.SSH.User))
		case open.Envelope != nil:
			items = append(items, say("%s: what is in the envelope, once custodians gave shares: %d.", open.Envelope.Name, open.Envelope.Threshold))
		case open.Exec != nil:
			items = append(items, say("%s: %s.", open.Exec.Name, w.program(open.Exec.Program).Opens))
		case open.AWS != nil:
			a, _ := w.account(open.AWS.Account)
			items = append(items, say("%s: in AWS account %s (%s): %s.", open.AWS.Name, a.ID, a.Number, open.AWS.Allows))
		case open.RootTask != nil:
			a, _ := w.account(open.RootTask.Account)
			task, _ := access.TaskOf(open.RootTask.Task)
			items = append(items, say("%s: as the root user of AWS account %s (%s): %s, and nothing else. A session of it cannot be taken back before its end, a quarter of an hour after it was fetched.", open.RootTask.Name, a.ID, a.Number, task.May))
		case open.IdentityCenter != nil:
			a, _ := w.account(open.IdentityCenter.Account)
			items = append(items, say("%s: permission set %s of IAM Identity Center in AWS account %s (%s), for your own user there: %s.", open.IdentityCenter.Name, open.IdentityCenter.Set, a.ID, a.Number, open.IdentityCenter.Allows))
		case open.Automation != nil:
			a, _ := w.account(open.Automation.Account)
			items = append(items, say("%s: in AWS account %s (%s), by document %s, version %d, of Systems Manager in %s: %s.", open.Automation.Name, a.ID, a.Number, open.Automation.Document, open.Automation.Version, open.Automation.Region, strings.TrimSuffix(open.Automation.Allows, ".")))
		}
	}
	return items
}

// use says how each target is gone into.
func (w *writing) use() (items []Item) {
	for _, open := range w.of.Opens {
		switch {
		case open.SSH != nil:
			items = append(items, step("A login on "+open.SSH.Host+", with certificates that renew themselves while the grant lives.", "halligan exec ID "+open.SSH.Name))
		case open.Envelope != nil:
			items = append(items, step("Envelope "+open.Envelope.Name+", once its custodians gave their shares.", "halligan envelope open ID "+open.Envelope.Name))
		case open.Exec != nil:
			items = append(items, step("There is nothing to fetch for "+open.Exec.Name+": it is open once the request is granted. "+w.program(open.Exec.Program).Opens+"."))
		case open.AWS != nil:
			items = append(items, step("AWS: "+open.AWS.Allows+". Credentials live a quarter of an hour and renew themselves while the grant lives.", "halligan exec ID "+open.AWS.Name+" -- aws sts get-caller-identity"))
			if open.AWS.Console {
				items = append(items, step("Or the console, by a link that is a secret until it is used.", "halligan console ID "+open.AWS.Name+" --open"))
			}
		case open.RootTask != nil:
			task, _ := access.TaskOf(open.RootTask.Task)
			items = append(items, step("As the root user, to "+task.May+". Fetch it when all is ready: the session lives a quarter of an hour, and each further one is another fetch.", "halligan exec ID "+open.RootTask.Name+" -- aws …"))
		case open.IdentityCenter != nil:
			items = append(items, step("Sign in at "+w.center().Portal+" as yourself, and choose account "+w.number(open.IdentityCenter.Account)+" and "+open.IdentityCenter.Set+
				". There is nothing to fetch. It does not help while the identity provider or Identity Center is down."))
		case open.Automation != nil:
			items = append(items, step("There is nothing to fetch for "+open.Automation.Name+": it is open once the request is granted and the document has opened it. "+strings.TrimSuffix(open.Automation.Allows, ".")+"."))
		}
	}
	return append(items, say("If a door does not open, halligan status ID says why; halligan findings says what else is wrong."))
}

// byHand says how each target is ended without Halligan.
func (w *writing) byHand() (items []Item) {
	for _, open := range w.of.Opens {
		switch {
		case open.SSH != nil:
			items = append(items, w.sshByHand(open.SSH)...)
		case open.Envelope != nil:
			items = append(items, changing(open.Envelope))
		case open.Exec != nil:
			other := w.program(open.Exec.Program).Other
			if other == "" {
				other = "the cell names no way by hand"
			}
			items = append(items, step("Program "+open.Exec.Program+" ("+open.Exec.Name+"): "+other+"."))
		case open.AWS != nil:
			items = append(items, w.awsByHand(open.AWS)...)
		case open.RootTask != nil:
			items = append(items, w.rootByHand(open.RootTask)...)
		case open.IdentityCenter != nil:
			items = append(items, w.centerByHand(open.IdentityCenter)...)
		case open.Automation != nil:
			items = append(items, w.automationByHand(open.Automation)...)
		}
	}
	return append(items, say("Write down what you did and when; tell Halligan when it is back: halligan stop ID, and if it cannot see the end by itself, halligan attest ID TARGET --why \"WHAT YOU SAW\"."))
}

func (w *writing) sshByHand(t *access.SSH) []Item {
	way := ""
	for _, h := range w.cell.Hosts {
		if h.ID == t.Host {
			way = ", as root by the other way in (" + h.Other + ")"
		}
	}
	return []Item{
		step("Host "+t.Host+way+": shut the door, then end what is inside.",
			"mv /etc/halligan-host/principals /etc/halligan-host/principals.off", "halligan-host sessions", "pkill -KILL -u "+t.User),
	}
}

func (w *writing) awsByHand(t *access.AWS) []Item {
	a, _ := w.account(t.Account)
	attach := func(role, policy string) string {
		return fmt.Sprintf("aws iam attach-role-policy --role-name %s --policy-arn %s:policy/%s", role, a.ARN, policy)
	}
	items := []Item{
		step("AWS account "+a.Number+", role "+t.Role+": end everything that it is used for, as somebody who may change IAM there. It takes a few minutes to be true everywhere, and lasts until it is detached.",
			attach(t.Role, "halligan-stop-all")),
		step("Or one grant alone, by its slot: halligan status names it, and so does the tag halligan-slot in CloudTrail.", attach(t.Role, "halligan-stop-slot-"+t.Role+"-SLOT")),
		step("If an issuer's key is stolen, let AWS believe it no more: delete the identity provider, or attach the cut-off policy of halligan blueprint scp in the management account.",
			"aws iam list-open-id-connect-providers", "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn ARN"),
		step("Sessions of Systems Manager and of machines go on by themselves: list and end them.",
			"aws ssm describe-sessions --state Active --region REGION", "aws ssm terminate-session --session-id SESSION --region REGION"),
	}
	if t.Console {
		items = append(items, step("The console role, too, if somebody fell back to it.", attach(t.Role+access.ConsoleSuffix, "halligan-stop-all")))
	}
	return items
}

func (w *writing) rootByHand(t *access.RootTask) []Item {
	a, _ := w.account(t.Account)
	through, _ := w.account(t.Through)
	items := []Item{
		step("Root user of AWS account "+a.Number+": no session of it can be ended; each is over a quarter of an hour after it was fetched. So that there is no other, deny everything to the role on the way, in account "+through.Number+".",
			fmt.Sprintf("aws iam attach-role-policy --role-name %s --policy-arn %s:policy/halligan-stop-all", t.Role, through.ARN)),
		step("For the whole organisation, as its management account or the one that is delegated for IAM: allow no root sessions until this is cleared up.", "aws iam disable-organizations-root-sessions"),
	}
	if task, _ := access.TaskOf(t.Task); task.Leaves != "" {
		items = append(items, say("Then look that %s was not left behind in account %s.", task.Leaves, a.Number))
	}
	return items
}

// centerByHand takes a permission set away, and says what goes on all the same.
func (w *writing) centerByHand(t *access.IdentityCenter) []Item {
	center := w.center()
	at := " --instance-arn " + center.Instance + " --permission-set-arn " + t.ARN
	return []Item{
		step("Permission set "+t.Set+" in AWS account "+w.number(t.Account)+", as somebody who administers Identity Center: see who has it, and take it from the person's user. Their UserId stands beside them in cell.yaml, and in the store.",
			"aws identitystore list-users --region "+center.Region+" --identity-store-id "+center.Store,
			"aws sso-admin list-account-assignments --region "+center.Region+at+" --account-id "+w.number(t.Account),
			"aws sso-admin delete-account-assignment --region "+center.Region+at+" --target-type AWS_ACCOUNT --target-id "+w.number(t.Account)+" --principal-type USER --principal-id USER"),
		step(denying(center)+fmt.Sprintf("A session that was begun goes on for up to %s. To end it now, attach a service control policy to the account that denies everything where identitystore:userId is that user (none binds the management account), and take it off when the time is over.", t.Session),
			`aws organizations create-policy --type SERVICE_CONTROL_POLICY --name halligan-stop-user --description "Stops one user" --content '{"Version":"2012-10-17","Statement":[{"Sid":"StopUser","Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"identitystore:userId":"USER"}}}]}'`,
			"aws organizations attach-policy --policy-id POLICY --target-id "+w.number(t.Account)),
	}
}

// automationByHand cancels the executions of a document, and says how to close what one
// left open.
func (w *writing) automationByHand(t *access.Automation) []Item {
	at := " --region " + t.Region
	items := []Item{
		step("Document "+t.Document+" in AWS account "+w.number(t.Account)+": see what runs, and cancel it. Never stop it with Complete: that ends it where it stands, and nobody closes. No more than two minutes later it must be over, and its step "+t.Closes+" must say Success.",
			"aws ssm describe-automation-executions"+at+" --filters Key=DocumentNamePrefix,Values="+t.Document,
			"aws ssm stop-automation-execution"+at+" --type Cancel --automation-execution-id EXECUTION",
			"aws ssm get-automation-execution"+at+" --automation-execution-id EXECUTION"),
	}
	if t.Group != "" {
		return append(items, step("If it does not, take whoever is in the group out of it.", "aws iam get-group --group-name "+t.Group, "aws iam remove-user-from-group --group-name "+t.Group+" --user-name USER"))
	}
	return append(items, step("If it does not, close by hand what it opened: "+strings.TrimSuffix(t.Allows, ".")+"."))
}

// denying says what Halligan does about sessions by itself; empty where it does nothing.
func denying(center Center) string {
	if center.Denial == "" {
		return ""
	}
	return "Halligan denies such sessions itself, by the policy " + center.Denial + ", where the request's page says that they are denied by policy. Where it says that they are not, or Halligan is gone, do it by hand, in a policy of its own. "
}

func (w *writing) center() Center {
	if w.cell.Center == nil {
		return Center{Portal: "the access portal"}
	}
	return *w.cell.Center
}

func (w *writing) number(account string) string {
	a, _ := w.account(account)
	return a.Number
}

func (w *writing) program(id string) Program {
	for _, p := range w.cell.Programs {
		if p.ID == id {
			return p
		}
	}
	return Program{ID: id, Opens: "what the program " + id + " opens"}
}

// changing is how a secret that was read is made worthless by hand.
func changing(e *access.Envelope) Item {
	const why = " Whoever read it has it, and no lock here takes that back."
	name := "Envelope " + e.Name + ": "
	switch c := e.Contents; {
	case c == nil:
		return step(name + "change the secret where it counts." + why)
	case c.AccessKey != nil:
		user := " --user-name " + c.AccessKey.User
		return step(name+"end "+c.String()+", make another, and seal that."+why, "aws iam list-access-keys"+user,
			"aws iam update-access-key"+user+" --access-key-id OLD --status Inactive", "aws iam create-access-key"+user,
			"aws iam delete-access-key"+user+" --access-key-id OLD", "halligan envelope seal "+e.Name)
	case c.Password != nil:
		return step(name+"seal another, then set "+c.String()+", from a file with UserName and Password that you delete."+why,
			"halligan envelope seal "+e.Name, "aws iam update-login-profile --cli-input-json file://FILE")
	default:
		return step(name+"seal another, then set "+c.String()+", from a file that you delete."+why,
			"halligan envelope seal "+e.Name, "aws secretsmanager put-secret-value --region "+c.Secret.Region+" --secret-id "+c.Secret.Name+" --secret-string file://FILE")
	}
}
