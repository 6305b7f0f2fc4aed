package slack

import (
	"html"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// reader is the person a text is rendered for. The server is locked while one is in use.
type reader struct {
	s    *Server
	user string
	zone *time.Location
	now  time.Time
}

func (s *Server) reader(user string) reader {
	r := reader{s: s, user: user, zone: time.UTC, now: s.opt.Now()}
	if u := s.users[user]; u != nil {
		if loc, err := time.LoadLocation(u.TZ); err == nil {
			r.zone = loc
		}
	}
	r.now = r.now.In(r.zone)
	return r
}

// mrkdwn renders Slack's wire text as safe HTML: everything that is not markup is escaped.
func (r reader) mrkdwn(wire string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(wire, "```") {
		switch {
		case i%2 == 1:
			b.WriteString("<pre>" + plainHTML(strings.TrimPrefix(part, "\n")) + "</pre>")
		case part != "":
			r.lines(&b, part)
		}
	}
	return template.HTML(b.String()) //nolint:gosec // built from escaped parts only
}

// lines renders text with its quotes; other line breaks stay line breaks.
func (r reader) lines(b *strings.Builder, text string) {
	quoting := false
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		rest, quoted := strings.CutPrefix(line, "&gt;")
		if !quoted {
			rest, quoted = strings.CutPrefix(line, "> ")
		}
		switch {
		case quoted && !quoting:
			b.WriteString("<blockquote>")
		case !quoted && quoting:
			b.WriteString("</blockquote>")
		case i > 0:
			b.WriteString("<br>")
		}
		quoting = quoted
		b.WriteString(r.inline(strings.TrimPrefix(rest, " ")))
	}
	if quoting {
		b.WriteString("</blockquote>")
	}
}

// inline renders one line.
func (r reader) inline(s string) string {
	var b strings.Builder
	from := 0 // start of the plain text not yet written
	for i := 0; i < len(s); {
		out, width := r.span(s, i)
		if width == 0 {
			i++
			continue
		}
		b.WriteString(plainHTML(s[from:i]))
		b.WriteString(out)
		i += width
		from = i
	}
	b.WriteString(plainHTML(s[from:]))
	return b.String()
}

// span renders the markup that starts at i and returns its width; 0 when there is none.
func (r reader) span(s string, i int) (string, int) {
	switch s[i] {
	case '<':
		if end := strings.IndexByte(s[i:], '>'); end > 1 {
			return r.entity(s[i+1 : i+end]), end + 1
		}
	case '`':
		if end := strings.IndexByte(s[i+1:], '`'); end > 0 {
			return "<code>" + plainHTML(s[i+1:i+1+end]) + "</code>", end + 2
		}
	case ':':
		if end := strings.IndexByte(s[i+1:], ':'); end > 0 {
			if e := emoji(s[i+1 : i+1+end]); e != "" {
				return e, end + 2
			}
		}
	case '*', '_', '~':
		if end := closing(s, i); end > 0 {
			tag := map[byte]string{'*': "strong", '_': "em", '~': "s"}[s[i]]
			return "<" + tag + ">" + r.inline(s[i+1:end]) + "</" + tag + ">", end - i + 1
		}
	}
	return "", 0
}

// maxRun bounds the search for the end of a run, so that no text takes long.
const maxRun = 2000

// closing finds the end of a bold, italic or struck run that starts at i; 0 when it is no run.
func closing(s string, i int) int {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if i > 0 && wordRune(before) || i+1 >= len(s) || s[i+1] == ' ' || s[i+1] == s[i] {
		return 0
	}
	inToken := false
	for j := i + 1; j < min(len(s), i+maxRun); j++ {
		switch {
		case s[j] == '<':
			inToken = true
		case s[j] == '>':
			inToken = false
		case inToken || s[j] != s[i] || s[j-1] == ' ':
		default:
			if after, _ := utf8.DecodeRuneInString(s[j+1:]); j+1 == len(s) || !wordRune(after) {
				return j
			}
		}
	}
	return 0
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// plainHTML escapes wire text for HTML.
func plainHTML(wire string) string { return html.EscapeString(unescape(wire)) }

// entity renders what stands between < and >.
func (r reader) entity(token string) string {
	name, label, _ := strings.Cut(token, "|")
	switch {
	case strings.HasPrefix(name, "@"):
		return r.mention(name[1:])
	case strings.HasPrefix(name, "#"):
		return r.channelLink(name[1:], label)
	case strings.HasPrefix(name, "!date^"):
		return r.dateEntity(name, label)
	case strings.HasPrefix(name, "!subteam^"):
		return mark(r.groupName(strings.TrimPrefix(name, "!subteam^"), label))
	case strings.HasPrefix(name, "!"):
		return mark("@" + strings.TrimPrefix(name, "!"))
	}
	return anchor(unescape(name), firstOf(unescape(label), strings.TrimPrefix(unescape(name), "mailto:")))
}

func mark(text string) string { return `<span class="mention">` + html.EscapeString(text) + `</span>` }

// anchor links to addresses people may follow and shows everything else as text.
func anchor(address, label string) string {
	u, err := url.Parse(address)
	if err != nil {
		return html.EscapeString(label)
	}
	switch u.Scheme {
	case "http", "https", "mailto", "tel":
		return `<a href="` + html.EscapeString(address) + `" target="_blank" rel="noopener noreferrer">` + html.EscapeString(label) + `</a>`
	}
	return html.EscapeString(label)
}

func (r reader) mention(id string) string {
	class := "mention"
	if id == r.user {
		class += " me"
	}
	return `<span class="` + class + `">@` + html.EscapeString(r.s.displayName(id)) + `</span>`
}

// displayName is how a user, or the app, is called. The caller holds mu.
func (s *Server) displayName(id string) string {
	if u := s.users[id]; u != nil {
		return firstOf(u.RealName, u.Name)
	}
	if id == s.opt.Bot.UserID {
		return s.opt.Bot.Name
	}
	return "someone"
}

func (r reader) channelLink(id, label string) string {
	c := r.s.channelByID(id)
	if c == nil || c.private && !c.has(r.user) {
		return mark("#" + firstOf(label, "private channel"))
	}
	if !c.has(r.user) {
		return mark("#" + c.name)
	}
	return `<a class="mention" href="` + html.EscapeString(r.s.channelPath(r.user, c.id)) + `">#` + html.EscapeString(c.name) + `</a>`
}

func (r reader) groupName(id, label string) string {
	for _, g := range r.s.groups {
		if g.ID == id {
			return "@" + g.Handle
		}
	}
	return firstOf(label, "@group")
}

// dateEntity renders <!date^unix^format^link|fallback> in the reader's zone.
func (r reader) dateEntity(token, fallback string) string {
	parts := strings.Split(token, "^")
	if len(parts) < 3 {
		return plainHTML(fallback)
	}
	unix, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return plainHTML(fallback)
	}
	at := time.Unix(unix, 0).In(r.zone)
	shown := `<time datetime="` + at.Format(time.RFC3339) + `" title="` + plainHTML(fallback) + `">` +
		html.EscapeString(r.date(at, unescape(parts[2]))) + `</time>`
	if len(parts) < 4 {
		return shown
	}
	if u, err := url.Parse(parts[3]); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return `<a href="` + html.EscapeString(unescape(parts[3])) + `" target="_blank" rel="noopener noreferrer">` + shown + `</a>`
	}
	return shown
}

// date fills the tokens of a date format.
func (r reader) date(at time.Time, format string) string {
	ordinal := at.Format("January ") + nth(at.Day()) + at.Format(", 2006")
	return strings.NewReplacer(
		"{date_num}", at.Format("2006-01-02"),
		"{date_short_pretty}", r.pretty(at, at.Format("Jan 2, 2006")),
		"{date_long_pretty}", r.pretty(at, at.Format("Monday, ")+ordinal),
		"{date_pretty}", r.pretty(at, ordinal),
		"{date_short}", at.Format("Jan 2, 2006"),
		"{date_long}", at.Format("Monday, ")+ordinal,
		"{date}", ordinal,
		"{time_secs}", r.clock(at, ":05"),
		"{time}", r.clock(at, ""),
		"{ago}", r.ago(at),
	).Replace(format)
}

// clock writes the time of day the way people of the zone do.
func (r reader) clock(at time.Time, seconds string) string {
	if strings.HasPrefix(r.zone.String(), "America/") {
		return at.Format("3:04" + seconds + " PM")
	}
	return at.Format("15:04" + seconds)
}

func (r reader) pretty(at time.Time, otherwise string) string {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	switch day(at).Sub(day(r.now)) {
	case 0:
		return "today"
	case 24 * time.Hour:
		return "tomorrow"
	case -24 * time.Hour:
		return "yesterday"
	}
	return otherwise
}

func (r reader) ago(at time.Time) string {
	d := r.now.Sub(at)
	direction := " ago"
	if d < 0 {
		d, direction = -d, " from now"
	}
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute") + direction
	case d < 24*time.Hour:
		return count(int(d/time.Hour), "hour") + direction
	}
	return count(int(d/(24*time.Hour)), "day") + direction
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func nth(n int) string {
	suffix := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// emoji returns the character of a few common names; empty for others.
func emoji(name string) string {
	name, tone, _ := strings.Cut(name, "::")
	char := emojiChars()[name]
	if i := slices.Index([]string{"skin-tone-2", "skin-tone-3", "skin-tone-4", "skin-tone-5", "skin-tone-6"}, tone); i >= 0 && char != "" {
		char += string(rune(0x1F3FB + i))
	}
	return char
}

func emojiChars() map[string]string {
	return map[string]string{
		"white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "eyes": "👀", "tada": "🎉", "warning": "⚠️",
		"hourglass": "⌛", "hourglass_flowing_sand": "⏳", "bell": "🔔", "memo": "📝", "+1": "👍", "thumbsup": "👍",
		"-1": "👎", "thumbsdown": "👎", "raised_hands": "🙌", "pray": "🙏", "fire": "🔥", "rocket": "🚀", "lock": "🔒",
		"link": "🔗", "speech_balloon": "💬", "pencil2": "✏️", "calendar": "📅", "clock3": "🕒", "alarm_clock": "⏰",
		"no_entry": "⛔", "no_entry_sign": "🚫", "leftwards_arrow_with_hook": "↩️", "arrow_right": "➡️", "ticket": "🎫",
		"large_green_circle": "🟢", "large_yellow_circle": "🟡", "red_circle": "🔴", "wave": "👋", "art": "🎨",
		"inbox_tray": "📥", "information_source": "ℹ️", "arrows_counterclockwise": "🔄", "heart": "❤️", "question": "❓", "paperclip": "📎", "sparkles": "✨", "clap": "👏", "ok_hand": "👌", "thinking_face": "🤔",
	}
}
