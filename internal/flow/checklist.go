package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A stage may have a checklist. Approving it says that every line was checked, so every line must be ticked.

// Checklist lists the lines that must be ticked to approve a stage; nothing where the stage has none.
func Checklist(p Policy, r Request, stage string) []string {
	s := scene{p: p, r: &r}
	d, _ := s.def(s.spelled(stage))
	return slices.Clone(d.Checklist)
}

// unchecked asks for the lines of a stage's checklist that were not ticked. Lines are compared by their words, or by their marks.
func (s *step) unchecked(verdict Verdict, run StageRun) ruling {
	if verdict != Approve {
		return ruling{}
	}
	missing := slices.DeleteFunc(Checklist(s.p, *s.r, run.Name), func(line string) bool { return s.ticked(line) })
	if len(missing) == 0 {
		return ruling{}
	}
	for i := range missing {
		missing[i] = `"` + missing[i] + `"`
	}
	return refuse(CodeUnchecked, fmt.Sprintf("%s has a checklist. Nothing was recorded: tick %s first.", run.Name, enumerate(missing, "and")))
}

func (s *step) ticked(line string) bool {
	return slices.ContainsFunc(s.ev.Fields["checked"], func(v string) bool { return plainLine(v) == plainLine(line) || v == LineMark(line) })
}

// LineMark stands for a line of a checklist where its words are too long to be sent.
func LineMark(line string) string {
	sum := sha256.Sum256([]byte(plainLine(line)))
	return "line:" + hex.EncodeToString(sum[:8])
}

// plainLine is a line without the differences that forms make: space and case.
func plainLine(line string) string { return strings.ToLower(strings.Join(strings.Fields(line), " ")) }

// checked are the lines of a stage's checklist that were ticked, as the checklist spells them.
func (s *step) checked(verdict Verdict, run StageRun) []string {
	if verdict != Approve {
		return nil
	}
	return slices.DeleteFunc(Checklist(s.p, *s.r, run.Name), func(line string) bool { return !s.ticked(line) })
}

// refuseUnchecked answers an approval without its checklist, with the way to tick it.
func (s *step) refuseUnchecked(v ruling, run StageRun) {
	s.because(v.code, v.why)
	view := s.view(RefusalView, v.why)
	b := s.voteButtons(run, false)[0]
	if b.Action == string(Approve) {
		b.Label = "Open the checklist"
		view.Buttons = append(view.Buttons, b)
	}
	view.Buttons = append(view.Buttons, s.open())
	s.private(view, answerFor)
}

// confirmedValue is what an approval past open points carries: that it is one, and that there is a checklist.
func (s scene) confirmedValue(run StageRun) string {
	if len(Checklist(s.p, *s.r, run.Name)) > 0 {
		return "confirmed checklist"
	}
	return "confirmed"
}
