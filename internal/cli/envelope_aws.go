package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/rotation"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// inAWS rotates what AWS can change. Whatever was begun before on this machine is
// gone on with.
func (r envelopeRotateCommand) inAWS(m *member, p *proof, body *statement.Rotate, texts []client.Noted) error {
	contents, err := contentsOf(p, r.Name)
	if err != nil {
		return err
	}
	if r.With != "" && contents.Secret == nil {
		return failf(exitUsage, "envelope %s holds %s, which AWS itself changes: there is nothing for a program to do", r.Name, contents)
	}
	plan, err := r.plan(p, r.Name)
	if err != nil {
		return err
	}
	a, err := rotation.Connect(m.c.ctx)
	if err != nil {
		return because(exitUsage, err, "cannot rotate envelope %s", r.Name).
			or("name a profile of yours in AWS_PROFILE, or export credentials, such as: eval \"$(aws configure export-credentials --format env)\"")
	}
	m.c.toPeople(r.sheet(m.person(), plan, contents))
	if err := m.c.confirm(r.Yes, "rotate"); err != nil {
		return err
	}
	by := &awsCustody{r: r, m: m, body: body, texts: texts}
	o := rotation.Order{
		Origin: p.world.Name, Envelope: r.Name, Contents: contents, Folder: filepath.Join(m.way.client.Folder(), "rotation"),
		Remove: r.RemoveStray, Custody: by, Tell: func(text string) { m.c.tell("%s", text) }, Now: m.c.now, Pause: pause,
	}
	if r.With != "" {
		o.Set = func(_ context.Context, secret []byte) error { return m.c.activate(r.With, plan, secret) }
	}
	of, err := rotation.Run(m.c.ctx, a, o)
	if err != nil {
		return r.unrotated(err)
	}
	is := serialText(r.Name, of.Serial) + " is in force"
	switch {
	case by.entry != 0:
		return m.recorded(sealed{r.Name, of.Serial, by.entry}, "Rotated: "+is, "")
	case by.sealed != 0:
		return m.recorded(sealed{r.Name, of.Serial, by.sealed}, "Sealed: "+is, "")
	}
	return m.c.answer(sealed{r.Name, of.Serial, 0}, func() { m.c.say("Rotated: %s, as an earlier run recorded.", is) })
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// contentsOf is what lies in an envelope by every scenario that opens it.
func contentsOf(p *proof, name string) (*access.Contents, error) {
	demands := demanded(p, name)
	if len(demands) == 0 {
		return nil, failf(exitNotFound, "no scenario opens an envelope %q", name).or("halligan envelope list shows those that there are")
	}
	of := demands[0].Contents
	if !slices.ContainsFunc(demands, func(d *access.Envelope) bool { return d.Contents != nil }) {
		return nil, failf(exitRefused, "no scenario that opens envelope %s says what lies in it", name).
			or("write contents under the envelope in each of them, and propose that: halligan change propose; without it: halligan envelope rotate %s --with PROGRAM", name)
	}
	for _, d := range demands {
		if d.Contents == nil || d.Contents.String() != of.String() {
			return nil, failf(exitRefused, "the scenarios that open envelope %s do not all say the same of what lies in it", name).
				or("write contents under the envelope in each of them, and propose that: halligan change propose")
		}
	}
	return of, nil
}

func (r envelopeRotateCommand) sheet(person string, plan *sealPlan, contents *access.Contents) string {
	s := new(sheet)
	s.say("You, %s, rotate envelope %s: %s.", person, r.Name, contents)
	s.items(fmt.Sprintf("Any %d of these %d open what is sealed on this machine:", plan.Threshold, len(plan.Custodians)), sealedTo(plan.Custodians))
	switch {
	case contents.Password != nil:
		s.say("Your signature says that IAM took the new password, with which the old one ended. That somebody signed in with it, it does not say.")
	case contents.Secret != nil:
		s.say("Your signature says that the secret gives the new value, and no label of it stands for the old one.")
	default:
		s.say("Your signature says that AWS was seen to take the new key and to refuse the old one. Sessions that were begun with the old one before live on, for up to 36 hours.")
	}
	return s.String()
}

// unrotated says what stopped a rotation, and how it goes on.
func (r envelopeRotateCommand) unrotated(err error) error {
	var stray *rotation.Stray
	switch {
	case errors.As(err, &stray):
		return because(exitRefused, err, "cannot rotate envelope %s", r.Name).
			or("find out whose it is; remove what should not be there with --remove-stray ID: one of %s", strings.Join(stray.IDs, ", "))
	case errors.Is(err, rotation.ErrSuperseded):
		return because(exitRefused, err, "cannot rotate envelope %s", r.Name).or("halligan envelope show %s tells whose; then run the same again", r.Name)
	case errors.Is(err, rotation.ErrBusy), errors.Is(err, rotation.ErrUnknown):
		return because(exitRefused, err, "cannot rotate envelope %s", r.Name).or("run the same again then")
	}
	return because(exitUnreachable, err, "cannot rotate envelope %s", r.Name).or("run the same again: it goes on from where this ended")
}

// awsCustody is the cell, for a rotation.
type awsCustody struct {
	r      envelopeRotateCommand
	m      *member
	body   *statement.Rotate
	texts  []client.Noted
	entry  int64 // of the rotation
	sealed int64 // of the newest sealing of this process
}

func named(of *custody.Sealing) *rotation.Sealing {
	if of == nil {
		return nil
	}
	return &rotation.Sealing{Serial: of.Serial, Content: of.Content}
}

// Standing does what rotation.Custody says, by the member's own replay.
func (a *awsCustody) Standing(context.Context) (s rotation.Standing, err error) {
	p, err := a.m.provedCell()
	if err != nil {
		return s, err
	}
	if held, ok := p.world.Envelopes[a.r.Name]; ok {
		s.InForce, s.Waiting = named(held.Current), named(held.Next)
	}
	return s, nil
}

// Seal does what rotation.Custody says.
func (a *awsCustody) Seal(_ context.Context, secret []byte, keep func(rotation.Sealing) error) error {
	p, err := a.m.provedCell()
	if err != nil {
		return err
	}
	plan, err := a.r.plan(p, a.r.Name)
	if err != nil {
		return err
	}
	of := &statement.Seal{Envelope: plan.Envelope, Serial: plan.Serial, Threshold: plan.Threshold}
	files, err := fill(p.world.Name, plan, of, secret)
	if err != nil {
		return err
	}
	if err := keep(rotation.Sealing{Serial: of.Serial, Content: of.Content.Digest}); err != nil {
		return err
	}
	sent, err := a.m.send(order{body: of, files: files})
	a.sealed = sent.Entry
	return err
}

// Shown does what rotation.Custody says.
func (a *awsCustody) Shown(_ context.Context, of rotation.Sealing) error {
	return a.m.shown(a.r.Name, of)
}

// Accept does what rotation.Custody says.
func (a *awsCustody) Accept(ctx context.Context, of rotation.Sealing) error {
	now, err := a.Standing(ctx)
	switch {
	case err != nil:
		return err
	case now.InForce != nil && *now.InForce == of:
		return nil
	case now.Waiting == nil || *now.Waiting != of:
		return rotation.ErrSuperseded
	}
	a.body.Serial = of.Serial
	sent, err := a.m.submit(a.body, a.texts)
	if err == nil {
		a.entry = sent.Entry
	}
	return err
}

// shown waits until as many custodians as open a sealing have shown that they can.
// The server is asked whether to look; what counts is the proof.
func (m *member) shown(name string, of rotation.Sealing) error {
	for told := false; ; told = true {
		list, err := readAs[envelopeList](m, "envelopes")
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list.Envelopes, func(v view.Envelope) bool { return v.Name == name })
		looks := at >= 0 && !waitsStill(list.Envelopes[at], of)
		if looks || !told {
			p, err := m.provedCell()
			if err != nil {
				return err
			}
			sealing := sealingOf(p, name, of)
			switch {
			case sealing == nil:
				return rotation.ErrSuperseded
			case sealing.Shown() >= sealing.Threshold:
				return nil
			case !told:
				m.c.tell("Waiting until %d custodians have run: halligan envelope inspect %s", sealing.Threshold, name)
			}
		}
		if err := pause(m.c.ctx, shownEvery); err != nil {
			return err
		}
	}
}

// waitsStill tells whether a sealing is there, as the server says, and waits for
// custodians to show that they can open it.
func waitsStill(v view.Envelope, of rotation.Sealing) bool {
	for _, s := range []*view.Sealing{v.Current, v.Next} {
		if s != nil && s.Serial == of.Serial && s.Content == of.Content {
			return s.Shown < s.Threshold
		}
	}
	return false
}

// sealingOf is a sealing that counts; nil if it does not.
func sealingOf(p *proof, name string, of rotation.Sealing) *custody.Sealing {
	held, ok := p.world.Envelopes[name]
	if !ok {
		return nil
	}
	if s, ok := held.Sealing(of.Serial); ok && s.Content == of.Content {
		return s
	}
	return nil
}
