package floor

import (
	"slices"
	"strings"
)

// A row says what the packages of a pattern may import of ours. A pattern ends in /... for all below, and * stands for one
// element of the path. Packages that share the part before /... may import one another.
type row struct {
	floor    int
	pattern  string
	may      []string
	testOnly bool // imported by tests and by other such packages only
}

// ground are the small pure packages of floor 0, which everyone above may use.
var ground = []string{"internal/flow", "internal/calendar", "internal/text", "internal/source", "internal/strictjson", "internal/secret", "internal/filetype", "internal/crashpoint", "internal/background", "internal/pattern"}

// table is the house, from the ground up. The first row that fits a package counts.
var table = []row{
	{0, "internal/flow", []string{"internal/text"}, false},
	{0, "internal/calendar", nil, false},
	{0, "internal/text", nil, false},
	{0, "internal/source", nil, false},
	{0, "internal/strictjson", nil, false},
	{0, "internal/secret", nil, false},
	{0, "internal/filetype", nil, false},
	{0, "internal/background", nil, false},
	{0, "internal/pattern", nil, false},
	{0, "internal/crashpoint", nil, false},

	{-1, "connectors/connectortest/...", []string{"..."}, true},
	{-1, "internal/store/storetest/...", []string{"..."}, true},
	{-1, "internal/chaos/...", []string{"..."}, true},
	{-1, "internal/bench/...", []string{"..."}, true},
	{-1, "internal/floor", nil, true},

	{1, "rules", []string{"internal/flow", "internal/calendar", "internal/text", "internal/source", "internal/pattern"}, false},
	{2, "internal/backtest", []string{"internal/flow", "internal/calendar", "internal/text", "internal/source", "rules"}, false},
	{1, "rules/examples", nil, false}, // embedded files
	{1, "internal/report", []string{"internal/flow", "internal/calendar"}, false},
	{1, "connectors", ground, false},
	{1, "internal/store", ground, false},
	{1, "internal/outbound", with(ground, "connectors"), false},
	{1, "internal/autofill", ground, false},

	{2, "connectors/*/...", with(ground, "connectors", "internal/outbound"), false},
	{2, "internal/store/layout", with(ground, "internal/store"), false},
	{2, "internal/store/*/...", with(ground, "internal/store", "internal/store/layout"), false},
	{2, "internal/config", with(ground, "rules", "connectors"), false},
	{2, "internal/pass", with(ground, "connectors"), false},             // tokens of decision links
	{2, "internal/sandbox/...", []string{"internal/background"}, false}, // nothing else of ours, so that a wrong JSON tag cannot pass on both sides

	{3, "internal/engine/...", with(ground, "rules", "internal/report", "connectors", "internal/store"), false},

	{4, "internal/server/...", with(ground, "rules", "internal/report", "connectors", "internal/store", "internal/engine"), false},
	{4, "internal/rehearsal", with(ground, "rules", "internal/report", "connectors", "internal/store", "internal/store/layout", "internal/engine", "internal/store/memstore"), false},

	{5, "cmd/...", []string{"..."}, false},
}

func with(list []string, more ...string) []string { return append(slices.Clone(list), more...) }

// find returns the row of a package and the part of its path that stands before /..., its unit.
func find(path string) (r row, unit string, ok bool) {
	for _, r := range table {
		if unit, ok := r.fits(path); ok {
			return r, unit, true
		}
	}
	return row{}, "", false
}

func (r row) fits(path string) (unit string, ok bool) {
	prefix, below := strings.CutSuffix(r.pattern, "/...")
	want, have := strings.Split(prefix, "/"), strings.Split(path, "/")
	if len(have) < len(want) || !below && len(have) != len(want) {
		return "", false
	}
	for i, w := range want {
		if w != "*" && w != have[i] {
			return "", false
		}
	}
	return strings.Join(have[:len(want)], "/"), true
}

// allows reports whether a package of the row, in the unit, may import path.
func (r row) allows(unit, path string) bool {
	if slices.Contains(r.may, "...") || slices.Contains(r.may, path) {
		return true
	}
	return strings.HasSuffix(r.pattern, "/...") && (path == unit || strings.HasPrefix(path, unit+"/"))
}
