package web

import (
	"bytes"
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
		files[entry.Name()] = newFile(entry.Name(), data)
	}
	linked := map[string]file{}
	for name, of := range files {
		linked[name] = newFile(name, link(of.data, files))
	}
	for name := range files {
		if moved := linked[name].digest != files[name].digest; moved && taken(name, files) {
			panic(name + " takes from another asset, and others take from it at an address that it no longer has")
		}
	}
	return linked
}

func newFile(name string, data []byte) file {
	sum := sha256.Sum256(data)
	return file{kind: mime.TypeByExtension(path.Ext(name)), digest: hex.EncodeToString(sum[:8]), data: data}
}

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
