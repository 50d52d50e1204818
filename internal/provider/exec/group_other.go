//go:build !unix

package exec

import (
	"io/fs"
	"os/exec"
)

func grouped(*exec.Cmd)   {}
func killGroup(*exec.Cmd) {}

func foreign(fs.FileInfo) bool { return false }
