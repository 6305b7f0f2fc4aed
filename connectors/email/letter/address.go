package letter

import (
	"net/url"
	"strings"

	"signoff/internal/pattern"
)

// address finds addresses of the web in words.
var address = pattern.New(`https?://[^\s<>"\x60{}|\\^]+`)

// linked cuts a run of plain words so that addresses in it are links.
func linked(r run) []run {
	if r.href != "" || r.style&mono != 0 || !strings.Contains(r.words, "://") {
		return []run{r}
	}
	var runs []run
	at := 0
	for _, m := range address.FindAllStringIndex(r.words, -1) {
		found := trimAddress(r.words[m[0]:m[1]])
		if m[0] > at {
			runs = append(runs, run{words: r.words[at:m[0]], style: r.style})
		}
		at = m[0] + len(found)
		found = unwrapped(found)
		runs = append(runs, run{words: found, style: r.style, href: found})
	}
	if at < len(r.words) {
		runs = append(runs, run{words: r.words[at:], style: r.style})
	}
	return runs
}

// trimAddress drops the punctuation of the sentence around an address, and a bracket that was opened before it.
func trimAddress(s string) string {
	for {
		short := strings.TrimRight(s, ".,;:!?'*_")
		if strings.HasSuffix(short, ")") && strings.Count(short, "(") < strings.Count(short, ")") {
			short = short[:len(short)-1]
		}
		if strings.HasSuffix(short, "]") && !strings.Contains(short, "[") {
			short = short[:len(short)-1]
		}
		if short == s {
			return s
		}
		s = short
	}
}

// href returns where an address of HTML leads: to the web or to mail, else nowhere.
func href(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 4096 {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return unwrapped(s)
	case "mailto":
		return s
	}
	return ""
}

// unwrapped returns the address that a scanner of links put another in front of. What a mail links to is what matters here: that
// a file is recognized, and that people see where a link leads.
func unwrapped(s string) string {
	if !strings.Contains(s, "safelinks.protection.outlook.com/") && !strings.Contains(s, "://urldefense.") && !strings.Contains(s, "://www.google.com/url?") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	inner := ""
	switch host := strings.ToLower(u.Hostname()); {
	case strings.HasSuffix(host, ".safelinks.protection.outlook.com"):
		inner = u.Query().Get("url")
	case host == "www.google.com" && u.Path == "/url":
		inner = or(u.Query().Get("q"), u.Query().Get("url"))
	case host == "urldefense.proofpoint.com" && u.Path == "/v2/url":
		inner, _ = url.QueryUnescape(strings.NewReplacer("-", "%", "_", "/").Replace(u.Query().Get("u"))) // what cannot be read stays wrapped
	case host == "urldefense.com":
		_, rest, _ := strings.Cut(s, "/v3/__")
		if inner, _, _ = strings.Cut(rest, "__;"); strings.Contains(inner, "*") {
			inner = "" // letters were replaced
		}
	}
	if v, err := url.Parse(inner); err != nil || v.Scheme != "http" && v.Scheme != "https" || v.Host == "" {
		return s
	}
	return inner
}
