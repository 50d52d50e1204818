package cli

import (
	"net/url"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type sessionsCommand struct {
	List sessionsListCommand `cmd:"" help:"List where you are signed in to read."`
	End  sessionsEndCommand  `cmd:"" help:"End one of those sessions, or all but this one."`
}

type sessionsListCommand struct{ memberFlags }

// Help is the long help of `sessions list`.
func (sessionsListCommand) Help() string {
	return `Your own sessions that are not over: browsers, and machines whose command line reads for you. None of them can act: acting takes a signature. This command's own is marked.

Examples:

    halligan sessions list
    halligan sessions list --json`
}

// signedIn is where somebody is signed in, as the server says.
type signedIn struct {
	Sessions []view.SignIn `json:"sessions"`
}

// Run lists.
func (s sessionsListCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	return show(m, "sessions", func(all signedIn) string { return sessionsSheet(all, now) })
}

var howWords = map[view.How]string{
	view.ByPasskey: "a passkey", view.BySecurityKey: "a security key", view.BySSHKey: "an SSH key", view.ByProvider: "the identity provider",
}

func sessionsSheet(all signedIn, now canon.Time) string {
	s := new(sheet)
	for _, each := range all.Sessions {
		text := each.ID.Short() + " by " + howWords[each.How]
		if each.From != "" {
			text += ", from " + line(each.From)
		}
		if !each.At.IsZero() {
			text += ", since " + clock(each.At, now)
		}
		text += ", until " + clock(each.Until, now)
		if each.Current {
			text += " (this one)"
		}
		s.say("%s", text)
		s.say("  %s", line(each.With))
	}
	return s.String()
}

type sessionsEndCommand struct {
	ID     string `arg:"" optional:"" help:"The session: the first 8 or more digits of its id."`
	Others bool   `help:"End all of your sessions but the one of this command."`
	memberFlags
}

// Help is the long help of `sessions end`.
func (sessionsEndCommand) Help() string {
	return `What is ended reads nothing more, for good; a browser or machine of yours that still needs to read opens another. A session that you do not know means that somebody read what you may read: end it, and tell security, who can suspend the key that opened it.

Examples:

    halligan sessions end 1f0c77aa
    halligan sessions end --others`
}

// Run ends.
func (s sessionsEndCommand) Run(c *call) error {
	if (s.ID == "") == !s.Others {
		return failf(exitUsage, "name one session, or --others").or("halligan sessions list")
	}
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	path := "/sessions/end-others"
	if s.ID != "" {
		path = "/sessions/" + url.PathEscape(s.ID) + "/end"
	}
	data, err := m.way.client.Post(c.ctx, path)
	if refusedFor(err, "malformed-query") || refusedFor(err, "not-found") {
		return classify(err).or("halligan sessions list shows yours")
	}
	if err != nil {
		return err
	}
	if len(data) == 0 {
		data = []byte(`{"ended":true}`)
	}
	return c.answer(data, func() { c.say("Ended.") })
}
