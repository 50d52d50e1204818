package cli_test

import (
	"strings"
	"testing"

	"rsc.io/qr"

	"github.com/halligan-dev/halligan/internal/cli"
)

// quiet is the border around a code.
const quiet = 2

// TestPicturedIsTheAddress reads the drawn modules back.
func TestPicturedIsTheAddress(t *testing.T) {
	address := "https://halligan.example.com:7878/enrol#" + strings.Repeat("0f", 32)
	drawn, err := cli.Pictured(address)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(address, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	black := 0
	for i, line := range lines {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;107m"), "\x1b[0m")
		for x, r := range []rune(line) {
			for half, set := range []bool{strings.ContainsRune("█▀", r), strings.ContainsRune("█▄", r)} {
				if want := code.Black(x-quiet, 2*i-quiet+half); set != want {
					t.Fatalf("module %d, %d is %v", x-quiet, 2*i-quiet+half, set)
				} else if want {
					black++
				}
			}
		}
	}
	if black < code.Size*code.Size/4 || len(lines)*2 < code.Size+2*quiet {
		t.Errorf("%d black modules of %d² in %d lines", black, code.Size, len(lines))
	}
}
