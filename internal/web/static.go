package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed assets/*
var assets embed.FS

// file is one asset. Its digest stands in its address, so that it may be kept for
// good: another version has another address.
type file struct {
	kind   string
	digest string
	data   []byte
	gzip   func() []byte // the same, compressed when it is first asked for; nil where that saves nothing
}

// embedded reads every asset.
func embedded() map[string]file {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // they are embedded
	}
	files := map[string]file{}
	for _, entry := range entries {
		data, err := assets.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		files[entry.Name()] = newFile(entry.Name(), data)
	}
	linked := map[string]file{}
	for name, of := range files {
		to := newFile(name, link(of.data, files))
		to.gzip = sync.OnceValue(func() []byte { return compressed(to.data) })
		linked[name] = to
	}
	for name := range files {
		if moved := linked[name].digest != files[name].digest; moved && taken(name, files) {
			panic(name + " takes from another asset, and others take from it at an address that it no longer has")
		}
	}
	return linked
}

// kinds are the media types of assets, by how their names end. The machine's own
// tables say different things on different machines, and take a moment to read.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func newFile(name string, data []byte) file {
	sum, kind := sha256.Sum256(data), kinds[path.Ext(name)]
	if kind == "" {
		panic(name + " is of no kind that is known") // they are embedded
	}
	return file{kind: kind, digest: hex.EncodeToString(sum[:8]), data: data}
}

// compressed is data as gzip has it, or nil where that saves nothing.
func compressed(data []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // the level is one that there is, and a buffer takes everything
	}
	if out.Len() >= len(data) {
		return nil
	}
	return out.Bytes()
}

// takesGzip tells whether a browser says that it takes gzip. One that refuses it by
// a quality of zero is taken at its word.
func takesGzip(r *http.Request) bool {
	for each := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.ReplaceAll(each, " ", ""), ";")
		if strings.EqualFold(coding, "gzip") {
			return !refused.MatchString(quality)
		}
	}
	return false
}

var refused = regexp.MustCompile(`^q=0(\.0*)?$`)

// taken tells whether a script takes from an asset.
func taken(name string, files map[string]file) bool {
	for _, of := range files {
		if bytes.Contains(of.data, []byte("from './"+name+"'")) {
			return true
		}
	}
	return false
}

// link puts addresses into a script that takes from others as './NAME'.
func link(data []byte, files map[string]file) []byte {
	for name, of := range files {
		data = bytes.ReplaceAll(data, []byte("from './"+name+"'"), []byte("from '../"+of.digest+"/"+name+"'"))
	}
	return data
}

// asset is the address of an asset.
func (p *pages) asset(name string) string { return "/static/" + p.files[name].digest + "/" + name }

// static sends an asset, compressed to whoever takes that. Pages never are: they hold
// what is not for everybody beside what a stranger chose, and the length of the two
// compressed together would tell one by the other (BREACH).
func (p *pages) static(c *call) error {
	of, ok := p.files[c.r.PathValue("name")]
	if !ok || of.digest != c.r.PathValue("digest") {
		return p.nowhere(c)
	}
	header := c.w.Header()
	header.Set("Content-Type", of.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	data := of.data
	if takesGzip(c.r) {
		if small := of.gzip(); small != nil {
			data = small
			header.Set("Content-Encoding", "gzip")
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(data)))
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(data) // an error means that the reader has gone
	return nil
}
