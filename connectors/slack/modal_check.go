package slack

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// The form of an approval whose stage has a checklist, and the form for exactly the fields that a request waits for.

// checklistValue is what the button of an approval carries whose stage has a checklist.
const checklistValue = "checklist"

// carries reports whether a button carries a word.
func (p press) carries(word string) bool { return slices.Contains(strings.Fields(p.Value), word) }

const (
	checkPrefix = "check." // and the number of a group of lines
	maxBoxes    = 10       // of a group of checkboxes
	mostOfLine  = 300      // characters of a line
	maxLines    = 60       // of a checklist: a modal has a size, and nobody ticks more
)

// askChecked asks to tick the lines of the stage's checklist.
func (c *Connector) askChecked(ctx context.Context, o origin, q connectors.Query) []slack.Block {
	lines, err := q.Checklist(ctx, flow.RequestID(o.Press.Request), o.Press.Stage)
	if err != nil {
		c.log.Warn("checklist not read", "request", o.Press.Request, "err", err)
	}
	return checklist(lines)
}

// checklist asks to tick lines, in groups as large as Slack takes. A line that is too long for a box stands above it.
func checklist(lines []string) []slack.Block {
	var blocks []slack.Block
	lines = lines[:min(len(lines), maxLines)]
	for n := 0; len(lines) > 0; n++ {
		group := lines[:min(len(lines), maxBoxes)]
		lines = lines[len(group):]
		name := checkPrefix + strconv.Itoa(n)
		e := &slack.CheckboxGroupsBlockElement{Type: slack.METCheckboxGroups, ActionID: name}
		for i, line := range group {
			words := oneLine(line)
			if utf8.RuneCountInString(words) > maxOption {
				number := strconv.Itoa(n*maxBoxes + i + 1)
				blocks = append(blocks, section(escape(number+". "+clip(words, mostOfLine))))
				words = number + ". " + words
			}
			e.Options = append(e.Options, &slack.OptionBlockObject{Text: plainText(words, maxOption), Value: flow.LineMark(line)})
		}
		label := "Tick each line"
		if n > 0 {
			label = "And these"
		}
		blocks = append(blocks, sheet{}.input(line{name: name, label: label, element: e}))
	}
	return blocks
}

// ticked are the lines that were ticked, by their marks.
func (e entered) ticked() []string {
	var marks []string
	for name, values := range e.values {
		if strings.HasPrefix(name, checkPrefix) {
			marks = append(marks, values...)
		}
	}
	slices.Sort(marks)
	return marks
}

// judgeChecklist names the lines that are not ticked, at the group in which they stand.
func (c *Connector) judgeChecklist(ctx context.Context, s sentForm, q connectors.Query) map[string]string {
	lines, err := q.Checklist(ctx, flow.RequestID(s.origin.Press.Request), s.origin.Press.Stage)
	if err != nil {
		return nil // the core judges it again
	}
	wrong := map[string]string{}
	ticked := s.entered.ticked()
	for i, line := range lines[:min(len(lines), maxLines)] {
		name := checkPrefix + strconv.Itoa(i/maxBoxes)
		if _, asked := s.entered.blocks[name]; asked && !slices.Contains(ticked, flow.LineMark(line)) && wrong[name] == "" {
			wrong[name] = "To approve, tick “" + clip(oneLine(line), 200) + "” too."
		}
	}
	return wrong
}

// askMissing asks for exactly the fields that a button names and that are still missing.
func (c *Connector) askMissing(ctx context.Context, o origin, q connectors.Query) (blocks []slack.Block, why string) {
	fields, err := q.Missing(ctx, flow.RequestID(o.Press.Request))
	if err != nil {
		return nil, sentenceTrouble
	}
	named := strings.Split(o.Press.Value, ",")
	fields = slices.DeleteFunc(fields, func(f flow.Field) bool { return !slices.Contains(named, f.Name) })
	s := sheet{typed: tooMany(fields)}
	for _, f := range fields {
		f.Required = true
		blocks = append(blocks, s.templateLine(f))
	}
	if len(blocks) == 0 {
		return nil, "Nothing is missing in " + o.Press.Request + " any more. Thank you."
	}
	return blocks, ""
}
