package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Where scenarios were read from.
const (
	fromServer = "server" // what is in force, as the server tells
	fromKept   = "kept"   // this machine's copy
	fromFiles  = "files"
)

// answersWithin is how long a server may take to show that it is there, before a
// person with an emergency is given this machine's copy.
const answersWithin = 4 * time.Second

// knownScenarios are the scenarios of the cell, for one person.
type knownScenarios struct {
	*scenarioBook
	person   string // empty: nobody's
	from     string
	document canon.Digest // zero for files
}

// known reads the scenarios: from files, from the server if it answers soon, else
// from the copy that this machine keeps.
func (w whichCommand) known(c *call) (*knownScenarios, error) {
	if w.Files != "" {
		book, err := filesBook(w.Files)
		return &knownScenarios{scenarioBook: book, from: fromFiles}, err
	}
	reader, err := c.reader(w.profileFlags)
	if err != nil {
		return nil, err
	}
	soon, cancel := context.WithTimeout(c.ctx, answersWithin)
	defer cancel()
	_, silent := reader.way.client.Checkpoint(soon)
	switch {
	case c.ctx.Err() != nil:
		return nil, c.ctx.Err()
	case silent == nil:
		return w.inForce(c)
	case errors.Is(silent, client.ErrUnreachable), errors.Is(silent, context.DeadlineExceeded):
		return reader.kept()
	}
	return nil, silent
}

// inForce reads what the server says is in force. Reading takes a key.
func (w whichCommand) inForce(c *call) (*knownScenarios, error) {
	m, err := c.open(w.memberFlags)
	if err != nil {
		return nil, err
	}
	book, err := m.founding()
	if err != nil {
		return nil, err
	}
	document, err := m.document()
	return &knownScenarios{scenarioBook: book, person: m.person(), from: fromServer, document: document}, err
}

// kept is the copy that this machine keeps, where the server does not answer.
func (m *member) kept() (*knownScenarios, error) {
	book, document, err := m.keptBook()
	if err != nil {
		return nil, err
	}
	m.c.tell("The server does not answer. Answering from this machine's copy of document %s; what was changed since is not in it.", document.Short())
	return &knownScenarios{scenarioBook: book, person: m.person(), from: fromKept, document: document}, nil
}

// keptBook is the copy of the document that this machine proved last, or of
// genesis. What the change quorum agreed to since, it does not know.
func (m *member) keptBook() (*scenarioBook, canon.Digest, error) {
	document := canon.Digest(m.pinned.Genesis)
	if data, err := os.ReadFile(m.documentPath()); err == nil {
		if proved, err := canon.ParseDigest(string(data)); err == nil {
			document = proved
		}
	}
	book, err := bookOf(m.pinned, document, func(of canon.Digest) ([]byte, error) {
		if data := m.laid(of); data != nil {
			return data, nil
		}
		return nil, failf(exitUnreachable, "this machine keeps no copy of the scenarios").
			or("halligan which --files DIR reads the cell's files; a copy is kept by join, which, explain and request when the server answers")
	}, canon.At(m.c.now()))
	return book, document, err
}
