package main

import (
	"fmt"
	"io"
	"strings"

	"signoff/rules"
)

// graph is a picture of nodes and arrows, in the notation of one program.
type graph struct {
	w     io.Writer
	node  func(id, label string, question bool) string
	arrow func(from, to, label string) string
}

func (g graph) print(line string) { fmt.Fprintln(g.w, "  "+line) }

func drawMermaid(w io.Writer, r rules.Routes) error {
	quote := strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", "<br>", "`", "'")
	fmt.Fprintln(w, "flowchart TD")
	graph{
		w: w,
		node: func(id, label string, question bool) string {
			if question {
				return fmt.Sprintf(`%s{{"%s"}}`, id, quote.Replace(label))
			}
			return fmt.Sprintf(`%s["%s"]`, id, quote.Replace(label))
		},
		arrow: func(from, to, label string) string {
			if label == "" {
				return from + " --> " + to
			}
			return fmt.Sprintf(`%s -->|"%s"| %s`, from, quote.Replace(label), to)
		},
	}.draw(r)
	return nil
}

func drawDot(w io.Writer, r rules.Routes) error {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	fmt.Fprintln(w, "digraph signoff {\n  node [shape=box, fontname=\"sans-serif\"];")
	graph{
		w: w,
		node: func(id, label string, question bool) string {
			shape := ""
			if question {
				shape = ", shape=hexagon"
			}
			return fmt.Sprintf(`%s [label="%s"%s];`, id, quote.Replace(label), shape)
		},
		arrow: func(from, to, label string) string {
			if label == "" {
				return fmt.Sprintf("%s -> %s;", from, to)
			}
			return fmt.Sprintf(`%s -> %s [label="%s"];`, from, to, quote.Replace(label))
		},
	}.draw(r)
	fmt.Fprintln(w, "}")
	return nil
}

// draw prints each rule as a question, with an arrow to what it does and one to the next rule, and each workflow once.
func (g graph) draw(r rules.Routes) {
	g.print(g.node("request", "A request", false))
	first := map[string]string{} // the first node of each workflow
	for i, f := range r.Workflows {
		first[f.Name] = fmt.Sprintf("w%d_0_0", i)
	}
	from, label := "request", ""
	for i, one := range r.Rules {
		id := fmt.Sprintf("r%d", i)
		g.print(g.node(id, one.Name+"\n"+strings.Join(one.When, "\n"), true))
		g.print(g.arrow(from, id, label))
		g.rule(one, id, first)
		from, label = id, "no"
		if one.Continue {
			label = "then"
		}
	}
	if from != "request" && len(r.Rules[len(r.Rules)-1].When) > 0 {
		g.print(g.node("nobody", "No rule applies: triage", false))
		g.print(g.arrow(from, "nobody", "no"))
	}
	for i, f := range r.Workflows {
		g.workflow(i, f)
	}
}

// rule prints what a rule does.
func (g graph) rule(r rules.RouteRule, id string, first map[string]string) {
	done := id + "do"
	words := strings.Join(r.Do, "\n")
	if r.Ignore {
		words = "no request"
	}
	if words == "" && r.Workflow == "" {
		words = "a request"
	}
	if words == "" {
		done = id
	} else {
		g.print(g.node(done, words, false))
		g.print(g.arrow(id, done, "yes"))
	}
	if to, ok := first[r.Workflow]; ok {
		g.print(g.arrow(done, to, r.Workflow))
	}
}

// workflow prints stages in their order; those that run side by side follow the same and are followed by the same.
func (g graph) workflow(i int, f rules.RouteWorkflow) {
	var before []string
	for k, step := range f.Steps {
		var here []string
		for j, s := range step {
			id := fmt.Sprintf("w%d_%d_%d", i, k, j)
			here = append(here, id)
			g.print(g.node(id, f.Name+": "+stageWords(s, "", "\n"), false))
			for _, b := range before {
				g.print(g.arrow(b, id, ""))
			}
			if k == 0 && j > 0 {
				g.print(g.arrow(here[0], id, "and"))
			}
		}
		before = here
	}
	end := fmt.Sprintf("w%d_end", i)
	g.print(g.node(end, "approved", false))
	for _, b := range before {
		g.print(g.arrow(b, end, ""))
	}
}
