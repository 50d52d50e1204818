package api

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// The ledger as C2SP tlog-tiles, tlog-checkpoint. What a full tile says never
// changes; nor does what a partial one of a width says, but a wider one soon
// takes its place.
const (
	cacheFull    = "max-age=31536000, immutable"
	cachePartial = "max-age=60"
)

// checkpoint is the newest signed checkpoint, with the cosignatures that it has.
// With ?cosigned they are waited for, but not for long.
func (s *service) checkpoint(c *call) error {
	head := s.Ledger.Head()
	text := head.Text
	if len(text) == 0 {
		return notFound("checkpoint yet")
	}
	if s.Witnesses != nil {
		if _, wanted := c.query["cosigned"]; wanted {
			_, text = s.cosigned(c.r.Context(), broker.Head{Size: head.Size, Checkpoint: text})
		} else if size, cosigned := s.Witnesses.Newest(); size >= head.Size {
			text = cosigned
		}
	}
	c.w.Header().Set("Cache-Control", "public, no-cache")
	return c.send(http.StatusOK, "text/plain; charset=utf-8", text)
}

// tile is a tile of hashes.
func (s *service) tile(c *call) error {
	name, err := ledger.ParseTilePath(strings.TrimPrefix(c.r.URL.Path, "/ledger/"))
	if err != nil || name.Level == ledger.BundleLevel {
		return notFound("such tile")
	}
	if !s.reaches(name) {
		return notFound("such tile yet")
	}
	data, err := s.Read.Tile(c.r.Context(), name.Level, name.Index)
	if errors.Is(err, broker.ErrAbsent) || err == nil && len(data) < name.Width*sha256.Size {
		return notFound("such tile")
	}
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "public, "+age(name))
	return c.send(http.StatusOK, "application/octet-stream", data[:name.Width*sha256.Size])
}

// bundle is a bundle of entries.
func (s *service) bundle(c *call) error {
	name, err := ledger.ParseTilePath(strings.TrimPrefix(c.r.URL.Path, "/ledger/"))
	if err != nil || name.Level != ledger.BundleLevel || !s.reaches(name) {
		return notFound("such bundle")
	}
	var data []byte
	for read := 0; read < name.Width; {
		bodies, err := s.Read.Entries(c.r.Context(), name.Index*ledger.TileWidth+int64(read), name.Width-read)
		if err != nil {
			return err
		}
		if len(bodies) == 0 {
			return notFound("such bundle")
		}
		for _, body := range bodies {
			if data, err = ledger.AppendBundle(data, body); err != nil {
				return err
			}
		}
		read += len(bodies)
	}
	c.w.Header().Set("Cache-Control", "private, "+age(name))
	return c.send(http.StatusOK, "application/octet-stream", data)
}

// reaches tells whether the signed checkpoint covers all of a tile or bundle:
// nothing is served that nobody has signed for.
func (s *service) reaches(name ledger.TileName) bool {
	const levelsMost = 6
	level := max(name.Level, 0)
	if level >= levelsMost || name.Index > ledger.MaxSize/ledger.TileWidth {
		return false
	}
	return name.Index*ledger.TileWidth+int64(name.Width) <= s.Ledger.Head().Size>>(8*level)
}

func age(name ledger.TileName) string {
	if name.Width == ledger.TileWidth {
		return cacheFull
	}
	return cachePartial
}

// attachment is genesis, a scenario or an encrypted file, by its SHA-256.
func (s *service) attachment(c *call) error {
	digest, err := canon.ParseDigest(c.r.PathValue("digest"))
	if err != nil {
		return badQuery("an attachment is named by all 64 digits of its SHA-256")
	}
	data, err := s.Read.Attachment(c.r.Context(), digest)
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "private, "+cacheFull)
	return c.send(http.StatusOK, "application/octet-stream", data)
}
