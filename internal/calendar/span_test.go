package calendar

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestParseSpan(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(SpanPattern)
	tests := []struct {
		text  string
		want  Span
		words string // what String says; empty: the text again
	}{
		{"8 working hours", Span{8, WorkingHours}, ""},
		{"1 working hour", Span{1, WorkingHours}, ""},
		{"1.5 working hours", Span{1.5, WorkingHours}, ""},
		{"1 working day", Span{1, WorkingDays}, ""},
		{"2 working days", Span{2, WorkingDays}, ""},
		{"0.5 working days", Span{0.5, WorkingDays}, ""},
		{"3 days", Span{3, Days}, ""},
		{"1 days", Span{1, Days}, "1 day"},
		{"2 day", Span{2, Days}, "2 days"},
		{"30 minutes", Span{30, Minutes}, ""},
		{"90 working minutes", Span{90, WorkingMinutes}, ""},
		{"2 weeks", Span{2, Weeks}, ""},
		{"1 week", Span{1, Weeks}, ""},
		{"8 clock hours", Span{8, Hours}, ""},
		{"1 clock hour", Span{1, Hours}, ""},
		{"0 minutes", Span{0, Minutes}, ""},
		{"08 clock hours", Span{8, Hours}, "8 clock hours"},
	}
	for _, test := range tests {
		got, err := ParseSpan(test.text)
		if err != nil || got != test.want {
			t.Errorf("ParseSpan(%q) = %+v, %v, want %+v", test.text, got, err, test.want)
		}
		words := test.words
		if words == "" {
			words = test.text
		}
		if got.String() != words {
			t.Errorf("ParseSpan(%q).String() = %q, want %q", test.text, got, words)
		}
		if !pattern.MatchString(test.text) {
			t.Errorf("SpanPattern does not match %q", test.text)
		}
	}
}

func TestParseSpan_AsksWhichReadingIsMeant(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, working, clock string }{
		{"8h", "8 working hours", "8 clock hours"},
		{"8 hours", "8 working hours", "8 clock hours"},
		{"1 hour", "1 working hour", "1 clock hour"},
		{"8hours", "8 working hours", "8 clock hours"},
		{"1.5 h", "1.5 working hours", "1.5 clock hours"},
		{"4 hrs", "4 working hours", "4 clock hours"},
		{"3d", "3 working days", "3 days"},
		{"1 d", "1 working day", "1 day"},
		{"30m", "30 working minutes", "30 minutes"},
		{"30 min", "30 working minutes", "30 minutes"},
	}
	for _, test := range tests {
		_, err := ParseSpan(test.text)
		var ambiguous *AmbiguousSpanError
		if !errors.As(err, &ambiguous) || *ambiguous != (AmbiguousSpanError{test.text, test.working, test.clock}) {
			t.Errorf("ParseSpan(%q) = %#v, want both readings %q and %q", test.text, err, test.working, test.clock)
			continue
		}
		for _, part := range []string{test.text, test.working, test.clock} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("ParseSpan(%q): %v does not name %q", test.text, err, part)
			}
		}
		for _, reading := range []string{test.working, test.clock} {
			if span, err := ParseSpan(reading); err != nil || span.String() != reading {
				t.Errorf("ParseSpan(%q) = %v, %v, want the words again", reading, span, err)
			}
		}
	}
}

func TestParseSpan_Refuses(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(SpanPattern)
	tests := []struct{ text, want string }{
		{"", "is not a length of time"},
		{"8", "is not a length of time"},
		{"hours", "is not a length of time"},
		{"-1 days", "is not a length of time"},
		{"1e3 days", "is not a length of time"},
		{"1,5 days", "is not a length of time"},
		{"1. days", "is not a length of time"},
		{".5 days", "is not a length of time"},
		{"1.2.3 days", "is not a length of time"},
		{"3 business days", "is not a length of time"},
		{"3 clock days", "is not a length of time"},
		{"3 years", "is not a length of time"},
		{"8 working hours more", "is not a length of time"},
		{"Three days", "is not a length of time"},
		{"3 Days", "is not a length of time"},
		{"2 working weeks", `write "10 working days"`},
		{"2w", `write "2 weeks"`},
		{"3days", `write "3 days"`},
		{"8working hours", `write "8 working hours"`},
		{"8 working h", `write "8 working hours"`},
		{"8 clock hrs", `write "8 clock hours"`},
		{"99999 working days", "is too long: at most 1300 working days"},
		{"99999h", "is too long: at most 10000 working hours"},
		{"999999999999999999999 days", "is not a length of time"},
	}
	for _, test := range tests {
		span, err := ParseSpan(test.text)
		var refused *SpanError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseSpan(%q) = %v, %v, want …%s…", test.text, span, err, test.want)
		}
		if pattern.MatchString(test.text) && !strings.Contains(test.want, "too long") && len(test.text) < 20 {
			t.Errorf("SpanPattern matches %q, which is refused", test.text)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, seed := range []string{"8 working hours", "1.5 weeks", "8h", "3d", "0 minutes", "1 working day", "9999999 days", "1..2 days", "\t3\u00a0days", "3 \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		span, err := ParseSpan(text)
		var ambiguous *AmbiguousSpanError
		var refused *SpanError
		switch {
		case err == nil:
			if again, err := ParseSpan(span.String()); err != nil || again != span {
				t.Errorf("ParseSpan(%q) = %v, but its words give %v, %v", text, span, again, err)
			}
		case errors.As(err, &ambiguous):
			for _, reading := range []string{ambiguous.Working, ambiguous.Clock} {
				if _, err := ParseSpan(reading); err != nil {
					t.Errorf("ParseSpan(%q) proposes %q, which is refused: %v", text, reading, err)
				}
			}
		case !errors.As(err, &refused):
			t.Errorf("ParseSpan(%q): %T is not a known error", text, err)
		}
	})
}
