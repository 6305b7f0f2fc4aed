package letter

import "testing"

func TestLinked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"see https://figma.com/file/A?b=1#c.": "see <https://figma.com/file/A?b=1#c>.",
		"(https://lumen.example/a_(b))":       "(<https://lumen.example/a_(b)>)",
		"[https://lumen.example/a], more":     "\\[<https://lumen.example/a>\\], more",
		"<https://lumen.example/a>":           "\\<<https://lumen.example/a>>",
		"https://a.example https://b.example": "<https://a.example> <https://b.example>",
		"no https:// here":                    "no https\\:// here",
		"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.figma.com%2Ffile%2FA%3Fb%3D1&data=05%7C01": "<https://www.figma.com/file/A?b=1>",
	} {
		if got := document([]line{{runs: linked(run{words: in})}}).Markdown(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestUnwrapped(t *testing.T) {
	t.Parallel()
	const figma = "https://www.figma.com/file/A"
	for in, want := range map[string]string{
		figma: figma,
		"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.figma.com%2Ffile%2FA&data=x": figma,
		"https://www.google.com/url?q=https%3A%2F%2Fwww.figma.com%2Ffile%2FA&sa=D":                          figma,
		"https://urldefense.proofpoint.com/v2/url?u=https-3A__www.figma.com_file_A&d=x":                     figma,
		"https://urldefense.com/v3/__https://www.figma.com/file/A__;!!abc$":                                 figma,
		"https://urldefense.com/v3/__https://www.figma.com/file/*A__;Kw!!abc$":                              "https://urldefense.com/v3/__https://www.figma.com/file/*A__;Kw!!abc$",
		"https://eur01.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)":                         "https://eur01.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)",
		"https://eur01.safelinks.protection.outlook.com/":                                                   "https://eur01.safelinks.protection.outlook.com/",
		"https://evil.example/?x=safelinks.protection.outlook.com/&url=https%3A%2F%2Fa.example":             "https://evil.example/?x=safelinks.protection.outlook.com/&url=https%3A%2F%2Fa.example",
	} {
		if got := unwrapped(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
