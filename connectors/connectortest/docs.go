package connectortest

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// DocumentsKeys checks that the table of a user's page with the head "Key | Default | Meaning" has exactly one row for every
// key of settings, which is a struct with yaml tags. A row names its keys in its first cell, in backquotes and behind prefix.
func DocumentsKeys(t *testing.T, page string, settings any, prefix string) {
	t.Helper()
	rows := map[string]int{}
	_, table, _ := strings.Cut(page, "| Key | Default | Meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		if cells := strings.Split(row, "|"); len(cells) > 1 {
			for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
				rows[m[1]]++
			}
		}
	}
	fields := reflect.TypeOf(settings)
	for i := range fields.NumField() {
		key, _, _ := strings.Cut(fields.Field(i).Tag.Get("yaml"), ",")
		if key != "" && key != "-" && rows[prefix+key] != 1 {
			t.Errorf("the key %s has %d rows in the user's page, want one", prefix+key, rows[prefix+key])
		}
	}
}

var quoted = regexp.MustCompile("`([a-zA-Z_.]+)`")
