package slack

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"unicode/utf8"
)

// lint collects everything that is wrong with a payload, in Slack's words.
type lint struct {
	messages []string
}

func (l *lint) add(at, format string, args ...any) {
	l.messages = append(l.messages, fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

// check looks at one value. at is its JSON pointer.
type check func(l *lint, at string, v any)

// field is one property of an object.
type field struct {
	need  bool
	check check
}

func must(c check) field { return field{need: true, check: c} }
func may(c check) field  { return field{check: c} }

// shape is the closed set of properties of an object.
type shape map[string]field

func (s shape) check(l *lint, at string, v any) {
	o := obj(v)
	if o == nil {
		l.add(at, "must provide an object")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if _, given := o[key]; s[key].need && !given {
			l.add(at, "missing required field: %s", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		f, known := s[key]
		if !known {
			l.add(at, "invalid additional property: %s", key)
			continue
		}
		f.check(l, at+"/"+key, o[key])
	}
}

// with returns the shape with more properties.
func (s shape) with(more shape) shape {
	out := maps.Clone(s)
	maps.Copy(out, more)
	return out
}

// words is a string of least to most code points.
func words(least, most int) check {
	return func(l *lint, at string, v any) {
		s, ok := v.(string)
		switch n := utf8.RuneCountInString(s); {
		case !ok:
			l.add(at, "must provide a string")
		case n < least:
			l.add(at, "must be more than %d characters", least-1)
		case n > most:
			l.add(at, "must be less than %d characters", most+1)
		}
	}
}

// oneOf is a string from a closed set.
func oneOf(allowed ...string) check {
	return func(l *lint, at string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(allowed, s) {
			l.add(at, "must be a valid enum value")
		}
	}
}

func boolean(l *lint, at string, v any) {
	if _, ok := v.(bool); !ok {
		l.add(at, "must provide a boolean")
	}
}

// number is a whole number from least to most.
func number(least, most float64) check {
	return func(l *lint, at string, v any) {
		n, ok := v.(float64)
		switch {
		case !ok || n != float64(int64(n)):
			l.add(at, "must provide a number")
		case n < least:
			l.add(at, "must be greater than %.0f", least-1)
		case n > most:
			l.add(at, "must be less than %.0f", most+1)
		}
	}
}

// items is a list of least to most values.
func items(least, most int, each check) check {
	return func(l *lint, at string, v any) {
		values, ok := v.([]any)
		switch {
		case !ok:
			l.add(at, "must provide an array")
			return
		case len(values) < least:
			l.add(at, "no less than %d items allowed", least)
		case len(values) > most:
			l.add(at, "no more than %d items allowed", most)
			return
		}
		for i, item := range values {
			each(l, fmt.Sprintf("%s/%d", at, i), item)
		}
	}
}

// link is an absolute address.
func link(most int) check {
	return func(l *lint, at string, v any) {
		words(1, most)(l, at, v)
		s, _ := v.(string)
		u, err := url.Parse(s)
		if err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" {
			l.add(at, "must be a valid URL")
		}
	}
}

// pattern is a string that matches exactly.
func pattern(re, wording string) check {
	compiled := regexp.MustCompile("^(?:" + re + ")$")
	return func(l *lint, at string, v any) {
		if s, ok := v.(string); !ok || !compiled.MatchString(s) {
			l.add(at, "%s", wording)
		}
	}
}

// text is a text object. Slack names the object and then what is wrong inside.
func text(most int, types ...string) check {
	return func(l *lint, at string, v any) {
		var inner lint
		s := shape{"type": must(oneOf(types...)), "text": must(words(1, most))}
		switch str(obj(v), "type") {
		case "plain_text":
			s["emoji"] = may(boolean)
		case "mrkdwn":
			s["verbatim"] = may(boolean)
		}
		s.check(&inner, at, v)
		if len(inner.messages) > 0 {
			l.add(at, "failed to match all allowed schemas")
			l.messages = append(l.messages, inner.messages...)
		}
	}
}

func plain(most int) check   { return text(most, "plain_text") }
func anyText(most int) check { return text(most, "plain_text", "mrkdwn") }

// typed picks the shape by the object's type.
func typed(shapes map[string]check) check {
	return func(l *lint, at string, v any) {
		o := obj(v)
		if o == nil {
			l.add(at, "must provide an object")
			return
		}
		kind, given := o["type"].(string)
		if !given {
			l.add(at, "missing required field: type")
			return
		}
		c, known := shapes[kind]
		if !known {
			l.add(at+"/type", "unsupported type: %s", kind)
			return
		}
		c(l, at, v)
	}
}

// both runs several checks.
func both(checks ...check) check {
	return func(l *lint, at string, v any) {
		for _, c := range checks {
			c(l, at, v)
		}
	}
}

// errorLines is how the messages appear in response_metadata.
func (l *lint) errorLines() []string {
	out := make([]string, 0, len(l.messages))
	for _, m := range l.messages {
		out = append(out, "[ERROR] "+m)
	}
	return out
}
