package seal_test

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

var rectangle = regexp.MustCompile(`(?m)^([\d.]+) ([\d.]+) ([\d.]+) -([\d.]+) re f$`)

// TestPrintedPageHoldsTheShare reads the words off the page and the code out of
// its rectangles.
func TestPrintedPageHoldsTheShare(t *testing.T) {
	e, list := seal3of5(t, "root-password"), statement.WordList()
	s := e.share(t, 1)
	page, err := e.Description.Print(s, list, canon.At(time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	words, err := s.Words(list)
	if err != nil {
		t.Fatal(err)
	}
	for i, word := range words {
		if !bytes.Contains(page, fmt.Appendf(nil, "(%2d %s)", i+1, word)) {
			t.Errorf("word %d is not on the page", i+1)
		}
	}
	for _, want := range []string{"%PDF-1", "Share 2 of envelope root-password", "Custodian: ben", e.Description.Fingerprint(), "3 of 5 shares open it"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	code, err := qr.Encode(string(s.Encode()), qr.M)
	if err != nil {
		t.Fatal(err)
	}
	drawn := modules(t, page, code.Size)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) != drawn[[2]int{x, y}] {
				t.Fatalf("module %d, %d of the code is drawn wrong", x, y)
			}
		}
	}
	other := seal3of5(t, "root-password")
	if _, err := other.Description.Print(s, list, canon.Time{}); err == nil {
		t.Error("a page of another envelope's share was printed")
	}
}

// modules gives the black modules of a code of a size from a page's rectangles.
func modules(t *testing.T, page []byte, size int) map[[2]int]bool {
	t.Helper()
	found := rectangle.FindAllSubmatch(page, -1)
	if len(found) == 0 {
		t.Fatal("nothing is drawn on the page")
	}
	var boxes [][4]float64
	left, top := math.Inf(1), 0.0
	for _, match := range found {
		var box [4]float64
		for i := range box {
			box[i], _ = strconv.ParseFloat(string(match[i+1]), 64)
		}
		boxes = append(boxes, box)
		left, top = min(left, box[0]), max(top, box[1])
	}
	unit, black := boxes[0][3], map[[2]int]bool{}
	for _, box := range boxes {
		x, y := int(math.Round((box[0]-left)/unit)), int(math.Round((top-box[1])/unit))
		for i := range int(math.Round(box[2] / unit)) {
			black[[2]int{x + i, y}] = true
		}
	}
	return black
}
