package rehearsal

import (
	"maps"
	"slices"

	"signoff/internal/source"
)

// given is how a test begins.
type given struct {
	at      source.Pos
	begin   beginning
	stage   string
	load    map[string]float64
	away    []absence
	history []beginning
}

// absence is somebody who is away.
type absence struct{ who, cover, until string }

// beginning is one thing that comes in.
type beginning struct {
	at   source.Pos
	kind string // slack, email, figma, adobe, github, webhook, request
	from string
	text string
	name string // of the source, of a webhook
	// fields are those of the event: title, type, channel, event, file and what was filled in.
	fields  map[string][]string
	bot     bool
	version string
	// routed is what is known of a request that is there already, by the names of requestShape.
	routed map[string][]string
}

func (r *reader) given(n *source.Node) given {
	g := given{at: n.Pos(), load: map[string]float64{}}
	if !r.Map(n, givenShape()) {
		return g
	}
	items, _ := r.optional(n.Key("history"))
	for _, item := range items {
		if r.Map(item, historyShape()) {
			g.history = append(g.history, r.beginning(item, "history"))
		}
	}
	g.begin = r.beginning(n, "given")
	if s := n.Key("stage"); s != nil {
		g.stage, _ = r.named(s, "stage", r.stagesOf(g.begin))
		if g.begin.kind != "request" {
			r.Errorf(n.KeyNode("stage").Pos(), codeTogether, "stage goes with request")
			r.Hint("play a message through its stages with steps")
		}
	}
	r.pairs(n.Key("load"), "hours by name, such as {ana: 20, ben: 31}")
	for name, hours := range n.Key("load").Pairs() {
		r.knows(name, name.Value())
		g.load[name.Value()], _ = r.Number(hours)
	}
	g.away = r.away(n.Key("people_away"))
	return g
}

// stagesOf are the stages of the workflow that a given request has.
func (r *reader) stagesOf(b beginning) []string {
	for _, w := range r.inv.Workflows {
		if len(b.routed["workflow"]) == 1 && w.Name == b.routed["workflow"][0] {
			return names(w.Stages)
		}
	}
	return r.stages()
}

func (r *reader) away(n *source.Node) []absence {
	var out []absence
	if n.Kind() != source.Map {
		for _, name := range r.personsOf(n) {
			out = append(out, absence{who: name})
		}
		return out
	}
	for name, v := range n.Pairs() {
		r.knows(name, name.Value())
		a := absence{who: name.Value()}
		switch {
		case v.Kind() == source.Map:
			if r.Map(v, awayShape()) {
				a.cover, _ = r.person(v.Key("cover"))
				a.until, _ = r.day(v.Key("until"))
			}
		case !v.IsNull():
			a.cover, _ = r.person(v)
		}
		out = append(out, a)
	}
	return out
}

func (r *reader) personsOf(n *source.Node) []string {
	if n == nil {
		return nil
	}
	return r.persons(n)
}

// beginning reads the one way in which something begins.
func (r *reader) beginning(n *source.Node, of string) beginning {
	var ways []string
	for _, k := range sourceKeys() {
		ways = append(ways, k.Name)
	}
	b := beginning{at: n.Pos(), fields: map[string][]string{}}
	for key, v := range n.Pairs() {
		switch {
		case !slices.Contains(ways, key.Value()):
		case b.kind != "":
			r.Errorf(key.Pos(), codeGiven, "%s begins with %s already", of, b.kind)
			r.Hint("a test begins in one way; what came earlier stands under history:")
		default:
			b.kind, b.at = key.Value(), key.Pos()
			r.begin(&b, v)
		}
	}
	if b.kind == "" && n.Kind() == source.Map {
		r.Errorf(n.Pos(), codeGiven, "%s does not say what comes in", of)
		r.Hint("one of: %s", listed(ways))
	}
	if b.from != "" {
		r.known[b.from] = true
	}
	return b
}

func (r *reader) begin(b *beginning, n *source.Node) {
	shapes := map[string]source.Shape{
		"slack": slackShape(), "email": emailShape(), "figma": fileShape("figma"), "adobe": fileShape("adobe"),
		"github": githubShape(), "webhook": webhookShape(),
	}
	if b.kind == "request" {
		r.givenRequest(b, n)
		return
	}
	if !r.Map(n, shapes[b.kind]) {
		return
	}
	b.from, _ = r.Text(n.Key("from"))
	b.text, _ = r.String(n.Key("text"))
	b.bot, _ = r.Bool(n.Key("bot"))
	b.version, _ = r.Text(n.Key("version"))
	b.name, _ = r.Text(n.Key("source"))
	for _, name := range []string{"channel", "title", "event", "file", "verified"} {
		if s, ok := r.Text(n.Key(name)); ok {
			b.fields[name] = []string{s}
		}
	}
	if s, ok := r.Text(n.Key("subject")); ok {
		b.fields["title"] = []string{s}
	}
	if v := n.Key("type"); v != nil {
		if s, ok := r.named(v, "template", names(r.inv.Templates)); ok {
			b.fields["type"] = []string{s}
		}
	}
	r.fields(b.fields, n.Key("fields"))
}

// fields reads what was filled in by the names of fields.
func (r *reader) fields(into map[string][]string, n *source.Node) {
	r.pairs(n, "values by the names of fields, such as {brand: Nova}")
	for key, v := range n.Pairs() {
		r.field(key)
		into[key.Value()], _ = r.Strings(v)
	}
}

// pairs reports what is no map.
func (r *reader) pairs(n *source.Node, want string) {
	if n != nil && n.Kind() != source.Map {
		r.Wrong(n, want)
	}
}

func (r *reader) field(key *source.Node) {
	if _, ok := r.inv.Fields[key.Value()]; ok || r.set == nil || key.Value() == "due" {
		return
	}
	r.unknown(key, "field", key.Value(), added(slices.Sorted(maps.Keys(r.inv.Fields)), "due"))
}

// givenRequest reads a request that is there already: what requests have, and fields of its template.
func (r *reader) givenRequest(b *beginning, n *source.Node) {
	b.from, b.routed = "maya", map[string][]string{}
	if n.Kind() != source.Map {
		r.Map(n, requestShape())
		return
	}
	for key, v := range n.Pairs() {
		if !slices.Contains(requestKeys(), key.Value()) {
			r.requestField(key)
			b.fields[key.Value()], _ = r.Strings(v)
			continue
		}
		r.givenKey(b, key.Value(), v)
	}
}

// requestField checks a key that is none of every request.
func (r *reader) requestField(key *source.Node) {
	if _, ok := r.inv.Fields[key.Value()]; ok || r.set == nil {
		return
	}
	r.unknown(key, "key or field of a request", key.Value(), append(requestKeys(), slices.Sorted(maps.Keys(r.inv.Fields))...))
}

func (r *reader) givenKey(b *beginning, key string, v *source.Node) {
	switch key {
	case "requester":
		b.from, _ = r.Text(v)
	case "assignee":
		if s, ok := r.person(v); ok {
			b.routed[key] = []string{s}
		}
	case "text":
		b.text, _ = r.String(v)
	case "workflow":
		if s, ok := r.named(v, "workflow", r.workflows()); ok {
			b.routed[key] = []string{s}
		}
	case "template":
		if s, ok := r.named(v, "template", names(r.inv.Templates)); ok {
			b.routed[key] = []string{s}
		}
	case "escalation":
		if s, ok := r.named(v, "escalation chain", r.chains()); ok {
			b.routed[key] = []string{s}
		}
	case "due":
		if t, ok := r.time(v, r.zone); ok {
			b.routed[key] = []string{t.In(r.zone).Format("2006-01-02T15:04:05Z07:00")}
		}
	case "effort_hours":
		if _, ok := r.Number(v); ok {
			b.routed[key] = []string{v.Value()}
		}
	case "subtasks":
		r.Errorf(v.Pos(), codeTogether, "subtasks follow from the template")
		r.Hint("name a template, and expect: {request: {subtasks: 3}}")
	case "reminders":
		for _, item := range r.Texts(v) {
			if r.set != nil && !slices.Contains(r.inv.Reminders, item.Value()) {
				r.unknown(item, "reminder plan", item.Value(), r.inv.Reminders)
			}
			b.routed[key] = append(b.routed[key], item.Value())
		}
	default:
		b.routed[key], _ = r.Strings(v)
	}
}
