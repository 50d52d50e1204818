package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strconv"
)

//go:embed assets/*
var assets embed.FS

// file is one asset. Its digest stands in its address, so that it may be kept for
// good: another version has another address.
type file struct {
	kind   string
	digest string
	data   []byte
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
		sum := sha256.Sum256(data)
		files[entry.Name()] = file{kind: mime.TypeByExtension(path.Ext(entry.Name())), digest: hex.EncodeToString(sum[:8]), data: data}
	}
	return files
}

// asset is the address of an asset.
func (p *pages) asset(name string) string { return "/static/" + p.files[name].digest + "/" + name }

// static sends an asset.
func (p *pages) static(c *call) error {
	of, ok := p.files[c.r.PathValue("name")]
	if !ok || of.digest != c.r.PathValue("digest") {
		return p.nowhere(c)
	}
	header := c.w.Header()
	header.Set("Content-Type", of.kind)
	header.Set("Content-Length", strconv.Itoa(len(of.data)))
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Del("Vary")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(of.data) // an error means that the reader has gone
	return nil
}
