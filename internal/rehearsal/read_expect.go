package rehearsal

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/source"
)

// expectation is what should be the case after a step.
type expectation struct {
	checks  []check
	refused bool // a refusal is expected, or expected not to be
}

// check is one thing that should be the case.
type check struct {
	at    source.Pos
	want  string // as it is written: "stage: Sign-off"
	route bool   // it is about how the request was routed
	judge func(sight) (got string, ok bool)
}

// wish is a key of expect: how it is written, and how it is read.
type wish struct {
	key   source.Key
	route bool
	read  func(r *reader, n *source.Node) func(sight) (string, bool)
}

func wishes() []wish {
	return []wish{
		{source.Key{Name: "rule", Form: source.AnyText(), Doc: "The rule that applied.", Examples: []string{"Banners"}}, true, (*reader).wantRule},
		{source.Key{Name: "no_request", Form: source.Truth(), Instead: []string{"ignored"}, Doc: "Whether no request was made."}, true, wantTruth("no_request")},
		{source.Key{Name: "request", Form: openForm(requestShape), Doc: "What the request has: any of its keys and fields."}, true, nil},
		{source.Key{Name: "asked_for", Form: source.Texts(), Instead: []string{"missing"}, Doc: "The fields that the requester was asked for.", Examples: []string{"[brand, due]", "[]"}}, true, (*reader).wantAsked},
		{source.Key{Name: "status", Form: source.OneOf(statusWords()...), Doc: "Where the request stands.", Examples: []string{"in_review"}}, false, (*reader).wantStatus},
		{source.Key{Name: "stage", Form: source.Texts(), Instead: []string{"stages"}, Doc: "The stage that is open, or all that are.", Examples: []string{"Brand review", "[Brand review, Legal]"}}, false, (*reader).wantStage},
		{source.Key{Name: "waiting_on", Form: source.Texts(), Instead: []string{"waiting_for", "waits_for"}, Doc: "Whom it waits for, all of them.", Examples: []string{"[ana, dana]"}}, false, (*reader).wantWaiting},
		{source.Key{Name: "sent", Form: openForm(sentShape), Instead: []string{"messages", "told"}, Doc: "What was sent: to whom, or words that are in it."}, false, nil},
		{source.Key{Name: "nothing_sent", Form: source.Truth(), Instead: []string{"silent"}, Doc: "Whether nothing was sent, and no ticket made."}, false, wantTruth("nothing_sent")},
		{source.Key{Name: "reminded", Form: source.Texts(), Doc: "Who was reminded, all of them."}, false, (*reader).wantReminded},
		{source.Key{Name: "escalated", Form: source.Either(source.Whole(1), source.Texts()), Doc: "Who was told by the escalation chain (people and channels), or which step came.", Examples: []string{"[dana]", `["#creative-ops"]`, "2"}}, false, (*reader).wantEscalated},
		{source.Key{Name: "refused", Form: source.Either(source.Truth(), source.AnyText()), Doc: "What the person was told because it did not count: words of it, or true.", Examples: []string{`"You can't approve your own work. Dana Wolf can."`}}, false, (*reader).wantRefused},
		{source.Key{Name: "due_by", Form: source.AnyScalar(), Instead: []string{"decide_by"}, Doc: "When the open stage is due for the first of those it waits for.", Examples: []string{`"2027-01-04 16:30"`}}, false, (*reader).wantDue},
		{source.Key{Name: "revision", Form: source.Whole(1), Instead: []string{"round"}, Doc: "Which revision of the work it is."}, false, (*reader).wantRevision},
		{source.Key{Name: "triage", Form: source.Either(source.Truth(), source.AnyText()), Doc: "Whether it waits for triage, or words of why."}, true, (*reader).wantTriage},
		{source.Key{Name: "exactly", Form: source.Truth(), Instead: []string{"exact", "only"}, Doc: "Whether sent: and request: are complete: nothing else was sent, and no other field has a value."}, false, nil},
	}
}

func expectShape() source.Shape {
	s := source.Shape{Of: "expect", Doc: "What should be the case; what is not mentioned may be anything."}
	for _, w := range wishes() {
		s.Keys = append(s.Keys, w.key)
	}
	return s
}

func sentShape() source.Shape {
	place := func(name, doc string, instead ...string) source.Key {
		return source.Key{Name: name, Form: source.Either(source.Texts(), source.Named(source.Texts())), Doc: doc, Instead: instead}
	}
	s := source.Shape{Of: "sent", Doc: "Besides these, channels by their name.", Keys: []source.Key{
		place("slack dm", "Direct messages: the people, or words by person.", "dm", "slack"),
		place("slack thread", "Messages in the request's thread: words that are in them.", "thread"),
		place("email", "Mails: the people, or words by person.", "mail"),
		place("ticket", "Tickets that were made: words of their titles.", "jira"),
		place("ticket comment", "Comments in the ticket: words that are in them.", "comment"),
	}}
	for _, d := range sourceDoors() {
		s.Keys = append(s.Keys, place(d, "Comments there: words that are in them."))
	}
	return s
}

// expectation reads what is expected; nil where nothing is.
func (r *reader) expectation(n *source.Node) *expectation {
	if n == nil || n.IsNull() || !r.Map(n, expectShape()) {
		return nil
	}
	exactly, _ := r.Bool(n.Key("exactly"))
	e := &expectation{}
	all := wishes()
	for key, v := range n.Pairs() {
		i := slices.IndexFunc(all, func(w wish) bool { return w.key.Name == key.Value() })
		if i < 0 {
			continue
		}
		e.refused = e.refused || key.Value() == "refused"
		switch key.Value() {
		case "exactly":
		case "request":
			e.checks = append(e.checks, r.wantRequest(v, exactly)...)
		case "sent":
			e.checks = append(e.checks, r.wantSent(v, exactly)...)
		default:
			if judge := all[i].read(r, v); judge != nil {
				e.checks = append(e.checks, check{at: key.Pos(), want: key.Value() + ": " + written(v), route: all[i].route, judge: judge})
			}
		}
	}
	r.together(n)
	return e
}

// together reports expectations that cannot both hold.
func (r *reader) together(n *source.Node) {
	silent, _ := r.quiet(n.Key("nothing_sent"))
	if silent && n.Key("sent").Len() > 0 {
		r.Errorf(n.KeyNode("sent").Pos(), codeTogether, "nothing was sent, and something was sent")
		r.Hint("keep one of nothing_sent and sent")
	}
	none, _ := r.quiet(n.Key("no_request"))
	for _, key := range []string{"request", "stage", "status", "waiting_on", "due_by", "revision"} {
		if none && n.Key(key) != nil {
			r.Errorf(n.KeyNode(key).Pos(), codeTogether, "without a request there is no %s", key)
			r.Hint("keep one of no_request and %s", key)
		}
	}
	if exactly := n.Key("exactly"); exactly != nil && n.Key("sent") == nil && n.Key("request") == nil {
		r.Errorf(n.KeyNode("exactly").Pos(), codeTogether, "exactly goes with sent or request")
		r.Hint("it says that what they list is complete")
	}
}

// quiet reads a truth whose problems are reported already.
func (r *reader) quiet(n *source.Node) (bool, bool) {
	var d source.Decoder
	return d.Bool(n)
}

func (r *reader) wantRule(n *source.Node) func(sight) (string, bool) {
	want, ok := r.named(n, "rule", names(r.inv.Rules))
	if !ok {
		return nil
	}
	return func(s sight) (string, bool) {
		if s.rule == want {
			return s.rule, true
		}
		return s.otherRule(want), false
	}
}

func wantTruth(key string) func(*reader, *source.Node) func(sight) (string, bool) {
	return func(r *reader, n *source.Node) func(sight) (string, bool) {
		want, ok := r.Bool(n)
		if !ok {
			return nil
		}
		return func(s sight) (string, bool) {
			got, is := s.noRequest()
			if key == "nothing_sent" {
				got, is = s.nothingSent()
			}
			return got, is == want
		}
	}
}

func (r *reader) wantAsked(n *source.Node) func(sight) (string, bool) {
	want := []string{}
	for _, item := range r.Texts(n) {
		r.field(item)
		want = append(want, item.Value())
	}
	return func(s sight) (string, bool) { return listed(s.asked()), same(want, s.asked()) }
}

func (r *reader) wantStatus(n *source.Node) func(sight) (string, bool) {
	s, ok := r.Text(n)
	if !ok {
		return nil
	}
	want := strings.ReplaceAll(s, " ", "_")
	if !slices.Contains(statusWords(), want) {
		r.Choice(n, "a status", statusWords())
	}
	return func(s sight) (string, bool) {
		if !s.exists {
			return "there is no request", false
		}
		return string(s.request.Status), string(s.request.Status) == want
	}
}

func (r *reader) wantStage(n *source.Node) func(sight) (string, bool) {
	want := []string{}
	for _, item := range r.Texts(n) {
		r.named(item, "stage", r.stages())
		want = append(want, item.Value())
	}
	return func(s sight) (string, bool) {
		open := s.stages()
		if len(open) == 0 {
			return s.standing(), len(want) == 0
		}
		return listed(open), same(want, open)
	}
}

func (r *reader) wantWaiting(n *source.Node) func(sight) (string, bool) {
	want := r.persons(n)
	return func(s sight) (string, bool) {
		got := s.waiting()
		if len(got) == 0 {
			return "nobody (" + s.standing() + ")", len(want) == 0
		}
		return listed(got), same(want, got)
	}
}

func (r *reader) wantReminded(n *source.Node) func(sight) (string, bool) {
	want := r.persons(n)
	return func(s sight) (string, bool) {
		if len(s.reminded) == 0 {
			return "nobody was reminded", len(want) == 0
		}
		return listed(s.reminded), same(want, s.reminded)
	}
}

func (r *reader) wantEscalated(n *source.Node) func(sight) (string, bool) {
	if n.Kind() == source.Scalar {
		if step, err := strconv.Atoi(n.Value()); err == nil {
			return func(s sight) (string, bool) { return s.escalation(), slices.Contains(s.steps, step) }
		}
	}
	want := []string{}
	for _, item := range r.Texts(n) {
		if !strings.HasPrefix(item.Value(), "#") {
			r.knows(item, item.Value())
		}
		want = append(want, item.Value())
	}
	return func(s sight) (string, bool) {
		if len(s.escalated) == 0 {
			return "nobody was told", len(want) == 0
		}
		return listed(s.escalated), same(want, s.escalated)
	}
}

func (r *reader) wantRefused(n *source.Node) func(sight) (string, bool) {
	if is, ok := r.quiet(n); ok && !n.IsString() {
		return func(s sight) (string, bool) { return s.fate(), (s.refusal != "") == is }
	}
	want, ok := r.Text(n)
	if !ok {
		return nil
	}
	return func(s sight) (string, bool) { return s.fate(), s.refusal != "" && holdsWords(s.refusal, want) }
}

func (r *reader) wantTriage(n *source.Node) func(sight) (string, bool) {
	told := func(s sight) string {
		if s.request.Triage == "" {
			return "it does not wait for triage"
		}
		return s.request.Triage
	}
	if is, ok := r.quiet(n); ok && !n.IsString() {
		return func(s sight) (string, bool) { return told(s), (s.request.Triage != "") == is }
	}
	want, ok := r.Text(n)
	if !ok {
		return nil
	}
	return func(s sight) (string, bool) { return told(s), holdsWords(s.request.Triage, want) }
}

func (r *reader) wantDue(n *source.Node) func(sight) (string, bool) {
	judge := r.instant(n)
	if judge == nil {
		return nil
	}
	return func(s sight) (string, bool) {
		due := s.dueBy()
		if due.IsZero() {
			return "nothing is due (" + s.standing() + ")", false
		}
		return s.stamp(due), judge(due)
	}
}

// instant reads a time, or a day that any time of it fits.
func (r *reader) instant(n *source.Node) func(time.Time) bool {
	zone := r.zone
	if s := n.Value(); n.Kind() == source.Scalar && len(s) == len(time.DateOnly) {
		if _, err := time.Parse(time.DateOnly, s); err == nil {
			return func(t time.Time) bool { return t.In(zone).Format(time.DateOnly) == s }
		}
	}
	want, ok := r.time(n, zone)
	if !ok {
		return nil
	}
	return func(t time.Time) bool { return t.Equal(want) }
}

func (r *reader) wantRevision(n *source.Node) func(sight) (string, bool) {
	want, ok := r.Int(n)
	if !ok {
		return nil
	}
	return func(s sight) (string, bool) { return strconv.Itoa(s.request.Round), s.request.Round == want }
}

// wantRequest reads what the request should have, one check for each key.
func (r *reader) wantRequest(n *source.Node, exactly bool) []check {
	if n.Kind() != source.Map {
		r.Map(n, requestShape())
		return nil
	}
	var out []check
	for key, v := range n.Pairs() {
		judge := r.wantKey(key, v)
		if judge != nil {
			out = append(out, check{at: key.Pos(), want: "request " + key.Value() + ": " + written(v), route: true, judge: needsRequest(judge)})
		}
	}
	if exactly {
		out = append(out, check{at: n.Pos(), want: "request exactly: " + written(n), route: true, judge: needsRequest(r.noOther(n))})
	}
	return out
}

func needsRequest(judge func(sight) (string, bool)) func(sight) (string, bool) {
	return func(s sight) (string, bool) {
		if !s.exists {
			return "there is no request", false
		}
		return judge(s)
	}
}

// noOther asks that no other field has a value.
func (r *reader) noOther(n *source.Node) func(sight) (string, bool) {
	return func(s sight) (string, bool) {
		var more []string
		for _, name := range slices.Sorted(maps.Keys(s.request.Fields)) {
			if n.Key(name) == nil && name != "channel" && len(s.request.Fields[name]) > 0 {
				more = append(more, name+": "+listed(s.request.Fields[name]))
			}
		}
		return "also " + listed(more), len(more) == 0
	}
}

// same compares lists in any order.
func same(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// holdsWords reports whether words stand in a text, in any case and with any space between them.
func holdsWords(text, words string) bool {
	return strings.Contains(flat(text), flat(words))
}

func flat(s string) string {
	s = strings.NewReplacer("’", "'", "“", `"`, "”", `"`).Replace(s)
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
