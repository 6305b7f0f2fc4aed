package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"go.yaml.in/yaml/v4"
)

var formats = []string{"table", "json", "yaml", "csv", "markdown"}

func (a *app) checkOutput() error {
	if !slices.Contains(formats, a.output) {
		return usage("-o %s is not a format; choose one of %s", a.output, strings.Join(formats, ", "))
	}
	return nil
}

// confirm asks a person on a terminal; elsewhere only --yes says yes.
func (a *app) confirm(question string) bool {
	if a.yes || !a.tty {
		return a.yes
	}
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	line, _ := bufio.NewReader(a.in).ReadString('\n') // the end of input is a no
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "y")
}

// listing is rows for people and spreadsheets, and the whole answer for programs.
type listing struct {
	head  []string
	rows  [][]string
	whole any    // printed as JSON or YAML
	none  string // said instead of an empty table
}

// print writes the listing to standard output in the format that was asked for.
func (a *app) print(l listing) error {
	switch a.output {
	case "json":
		return printJSON(a.out, l.whole)
	case "yaml":
		return printYAML(a.out, l.whole)
	case "csv":
		return printCSV(a.out, l)
	case "markdown":
		return printMarkdown(a.out, l)
	}
	if len(l.rows) == 0 {
		fmt.Fprintln(a.err, l.none)
		return nil
	}
	return printTable(a.out, l)
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printYAML goes by way of JSON, so that both formats have the same names.
func printYAML(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var plain any
	if err := yaml.Unmarshal(b, &plain); err != nil {
		return err
	}
	out, err := yaml.Marshal(plain)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

func printTable(w io.Writer, l listing) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(l.head, "\t")))
	for _, row := range l.rows {
		fmt.Fprintln(t, strings.Join(oneLine(row), "\t"))
	}
	return t.Flush()
}

// oneLine keeps cells on their line and takes out what could steer a terminal.
func oneLine(row []string) []string {
	out := make([]string, len(row))
	for i, cell := range row {
		out[i] = visible(strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(cell))
	}
	return out
}

// visible writes what could steer a terminal as its code: "\x1b[2J" prints as \u001b[2J. Line ends, those of mails too, and tabs stay.
func visible(s string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// printCSV writes RFC 4180 with cells that a spreadsheet could take for a formula set in an apostrophe (ASVS 1.2.10).
func printCSV(w io.Writer, l listing) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(l.head); err != nil {
		return err
	}
	for _, row := range l.rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				cell = "'" + cell
			}
			safe[i] = cell
		}
		if err := c.Write(safe); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func printMarkdown(w io.Writer, l listing) error {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(l.head, " | "), strings.Repeat(" --- |", len(l.head)))
	for _, row := range l.rows {
		cells := oneLine(row)
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
		}
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return err
		}
	}
	return nil
}
