package filetype_test

import (
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"signoff/internal/filetype"
)

func TestCleanName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 150) // 300 bytes
	for in, want := range map[string]string{
		"brief.pdf":                          "brief.pdf",
		"Hero v3 (final).psd":                "Hero v3 (final).psd",
		"Überschrift – Größe.pdf":            "Überschrift – Größe.pdf",
		"企画書.pdf":                            "企画書.pdf",
		"":                                   "file",
		".":                                  "file",
		"..":                                 "file",
		"...":                                "file",
		"   ":                                "file",
		"/":                                  "file",
		"../../etc/passwd":                   "passwd",
		`..\..\windows\system32\evil.pdf`:    "evil.pdf",
		`..\x`:                               "x",
		"/etc/passwd":                        "passwd",
		`C:\Users\ana\brief.pdf`:             "brief.pdf",
		"C:brief.pdf":                        "C_brief.pdf",
		`\\server\share\brief.pdf`:           "brief.pdf",
		"a/b\\c/brief.pdf":                   "brief.pdf",
		"brief.pdf/":                         "file",
		"..∕..∕brief.pdf":                    "_.._brief.pdf",
		"..／brief.pdf":                       "_brief.pdf",
		"brief.pdf\x00.exe":                  "brief.pdf.exe",
		"brief\r\nSet-Cookie: a=b.pdf":       "brief Set-Cookie_ a=b.pdf",
		"brief\x1b[31m.pdf":                  "brief[31m.pdf",
		"brief\u0085\u2028\u2029.pdf":        "brief .pdf",
		"brief\u202efdp.exe":                 "brieffdp.exe",
		"\u2066brief\u2069.pdf":              "brief.pdf",
		"br\u200bie\u00adf\ufeff.pdf":        "brief.pdf",
		"brief\U000e0041.pdf":                "brief.pdf",
		"brief\ue000.pdf":                    "brief.pdf",
		"brief\xff\xfe.pdf":                  "brief_.pdf",
		"CON":                                "_CON",
		"con.txt":                            "_con.txt",
		"Aux .pdf":                           "_Aux .pdf",
		"nul.tar.gz":                         "_nul.tar.gz",
		"COM1.pdf":                           "_COM1.pdf",
		"lpt².pdf":                           "_lpt².pdf",
		"CONtract.pdf":                       "CONtract.pdf",
		"COM10.pdf":                          "COM10.pdf",
		"brief.pdf.":                         "brief.pdf",
		"brief.pdf . .":                      "brief.pdf",
		"brief.pdf::$DATA":                   "brief.pdf__$DATA",
		`<img src=x onerror="alert(1)">.png`: "_img src=x onerror=_alert(1)__.png",
		`a"b|c?d*e.pdf`:                      "a_b_c_d_e.pdf",
		".htaccess":                          "htaccess",
		".pdf":                               "file.pdf",
		"..pdf":                              "file.pdf",
		"a\t b\u00a0\u3000c.pdf":             "a b c.pdf",
		"%2e%2e%2fbrief.pdf":                 "%2e%2e%2fbrief.pdf",
		"brief.tar.gz":                       "brief.tar.gz",
		long + ".pdf":                        strings.Repeat("é", 98) + ".pdf",
		long:                                 strings.Repeat("é", 100),
		"a." + strings.Repeat("x", 300):      "a." + strings.Repeat("x", 198),
		strings.Repeat("a", 195) + " . .pdf": strings.Repeat("a", 195) + ".pdf",
	} {
		if got := filetype.CleanName(in); got != want {
			t.Errorf("CleanName(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

// TestCleanName_AlwaysHolds draws names from the characters that make trouble.
func TestCleanName_AlwaysHolds(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"/", `\`, ".", "..", " ", ":", "\x00", "\u202e", "\u200d", "CON", "nul", "COM1", ".pdf", "pdf", "\xff", "é", "\u0301", "＼", strings.Repeat("é", 90),
	}))
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
		got := filetype.CleanName(in)
		switch {
		case got == "" || len(got) > 200 || !utf8.ValidString(got):
			t.Errorf("CleanName(%q) = %q, %d bytes", in, got, len(got))
		case strings.ContainsAny(got, `/\:<>"|?*`) || path.Base(got) != got || strings.HasPrefix(got, ".") || strings.TrimRight(got, ". ") != got:
			t.Errorf("CleanName(%q) = %q, want a plain name", in, got)
		case strings.ContainsFunc(got, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }):
			t.Errorf("CleanName(%q) = %q, want no invisible character", in, got)
		case filetype.CleanName(got) != got:
			t.Errorf("CleanName(%q) = %q, and again %q", in, got, filetype.CleanName(got))
		}
	})
}
