//go:build !halligan_sync_off

package sqlite

// synchronous makes each commit wait until the disk has it. There is no option
// to turn it off.
const synchronous = "FULL"
