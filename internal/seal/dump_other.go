//go:build !unix

package seal

// KeepFromDumps does nothing: this system writes no core files.
func KeepFromDumps() {}
