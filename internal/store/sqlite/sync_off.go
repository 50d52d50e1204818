//go:build halligan_sync_off

package sqlite

// synchronous is a seeded fault: commits do not wait for the disk. It exists so
// that the tests of durability can be seen to fail; nothing is built with it.
const synchronous = "OFF"
