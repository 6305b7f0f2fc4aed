package slack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"signoff/internal/flow"
	"signoff/internal/text"
)

func TestViews_WithinTheLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := samplePress()
	lintView(t, "closed", r.closedView(sentenceOldForm))
	long := flow.Request{Round: 2}
	for i, s := range append(hostile(), make([]string, 60)...) {
		long.Points = append(long.Points, flow.Point{Number: i + 1, Round: 1, Note: text.Plain(s)})
	}
	for _, form := range []string{formChanges, formDecline, formWithdraw, formDelegate, formDetail} {
		lintView(t, form, r.decideView(origin{Form: form, User: ravi, Team: testTeam, Press: &p}, missing(flow.Request{Template: studio()[1].Name}, studio())))
	}
	for n, s := range hostile() {
		lines := slices.Repeat([]string{s, "x"}, 1+n*7%60)
		lintView(t, formApprove, r.decideView(origin{Form: formApprove, User: ravi, Team: testTeam, Press: &p}, checklist(lines)))
	}
	lintView(t, formAnswer, r.decideView(origin{Form: formAnswer, User: ravi, Team: testTeam, Press: &p}, unanswered(long)))
	for i, s := range hostile() {
		f := draftForm{types: studio(), origin: origin{Form: formRequest, User: maya, Team: testTeam, Name: clip(s, 50)}, reading: true, belongs: s}
		f.sheet.values = map[string][]string{inputType: {"banner"}, inputChannel: {s}, inputDue: {s}, inputLink: {s}, "f.choice.brand": {s}, "f.date.due": {s}, "f.list.sizes": {s, s}}
		f.write(s)
		for _, typ := range studio() {
			f.sheet.values[inputType] = []string{typ.Name}
			for _, field := range typ.Fields {
				f.sheet.values[inputName(field)] = []string{s, s}
			}
			lintView(t, fmt.Sprint("form ", i, " of ", typ.Name), r.requestView(f))
		}
	}
}

func TestViews_ManyTypesAndFields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var types []flow.RequestType
	for i := range 150 {
		types = append(types, flow.RequestType{Name: fmt.Sprint("type-", i), Label: strings.Repeat("L", 90)})
		types[0].Fields = append(types[0].Fields, flow.Field{Name: fmt.Sprint("f", i), Label: strings.Repeat("F", 3000), Type: "text", Help: strings.Repeat("H", 3000)})
	}
	f := draftForm{types: types, origin: origin{Form: formRequest, User: maya, Team: testTeam}, sheet: sheet{values: map[string][]string{inputType: {"type-0"}}}}
	lintView(t, "form", r.requestView(f))

	var choices []string
	for i := range maxOptions {
		choices = append(choices, strings.Repeat("🎨", 70)+strconv.Itoa(i))
	}
	for i := range types[0].Fields {
		types[0].Fields[i].Type, types[0].Fields[i].Choices = "choice", choices
	}
	lintView(t, "form of menus", r.requestView(f))
}
