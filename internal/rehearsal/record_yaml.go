package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pair is a key with its value: a string, number, truth, list of strings, or pairs.
type pair struct {
	key   string
	value any
}

func sortedKeys(m map[string][]string) []string { return slices.Sorted(maps.Keys(m)) }

// yaml writes a script as a test file.
func (s *script) yaml() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nrules: %s\nnow: %s\ntime_zone: %s\n", s.title(), inline(s.files), inline(s.now), inline(s.zone))
	if s.cal != "" {
		fmt.Fprintf(&b, "calendar: %s\n", inline(s.cal))
	}
	fmt.Fprintf(&b, "\ntests:\n  - name: %s\n    given:\n", inline(s.name))
	for _, p := range s.given {
		fmt.Fprintf(&b, "      %s: %s\n", p.key, inline(p.value))
	}
	if len(s.wants) > 0 {
		b.WriteString("    expect:\n")
		for _, p := range s.wants {
			fmt.Fprintf(&b, "      %s: %s\n", p.key, inline(p.value))
		}
	}
	if len(s.steps) > 0 {
		b.WriteString("    steps:\n")
	}
	for _, st := range s.steps {
		fmt.Fprintf(&b, "      - %s: %s\n", st.do.key, inline(st.do.value))
		if len(st.wants) > 0 {
			fmt.Fprintf(&b, "        expect: %s\n", inline(st.wants))
		}
	}
	return []byte(b.String())
}

// inline writes a value on one line.
func inline(v any) string {
	switch v := v.(type) {
	case string:
		return scalar(v)
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		var parts []string
		for _, one := range v {
			parts = append(parts, scalar(one))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case []pair:
		var parts []string
		for _, p := range v {
			parts = append(parts, scalar(p.key)+": "+inline(p.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	panic(fmt.Sprintf("a test has no value of type %T", v))
}

var (
	plainRE = regexp.MustCompile(`^[\pL][\pL\pN _./'&+()–-]*$`)
	wordsRE = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|null|y|n)$`)
)

// scalar writes a text, in quotes where YAML would read something else.
func scalar(s string) string {
	if plainRE.MatchString(s) && !wordsRE.MatchString(s) && strings.TrimSpace(s) == s {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSpace(b.String())
}
