package api

import (
	"net/http"
	"slices"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// Bounds of one page of the ledger.
const (
	entriesUsual = 50
	entriesMost  = 200
	entriesRead  = 1000 // entries that one page looks at
)

// readEntry is one entry, as whoever watches is told of it.
type readEntry struct {
	glimpse `json:",embed"`
	Who     string `json:"who,omitempty"` // person who signed; none: the result of a task
}

// readEntries is a page of the ledger, newest first.
type readEntries struct {
	Entries []readEntry `json:"entries"`
	Hidden  int         `json:"hidden,omitzero"` // entries in between that the reader may not see, or did not ask for
	Next    int64       `json:"next,omitzero"`   // before of the next page; 0 when there is none
	Size    int64       `json:"size"`            // of the ledger
}

// entries reads the ledger backwards, to each as they may see it (see maySee). A
// page may have fewer entries than there are: then Next says where to go on.
func (s *service) entries(c *call) error {
	most, err := c.number("most", entriesUsual)
	if err != nil {
		return err
	}
	before, err := c.number("before", 0)
	if err != nil {
		return err
	}
	size, _ := s.Live.Next()
	if before == 0 || before > size {
		before = size
	}
	page := readEntries{Entries: []readEntry{}, Size: size}
	back, err := s.backwards(c, before)
	if err != nil {
		return err
	}
	seen := map[string]bool{} // streams of requests, by whether they may be seen
	for range entriesRead {
		r, ok, err := back()
		if err != nil {
			return err
		}
		if !ok {
			page.Next = 0
			break
		}
		page.Next = r.Index
		who, may := signerOf(r), s.mayReadOf(c, r, seen)
		if !may || c.query["person"] != "" && c.query["person"] != who {
			page.Hidden++
			continue
		}
		page.Entries = append(page.Entries, readEntry{glimpseOf(r), who})
		if len(page.Entries) >= int(most) {
			break
		}
	}
	return c.json(http.StatusOK, page)
}

// backwards gives the entries before an index, newest first: of the stream that is
// asked for, or of all.
func (s *service) backwards(c *call, before int64) (func() (cell.Recorded, bool, error), error) {
	var held []cell.Recorded
	if stream := c.query["stream"]; stream != "" {
		indices, err := s.Read.StreamEntries(c.r.Context(), stream)
		if err != nil {
			return nil, err
		}
		i, _ := slices.BinarySearch(indices, before)
		return func() (cell.Recorded, bool, error) {
			if i--; i < 0 {
				return cell.Recorded{}, false, nil
			}
			r, err := s.recorded(c, indices[i])
			return r, true, err
		}, nil
	}
	return func() (cell.Recorded, bool, error) {
		if len(held) == 0 {
			if before == 0 {
				return cell.Recorded{}, false, nil
			}
			from := max(0, before-learnedPage)
			var err error
			if held, err = s.Live.page(c.r.Context(), from, before); err != nil {
				return cell.Recorded{}, false, err
			}
			before = from
		}
		r := held[len(held)-1]
		held = held[:len(held)-1]
		return r, true, nil
	}, nil
}

// mayReadOf is maySee, asked once for each request.
func (s *service) mayReadOf(c *call, r cell.Recorded, seen map[string]bool) bool {
	stream := r.Outcome.Stream
	if _, ofRequest := cell.RequestOf(stream); !ofRequest {
		return s.maySee(c, r)
	}
	may, known := seen[stream]
	if !known {
		may = s.maySee(c, r)
		seen[stream] = may
	}
	return may
}

func (s *service) recorded(c *call, index int64) (cell.Recorded, error) {
	body, err := s.body(c.r.Context(), index)
	if err != nil {
		return cell.Recorded{}, err
	}
	return view.Recorded(index, body)
}

// signerOf is the person whose statement an entry rests on; empty for a task's.
func signerOf(r cell.Recorded) string {
	if r.Entry.Cause.Statement == nil {
		return ""
	}
	s, err := statement.Decode(r.Entry.Cause.Statement)
	if err != nil {
		return ""
	}
	return s.Actor
}

// wholeEntry is one entry whole, and the way from it to a signed checkpoint.
type wholeEntry struct {
	readEntry  `json:",embed"`
	Moments    []view.Moment  `json:"moments"`
	Body       string         `json:"body"`            // the entry's canonical bytes, which are the leaf
	Kind       string         `json:"kind,omitempty"`  // of the statement
	Digest     canon.Digest   `json:"digest,omitzero"` // of the statement
	Signed     *signedBy      `json:"signed,omitzero"`
	Effect     string         `json:"effect,omitempty"` // of a task
	Task       string         `json:"task,omitempty"`
	Leaf       canon.Digest   `json:"leaf"`
	Proof      []canon.Digest `json:"proof"`
	Checkpoint string         `json:"checkpoint"` // signed note that the proof leads to
}

// signedBy is what the signature over a statement shows, checked anew.
type signedBy struct {
	Key      string `json:"key"`                // fingerprint
	Type     string `json:"type"`               // of the key, as ssh spells it
	Touched  bool   `json:"touched,omitzero"`   // a security key was touched
	Verified bool   `json:"verified,omitzero"`  // and it verified who touched it
	Passkey  bool   `json:"passkey,omitzero"`   // in a browser
	Trouble  string `json:"trouble,omitempty"`  // why the signature is not good; the ledger is broken then
	Strength string `json:"strength,omitempty"` // in a word: server-attested, possession, user-verified
}

// entry is one entry with its proof.
func (s *service) entry(c *call) error {
	index, err := entryIndex(c.r.PathValue("entry"))
	if err != nil {
		return err
	}
	r, err := s.recorded(c, index)
	if err != nil {
		return err
	}
	if !s.maySee(c, r) {
		return notShown()
	}
	out := wholeEntry{
		readEntry: readEntry{glimpseOf(r), signerOf(r)}, Body: string(r.Body), Effect: r.Entry.Cause.Effect, Task: r.Entry.Cause.Task, Leaf: ledger.LeafHash(r.Body),
	}
	if out.Moments, err = view.Timeline([]cell.Recorded{r}); err != nil {
		return err
	}
	if data := r.Entry.Cause.Statement; data != nil {
		of, err := statement.Decode(data)
		if err != nil {
			return err
		}
		out.Kind, out.Digest, out.Signed = string(of.Body.Kind()), canon.Sum(data), s.checked(of.Body.Kind(), data, r.Entry.Cause.Signature)
	}
	head, err := s.Read.Head(c.r.Context()) // after the entry: it covers it
	if err != nil {
		return err
	}
	size, signed := head.Size, head.Checkpoint
	if s.Witnesses != nil {
		if cosigned, text := s.Witnesses.Newest(); cosigned > index {
			size, signed = cosigned, text
		}
	}
	if out.Proof, err = ledger.InclusionProof(size, index, s.tiles(c.r.Context())); err != nil {
		return err
	}
	out.Checkpoint = string(signed)
	return c.json(http.StatusOK, out)
}

// checked is what a signature shows now, whatever was thought of it when it came.
func (s *service) checked(kind statement.Kind, data []byte, signature *ledger.Signature) *signedBy {
	by, err := sshsig.Verify(signature.SSHSig, sshsig.Namespace(string(kind)), data)
	if err != nil {
		return &signedBy{Trouble: err.Error()}
	}
	out := &signedBy{Key: by.Fingerprint, Type: by.Type, Touched: by.Touched, Verified: by.UserVerified, Passkey: by.Passkey}
	shown := roster.Possession
	if by.Security && by.Touched && by.UserVerified {
		shown = roster.UserVerified
	}
	out.Strength = string(s.Live.Proves(by.Fingerprint, shown))
	return out
}
