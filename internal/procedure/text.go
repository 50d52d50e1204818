package procedure

import (
	"fmt"
	"html"
	"strings"
)

// Text is pages as plain text, eighty characters wide.
func (p Procedure) Text(pages []Page) string {
	var b strings.Builder
	for i, page := range pages {
		if i > 0 {
			b.WriteString("\n\n")
		}
		fmt.Fprintf(&b, "%s\nFor %s\n", strings.ToUpper(p.Title), page.For)
		for _, part := range page.Parts {
			fmt.Fprintf(&b, "\n%s\n%s\n", part.Heading, strings.Repeat("-", len([]rune(part.Heading))))
			number := 0
			for _, item := range part.Items {
				lead := "- "
				if item.Numbered {
					number++
					lead = fmt.Sprintf("%d. ", number)
				}
				wrap(&b, lead, item.Text)
				for _, command := range item.Commands {
					fmt.Fprintf(&b, "      $ %s\n", command)
				}
				rows(&b, item.Rows)
			}
		}
		b.WriteString("\n" + strings.Repeat("=", 79) + "\n")
		for _, line := range p.footing() {
			wrap(&b, "", line)
		}
	}
	return b.String()
}

// wrap writes a text at most eighty characters wide behind its lead.
func wrap(b *strings.Builder, lead, text string) {
	line := lead
	for _, word := range strings.Fields(text) {
		if len([]rune(line))+1+len([]rune(word)) > 80 && strings.TrimSpace(line) != "" {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", len(lead))
		}
		if line != "" && !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "\n")
}

// rows writes a table.
func rows(b *strings.Builder, table [][]string) {
	var widths []int
	for _, row := range table {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range table {
		line := "     "
		for i, cell := range row {
			line += " " + cell + strings.Repeat(" ", widths[i]-len([]rune(cell))+1)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// style prints each role on a page of its own, in black on white, without
// anything from elsewhere.
const style = `body{font:11pt/1.4 Georgia,serif;max-width:46em;margin:2em auto;padding:0 1em;color:#111;background:#fff}
h1{font-size:1.5em;margin:0}h2{font-size:1.1em;margin:1.2em 0 .3em;border-bottom:1px solid #999}
li{margin:.3em 0}pre{font:9.5pt/1.4 monospace;background:#f3f3f3;padding:.4em .6em;margin:.3em 0;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;margin:.4em 0}th,td{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}
footer{margin-top:1.5em;border-top:2px solid #111;font-size:9pt;overflow-wrap:anywhere}
article+article{margin-top:4em}@media print{body{margin:0;max-width:none}article{break-after:page}h2,li{break-inside:avoid}pre{border:1px solid #999}}`

// HTML is pages as one document that needs nothing else, to be printed.
func (p Procedure) HTML(pages []Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n<style>\n%s\n</style>\n</head>\n<body>\n",
		html.EscapeString(p.Title), style)
	for _, page := range pages {
		fmt.Fprintf(&b, "<article id=\"%s\">\n<h1>%s</h1>\n<p>For %s</p>\n", page.Role, html.EscapeString(p.Title), html.EscapeString(page.For))
		for _, part := range page.Parts {
			fmt.Fprintf(&b, "<h2>%s</h2>\n", html.EscapeString(part.Heading))
			htmlItems(&b, part.Items)
		}
		b.WriteString("<footer>\n")
		for _, line := range p.footing() {
			fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(line))
		}
		b.WriteString("</footer>\n</article>\n")
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

// htmlItems writes steps as an ordered list that goes on across sentences between
// them.
func htmlItems(b *strings.Builder, items []Item) {
	number := 0
	for i, item := range items {
		tag, open := "ul", "<ul>\n"
		if item.Numbered {
			number++
			tag, open = "ol", fmt.Sprintf("<ol start=\"%d\">\n", number)
		}
		if i == 0 || items[i-1].Numbered != item.Numbered {
			b.WriteString(open)
		}
		fmt.Fprintf(b, "<li>%s", html.EscapeString(item.Text))
		for _, command := range item.Commands {
			fmt.Fprintf(b, "\n<pre>%s</pre>", html.EscapeString(command))
		}
		htmlTable(b, item.Rows)
		b.WriteString("</li>\n")
		if i == len(items)-1 || items[i+1].Numbered != item.Numbered {
			fmt.Fprintf(b, "</%s>\n", tag)
		}
	}
}

func htmlTable(b *strings.Builder, table [][]string) {
	if len(table) == 0 {
		return
	}
	b.WriteString("\n<table>\n<thead>\n<tr>")
	for _, cell := range table[0] {
		fmt.Fprintf(b, "<th scope=\"col\">%s</th>", html.EscapeString(cell))
	}
	b.WriteString("</tr>\n</thead>\n<tbody>\n")
	for _, row := range table[1:] {
		b.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(b, "<td>%s</td>", html.EscapeString(cell))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n")
}
