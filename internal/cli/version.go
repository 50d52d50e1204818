package cli

import (
	"runtime"
	"runtime/debug"
)

// version is stamped by the build.
var version = "dev"

type versionCommand struct{}

// Help is the long help of `version`.
func (versionCommand) Help() string {
	return `Examples:

    halligan version
    halligan version --json`
}

// Run prints the version.
func (versionCommand) Run(c *call) error {
	v := struct {
		Version  string `json:"version"`
		Go       string `json:"go"`
		System   string `json:"system"`
		Revision string `json:"revision,omitempty"`
	}{Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	return c.answer(v, func() { c.say("halligan %s (%s, %s)", v.Version, v.Go, v.System) })
}
