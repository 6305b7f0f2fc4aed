package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/server"
)

const forecastLong = `List the reminders, escalation steps and time-outs that will come if nobody does anything until then: when, to whom, about
which request. Times are those of whoever reads it. Reminders that fall on a day on which their recipient does not work move to
the next day on which they do.`

func (a *app) forecastCommand() *cobra.Command {
	var days int
	c := &cobra.Command{
		Use: "forecast", Short: "Which reminders and escalations will come?", Long: forecastLong, Args: noArgs,
		Example: "  signoff forecast\n  signoff forecast --days 3 -o csv",
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			var list server.ForecastList
			if err := cl.call(c.Context(), "GET", fmt.Sprintf("/api/v1/forecast?days=%d", days), nil, &list); err != nil {
				return err
			}
			if a.output == "table" {
				return printForecast(a.out, list)
			}
			l := listing{head: []string{"at", "was", "kind", "to", "request", "stage", "where"}, whole: list, none: "Nothing will come."}
			for _, f := range list.Upcoming {
				was := ""
				if f.Was != nil {
					was = f.Was.Format(time.RFC3339)
				}
				l.rows = append(l.rows, []string{f.At.Format(time.RFC3339), was, f.Kind, names(f.To), string(f.Request), f.Stage, strings.Join(f.Where, ", ")})
			}
			return a.print(l)
		},
	}
	c.Flags().IntVar(&days, "days", 14, "how many days to look ahead, 1 to 60")
	return c
}

func names(people []server.Person) string {
	var out []string
	for _, p := range people {
		out = append(out, p.Shown)
	}
	return strings.Join(out, ", ")
}

// readAt is a time where its reader is.
func readAt(t time.Time, zone string) time.Time {
	if loc, err := time.LoadLocation(zone); err == nil {
		return t.In(loc)
	}
	return t.UTC()
}

// city is the last part of a zone's name: London.
func city(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}

// moved are reminders that move from one day to another.
type moved struct {
	from, to string
	n        int
	first    time.Time
}

func printForecast(w io.Writer, list server.ForecastList) error {
	if len(list.Upcoming) == 0 {
		_, err := fmt.Fprintln(w, "Nothing will come by itself until then.")
		return err
	}
	day, count := "", map[string]int{}
	moves := map[string]*moved{}
	var b strings.Builder
	for _, f := range list.Upcoming {
		at := readAt(f.At, f.Zone)
		if d := at.Format("Mon 2 Jan"); d != day {
			day = d
			b.WriteString(day + "\n")
		}
		count[f.Kind]++
		line := fmt.Sprintf("  %s %-10s %-9s %-18s %-8s %s", at.Format("15:04"), city(f.Zone), f.Kind, cmp.Or(names(f.To), strings.Join(f.Where, ", ")), f.Request, f.Stage)
		if f.Was != nil {
			from := readAt(*f.Was, f.Zone).Format("Mon 2 Jan")
			line += "   moved from " + from
			to := at.Format("Mon 2 Jan 15:04")
			if moves[from+to] == nil {
				moves[from+to] = &moved{from: from, to: to, first: f.At}
			}
			moves[from+to].n++
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("\n")
	for _, m := range sortedMoves(moves) {
		verb := "move"
		if m.n == 1 {
			verb = "moves"
		}
		fmt.Fprintf(&b, "%s %s from %s, a day without work, to %s local time.\n", plural(m.n, "reminder"), verb, m.from, m.to)
	}
	fmt.Fprintf(&b, "%s, %s, %s until %s, if nobody does anything.\n", plural(count["remind"], "reminder"), plural(count["escalate"], "escalation"), plural(count["timeout"], "time-out"), list.Until.Format("Mon 2 Jan"))
	_, err := io.WriteString(w, b.String())
	return err
}

func sortedMoves(all map[string]*moved) (list []moved) {
	for _, m := range all {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b moved) int { return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.from, b.from)) })
	return list
}
