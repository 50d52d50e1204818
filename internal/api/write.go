package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// json sends a value. What is read gets an ETag, so that asking again for what
// has not changed costs little.
func (c *call) json(status int, v any) error {
	data, err := canon.Encode(v)
	if err != nil {
		return err
	}
	return c.send(status, "application/json", append(data, '\n'))
}

// send sends bytes as they are.
func (c *call) send(status int, kind string, data []byte) error {
	header := c.w.Header()
	header.Set("Content-Type", kind)
	if status == http.StatusOK && c.r.Method != http.MethodPost {
		sum := sha256.Sum256(data)
		tag := `"` + hex.EncodeToString(sum[:16]) + `"`
		header.Set("ETag", tag)
		if header.Get("Cache-Control") == "no-store" {
			header.Set("Cache-Control", "private, no-cache")
		}
		if matches(c.r.Header.Values("If-None-Match"), tag) {
			c.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(data))) // else longer ones go in chunks
	c.w.WriteHeader(status)
	// An error means that the reader has gone.
	_, _ = c.w.Write(data)
	return nil
}

// matches is the weak comparison of RFC 9110, section 13.1.2.
func matches(wanted []string, tag string) bool {
	for _, line := range wanted {
		for each := range strings.SplitSeq(line, ",") {
			each = strings.TrimPrefix(strings.TrimSpace(each), "W/")
			if each == tag || each == "*" {
				return true
			}
		}
	}
	return false
}
