package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/view"
)

// proved is one entry whole, and the way from it to a signed checkpoint.
type proved struct {
	told       `json:",embed"`
	Moments    []view.Moment  `json:"moments"`
	Bytes      string         `json:"body"`
	Kind       string         `json:"kind"`
	Digest     canon.Digest   `json:"digest"`
	Signed     *signed        `json:"signed"`
	Effect     string         `json:"effect"`
	Task       string         `json:"task"`
	Leaf       canon.Digest   `json:"leaf"`
	Proof      []canon.Digest `json:"proof"`
	Checkpoint string         `json:"checkpoint"`

	Pretty   string        `json:"-"`
	Request  string        `json:"-"` // whose stream it stands in; "" for another stream
	Paper    paper         `json:"-"`
	Steps    []ledger.Step `json:"-"`
	Leads    bool          `json:"-"` // the way was redone here and arrives at the root
	Script   string        `json:"-"`
	Evidence string        `json:"-"` // what of the ledger proves it, as halligan evidence is told
	File     string        `json:"-"` // that it is written to
}

// signed is what the signature shows.
type signed struct {
	Key      string `json:"key"`
	Type     string `json:"type"`
	Passkey  bool   `json:"passkey"`
	Strength string `json:"strength"`
	Trouble  string `json:"trouble"`
}

// entry is one entry of the ledger: what it says, who signed it, and the proof that
// the signed ledger has it, spelled out so that anybody can redo it.
func (p *pages) entry(c *call) error {
	e, err := p.proved(c)
	if err != nil {
		return err
	}
	if e.Paper, err = p.paper(c, e.Checkpoint); err != nil {
		return err
	}
	pretty := jsontext.Value(e.Bytes)
	if err := pretty.Indent(); err != nil {
		return fmt.Errorf("entry %d: %w", e.Entry, err)
	}
	e.Pretty = string(pretty)
	// What the API says is not taken for it: leaf and way are worked out again.
	leaf := ledger.LeafHash([]byte(e.Bytes))
	if e.Steps, err = ledger.Climb(e.Proof, e.Paper.Size, e.Entry, leaf); err == nil {
		e.Leads = leaf == e.Leaf && ledger.CheckInclusion(e.Proof, e.Paper.Size, e.Paper.Root, e.Entry, leaf) == nil
	}
	e.Script = script(e.Entry, e.Steps)
	e.Evidence, e.File = "--all", "./evidence"
	if id, ok := strings.CutPrefix(e.Stream, "request/"); ok && len(id) == 64 {
		e.Request, e.Evidence, e.File = id, id[:16], "request.json"
	} else if e.Stream == "cell" {
		e.Evidence, e.File = "--cell", "cell.json"
	}
	return p.show(c, "entry", shown{Title: fmt.Sprintf("Entry %d", e.Entry), Place: "record", Body: e})
}

// entryBytes is the leaf itself, to be kept as a file.
func (p *pages) entryBytes(c *call) error {
	e, err := p.proved(c)
	if err != nil {
		return err
	}
	header := c.w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fileOf(e.Entry)))
	header.Set("Content-Length", strconv.Itoa(len(e.Bytes)))
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write([]byte(e.Bytes)) // an error means that the reader has gone
	return nil
}

func (p *pages) proved(c *call) (e proved, err error) {
	if !aNumber.MatchString(c.r.PathValue("entry")) {
		return e, p.nowhere(c)
	}
	return e, p.get(c, "/api/v1/entries/"+c.r.PathValue("entry"), &e)
}

func fileOf(entry int64) string { return fmt.Sprintf("entry-%d.json", entry) }

// script redoes a proof with openssl and nothing of ours: what it prints is the root
// as line 3 of the checkpoint spells it.
func script(entry int64, steps []ledger.Step) string {
	spell := func(h ledger.Hash) string { return base64.StdEncoding.EncodeToString(h[:]) }
	var b strings.Builder
	b.WriteString("hash() { openssl dgst -sha256 -binary | openssl base64 -A; }\n")
	b.WriteString("node() { { printf '\\001'; printf %s \"$1\" | openssl base64 -d -A; printf %s \"$2\" | openssl base64 -d -A; } | hash; }\n")
	fmt.Fprintf(&b, "h=$({ printf '\\000'; cat %s; } | hash)\n", fileOf(entry))
	for _, step := range steps {
		if step.FromLeft {
			fmt.Fprintf(&b, "h=$(node \"$h\" '%s')\n", spell(step.Right))
		} else {
			fmt.Fprintf(&b, "h=$(node '%s' \"$h\")\n", spell(step.Left))
		}
	}
	b.WriteString("echo \"$h\"\n")
	return b.String()
}
