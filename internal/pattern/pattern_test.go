package pattern_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/pattern"
)

func TestPattern_IsTheRegularExpression(t *testing.T) {
	t.Parallel()
	p := pattern.New(`(\w)(\d)`)
	const s = "a1 b2"
	re := p.Regexp()
	for what, pair := range map[string][2]any{
		"match":    {p.MatchString(s), true},
		"string":   {p.FindString(s), "a1"},
		"index":    {p.FindStringIndex(s), []int{0, 2}},
		"parts":    {p.FindStringSubmatch(s), []string{"a1", "a", "1"}},
		"all":      {p.FindAllString(s, -1), []string{"a1", "b2"}},
		"places":   {p.FindAllStringIndex(s, -1), [][]int{{0, 2}, {3, 5}}},
		"within":   {p.FindStringSubmatchIndex(s), []int{0, 2, 0, 1, 1, 2}},
		"all of":   {p.FindAllStringSubmatch(s, 1), [][]string{{"a1", "a", "1"}}},
		"all in":   {p.FindAllStringSubmatchIndex(s, -1), re.FindAllStringSubmatchIndex(s, -1)},
		"replaced": {p.ReplaceAllString(s, "$2$1"), "1a 2b"},
		"by":       {p.ReplaceAllStringFunc(s, strings.ToUpper), "A1 B2"},
		"text":     {p.String(), `(\w)(\d)`},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestPattern_CompiledOnceByMany(t *testing.T) {
	t.Parallel()
	p := pattern.New(`^x+$`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if !p.MatchString("xxx") || p.MatchString("y") {
				t.Error("another answer while it is compiled")
			}
		})
	}
	all.Wait()
}

func TestPattern_AWrongOnePanicsWhenUsed(t *testing.T) {
	t.Parallel()
	p := pattern.New(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a wrong expression matched")
		}
	}()
	p.MatchString("x")
}
