package api

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// Certificate knows the certificate that the server shows. Its methods never wait.
type Certificate interface {
	// Ends is when it is over.
	Ends() time.Time
	// Trouble is why a newer one is not shown; empty when there is none.
	Trouble() string
}

// certified is how it stands with the certificate, for the view.
func certified(c Certificate) view.Certificate {
	if c == nil {
		return view.Certificate{}
	}
	return view.Certificate{Ends: canon.At(c.Ends()), Trouble: c.Trouble()}
}
