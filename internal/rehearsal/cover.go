package rehearsal

import (
	"fmt"
	"maps"

	"signoff/internal/flow"
	"signoff/rules"
)

// coverage is what of a ruleset was exercised.
type coverage struct {
	rules  map[string]bool // by name
	stages map[string]bool // workflow/stage
	steps  map[string]bool // chain/number
}

func newCoverage() coverage {
	return coverage{rules: map[string]bool{}, stages: map[string]bool{}, steps: map[string]bool{}}
}

func (c coverage) add(o coverage) {
	maps.Copy(c.rules, o.rules)
	maps.Copy(c.stages, o.stages)
	maps.Copy(c.steps, o.steps)
}

// stagesOf notes the stages that a request has been in.
func (c coverage) stagesOf(r flow.Request) {
	for _, run := range r.Stages {
		if run.State != flow.StageSkipped {
			c.stages[r.Workflow+"/"+run.Name] = true
		}
	}
}

// Coverage says how much of a ruleset was exercised, and what was not.
type Coverage struct {
	Rules       Covered `json:"rules"`
	Stages      Covered `json:"stages"`
	Escalations Covered `json:"escalation_steps"`
}

// Covered is how many of what there is were exercised, and the others with their places.
type Covered struct {
	Of    int      `json:"of"`
	Tried int      `json:"tried"`
	Never []Untold `json:"never,omitempty"`
}

// Untold is something that no test exercised.
type Untold struct {
	Name  string `json:"name"`
	Place string `json:"place"` // file:line
}

// Full reports whether everything was exercised.
func (c Coverage) Full() bool {
	return len(c.Rules.Never)+len(c.Stages.Never)+len(c.Escalations.Never) == 0
}

func (c coverage) report(inv rules.Inventory) (out Coverage) {
	for _, r := range inv.Rules {
		out.Rules.count(c.rules[r.Name], r.Name, r.Place)
	}
	for _, f := range inv.Workflows {
		for _, s := range f.Stages {
			out.Stages.count(c.stages[f.Name+"/"+s.Name], f.Name+" / "+s.Name, s.Place)
		}
	}
	for _, chain := range inv.Escalations {
		for i, place := range chain.Steps {
			out.Escalations.count(c.steps[fmt.Sprintf("%s/%d", chain.Name, i+1)], fmt.Sprintf("%s, step %d", chain.Name, i+1), place)
		}
	}
	return out
}

func (c *Covered) count(tried bool, name, place string) {
	c.Of++
	if tried {
		c.Tried++
		return
	}
	c.Never = append(c.Never, Untold{name, place})
}
