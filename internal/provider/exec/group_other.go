//go:build !unix

package exec

import "os/exec"

func grouped(*exec.Cmd)   {}
func killGroup(*exec.Cmd) {}
