package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/source"
	"signoff/rules"
)

const routesLong = `Draw the way of a request: the rules from top to bottom with what each asks and does, and the workflows they lead to.

tree prints it here; mermaid and dot are pictures for a page or a pull request (GitHub shows mermaid, Graphviz reads dot);
json is for programs.`

func (a *app) routesCommand() *cobra.Command {
	var as string
	c := &cobra.Command{
		Use:     "routes [FILE…]",
		Short:   "Draw rules and workflows",
		Long:    routesLong,
		Example: "  signoff routes\n  signoff routes rules/studio.yaml --as mermaid",
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := a.check(args)
			if err != nil {
				return err
			}
			if f.set == nil {
				return f.report(a, false)
			}
			return a.drawRoutes(f.set.Routes(), as)
		},
	}
	c.Flags().StringVar(&as, "as", "tree", "the `form`: tree, mermaid, dot or json")
	_ = c.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{"tree", "mermaid", "dot", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) drawRoutes(r rules.Routes, as string) error {
	if a.output == "json" || a.output == "yaml" {
		as = "json"
	}
	switch as {
	case "tree":
		return drawTree(a.out, r)
	case "mermaid":
		return drawMermaid(a.out, r)
	case "dot":
		return drawDot(a.out, r)
	case "json":
		whole := struct {
			SchemaVersion int `json:"schema_version"`
			rules.Routes
		}{1, r}
		if a.output == "yaml" {
			return printYAML(a.out, whole)
		}
		return printJSON(a.out, whole)
	}
	near, ok := source.Nearest(as, []string{"tree", "mermaid", "dot", "json"})
	if ok {
		return usage("--as %s is not a form; did you mean %s?", as, near)
	}
	return usage("--as is tree, mermaid, dot or json, not %q", as)
}

// branch is a line of a tree with what is below it.
type branch struct {
	line string
	kids []branch
}

func drawTree(w io.Writer, r rules.Routes) error {
	flows := map[string]rules.RouteWorkflow{}
	for _, f := range r.Workflows {
		flows[f.Name] = f
	}
	fmt.Fprintln(w, "Rules, top to bottom: the first that applies decides")
	var all []branch
	for _, one := range r.Rules {
		all = append(all, ruleBranch(one, flows))
	}
	var used []string
	for _, one := range r.Rules {
		used = append(used, one.Workflow)
	}
	printBranches(w, all, "")
	for _, f := range r.Workflows {
		if !slices.Contains(used, f.Name) {
			fmt.Fprintf(w, "No rule leads to the workflow %s (%s).\n", f.Name, f.Place)
		}
	}
	return nil
}

func printBranches(w io.Writer, list []branch, indent string) {
	for i, b := range list {
		mark, below := "├─ ", "│  "
		if i == len(list)-1 {
			mark, below = "└─ ", "   "
		}
		fmt.Fprintln(w, indent+mark+visible(b.line))
		printBranches(w, b.kids, indent+below)
	}
}

func ruleBranch(r rules.RouteRule, flows map[string]rules.RouteWorkflow) branch {
	b := branch{line: fmt.Sprintf("%s   (%s)", r.Name, r.Place)}
	if len(r.When) == 0 {
		b.kids = append(b.kids, branch{line: "always"})
	}
	for _, when := range r.When {
		b.kids = append(b.kids, branch{line: "if " + when})
	}
	if r.Ignore {
		return branch{b.line, append(b.kids, branch{line: "→ no request"})}
	}
	if len(r.Do) > 0 {
		b.kids = append(b.kids, branch{line: "→ " + strings.Join(r.Do, " · ")})
	}
	if f, ok := flows[r.Workflow]; ok {
		b.kids = append(b.kids, branch{"→ workflow " + f.Name, stageBranches(f, r.Escalation)})
	}
	if r.Continue {
		b.kids = append(b.kids, branch{line: "→ goes on with the rules below"})
	}
	return b
}

func stageBranches(f rules.RouteWorkflow, chain string) (all []branch) {
	for _, step := range f.Steps {
		if len(step) == 1 {
			all = append(all, branch{line: stageWords(step[0], chain, "  ")})
			continue
		}
		together := branch{line: "side by side"}
		for _, s := range step {
			together.kids = append(together.kids, branch{line: stageWords(s, chain, "  ")})
		}
		all = append(all, together)
	}
	return all
}

// stageWords says who decides in a stage, and what happens when nobody does.
func stageWords(s rules.RouteStage, chain, gap string) string {
	words := []string{s.Reviewers, s.Needs + " needed"}
	if s.Limit != "" {
		then := s.OnTimeout
		switch {
		case then == "" && chain != "", then == "escalate" && chain != "":
			then = "escalation " + chain
		case then == "" || then == "escalate":
			then = "wait"
		}
		words = append(words, s.Limit+", then "+then)
	}
	if s.OnlyIf != "" {
		words = append(words, "only if "+s.OnlyIf)
	}
	return s.Name + gap + strings.Join(words, " · ")
}
