package main

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// A spreadsheet opens what people wrote as text, never as a formula (T77), and everything but a lone carriage return comes
// back as it was.
func TestCSV_FormulasAreText(t *testing.T) {
	t.Parallel()
	row := []string{"=1+1", "+4420", "-2", "@SUM(A1)", "\t=1", "\r=1", "a=b", `He said "no", twice`, "two\nlines", ""}
	var b strings.Builder
	if err := printCSV(&b, listing{head: []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, rows: [][]string{row}}); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(got) != 2 {
		t.Fatalf("%d records, %v: %q", len(got), err, b.String())
	}
	want := []string{"'=1+1", "'+4420", "'-2", "'@SUM(A1)", "'\t=1", "'=1", "a=b", `He said "no", twice`, "two\nlines", ""}
	if !slices.Equal(got[1], want) {
		t.Errorf("got %q, want %q", got[1], want)
	}
}
