package flow

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/text"
)

// static is a Policy for tests: a fixed workflow and a fixed directory of the studio's people.
type static struct {
	stages    []StageDef
	reviewers map[string][]string // "requester" stands for the requester, "eli!" has a veto
	limits    map[string]time.Duration
	plan      []planned
	required  []Field
	parts     []Part
	people    map[string]Person
	texts     map[string]string
	zone      *time.Location
	digest    string // of the ruleset; empty: rules-1
}

// planned is one moment of every run of a stage.
type planned struct {
	stage string
	kind  MomentKind
	after time.Duration
	to    string // "waiting", or names joined by commas
	where []string
	text  string
	may   bool
	step  int
	every time.Duration // a cron stand-in: repeats, and only the next one is listed
}

func studio() *static {
	p := &static{reviewers: map[string][]string{}, limits: map[string]time.Duration{}, people: map[string]Person{}, texts: map[string]string{}}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	p.zone = zone
	for name, shown := range map[string]string{
		"ana": "Ana Reyes", "ben": "Ben Osei", "chloe": "Chloé Roy", "dana": "Dana Wolf", "eli": "Eli Marsh",
		"ravi": "Ravi", "lin": "Lin", "maya": "Maya", "olga": "Olga",
	} {
		backup := map[string]string{"chloe": "ana", "dana": "ana"}[name]
		p.people[name] = Person{Name: name, Shown: shown, Email: name + "@lumen.example", Backup: cmp.Or(backup, "dana")}
	}
	return p
}

func (p *static) stage(d StageDef, reviewers ...string) *static {
	if d.Needs == (Quorum{}) {
		d.Needs.N = 1
	}
	p.stages = append(p.stages, d)
	p.reviewers[d.Name] = reviewers
	return p
}

func (p *static) Ruleset() string           { return cmp.Or(p.digest, "rules-1") }
func (p *static) Directory() string         { return "people-1" }
func (p *static) Stages(Request) []StageDef { return p.stages }

func (p *static) Reviewers(r Request, stage string) []Reviewer {
	var out []Reviewer
	for _, word := range p.reviewers[stage] {
		name, veto := strings.CutSuffix(word, "!")
		who := Actor{Name: name, Shown: p.people[name].Shown}
		if name == "requester" {
			who = r.Requester
		}
		out = append(out, Reviewer{Actor: who, Veto: veto})
	}
	return out
}

func (p *static) Due(_ Request, stage string, _ Actor, from time.Time) time.Time {
	if limit := p.limits[stage]; limit > 0 {
		return from.Add(limit)
	}
	return time.Time{}
}

func (p *static) Plan(_ Request, run StageRun, waiting []Actor, after time.Time) []Moment {
	var out []Moment
	for _, m := range p.plan {
		if m.stage != run.Name {
			continue
		}
		at := run.Entered.Add(m.after)
		for m.every > 0 && !at.After(after) {
			at = at.Add(m.every)
		}
		to := waiting
		if m.to != "waiting" {
			to = nil
			for name := range strings.SplitSeq(m.to, ",") {
				to = append(to, Actor{Name: name})
			}
		}
		if at.After(after) {
			name := string(m.kind) + "/" + run.Name + "/" + strconv.Itoa(run.Round) + "/" + at.Format(time.RFC3339)
			out = append(out, Moment{Name: name, Kind: m.kind, At: at, To: to, Where: m.where, Text: m.text, MayApprove: m.may, Step: m.step})
		}
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out
}

func (p *static) Person(name string) (Person, bool) {
	person, ok := p.people[name]
	return person, ok
}

func (p *static) Match(email string) string {
	for _, name := range slices.Sorted(maps.Keys(p.people)) {
		if strings.EqualFold(p.people[name].Email, email) {
			return name
		}
	}
	return ""
}

func (p *static) Working(_ string, from, to time.Time) time.Duration { return to.Sub(from) }

func (p *static) Text(key string, d TextData) (text.Doc, bool) {
	words, ok := p.texts[key]
	if own, has := p.texts[key+"."+d.Language]; has {
		words, ok = own, true
	}
	return text.Plain(strings.ReplaceAll(words, "KEY", string(d.Request.ID))), ok
}

func (p *static) Zone() *time.Location { return p.zone }
