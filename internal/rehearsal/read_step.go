package rehearsal

import (
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/source"
)

// verb is one thing that can happen: how it is written, and how it is read.
type verb struct {
	key  source.Key
	by   bool // a single word is who does it
	form func() source.Shape
	read func(r *reader, n *source.Node) (doing string, play func(*world) error)
}

// verbs are what a step can be, in the order in which they are listed.
func verbs() []verb {
	return []verb{
		{key: source.Key{Name: "wait", Form: source.AnyText(), Instead: []string{"after", "pass"}, Doc: "Time passes; working time is counted in the calendar of whom the request waits for.", Examples: []string{"4 working hours"}}, read: (*reader).wait},
		{key: source.Key{Name: "at", Form: source.AnyScalar(), Instead: []string{"until", "now"}, Doc: "It becomes this time.", Examples: []string{`"2026-11-19 10:30"`}}, read: (*reader).at},
		act("approves", "A reviewer approves.", []string{"approve", "approved"}, voteKeys("approve"), vote(flow.Approve)),
		act("requests_changes", "A reviewer asks for changes.", []string{"request_changes", "changes", "rejects"}, voteKeys("reason"), vote(flow.RequestChanges)),
		act("declines", "A reviewer declines, or triage does.", []string{"decline", "declined", "reject"}, voteKeys("reason"), vote(flow.Decline)),
		act("withdraws", "Whoever asked for it takes it back.", []string{"withdraw", "cancels"}, []source.Key{reasonKey()}, withdraws),
		act("designer_submits", "The work is sent to review. By default whoever makes it does so.", []string{"submits", "submit", "sends_to_review"}, submitKeys(), submits),
		act("new_version", "A new version of the work is saved where it is kept.", []string{"version"}, []source.Key{versionKey(), noteKey()}, saves),
		act("moved_in_tracker", "Somebody moves the ticket by hand.", []string{"moved_in_jira", "moves"}, movedKeys(), moves),
		act("undo", "Somebody takes back their vote.", []string{"undoes"}, []source.Key{stageKey()}, undoes),
		{key: source.Key{Name: "edits", Form: source.Form{}, Instead: []string{"edit", "changes_details"}, Doc: "Somebody changes details: by, and fields with their new values."}, by: true, read: details("edits")},
		{key: source.Key{Name: "answers", Form: source.Form{}, Instead: []string{"completes", "fills_in"}, Doc: "The requester gives what was asked for: fields with their values."}, by: true, read: details("answers")},
		act("says", "Somebody writes in the thread.", []string{"comments", "comment"}, []source.Key{textKey("The words.")}, says),
		act("delegates", "A reviewer hands their place to somebody else.", []string{"delegate"}, []source.Key{toKey("Who takes it."), stageKey()}, delegates),
		act("assigns", "Somebody gives the work to somebody else.", []string{"assign", "reassigns"}, []source.Key{toKey("Who makes it from now on.")}, assigns),
		act("away", "Somebody is away from now on.", []string{"leaves"}, awayKeys(), leaves),
		act("back", "Somebody is back.", []string{"returns"}, nil, returns),
		act("accepts", "Triage accepts a request.", []string{"accept"}, []source.Key{toKey("Who makes it; by default whom the rules choose.")}, accepts),
		act("merges", "Triage merges a request into another.", []string{"merge"}, []source.Key{{Name: "into", Form: source.AnyText(), Required: true, Doc: "The request that stays.", Examples: []string{"CR-1"}}}, merges),
		act("snoozes", "Triage puts a request off.", []string{"snooze"}, []source.Key{{Name: "until", Form: source.AnyScalar(), Required: true, Doc: "The day on which it comes back.", Examples: []string{`"2026-11-23"`}}}, snoozes),
	}
}

// act is a verb that somebody does.
func act(name, doc string, instead []string, keys []source.Key, read func(r *reader, n *source.Node, by string) (string, func(*world) error)) verb {
	shape := func() source.Shape {
		return source.Shape{Of: name, Doc: doc, Keys: append([]source.Key{byKey()}, keys...)}
	}
	return verb{
		key:  source.Key{Name: name, Form: source.Either(source.AnyText(), source.Keyed(shape)).OrEmpty(), Instead: instead, Doc: doc},
		by:   true,
		form: shape,
		read: func(r *reader, n *source.Node) (string, func(*world) error) {
			if n.Kind() == source.Map && !r.Map(n, shape()) {
				return name, nil
			}
			by, _ := r.person(n.Key("by"))
			if n.Kind() == source.Scalar && !n.IsNull() {
				by, _ = r.person(n)
			}
			if n.Kind() == source.List {
				r.Map(n, shape())
			}
			doing := name
			if by != "" {
				doing += " by " + by
			}
			more, play := read(r, n, by)
			return strings.TrimSpace(doing + " " + more), play
		},
	}
}

func byKey() source.Key {
	return source.Key{Name: "by", Form: source.AnyText(), Instead: []string{"who", "person", "from"}, Doc: "Who does it.", Examples: []string{"ana"}}
}

func reasonKey() source.Key {
	return source.Key{Name: "reason", Form: source.AnyText(), Instead: []string{"note", "because"}, Doc: "In their words.", Examples: []string{"Logo too small"}}
}

func noteKey() source.Key {
	return source.Key{Name: "note", Form: source.AnyText(), Instead: []string{"reason", "text"}, Doc: "What they write beside it."}
}

func versionKey() source.Key {
	return source.Key{Name: "version", Form: source.AnyText(), Doc: "What the version is called.", Examples: []string{"v1"}}
}

func stageKey() source.Key {
	return source.Key{Name: "stage", Form: source.AnyText(), Doc: "In which stage, where several are open."}
}

func toKey(doc string) source.Key {
	return source.Key{Name: "to", Form: source.AnyText(), Instead: []string{"assignee"}, Doc: doc, Examples: []string{"dana"}}
}

func voteKeys(kind string) []source.Key {
	keys := []source.Key{stageKey(), {Name: "via", Form: source.OneOf("chat", "web", "web+reauth", "mail"), Doc: "Where they do it. By default where the stage takes decisions."}}
	if kind == "reason" {
		return append(keys, reasonKey())
	}
	return append(keys, noteKey(),
		source.Key{Name: "checked", Form: source.Texts(), Doc: "The lines of the checklist that are ticked, or all.", Examples: []string{"all"}},
		source.Key{Name: "confirmed", Form: source.Truth(), Doc: "Whether they confirm when they are told that changes that were asked for are open. Default: true."})
}

func submitKeys() []source.Key {
	return []source.Key{versionKey(), noteKey(), {Name: "answers", Form: source.Named(source.AnyText()), Doc: "Answers to the changes that were asked for, by their numbers.", Examples: []string{"{1: Done}"}}}
}

func movedKeys() []source.Key {
	return []source.Key{
		{Name: "to", Form: source.AnyText(), Required: true, Doc: "The status in the tracker.", Examples: []string{"Done"}},
		{Name: "means", Form: source.OneOf(statusWords()...), Doc: "The status of signoff that is mapped to it. Default: the one of that name."},
		{Name: "subtask", Form: source.Whole(1), Doc: "Which subtask is moved instead of the request's own ticket."},
	}
}

func awayKeys() []source.Key {
	return []source.Key{
		{Name: "until", Form: source.AnyScalar(), Doc: "The last day. Default: six days from now.", Examples: []string{`"2026-11-20"`}},
		{Name: "cover", Form: source.AnyText(), Instead: []string{"backup"}, Doc: "Who stands in. Default: the backup of the people table."},
	}
}

func statusWords() []string {
	return []string{
		string(flow.Draft), string(flow.Intake), string(flow.NeedsInfo), string(flow.InProgress), string(flow.InReview), string(flow.Approved),
		string(flow.Declined), string(flow.Withdrawn), string(flow.Merged), string(flow.Snoozed), string(flow.Expired),
	}
}

func stepShape() source.Shape {
	s := source.Shape{Of: "a step", Doc: "One thing that happens, and what is expected after it."}
	for _, v := range verbs() {
		s.Keys = append(s.Keys, v.key)
	}
	s.Keys = append(s.Keys, expectKey())
	return s
}

// step reads one step: a verb, and what is expected.
func (r *reader) step(n *source.Node) step {
	s := step{at: n.Pos()}
	if !r.Map(n, stepShape()) {
		return s
	}
	all := verbs()
	for key, v := range n.Pairs() {
		i := slices.IndexFunc(all, func(v verb) bool { return v.key.Name == key.Value() })
		switch {
		case i < 0:
		case s.verb != "":
			r.Errorf(key.Pos(), codeVerb, "the step does %s already", s.verb)
			r.Hint("make a step of its own of it")
		default:
			s.verb, s.at = key.Value(), key.Pos()
			s.doing, s.play = all[i].read(r, v)
		}
	}
	if s.verb == "" && (n.Len() == 0 || n.Len() == 1 && n.Key("expect") != nil) {
		r.Errorf(n.Pos(), codeVerb, "the step does nothing")
		r.Hint("write what happens, such as approves: {by: ana}")
	}
	s.expect = r.expectation(n.Key("expect"))
	return s
}

func (r *reader) wait(n *source.Node) (string, func(*world) error) {
	span, ok := r.span(n)
	if !ok {
		return "wait", nil
	}
	return "wait " + span.String(), func(w *world) error { return w.pass(w.later(span)) }
}

func (r *reader) at(n *source.Node) (string, func(*world) error) {
	t, ok := r.time(n, r.zone)
	if !ok {
		return "at", nil
	}
	return "at " + n.Value(), func(w *world) error {
		if t.Before(w.now()) {
			return &stuck{"the clock does not go back: it is " + w.stamp(w.now()) + " already"}
		}
		return w.pass(t)
	}
}

func vote(verdict flow.Verdict) func(*reader, *source.Node, string) (string, func(*world) error) {
	return func(r *reader, n *source.Node, by string) (string, func(*world) error) {
		v := ballot{by: by, verdict: verdict}
		if s := n.Key("stage"); s != nil {
			v.stage, _ = r.named(s, "stage", r.stages())
		}
		v.via, _ = r.Enum(n.Key("via"), "chat", "web", "web+reauth", "mail")
		v.note, _ = r.Text(n.Key("note"))
		if reason, ok := r.Text(n.Key("reason")); ok {
			v.note = reason
		}
		if c := n.Key("checked"); c != nil {
			v.checked, _ = r.Strings(c)
		}
		v.confirmed = true // whoever approves means it
		if c := n.Key("confirmed"); c != nil {
			v.confirmed, _ = r.Bool(c)
		}
		r.needsWho(n, by)
		return "", func(w *world) error { return w.vote(v) }
	}
}

// needsWho asks for the person of a verb that nobody does by default.
func (r *reader) needsWho(n *source.Node, by string) {
	if by == "" && n.Key("by") == nil && (n.Kind() == source.Map || n.IsNull()) {
		r.Errorf(n.Pos(), source.CodeRequired, "%s needs to know who does it", n.Name())
		r.Hint("write %s: {by: ana}", n.Name())
	}
}

func withdraws(r *reader, n *source.Node, by string) (string, func(*world) error) {
	reason, _ := r.Text(n.Key("reason"))
	return "", func(w *world) error {
		return w.act(deed{by: by, otherwise: w.requester, kind: flow.RequestWithdrawn, words: reason})
	}
}

func submits(r *reader, n *source.Node, by string) (string, func(*world) error) {
	version, _ := r.Text(n.Key("version"))
	note, _ := r.Text(n.Key("note"))
	fields := map[string][]string{}
	for key, v := range n.Key("answers").Pairs() {
		if s, ok := r.Text(v); ok {
			fields["answer."+key.Value()] = []string{s}
		}
	}
	return strings.TrimSpace(version), func(w *world) error {
		return w.act(deed{by: by, otherwise: w.worker, kind: flow.WorkSubmitted, words: note, fields: fields, version: version})
	}
}

func saves(r *reader, n *source.Node, by string) (string, func(*world) error) {
	version, ok := r.Text(n.Key("version"))
	if n.Kind() == source.Map && n.Key("version") == nil || n.IsNull() {
		r.Require(n, "new_version", "version")
	}
	note, _ := r.Text(n.Key("note"))
	if !ok {
		return "", nil
	}
	return version, func(w *world) error { return w.saved(by, version, note) }
}

func moves(r *reader, n *source.Node, by string) (string, func(*world) error) {
	to, _ := r.Text(n.Key("to"))
	means, _ := r.Enum(n.Key("means"), statusWords()...)
	part := 0
	if p := n.Key("subtask"); p != nil {
		part, _ = r.Int(p)
	}
	if means == "" {
		word := strings.ReplaceAll(strings.ToLower(to), " ", "_")
		if slices.Contains(statusWords(), word) {
			means = word
		}
	}
	if n.Kind() != source.Map {
		r.Require(n, "moved_in_tracker", "to")
	}
	return "to " + to, func(w *world) error { return w.moved(move{by: by, to: to, means: means, part: part}) }
}

func undoes(r *reader, n *source.Node, by string) (string, func(*world) error) {
	stage := ""
	if s := n.Key("stage"); s != nil {
		stage, _ = r.named(s, "stage", r.stages())
	}
	r.needsWho(n, by)
	return "", func(w *world) error { return w.undone(by, stage) }
}

// details reads a verb that gives fields new values.
func details(name string) func(*reader, *source.Node) (string, func(*world) error) {
	return func(r *reader, n *source.Node) (string, func(*world) error) {
		if n.Kind() != source.Map {
			r.Wrong(n, "fields and their values, such as {by: maya, brand: Nova}")
			return name, nil
		}
		by, fields := "", map[string][]string{}
		for key, v := range n.Pairs() {
			switch key.Value() {
			case "by":
				by, _ = r.person(v)
			case "title":
				fields["title"], _ = r.Strings(v)
			default:
				r.field(key)
				fields[key.Value()], _ = r.Strings(v)
			}
		}
		doing := name
		if by != "" {
			doing += " by " + by
		}
		return doing, func(w *world) error {
			return w.act(deed{by: by, otherwise: w.requester, kind: flow.RequestEdited, fields: fields})
		}
	}
}

func says(r *reader, n *source.Node, by string) (string, func(*world) error) {
	words, _ := r.Text(n.Key("text"))
	if n.Key("text") == nil {
		r.Require(n, "says", "text")
	}
	return "", func(w *world) error { return w.says(by, words) }
}

func delegates(r *reader, n *source.Node, by string) (string, func(*world) error) {
	to, stage := r.to(n), ""
	if s := n.Key("stage"); s != nil {
		stage, _ = r.named(s, "stage", r.stages())
	}
	r.needsWho(n, by)
	return "to " + to, func(w *world) error { return w.delegated(by, to, stage) }
}

// to reads the person that something goes to.
func (r *reader) to(n *source.Node) string {
	if n.Key("to") == nil {
		r.Require(n, n.Name(), "to")
	}
	to, _ := r.person(n.Key("to"))
	return to
}

func assigns(r *reader, n *source.Node, by string) (string, func(*world) error) {
	to := r.to(n)
	return "to " + to, func(w *world) error {
		return w.act(deed{by: by, otherwise: w.anybody, kind: flow.RequestAssigned, fields: map[string][]string{"assignee": {to}}, to: to})
	}
}

func leaves(r *reader, n *source.Node, by string) (string, func(*world) error) {
	a := absence{who: by}
	a.until, _ = r.day(n.Key("until"))
	a.cover, _ = r.person(n.Key("cover"))
	r.needsWho(n, by)
	return "", func(w *world) error { return w.leave(a) }
}

func returns(r *reader, n *source.Node, by string) (string, func(*world) error) {
	r.needsWho(n, by)
	return "", func(w *world) error { return w.back(by) }
}

func accepts(r *reader, n *source.Node, by string) (string, func(*world) error) {
	fields := map[string][]string{}
	to, _ := r.person(n.Key("to"))
	if to != "" {
		fields["assignee"] = []string{to}
	}
	return "", func(w *world) error {
		return w.act(deed{by: by, otherwise: w.anybody, kind: flow.RequestAccepted, fields: fields, to: to})
	}
}

func merges(r *reader, n *source.Node, by string) (string, func(*world) error) {
	into, _ := r.Text(n.Key("into"))
	return "into " + into, func(w *world) error {
		return w.act(deed{by: by, otherwise: w.anybody, kind: flow.RequestMerged, fields: map[string][]string{"into": {into}}})
	}
}

func snoozes(r *reader, n *source.Node, by string) (string, func(*world) error) {
	until, ok := r.Text(n.Key("until"))
	if _, err := time.Parse(time.DateOnly, until); ok && err != nil {
		t, _ := r.time(n.Key("until"), r.zone)
		until = t.Format(time.RFC3339)
	}
	return "until " + until, func(w *world) error {
		return w.act(deed{by: by, otherwise: w.anybody, kind: flow.RequestSnoozed, fields: map[string][]string{"until": {until}}})
	}
}
