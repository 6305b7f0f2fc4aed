package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{1, 1, 1, 100}, 1},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
	values := []float64{3, 1, 2}
	median(values)
	if values[0] != 3 {
		t.Errorf("median has reordered its argument: %v", values)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i) // 100 … 1
	}
	for _, c := range []struct {
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{8}, 99, 8},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{[]time.Duration{1, 2, 3}, 50, 2},
		{[]time.Duration{1, 2}, 99, 2},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile(%d values, %v) = %v, want %v", len(c.values), c.p, got, c.want)
		}
	}
}

// TestCompare: the median of the rounds' ratios counts, so that a slow minute of the machine weighs on both sides.
func TestCompare(t *testing.T) {
	t.Parallel()
	got := compare(row{Bound: atLeast(0.85)}, []float64{100, 10, 1000}, []float64{90, 9, 100})
	if got.Theirs != 100 || got.Ours != 90 || got.Ratio != 0.9 || got.Verdict != "holds" {
		t.Errorf("compare = %+v, want 100, 90, 0.9, holds", got)
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		b         bound
		x         float64
		verdict   string
		statement string
	}{
		{atLeast(0.85), 0.85, "holds", "≥ 0.85"},
		{atLeast(0.85), 0.8499, "falls short", "≥ 0.85"},
		{atMost(1.5), 1.5, "holds", "≤ 1.50"},
		{atMost(2000), 2000.1, "falls short", "≤ 2,000"},
		{atMost(1.5), math.NaN(), "falls short", "≤ 1.50"},
		{bound{}, 3, "information", ""},
	} {
		if got := c.b.verdict(c.x); got != c.verdict || c.b.String() != c.statement {
			t.Errorf("%v of %v: %q, %q, want %q, %q", c.b, c.x, got, c.b.String(), c.verdict, c.statement)
		}
	}
}

func TestFigure(t *testing.T) {
	t.Parallel()
	for x, want := range map[float64]string{0.123: "0.12", 9.999: "10.00", 12.34: "12.3", 999.4: "999", 1234.5: "1,234", 1234567: "1,234,567", -4321: "-4,321", math.NaN(): "–"} {
		if got := figure(x); got != want {
			t.Errorf("figure(%v) = %q, want %q", x, got, want)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	rows := []row{
		compare(row{Goal: "P1", What: "acknowledged", Unit: "/s", Reference: "durable", Bound: atLeast(0.85)}, []float64{8000}, []float64{7200}),
		alone(row{Goal: "P7", What: "idle memory", Unit: "MiB"}, []float64{21.5}),
	}
	var b strings.Builder
	if err := print(&b, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"P1", "durable", "8,000", "7,200", "0.90", "≥ 0.85", "holds", "idle memory", "21.5", "information"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("table lacks %q:\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := printJSON(&b, machine{Cores: 2}, rows); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Machine machine
		Rows    []row
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Machine.Cores != 2 || len(got.Rows) != 2 || got.Rows[0] != rows[0] || got.Rows[1] != rows[1] {
		t.Errorf("JSON came back as %+v, want %+v", got, rows)
	}
}
