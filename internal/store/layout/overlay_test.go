package layout

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plain is the naive KV: one map per table, sorted at every walk.
type plain [Tables]map[string]string

func newPlain() *plain {
	p := &plain{}
	for i := range p {
		p[i] = map[string]string{}
	}
	return p
}

func (p *plain) Get(t Table, key []byte) []byte {
	if v, ok := p[t][string(key)]; ok {
		return []byte(v)
	}
	return nil
}

func (p *plain) Put(t Table, key, value []byte) error {
	p[t][string(key)] = string(value)
	return nil
}

func (p *plain) Delete(t Table, key []byte) error {
	delete(p[t], string(key))
	return nil
}

func (p *plain) walk(t Table, from, to []byte, up bool, each func(k, v []byte) bool) {
	keys := slices.Sorted(maps.Keys(p[t]))
	if !up {
		slices.Reverse(keys)
	}
	for _, k := range keys {
		if k >= string(from) && (to == nil || k < string(to)) && !each([]byte(k), []byte(p[t][k])) {
			return
		}
	}
}

func (p *plain) Ascend(t Table, from, to []byte, each func(k, v []byte) bool) {
	p.walk(t, from, to, true, each)
}

func (p *plain) Descend(t Table, from, to []byte, each func(k, v []byte) bool) {
	p.walk(t, from, to, false, each)
}

// TestOverlay_BehavesLikeWriting compares an overlay at every step with a copy that is simply written to.
func TestOverlay_BehavesLikeWriting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		key := rapid.StringMatching(`[abc]{1,3}`)
		base, naive := newPlain(), newPlain()
		for range rapid.IntRange(0, 8).Draw(r, "before") {
			k := key.Draw(r, "k")
			_, _ = base.Put(rows, []byte(k), []byte("base")), naive.Put(rows, []byte(k), []byte("base"))
		}
		over := NewOverlay(base)
		for i := range rapid.IntRange(1, 12).Draw(r, "changes") {
			k := []byte(key.Draw(r, "k"))
			if rapid.Bool().Draw(r, "delete") {
				_, _ = over.Delete(rows, k), naive.Delete(rows, k)
			} else {
				v := fmt.Appendf(nil, "v%d", i)
				_, _ = over.Put(rows, k, v), naive.Put(rows, k, v)
			}
			from, to := []byte(key.Draw(r, "from")), []byte(key.Draw(r, "to"))
			most := rapid.IntRange(1, 6).Draw(r, "most")
			for _, up := range []bool{true, false} {
				if got, want := walk(over, from, to, up, most), walk(naive, from, to, up, most); !slices.Equal(got, want) {
					r.Fatalf("walk up=%v from %s to %s, %d: %v, want %v", up, from, to, most, got, want)
				}
			}
			if got, want := string(over.Get(rows, from)), string(naive.Get(rows, from)); got != want {
				r.Fatalf("Get %s = %q, want %q", from, got, want)
			}
		}
		if err := over.Apply(); err != nil {
			r.Fatal(err)
		}
		if !maps.Equal(base[rows], naive[rows]) {
			r.Fatalf("after Apply: %v, want %v", base[rows], naive[rows])
		}
	})
}

func walk(kv KV, from, to []byte, up bool, most int) (out []string) {
	each := func(k, v []byte) bool {
		out = append(out, string(k)+"="+string(v))
		return len(out) < most
	}
	if up {
		kv.Ascend(rows, from, to, each)
	} else {
		kv.Descend(rows, from, to, each)
	}
	return out
}

func TestInstant_OrdersAndComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		gen := rapid.Int64Range(-1<<62, 1<<62)
		a, b := gen.Draw(r, "a"), gen.Draw(r, "b")
		ka, kb := instant(unix(a)), instant(unix(b))
		if (a < b) != (string(ka) < string(kb)) || instantOf(ka).UnixNano() != a {
			r.Fatalf("instants %d, %d order or come back wrong", a, b)
		}
	})
}

func unix(n int64) time.Time { return time.Unix(0, n) }
