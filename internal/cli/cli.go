package cli

import (
	"context"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/halligan-dev/halligan/internal/seal"
)

// globals are the flags of every command.
type globals struct {
	JSON bool `help:"Answer as JSON on stdout." name:"json"`
}

// commands is the command line: a field for each command, which lives in the
// file of its name.
type commands struct {
	globals `embed:""`

	Request    requestCommand    `cmd:"" group:"responder" help:"Ask for emergency access under a scenario."`
	Status     statusCommand     `cmd:"" group:"responder" help:"Show what is open, closing and waiting, or everything of one request."`
	Credential credentialCommand `cmd:"" group:"responder" help:"Fetch the credential of a granted target into ssh-agent, a file, or stdout."`
	Exec       execCommand       `cmd:"" group:"responder" help:"Run a command with a credential that renews itself and ends with the grant."`
	Console    consoleCommand    `cmd:"" group:"responder" help:"Sign in to the console of an AWS account that a grant opens."`
	Solo       soloCommand       `cmd:"" group:"responder" help:"Go in alone, when nobody answered and the ladder offers it."`
	Extend     extendCommand     `cmd:"" group:"responder" help:"Ask for more time while your grant is live."`
	Release    releaseCommand    `cmd:"" group:"responder" help:"Give access back before its time is over."`
	Withdraw   withdrawCommand   `cmd:"" group:"responder" help:"Take back your own request that waits."`
	Holder     holderCommand     `cmd:"" group:"responder" help:"Make the keys of a request that is asked for in a browser."`
	Which      whichCommand      `cmd:"" group:"responder" help:"Answer three questions, and be told which scenario it is, or which other way."`
	Explain    explainCommand    `cmd:"" group:"responder" help:"Say what a scenario would open, and who could approve it right now."`

	Inbox   inboxCommand   `cmd:"" group:"approver" help:"List what waits for your signature."`
	Approve approveCommand `cmd:"" group:"approver" help:"Check a request, or more time for a live one, on this machine, show it, and sign yes."`
	Deny    denyCommand    `cmd:"" group:"approver" help:"Check a request on this machine, show it, and sign no."`

	Share    shareCommand    `cmd:"" group:"approver" help:"Give your share of an envelope to one granted request, after checking it on this machine."`
	Outage   outageCommand   `cmd:"" group:"approver" help:"Say, as a custodian who does not ask, that you have seen that an emergency is real."`
	Envelope envelopeCommand `cmd:"" group:"approver" help:"Seal, open, inspect, print and rotate sealed credentials."`

	Reconcile reconcileCommand `cmd:"" group:"anyone" help:"Carry back what was signed with halligan-kit while the server was down."`

	Review   reviewCommand   `cmd:"" group:"anyone" help:"Show, write and sign off the review of what a grant was used for."`
	Stop     stopCommand     `cmd:"" group:"anyone" help:"End a grant, or a request that waits, now."`
	Suspend  suspendCommand  `cmd:"" group:"anyone" help:"Have a key that may be in wrong hands sign nothing for four hours."`
	Lift     liftCommand     `cmd:"" group:"anyone" help:"Sign that a suspended key shall sign again."`
	Attest   attestCommand   `cmd:"" group:"anyone" help:"Say on your own observation that nothing of a lease is left."`
	Watch    watchCommand    `cmd:"" group:"anyone" help:"Follow what happens, one line for each change."`
	Findings findingsCommand `cmd:"" group:"anyone" help:"List what is not as it should be, worst first, and what was refused."`
	Ready    readyCommand    `cmd:"" group:"anyone" help:"Say whether each scenario could be used right now, in red, amber and green, and what mends it."`
	Coverage coverageCommand `cmd:"" group:"anyone" help:"Say whether each quorum can be filled, whoever asks and whoever is away, and on whom it hangs."`
	People   peopleCommand   `cmd:"" group:"anyone" help:"List people, groups and keys."`
	Sessions sessionsCommand `cmd:"" group:"anyone" help:"List where you are signed in to read, and end what you do not know."`
	Invite   inviteCommand   `cmd:"" group:"anyone" help:"Invite somebody to make a passkey in a browser, or a code device, which you then propose."`
	Enrol    enrolCommand    `cmd:"" group:"anyone" help:"Make a code device with an invitation: six digits of an app, worth the server's word."`
	Upgrade  upgradeCommand  `cmd:"" group:"anyone" help:"Propose that the cell decides by newer rules."`
	Clock    clockCommand    `cmd:"" group:"anyone" help:"End a doubt about the server's clock."`
	Vouch    vouchCommand    `cmd:"" group:"anyone" help:"Say that you met the owner of a key that was added lately, so that it cools off sooner."`
	Recover  recoverCommand  `cmd:"" group:"anyone" help:"Put other people and keys in place when the change quorum lost its own, or cancel that."`
	Change   changeCommand   `cmd:"" group:"anyone" help:"Propose, show and sign changes of the cell: people, keys, scenarios, hosts, quorums."`

	Procedure procedureCommand `cmd:"" group:"anyone" help:"Write the procedure of a scenario, with names, numbers and commands, to be printed."`

	Verify   verifyCommand   `cmd:"" group:"trust" help:"Check evidence from your anchor: a folder, a file, or a server's ledger."`
	Evidence evidenceCommand `cmd:"" group:"trust" help:"Write the evidence of a request, or the whole ledger, and verify it while writing."`
	Ledger   ledgerCommand   `cmd:"" group:"trust" help:"Read the ledger."`

	Init       initCommand       `cmd:"" group:"server" help:"Begin a cell: write its files, sign genesis, seal it."`
	Join       joinCommand       `cmd:"" group:"server" help:"Make this machine one of a person of a cell, and of a new cell sign genesis as its founder."`
	Serve      serveCommand      `cmd:"" group:"server" help:"Run a cell: let its founders join, and once it is sealed, serve it."`
	Fsck       fsckCommand       `cmd:"" group:"server" help:"Check a stopped server's database against its ledger."`
	Backup     backupCommand     `cmd:"" group:"server" help:"Write a cell, running or not, to one encrypted file."`
	Restore    restoreCommand    `cmd:"" group:"server" help:"Verify a backup and put it in place."`
	Epoch      epochCommand      `cmd:"" group:"server" help:"Let a ledger go on whose newest entries are lost for good."`
	Key        keyCommand        `cmd:"" group:"server" help:"Make another key of the ledger."`
	Issuer     issuerCommand     `cmd:"" group:"server" help:"Make keys that sign tokens for AWS, write what their hosts show, and check it from outside."`
	TLS        tlsCommand        `cmd:"" group:"server" help:"Show the server's certificate and its local authority, and say how browsers come to trust it."`
	Demo       demoCommand       `cmd:"" group:"server" help:"Play one emergency on this machine, from the request to the proved end."`
	Witness    witnessCommand    `cmd:"" group:"server" help:"Cosign the ledgers of others, so that they cannot show two histories."`
	Lint       lintCommand       `cmd:"" group:"server" help:"Say what is wrong with cell.yaml, scenarios and server.yaml, and how to mend it."`
	Policy     policyCommand     `cmd:"" group:"server" help:"Test the policies of a cell, and print which facts they may ask for."`
	Scenario   scenarioCommand   `cmd:"" group:"server" help:"List the scenarios that come with the program, and write them into a cell's files."`
	Blueprint  blueprintCommand  `cmd:"" group:"server" help:"Write what a cell needs in AWS: CloudFormation, Terraform, service control policies, Automation documents; and compare it with what is deployed."`
	Completion completionCommand `cmd:"" group:"server" help:"Print a completion script for a shell."`
	Complete   completeCommand   `cmd:"" hidden:"" group:"server" help:"List ids of the cell for a shell's completion."`
	Man        manCommand        `cmd:"" group:"server" help:"Write the manual pages."`
	Version    versionCommand    `cmd:"" group:"server" help:"Print the version."`
}

const description = `Emergency access that several people agree to, that ends, and that proves both.

Every act is signed with a person's own SSH key and written to a ledger that anyone can check.`

var groups = []kong.Group{
	{Key: "responder", Title: "You need access:"},
	{Key: "approver", Title: "You are asked:"},
	{Key: "anyone", Title: "Anyone who may:"},
	{Key: "trust", Title: "Trust nobody:"},
	{Key: "server", Title: "Run it:"},
}

// Main runs the command line of this process and gives its exit code.
func Main() int {
	seal.KeepFromDumps()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// Run runs one command and gives its exit code; it ends early when ctx does.
func Run(ctx context.Context, args []string, s Streams) int {
	c := newCall(ctx, s)
	args, c.rest = command(asTyped(args))
	if line, flags := only(args); line != nil {
		if parser, err := newParser(line, c); err == nil {
			if done, parsed, err := parse(parser, args); err == nil && !done {
				c.flags = *flags
				return c.conclude(explained(parsed.Run(c), parsed))
			}
		}
	}
	var line commands
	parser, err := newParser(&line, c)
	if err != nil {
		return c.conclude(because(exitInternal, err, "cannot build the command line"))
	}
	done, parsed, err := parse(parser, args)
	if done {
		return exitGood
	}
	if err != nil {
		c.flags.JSON = slices.Contains(args, "--json")
		return c.conclude(misuse(err, parser.Model.Node))
	}
	c.flags = line.globals
	return c.conclude(explained(parsed.Run(c), parsed))
}

// only is a command line of nothing but the command that arguments begin with, and
// its global flags; nil when they begin with none, or when the others are to be
// spoken of: in help, in completions, in the manual. Building all of them takes a process longer
// than all else that it does before it speaks to the server. What cannot be read
// so is read with all of them, which alone know what to say about it.
func only(args []string) (line any, flags *globals) {
	if len(args) == 0 || slices.Contains(args, "-h") || slices.Contains(args, "--help") {
		return nil, nil
	}
	all := reflect.TypeFor[commands]()
	named, ok := all.FieldByNameFunc(func(name string) bool { return strings.ToLower(name) == args[0] })
	if !ok || speaksOfAll(named.Type) || named.Tag.Get("group") == "" {
		return nil, nil
	}
	made := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Flags", Type: reflect.TypeFor[globals](), Tag: `embed:""`},
		{Name: named.Name, Type: named.Type, Tag: named.Tag},
	}))
	return made.Interface(), made.Elem().Field(0).Addr().Interface().(*globals)
}

// speaksOfAll tells whether a command is about all the others.
func speaksOfAll(command reflect.Type) bool {
	return command == reflect.TypeFor[completionCommand]() || command == reflect.TypeFor[manCommand]()
}

// command parts the arguments of exec, or of request --login, from the command
// that it is to run, whose flags are not ours.
func command(args []string) (ours, rest []string) {
	i := slices.Index(args, "--")
	if i < 0 || !slices.Contains(args[:i], "exec") && !slices.Contains(args[:i], "--login") {
		return args, nil
	}
	return args[:i], args[i+1:]
}

// printed is what leaves kong's parse once it has printed help.
type printed struct{}

// newParser builds the parser of a command line.
func newParser(line any, c *call) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("halligan"), kong.Description(description), kong.ExplicitGroups(groups), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Writers(c.out, c.err), kong.Exit(func(int) { panic(printed{}) }), kong.Bind(c),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeTime)),
	)
}

// parse reads the arguments. Done says that help was asked for and printed.
func parse(parser *kong.Kong, args []string) (done bool, parsed *kong.Context, err error) {
	defer func() {
		if stop := recover(); stop != nil {
			if _, ok := stop.(printed); !ok {
				panic(stop)
			}
			done = true
		}
	}()
	parsed, err = parser.Parse(args)
	return false, parsed, err
}
