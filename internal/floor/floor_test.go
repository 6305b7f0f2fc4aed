package floor

import (
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestHouse holds every rule over every package of the module.
func TestHouse(t *testing.T) {
	t.Parallel()
	packages := tree(t)
	if len(packages) < 5 {
		t.Fatalf("found %d packages below %s, want the whole module", len(packages), root)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range packages {
				for _, bad := range r.check(p) {
					t.Error(bad)
				}
			}
		})
	}
}

// TestTable_PointsDownward: no row may allow an import from its own floor or from above, except those named in the table of
// the architecture, and no pattern may hide a later one.
func TestTable_PointsDownward(t *testing.T) {
	t.Parallel()
	sameFloor := []string{"internal/flow -> internal/text", "internal/outbound -> connectors", "internal/store/*/... -> internal/store/layout"}
	for _, r := range table {
		for _, path := range r.may {
			if path == "..." {
				continue
			}
			target, _, ok := find(path)
			if !ok {
				t.Errorf("%s may import %s, which has no row", r.pattern, path)
				continue
			}
			if edge := r.pattern + " -> " + path; target.floor >= r.floor && !slices.Contains(sameFloor, edge) {
				t.Errorf("%s: floor %d to floor %d", edge, r.floor, target.floor)
			}
		}
		sample := strings.NewReplacer("*", "x", "/...", "").Replace(r.pattern)
		if found, _, _ := find(sample); found.pattern != r.pattern {
			t.Errorf("row %s is hidden by row %s", r.pattern, found.pattern)
		}
	}
}

func plant(t *testing.T, path, source string) *pkg {
	t.Helper()
	p := &pkg{path: path, fset: token.NewFileSet()}
	if err := p.parse("planted.go", "package planted\n"+source); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRules_FindPlantedFaults shows that each rule bites, and what it leaves alone.
func TestRules_FindPlantedFaults(t *testing.T) {
	t.Parallel()
	const mac = "import (\"crypto/hmac\"; \"bytes\"; \"encoding/hex\"; \"strings\"; \"slices\")\n"
	for _, c := range []struct {
		rule, path, source string
		want               int
	}{
		{"imports point downward by the table", "internal/newcomer", ``, 1},
		{"imports point downward by the table", "internal/flow", `import "signoff/rules"`, 1},
		{"imports point downward by the table", "internal/flow", `import t "signoff/internal/text"`, 0},
		{"imports point downward by the table", "internal/flow", `import "signoff/internal/secret"`, 1},
		{"imports point downward by the table", "internal/sandbox/jira", `import ("signoff/internal/sandbox"; "signoff/internal/text")`, 1},
		{"imports point downward by the table", "connectors/slack", `import ("signoff/connectors"; "signoff/internal/outbound"; "signoff/connectors/slack/block")`, 0},
		{"imports point downward by the table", "connectors/slack", `import "signoff/connectors/jira"`, 1},
		{"imports point downward by the table", "connectors/slack", `import "signoff/internal/engine"`, 1},
		{"imports point downward by the table", "internal/engine", `import ("signoff/internal/store/boltstore"; "signoff/connectors/slack")`, 2},
		{"imports point downward by the table", "internal/store/memstore", `import ("signoff/internal/store"; "signoff/internal/store/layout")`, 0},
		{"imports point downward by the table", "internal/store/memstore", `import "signoff/internal/store/boltstore"`, 1},
		{"imports point downward by the table", "internal/server", `import "signoff/internal/store/memstore"`, 1},
		{"imports point downward by the table", "cmd/signoff", `import ("signoff/internal/store/boltstore"; "signoff/connectors/slack")`, 0},
		{"imports point downward by the table", "cmd/signoff", `import "signoff/internal/store/storetest"`, 1},
		{"imports point downward by the table", "cmd/signoff", `import "signoff/internal/unknown"`, 1},
		{"imports point downward by the table", "internal/bench", `import "signoff/internal/store/storetest"`, 0},

		{"pure packages stay pure", "internal/flow", `import ("os"; "net/http"; "log/slog"; "math/rand/v2"; "sync/atomic")`, 5},
		{"pure packages stay pure", "internal/calendar", "import \"time\"\nvar a, b, c = time.Now, time.Since, time.After(1)\nfunc f() { time.Sleep(1) }", 4},
		{"pure packages stay pure", "internal/calendar", "import clock \"time\"\nvar a = clock.Now()", 1},
		{"pure packages stay pure", "internal/text", "import \"time\"\nvar a = time.Duration(3)\nvar b = time.Date(1, 1, 1, 1, 1, 1, 1, time.UTC)", 0},
		{"pure packages stay pure", "rules", `import ("os"; "net"; "sync")`, 2},
		{"pure packages stay pure", "rules", "import \"time\"\nvar a = time.Now()", 1},
		{"pure packages stay pure", "internal/engine", `import ("os"; "net/http")`, 0},

		{"the clock is read in cmd only", "internal/engine", "import \"time\"\nvar a, b, c = time.Now, time.Since(x), time.Until(x)", 3},
		{"the clock is read in cmd only", "internal/engine", "type c struct{ Now func() }\nfunc f(time c) { time.Now() }", 0},
		{"the clock is read in cmd only", "internal/engine", "import \"time\"\nvar a = time.NewTimer(1)", 0},
		{"the clock is read in cmd only", "cmd/signoff", "import \"time\"\nvar a = time.Now", 0},
		{"the clock is read in cmd only", "internal/sandbox/slack", "import \"time\"\nvar a = time.Now", 0},

		{"no init functions", "cmd/signoff", "func init() {}", 1},
		{"no init functions", "cmd/signoff", "type s struct{}\nfunc (s) init() {}\nfunc initial() {}", 0},

		{"no blank imports", "internal/engine", `import _ "net/http/pprof"`, 1},
		{"no blank imports", "internal/engine", `import . "strings"`, 1},
		{"no blank imports", "internal/engine", `import (_ "embed"; _ "time/tzdata")`, 1},
		{"no blank imports", "cmd/signoff", `import (_ "embed"; _ "time/tzdata")`, 0},

		{"no processes are started outside cmd", "internal/engine", `import "os/exec"`, 1},
		{"no processes are started outside cmd", "internal/engine", "import \"os\"\nvar a = os.StartProcess", 1},
		{"no processes are started outside cmd", "cmd/signoff", `import "os/exec"`, 0},
		{"no processes are started outside cmd", "internal/chaos/driver", `import "os/exec"`, 0},

		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return string(h.Sum(nil)) == got }", 1},
		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return bytes.Equal(wantMAC, got) }", 1},
		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return header != \"v0=\"+hex.EncodeToString(sum) }", 1},
		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return (r.Signature) != want || slices.Equal(sig[:], x) || strings.EqualFold(x, want_signature) }", 3},
		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return sha256.Sum256(a) == sha256.Sum256(b) }", 1},
		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return hmac.Equal(mac, got) && sig != \"\" && mac != nil && len(sig) == 64 && len(sig) == len(got) }", 0},
		{"signatures are compared in constant time", "connectors/x", mac + "func f() bool { return summary == other && design == x && significant != y && digest == z }", 0},
		{"signatures are compared in constant time", "connectors/x", "func f() bool { return sig == got }", 0},
	} {
		i := slices.IndexFunc(rules, func(r rule) bool { return r.name == c.rule })
		if i < 0 {
			t.Fatalf("there is no rule %q", c.rule)
		}
		if got := rules[i].check(plant(t, c.path, c.source)); len(got) != c.want {
			t.Errorf("%s, in %s:\n%s\n got %d faults %q, want %d", c.rule, c.path, c.source, len(got), got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"wantSignature": "want signature", "MAC": "mac", "wantMAC": "want mac", "MACOf": "mac of", "sum256": "sum256", "want_sig": "want sig", "x": "x"} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("words(%q) = %q, want %q", name, got, want)
		}
	}
}
