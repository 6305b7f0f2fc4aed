package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// bound is what a goal asks of a ratio, or of ours where there is no reference. The zero bound asks nothing: the row is
// printed for information.
type bound struct {
	Least float64 `json:"at_least,omitempty"`
	Most  float64 `json:"at_most,omitempty"`
}

func atLeast(x float64) bound { return bound{Least: x} }
func atMost(x float64) bound  { return bound{Most: x} }

func (b bound) String() string {
	switch {
	case b.Least != 0:
		return "≥ " + figure(b.Least)
	case b.Most != 0:
		return "≤ " + figure(b.Most)
	}
	return ""
}

// verdict says whether x keeps the bound.
func (b bound) verdict(x float64) string {
	switch {
	case b == bound{}:
		return "information"
	case math.IsNaN(x), b.Least != 0 && x < b.Least, b.Most != 0 && x > b.Most:
		return "falls short"
	}
	return "holds"
}

// row is one line of the table.
type row struct {
	Goal      string  `json:"goal"`
	What      string  `json:"what"`
	Unit      string  `json:"unit"`
	Reference string  `json:"reference,omitempty"`
	Theirs    float64 `json:"reference_figure,omitempty"`
	Ours      float64 `json:"ours"`
	Ratio     float64 `json:"ratio,omitempty"` // median of the rounds' ratios, not the ratio of the medians
	Bound     bound   `json:"bound,omitzero"`
	Verdict   string  `json:"verdict"`
}

// compare makes a row of rounds in which ours and the reference's figure were measured one after the other.
func compare(r row, theirs, ours []float64) row {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	r.Theirs, r.Ours, r.Ratio = median(theirs), median(ours), median(ratios)
	r.Verdict = r.Bound.verdict(r.Ratio)
	return r
}

// alone makes a row without a reference; its bound is one on the figure itself.
func alone(r row, ours []float64) row {
	r.Ours = median(ours)
	r.Verdict = r.Bound.verdict(r.Ours)
	return r
}

// median returns the middle of values, of an even number the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// percentile returns the smallest value that at least p percent of values do not exceed.
func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	at := int(math.Ceil(p/100*float64(len(s)))) - 1
	return s[min(max(at, 0), len(s)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// figure prints a number with about three digits and groups of thousands.
func figure(x float64) string {
	switch size := math.Abs(x); {
	case math.IsNaN(x):
		return "–"
	case size >= 1000:
		return grouped(strconv.FormatFloat(x, 'f', 0, 64))
	case size >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case size >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

func grouped(digits string) string {
	if len(digits) <= 3 || len(digits) == 4 && digits[0] == '-' {
		return digits
	}
	return grouped(digits[:len(digits)-3]) + "," + digits[len(digits)-3:]
}

// print writes the table for people.
func print(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "goal\twhat\tunit\treference\t\tours\tratio\tgoal is\t")
	for _, r := range rows {
		cells := []string{r.Goal, r.What, r.Unit, "", "", figure(r.Ours), "", r.Bound.String(), r.Verdict}
		if r.Reference != "" {
			cells[3], cells[4], cells[6] = r.Reference, figure(r.Theirs), figure(r.Ratio)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// printJSON writes the table for programs.
func printJSON(w io.Writer, m machine, rows []row) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Schema  int     `json:"schema_version"`
		Machine machine `json:"machine"`
		Rows    []row   `json:"rows"`
	}{1, m, rows})
}
