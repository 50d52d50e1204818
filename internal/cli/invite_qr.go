package cli

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the empty border of a code, in modules: cameras look for it.
const quiet = 2

// pictured is a text as a code that a phone's camera reads off a terminal: two rows of
// modules a line, black on white whatever the terminal's own colours are.
func pictured(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("cannot draw the address: %w", err)
	}
	var s strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		s.WriteString("\x1b[30;107m")
		for x := -quiet; x < code.Size+quiet; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
			case upper && lower:
				s.WriteRune('█')
			case upper:
				s.WriteRune('▀')
			case lower:
				s.WriteRune('▄')
			default:
				s.WriteRune(' ')
			}
		}
		s.WriteString("\x1b[0m\n")
	}
	return s.String(), nil
}
