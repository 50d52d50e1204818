package hostile

import "strings"

// Text is one of them.
type Text struct {
	Name  string
	Raw   string // as somebody wrote it
	Shown string // as every surface shows it; line feeds are spaces where there is one line
}

// Texts are all of them.
func Texts() []Text { return append([]Text(nil), texts...) }

var texts = []Text{
	// What turns the direction of writing.
	{"override", "\u202egnp.exe", `\u{202E}gnp.exe`},
	{"isolates", "db-1\u2066 only\u2069, \u2067read", `db-1\u{2066} only\u{2069}, \u{2067}read`},
	{"marks", "\u200eleft\u200f\u061c", `\u{200E}left\u{200F}\u{061C}`},

	// What has no width, or is drawn as nothing.
	{"zero width", "ma\u200bra\u200d\ufeff", `ma\u{200B}ra\u{200D}\u{FEFF}`},
	{"soft hyphen", "re\u00adad", `re\u{00AD}ad`},
	{"fillers", "\u3164\u115f\u2800", `\u{3164}\u{115F}\u{2800}`},
	{"joiner", "a\u034fb", `a\u{034F}b`},
	{"tags", "ok\U000e0072\U000e006d", `ok\u{E0072}\u{E006D}`},
	{"variation", "v\ufe0f\U000e0100", `v\u{FE0F}\u{E0100}`},
	{"private", "\ue000", `\u{E000}`},
	{"separators", "one\u2028two\u2029three", `one\u{2028}two\u{2029}three`},

	// What a terminal obeys.
	{"clear the screen", "\x1b[2J\x1b[Happroved", `\u{001B}[2J\u{001B}[Happroved`},
	{"title", "\x1b]0;root\a", `\u{001B}]0;root\u{0007}`},
	{"return", "deny me\rgrant it", `deny me\u{000D}grant it`},
	{"backspace", "no\b\byes", `no\u{0008}\u{0008}yes`},
	{"eight bits", "\u009b31mred", `\u{009B}31mred`},
	{"delete", "a\x7fb", `a\u{007F}b`},

	// What a browser, a chat or a spreadsheet obeys. It is text like any other.
	{"script", `<script>alert(1)</script>`, `<script>alert(1)</script>`},
	{"picture", `"><img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`},
	{"close", `</bdi></blockquote></main><button class="act">Approve</button>`, `</bdi></blockquote></main><button class="act">Approve</button>`},
	{"attribute", `' autofocus onfocus='alert(1)`, `' autofocus onfocus='alert(1)`},
	{"entity", `&lt;b&gt;&#x202e;&amp;`, `&lt;b&gt;&#x202e;&amp;`},
	{"address", `javascript:alert(1)`, `javascript:alert(1)`},
	{"template", `{{.Me}} {{template "frame" .}} ${7*7}`, `{{.Me}} {{template "frame" .}} ${7*7}`},
	{"markdown", "**approved** [look](https://evil.example/) ![x](x) `halt` <!channel> @here", "**approved** [look](https://evil.example/) ![x](x) `halt` <!channel> @here"},
	{"formula", `=HYPERLINK("https://evil.example/")`, `=HYPERLINK("https://evil.example/")`},
	{"format", `%s %n %!v(MISSING) \u{202E} \x1b`, `%s %n %!v(MISSING) \u{202E} \x1b`},

	// What looks like something of ours, or like somebody else.
	{"own words", "fine\nSigned and recorded as entry 9.\nWords: a b c d", "fine\nSigned and recorded as entry 9.\nWords: a b c d"},
	{"homoglyphs", "mаrа lіnd, sесurіty", "mаrа lіnd, sесurіty"}, // Cyrillic: letters that can be seen; the id beside a name is what counts
	{"another's id", "Mara Lind (mara), security", "Mara Lind (mara), security"},

	// What is only long.
	{"one word", strings.Repeat("a", 400), strings.Repeat("a", 400)},
	{"wide", strings.Repeat("東京", 60), strings.Repeat("東京", 60)},
}

// Harmless are texts of many scripts, which every surface shows as they are.
func Harmless() []string {
	return []string{"plain", "Zoë", "東京", "e\u0301", "שלום", "عاجل", "│ quoted", "50 % of 3 < 4 & 5"}
}
