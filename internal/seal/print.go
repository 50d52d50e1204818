package seal

import (
	"bytes"
	"fmt"

	"github.com/go-pdf/fpdf"
	"rsc.io/qr"

	"github.com/halligan-dev/halligan/internal/canon"
)

const (
	pageMargin  = 20.0 // millimetres
	qrWidth     = 70.0
	wordColumns = 4
)

// Print makes a page of A4 (PDF) that holds a share in the clear, as QR code
// and in words, for a sealed bag: a secret. At is the day that the page bears.
func (d *Description) Print(s Share, list []string, at canon.Time) ([]byte, error) {
	if err := d.CheckShare(s); err != nil {
		return nil, err
	}
	words, err := s.Words(list)
	if err != nil {
		return nil, err
	}
	text := s.Encode()
	defer clear(text)
	code, err := qr.Encode(string(text), qr.M)
	if err != nil {
		return nil, fmt.Errorf("cannot draw the share: %w", err)
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(at.Std())
	pdf.SetModificationDate(at.Std())
	pdf.SetCompression(false) // a page of text; plain, it can be searched and checked
	pdf.SetMargins(pageMargin, pageMargin, pageMargin)
	pdf.SetTitle("Share of "+d.SerialText(), false)
	pdf.AddPage()
	d.printHead(pdf, s, at)
	printCode(pdf, code)
	printWords(pdf, words)
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("cannot write the page: %w", err)
	}
	return out.Bytes(), nil
}

func (d *Description) printHead(pdf *fpdf.Fpdf, s Share, at canon.Time) {
	holder := d.Shares[s.Index-1].Custodian
	pdf.SetFont("Helvetica", "B", 18)
	pdf.MultiCell(0, 9, "Share "+fmt.Sprint(s.Index)+" of envelope "+d.Name, "", "L", false)
	pdf.SetFont("Helvetica", "", 11)
	for _, line := range []string{
		"Cell: " + d.Origin,
		fmt.Sprintf("Serial %d, sealing %s; %d of %d shares open it.", d.Serial, d.Fingerprint(), d.Threshold, len(d.Shares)),
		"Custodian: " + holder + ".  Printed: " + at.String(),
		"Whoever reads this page holds the share. Keep it in a sealed, numbered bag; enter the bag's number",
		"with: halligan envelope inspect " + d.Name + ".  When the envelope is rotated, destroy this page.",
	} {
		pdf.MultiCell(0, 6, line, "", "L", false)
	}
	pdf.Ln(4)
}

// printCode draws the code as black rectangles, a row's neighbours in one, with
// the four white modules around it that readers need.
func printCode(pdf *fpdf.Fpdf, code *qr.Code) {
	module := qrWidth / float64(code.Size+8)
	left, top := pageMargin+4*module, pdf.GetY()+4*module
	pdf.SetFillColor(0, 0, 0)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				pdf.Rect(left+float64(from)*module, top+float64(y)*module, float64(x-from)*module, module, "F")
			}
		}
	}
	pdf.SetY(pdf.GetY() + qrWidth + 4)
}

func printWords(pdf *fpdf.Fpdf, words []string) {
	pdf.SetFont("Courier", "", 12)
	rows := (len(words) + wordColumns - 1) / wordColumns
	for row := range rows {
		for column := range wordColumns {
			i := row*wordColumns + column
			if i < len(words) {
				pdf.CellFormat(42, 7, fmt.Sprintf("%2d %s", i+1, words[i]), "", 0, "L", false, 0, "")
			}
		}
		pdf.Ln(7)
	}
	pdf.SetFont("Helvetica", "", 10)
	pdf.Ln(3)
	pdf.MultiCell(0, 5, "The words are numbered from left to right. The code holds the same share.", "", "L", false)
}
