package rules

import (
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// policy judges requests by one ruleset and one directory.
type policy struct {
	s   *Set       // the ruleset that opened the request
	dir *directory // as it is now
	set *Set       // whose directory it is
}

// Policy joins this ruleset with the directory of dir, which is current. s.Policy(s) is the usual one.
func (s *Set) Policy(dir *Set) flow.Policy { return policy{s: s, dir: dir.dir, set: dir} }

func (p policy) Ruleset() string      { return p.s.digest }
func (p policy) Directory() string    { return p.set.dirDigest }
func (p policy) Zone() *time.Location { return p.s.zone }

// Stages lists the stages of the request's workflow, with only_if judged by what the request says now.
func (p policy) Stages(r flow.Request) []flow.StageDef {
	w := p.s.rules.workflows[r.Workflow]
	if w == nil {
		return nil
	}
	defs := make([]flow.StageDef, 0, len(w.stages))
	var read *reading
	for _, s := range w.stages {
		d := flow.StageDef{
			Name: s.name, Together: s.together, Needs: s.needs, FourEyes: s.fourEyes, Assurance: s.assurance,
			Checklist: slices.Clone(s.checklist), OnTimeout: p.onTimeout(r, s), OnChanges: s.onChanges, NewVersion: p.newVersion(r, w, s),
		}
		if s.limit != nil {
			d.Limit = s.limit.String()
		}
		if s.onlyIf != nil {
			if read == nil {
				read = p.s.rules.vocabulary.read(p.factsOf(r), p.dir.studio)
			}
			if ok, why := s.onlyIf.holds(read); !ok {
				d.Skip = why
			}
		}
		defs = append(defs, d)
	}
	return defs
}

// newVersion is what the stage says of new versions, else the type of request, else the workflow.
func (p policy) newVersion(r flow.Request, w *workflow, s *stage) string {
	of := ""
	if t := p.s.rules.template(r.Template); t != nil {
		of = t.newVersion
	}
	return firstOf(s.newVersion, of, w.newVersion, "void")
}

// onTimeout is what the stage says, else escalate where the request names a chain, else wait.
func (p policy) onTimeout(r flow.Request, s *stage) string {
	switch {
	case s.onTimeout != "":
		return s.onTimeout
	case len(p.s.rules.escalations[r.Escalation]) > 0:
		return "escalate"
	}
	return "wait"
}

// factsOf reads a request for only_if. The time of judgement is when the request was opened, so that a condition does
// not change its mind by waiting.
func (p policy) factsOf(r flow.Request) facts {
	a := p.set.author(r.Requester)
	return facts{
		text: r.Body.String(), title: r.Title, source: r.Source, kind: r.Template, priority: r.Priority, project: r.Project,
		channel: firstValue(r.Fields["channel"]), labels: r.Labels, requester: a.id, assignee: r.Assignee.ID(),
		submitted: r.Opened, due: r.Due, author: a, fields: r.Fields,
	}
}

func firstValue(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (p policy) stage(r flow.Request, name string) *stage {
	w := p.s.rules.workflows[r.Workflow]
	if w == nil {
		return nil
	}
	i := slices.IndexFunc(w.stages, func(s *stage) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return w.stages[i]
}

// Reviewers expands names, groups, the requester and the assignee with today's directory, each person once.
func (p policy) Reviewers(r flow.Request, name string) []flow.Reviewer {
	s := p.stage(r, name)
	if s == nil {
		return nil
	}
	var out []flow.Reviewer
	for _, a := range p.actors(r, s.reviewers, nil) {
		out = append(out, flow.Reviewer{Actor: a, Veto: slices.Contains(s.veto, a.Name) && a.Name != ""})
	}
	return out
}

// actors expands who into actors, each once. waiting stands for the reviewers still asked.
func (p policy) actors(r flow.Request, list []who, waiting []flow.Actor) []flow.Actor {
	var out []flow.Actor
	add := func(a flow.Actor) {
		id := a.ID()
		if id != "" && !slices.ContainsFunc(out, func(o flow.Actor) bool { return o.ID() == id }) {
			out = append(out, a)
		}
	}
	for _, w := range list {
		switch w.kind {
		case "requester":
			add(p.known(r.Requester))
		case "assignee":
			add(p.known(r.Assignee))
		case "reviewers", "waiting reviewers":
			for _, a := range waiting {
				add(a)
			}
		case "backup":
			for _, a := range waiting {
				if person := p.dir.byName[a.Name]; person != nil {
					p.addNamed(add, person.Backup)
				}
			}
		default:
			for _, name := range p.dir.expand([]who{w}) {
				p.addNamed(add, name)
			}
		}
	}
	return out
}

func (p policy) addNamed(add func(flow.Actor), name string) {
	if person := p.dir.byName[name]; person != nil {
		add(flow.Actor{Name: person.Name, Shown: person.Shown, Zone: person.Zone.String(), Email: person.Email})
	}
}

// known gives an actor the directory's name where the directory knows them.
func (p policy) known(a flow.Actor) flow.Actor {
	if a.Name == "" && a.Email != "" {
		a.Name = p.Match(a.Email)
	}
	if person := p.dir.byName[a.Name]; person != nil {
		a.Shown, a.Zone = person.Shown, person.Zone.String()
	}
	return a
}

// Due counts the stage's limit in the person's own calendar.
func (p policy) Due(r flow.Request, name string, person flow.Actor, from time.Time) time.Time {
	s := p.stage(r, name)
	if s == nil || s.limit == nil {
		return time.Time{}
	}
	return p.dir.calendar(person.Name).Add(from, *s.limit)
}

// Person tells what the directory knows of a name.
func (p policy) Person(name string) (flow.Person, bool) {
	person := p.dir.byName[name]
	if person == nil {
		return flow.Person{}, false
	}
	return person.Person, true
}

// Match finds a name by e-mail address, in any case.
func (p policy) Match(email string) string {
	return p.dir.byEmail[strings.ToLower(strings.TrimSpace(email))]
}

// Working counts working time in a person's calendar, the studio's for "" and for strangers.
func (p policy) Working(person string, from, to time.Time) time.Duration {
	return p.dir.calendar(person).Working(from, to)
}

// Text renders a message of texts:; false where there is none, or where it cannot be rendered.
func (p policy) Text(key string, d flow.TextData) (text.Doc, bool) {
	m := p.s.rules.texts[key]
	if m == nil {
		return nil, false
	}
	w := m.in(firstOf(d.Language, p.s.options.Workspace.Language))
	if w == nil {
		return nil, false
	}
	out, err := w.render(p.textData(d))
	if err != nil {
		return nil, false
	}
	doc := document(out)
	return p.people(doc), !doc.Empty()
}

// people fills in the shown names of mentions.
func (p policy) people(doc text.Doc) text.Doc {
	for i := range doc {
		for j, n := range doc[i].Kids {
			if person := p.dir.byName[n.Ref]; n.Kind == text.Mention && person != nil {
				doc[i].Kids[j].Text = person.Shown
			}
		}
	}
	return doc
}

func (p policy) textData(d flow.TextData) map[string]any {
	r := d.Request
	request := map[string]any{}
	for name, kind := range p.s.rules.vocabulary.fields {
		request[name] = templateValue(kind, r.Fields[name], p.s.zone)
	}
	clean := func(s string) string { return plainValue(s) }
	for name, v := range map[string]any{
		"key": clean(string(r.ID)), "title": clean(r.Title), "link": clean(d.Link), "status": r.Status.Words(),
		"requester": clean(p.shown(r.Requester)), "assignee": clean(p.shown(r.Assignee)), "type": clean(r.Template),
		"priority": clean(r.Priority), "project": clean(r.Project), "round": r.Round, "due": p.inZone(r.Due), "labels": r.Labels,
	} {
		request[name] = v
	}
	extra := map[string]any{}
	for name, v := range d.Extra {
		extra[name] = clean(v)
	}
	return map[string]any{
		"request": request, "stage": clean(d.Stage), "waited": d.Waited, "due": p.inZone(d.Due), "link": clean(d.Link), "extra": extra,
		"person": map[string]any{"name": d.Person.Name, "shown": clean(d.Person.Shown), "email": clean(d.Person.Email)},
	}
}

func (p policy) inZone(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(p.s.zone)
}

func (p policy) shown(a flow.Actor) string {
	if person := p.dir.byName[a.Name]; person != nil {
		return person.Shown
	}
	return firstOf(a.Shown, a.Name, a.Ref.Key)
}

// there replaces those who are away by whoever stands in for them, each once. Somebody whom nobody stands in for stays.
func (p policy) there(r flow.Request, list []flow.Actor) (out []flow.Actor) {
	add := func(a flow.Actor) {
		if a.ID() != "" && !slices.ContainsFunc(out, func(o flow.Actor) bool { return o.ID() == a.ID() }) {
			out = append(out, a)
		}
	}
	for _, a := range list {
		i := slices.IndexFunc(r.Away, func(x flow.Absence) bool { return x.Person == a.Name && a.Name != "" })
		if i >= 0 && p.dir.byName[r.Away[i].Cover] != nil {
			p.addNamed(add, r.Away[i].Cover)
			continue
		}
		add(a)
	}
	return out
}
