package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"signoff/internal/config"
)

// hostile are texts from outside that try to write a line of their own, to colour or clear a terminal, or to turn its text
// around.
func hostile() []string {
	return []string{
		"x\n{\"level\":\"INFO\",\"msg\":\"approved by Dana\"}",
		"x\r\ntime=2026-11-25T09:00:00Z level=INFO msg=\"approved by Dana\"",
		"x\rlevel=INFO", "\x1b[2J\x1b[1;1H", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
		"\u009b31m", "\u0085next line", "\u2028line\u2029paragraph", "\x00\x08\x7f\v\f", "\u202eevil", "\u2066evil\u2069", "\xff\xfe", "a=b \"c\" d=e",
		"\\u001b[31m and \\n stay what they are",
	}
}

// TestLog_OneLinePerRecord (T80): whatever comes from outside, in whatever part of a record, it is one line without a
// control character, in both formats.
func TestLog_OneLinePerRecord(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		for _, bad := range hostile() {
			var out bytes.Buffer
			a := &app{err: &out}
			log := a.logger(config.Log{Level: "debug", Format: format})
			records := []func(){
				func() { log.Info(bad) },
				func() { log.Info("m", "key", bad) },
				func() { log.Info("m", bad, "value") },
				func() { log.Info("m", "err", errors.New(bad)) },
				func() { log.Info("m", "any", map[string][]string{bad: {bad}}) },
				func() { log.Info("m", "any", struct{ Name string }{bad}) },
				func() { log.Info("m", "any", []byte(bad)) },
				func() { log.Info("m", slog.Group(bad, "inside", bad)) },
				func() { log.With("base", bad).WithGroup(bad).Info("m", "key", bad) },
			}
			for i, write := range records {
				out.Reset()
				write()
				line, rest, _ := strings.Cut(out.String(), "\n")
				if line == "" || rest != "" {
					t.Errorf("%s, record %d of %q: got %d lines, want one\n%s", format, i, bad, 1+strings.Count(rest, "\n"), out.String())
				}
				if at := strings.IndexFunc(line, forges); at >= 0 || !utf8.ValidString(line) {
					t.Errorf("%s, record %d of %q: a character is not escaped: %q", format, i, bad, line)
				}
			}
		}
	}
}

// forges reports characters that a terminal or an editor obeys instead of showing them.
func forges(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
