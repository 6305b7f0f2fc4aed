package server

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// rounds lays a request's stages out by revision, newest first. The current revision shows what is still to come.
func (it items) rounds(d engine.Detail, clock clock) []roundData {
	var out []roundData
	for n := d.Request.Round; n >= 1; n-- {
		runs := runsOf(d.Request, n)
		round := roundData{Number: n, Current: n == d.Request.Round}
		defs := slices.DeleteFunc(slices.Clone(d.Stages), func(def flow.StageDef) bool {
			_, ran := runs[def.Name]
			return !ran && (!round.Current || d.Request.Status.Closed())
		})
		round.Steps = it.steps(d.Request, defs, runs, clock)
		if len(round.Steps) > 0 {
			out = append(out, round)
		}
	}
	return out
}

// runsOf gives the last run of each stage in a revision.
func runsOf(r flow.Request, round int) map[string]flow.StageRun {
	runs := map[string]flow.StageRun{}
	for _, run := range r.Stages {
		if run.Round == round {
			runs[run.Name] = run
		}
	}
	return runs
}

// steps joins the workflow's stages with their runs; a run that the workflow no longer names comes last.
func (it items) steps(r flow.Request, defs []flow.StageDef, runs map[string]flow.StageRun, clock clock) []stepData {
	var steps []stepData
	last := -1
	add := func(together int, s stageData) {
		if len(steps) == 0 || together != last {
			steps = append(steps, stepData{})
		}
		last = together
		steps[len(steps)-1].Stages = append(steps[len(steps)-1].Stages, s)
	}
	for _, def := range defs {
		run, ran := runs[def.Name]
		if !ran {
			add(def.Together, comingStage(def))
			continue
		}
		s := it.stageLine(r, run, clock)
		s.Needs, s.Limit = needs(def), def.Limit
		if run.State == flow.StageOpen {
			s.Waiting = it.waiting(r, run, def)
		}
		add(def.Together, s)
		delete(runs, def.Name)
	}
	for _, name := range sortedKeys(runs) {
		add(-1-len(steps), it.stageLine(r, runs[name], clock))
	}
	return steps
}

func comingStage(def flow.StageDef) stageData {
	s := stageData{Name: def.Name, State: stageChip(""), Needs: needs(def), Limit: def.Limit}
	if def.Skip != "" {
		return stageData{Name: def.Name, State: stageChip(flow.StageSkipped), Why: def.Skip}
	}
	return s
}

func needs(def flow.StageDef) string {
	switch {
	case def.Needs.All:
		return "all of its reviewers"
	case def.Needs.N > 1:
		return fmt.Sprintf("%d approvals", def.Needs.N)
	case def.Needs.N == 1:
		return "1 approval"
	}
	return ""
}

func (it items) stageLine(r flow.Request, run flow.StageRun, clock clock) stageData {
	s := stageData{
		Name: run.Name, State: stageChip(run.State), Why: run.Why, Entered: clock.at(run.Entered),
		FirstResponse: clock.at(run.FirstResponse), Decided: clock.at(run.Decided),
	}
	var by []string
	for _, a := range run.DecidedBy {
		by = append(by, it.called(a))
	}
	s.DecidedBy = joined(by, "and")
	if run.State == flow.StageOpen {
		s.Waiting = joined(it.waitingNames(run), "or")
		if w := waitsSince(run); w != nil {
			s.WaitingSince = clock.at(w.From)
		}
	}
	for _, v := range r.Votes {
		if v.Stage != run.Name || v.Round != run.Round {
			continue
		}
		line := voteLine{Chip: verdictChip(v.Verdict), By: it.called(v.By), Note: v.Note.String(), Via: viaWords(v.Via), At: clock.at(v.At), Undone: clock.at(v.Undone), Checked: v.Checked}
		if v.For.ID() != "" {
			line.For = it.called(v.For)
		}
		s.Votes = append(s.Votes, line)
	}
	return s
}

// waiting names those an open stage waits for: joined by "or" where not all of them have to approve.
func (it items) waiting(r flow.Request, run flow.StageRun, def flow.StageDef) string {
	names := it.waitingNames(run)
	missing := def.Needs.N
	for _, v := range r.Votes {
		if v.Stage == run.Name && v.Round == run.Round && v.Verdict == flow.Approve && v.Undone.IsZero() {
			missing--
		}
	}
	if def.Needs.All || missing >= len(names) {
		return joined(names, "and")
	}
	return joined(names, "or")
}

func viaWords(via string) string {
	switch via {
	case "":
		return ""
	case "web":
		return "on this page"
	case "api":
		return "by a program"
	}
	return "in " + capital(via)
}

// freshToken names one showing of a page's forms.
func freshToken() string { return rand.Text() }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// capital gives words their capital.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
