package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"rsc.io/qr"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// handed is a draft for a browser that signs nothing by itself: the command that does
// the same, and, where a code may sign it, the form for one.
type handed struct {
	draft
	Code *coding
}

// coding is a statement that waits for a code of its actor's app. All of it is in the
// form: the server keeps nothing of it.
type coding struct {
	Statement string
	Notes     string // JSON
	Done      string
	Does      string // what it does, in words
	Problem   *Problem
}

// does says what a code would sign, of each kind that one signs.
var does = map[statement.Kind]string{
	statement.KindSession: "signs you in, to read for fifteen minutes", statement.KindRequest: "asks for access",
	statement.KindDecision: "decides on the request", statement.KindWithdraw: "takes your request back",
	statement.KindStop: "ends it, and everybody is told", statement.KindExtend: "asks for more time",
}

// Codes tells whether the reader has a code device.
func (m me) Codes() bool {
	return slices.ContainsFunc(m.Keys, func(k view.Key) bool { return k.Code && !k.Removed })
}

// byHand shows how to sign a draft without a passkey. Of who signs in it is not known
// yet whether they have a code device.
func (p *pages) byHand(c *call, actor string, d draft) error {
	kind := d.Body.Kind()
	page, title := handed{draft: d}, "Sign it at a command line"
	if words := does[kind]; words != "" && (kind == statement.KindSession || c.me.Codes()) {
		var nonce canon.Key32
		rand.Read(nonce[:])
		data, err := p.written(c, actor, nonce, d.Body)
		if err != nil {
			return err
		}
		notes, err := json.Marshal(d.Notes)
		if err != nil {
			return err
		}
		page.Code, title = &coding{Statement: string(data), Notes: string(notes), Does: words, Done: doneOf(d, data)}, "Sign it with a code"
	}
	return p.showAs(c, http.StatusOK, "by_hand", shown{Title: title, Body: page})
}

// doneOf is the page to go to once a draft is taken.
func doneOf(d draft, data []byte) string {
	return strings.ReplaceAll(d.Done, "{digest}", canon.Sum(data).String())
}

// digits are what a person typed, without the spaces that apps show between halves.
func (c *call) digits() string {
	return strings.ReplaceAll(strings.TrimSpace(c.form.Get("code")), " ", "")
}

// refusedCode is why a code was not taken, for the form that asks for another; nil
// where it is something else that went wrong, or nothing.
func refusedCode(err error) *Problem {
	var no *Problem
	if errors.As(err, &no) && (no.Status == http.StatusForbidden || no.Status == http.StatusBadRequest || no.Status == http.StatusTooManyRequests) {
		return no
	}
	return nil
}

// signWithCode has the server sign what the form holds, if the code is right, and
// sends it like any other statement.
func (p *pages) signWithCode(c *call) error {
	data := []byte(c.form.Get("statement"))
	of, err := statement.Decode(data)
	if err != nil || does[of.Body.Kind()] == "" {
		return invalid("statement", "is none that a code signs", "go back and begin anew")
	}
	var notes []sent
	if err := json.Unmarshal([]byte(c.form.Get("notes")), &notes); err != nil {
		return invalid("notes", "cannot be read", "go back and begin anew")
	}
	var signature struct {
		SSHSig []byte `json:"sshsig"`
	}
	err = p.post(c, "/api/v1/codes", map[string]any{"statement": jsontext.Value(data), "code": c.digits()}, &signature)
	if no := refusedCode(err); no != nil {
		again := &coding{Statement: string(data), Notes: c.form.Get("notes"), Done: c.form.Get("done"), Does: does[of.Body.Kind()], Problem: no}
		return p.showAs(c, no.Status, "by_hand", shown{Title: "Sign it with a code", Body: handed{Code: again}})
	}
	if err != nil {
		return err
	}
	body := map[string]any{"statement": jsontext.Value(data), "signature": signature}
	if len(notes) > 0 {
		body["notes"] = notes
	}
	if of.Body.Kind() == statement.KindSession {
		body["browser"] = true
	}
	if err := p.post(c, "/api/v1/statements", body, nil); err != nil {
		return err
	}
	p.redirect(c, local(c.form.Get("done")))
	return nil
}

// device is a code device that is being made, on the page that makes it.
type device struct {
	Code    string // of the invitation
	Person  string
	Key     string
	Secret  string // in groups of four; empty: it was shown before
	Picture *picture
	Problem *Problem
	Words   []string // once it is offered
}

// picture is a code for a phone's camera, as a drawing.
type picture struct {
	Size int    // modules, with the border
	Path string // of the black ones
}

// pictured is a text as a picture, with the border that cameras look for.
func pictured(text string) (*picture, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("cannot draw the picture: %w", err)
	}
	const border = 4
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+border, y+border)
			}
		}
	}
	return &picture{code.Size + 2*border, path.String()}, nil
}

// enrolDevice makes a code device for whoever has the code of an invitation, and shows
// its secret, this once.
func (p *pages) enrolDevice(c *call) error {
	code := strings.TrimSpace(c.form.Get("code"))
	if _, fragment, found := strings.Cut(code, "#"); found { // the whole address
		code = fragment
	}
	var key canon.Key32
	if err := key.UnmarshalText([]byte(code)); err != nil || key.IsZero() {
		return invalid("code", "is not the code of an invitation", "paste the whole address that you were given")
	}
	var made struct {
		Person string `json:"person"`
		Key    string `json:"key"`
		Secret string `json:"secret"`
		Link   string `json:"link"`
	}
	if err := p.post(c, "/api/v1/enrol/device", map[string]string{"code": code}, &made); err != nil {
		return err
	}
	drawn, err := pictured(made.Link)
	if err != nil {
		return err
	}
	var secret strings.Builder
	for i, r := range made.Secret {
		if i > 0 && i%4 == 0 {
			secret.WriteByte(' ')
		}
		secret.WriteRune(r)
	}
	return p.show(c, "device", shown{Title: "Make a code device", Body: device{Code: code, Person: made.Person, Key: made.Key, Secret: secret.String(), Picture: drawn}})
}

// confirmDevice takes the first code of a device, which is offered then.
func (p *pages) confirmDevice(c *call) error {
	page := device{Code: c.form.Get("invitation"), Person: c.form.Get("person"), Key: c.form.Get("key")}
	var offer struct {
		Person string   `json:"person"`
		Words  []string `json:"words"`
	}
	err := p.post(c, "/api/v1/enrol/device/confirm", map[string]string{"code": page.Code, "key": page.Key, "digits": c.digits()}, &offer)
	if no := refusedCode(err); no != nil {
		page.Problem = no
		return p.showAs(c, no.Status, "device", shown{Title: "Make a code device", Body: page})
	}
	if err != nil {
		return err
	}
	page.Person, page.Words = offer.Person, offer.Words
	return p.show(c, "device", shown{Title: "A code device is made", Body: page})
}
