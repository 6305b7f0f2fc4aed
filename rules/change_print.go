package rules

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// PrintChanges writes changes for people: a line each with the place in the new files (what was removed: in the old
// ones), and below it the values that differ.
func PrintChanges(w io.Writer, list []Change) error {
	var b strings.Builder
	for _, c := range list {
		line := c.String()
		if place := firstOf(c.New, c.Old); place != "" {
			line = padded(line, 46) + "  " + place
		}
		b.WriteString(line + "\n")
		wide := 0
		for _, v := range c.Values {
			wide = max(wide, utf8.RuneCountInString(v.Key))
		}
		for _, v := range c.Values {
			was, is := v.words()
			fmt.Fprintf(&b, "    %s  %s  →  %s\n", padded(v.Key, max(wide, 11)), was, is)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// longValue is how long a list may be that is written out on both sides.
const longValue = 60

// words writes both sides; of two long lists only what was added and taken out.
func (v Value) words() (was, is string) {
	if utf8.RuneCountInString(v.Old)+utf8.RuneCountInString(v.New) <= 2*longValue {
		return firstOf(v.Old, "–"), firstOf(v.New, "–")
	}
	a, b := strings.Split(v.Old, ", "), strings.Split(v.New, ", ")
	gone := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
	fresh := slices.DeleteFunc(slices.Clone(b), func(s string) bool { return slices.Contains(a, s) })
	if len(gone)+len(fresh) == 0 || len(gone) == len(a) {
		return firstOf(v.Old, "–"), firstOf(v.New, "–")
	}
	return outOf(gone, a), addedTo(fresh, b)
}

func outOf(gone, all []string) string {
	if len(gone) == 0 {
		return fmt.Sprintf("%d of them", len(all))
	}
	return fmt.Sprintf("%d with %s", len(all), strings.Join(gone, ", "))
}

func addedTo(fresh, all []string) string {
	if len(fresh) == 0 {
		return fmt.Sprintf("%d without", len(all))
	}
	return fmt.Sprintf("%d with %s", len(all), strings.Join(fresh, ", "))
}

// CountChanges says how many entries were added, changed (renamed and moved ones too) and removed.
func CountChanges(list []Change) (added, changed, removed int) {
	for _, c := range list {
		switch c.Kind {
		case Added:
			added++
		case Removed:
			removed++
		default:
			changed++
		}
	}
	return added, changed, removed
}
