package flow

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// HomeInput is what a person's page is made of. The lists may be longer than a page.
type HomeInput struct {
	Who      Actor
	Waiting  []Request         // open requests that wait for them
	Asked    []Request         // open requests and drafts of theirs
	Due      []Request         // requests with a part of theirs that are overdue or due this week
	Pages    map[string]int    // by section, from 1
	Settings map[string]string // by name; absent: the default
	Notes    []string
}

// homePage is how many items of a section are on one page: three sections of them fit into what a chat shows at once.
const homePage = 7

// HomeOf builds a person's page. It holds no clock: the same requests give the same page.
func HomeOf(p Policy, in HomeInput) Home {
	h := Home{Who: scene{p: p, r: &Request{}}.actor(in.Who), Notes: in.Notes, Settings: settingsOf(in.Settings)}
	waiting := waitingItems(p, in.Waiting, in.Who)
	asked := slices.Clone(in.Asked)
	slices.SortStableFunc(asked, newestFirst)
	due := slices.Clone(in.Due)
	slices.SortStableFunc(due, func(a, b Request) int { return cmp.Or(later(a.Due, b.Due), cmp.Compare(a.ID, b.ID)) })
	h.Sections = []HomeSection{
		paged(in, HomeSection{Name: "waiting", Title: "Waiting for you", Empty: "Nothing waits for you."}, waiting, func(i item) View { return i.view(p, in.Who) }),
		paged(in, HomeSection{Name: "asked", Title: "Your requests", Empty: "You have no open requests."}, asked, func(r Request) View { return askedItem(p, r) }),
		paged(in, HomeSection{Name: "due", Title: "Due this week", Empty: "Nothing of yours is due this week."}, due, func(r Request) View { return dueItem(p, r) }),
	}
	return h
}

// paged takes the page of a list that the person turned to, and shows its items.
func paged[T any](in HomeInput, s HomeSection, list []T, show func(T) View) HomeSection {
	s.Pages = max(1, (len(list)+homePage-1)/homePage)
	s.Page = min(max(1, in.Pages[s.Name]), s.Pages)
	if len(list) > 0 {
		s.Title += fmt.Sprintf(" (%d)", len(list))
	}
	from := (s.Page - 1) * homePage
	for _, x := range list[from:min(from+homePage, len(list))] {
		s.Items = append(s.Items, show(x))
	}
	return s
}

// item is one thing that waits for somebody: a stage to decide or, without one, a revision to make.
type item struct {
	r     *Request
	stage int // index of the run, -1: the revision, toComplete: the brief
	due   time.Time
	since time.Time
}

// toComplete stands in an item for the brief.
const toComplete = -2

// waitingItems lists what waits for somebody, the first due first.
func waitingItems(p Policy, list []Request, who Actor) []item {
	var all []item
	for i := range list {
		s := scene{p: p, r: &list[i]}
		if s.r.Status == InProgress && s.r.Workflow != "" && same(s.r.askedForWork(), who) {
			all = append(all, item{r: s.r, stage: -1, due: s.r.Due, since: s.r.Since})
		}
		if s.r.Status == NeedsInfo && s.isRequester(who) {
			all = append(all, item{r: s.r, stage: toComplete, due: s.r.Due, since: s.infoSince().From})
		}
		for k, run := range s.r.Stages {
			if run.State == StageOpen && holds(s.waiting(run), who) {
				all = append(all, item{r: s.r, stage: k, due: s.dueFor(run, who), since: waitsSince(run, who)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b item) int {
		return cmp.Or(later(a.due, b.due), a.since.Compare(b.since), cmp.Compare(a.r.ID, b.r.ID))
	})
	return all
}

// newestFirst orders requests by when they were opened, drafts after all others.
func newestFirst(a, b Request) int {
	switch draft := a.Status == Draft; {
	case draft == (b.Status == Draft):
	case draft:
		return 1
	default:
		return -1
	}
	return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.ID, a.ID))
}

// later compares instants of which a missing one comes last.
func later(a, b time.Time) int {
	switch {
	case a.IsZero() == b.IsZero():
		return a.Compare(b)
	case a.IsZero():
		return 1
	}
	return -1
}

// waitsSince is since when a run waits for somebody without a break; a zero actor: for those it waits for now.
func waitsSince(run StageRun, who Actor) time.Time {
	since := run.Entered
	for i, w := range slices.Backward(run.Waiting) {
		last := i == len(run.Waiting)-1
		if last {
			since = w.From
		}
		if who.ID() == "" || !slices.Contains(w.On, who.ID()) || !last && !w.To.Equal(run.Waiting[i+1].From) {
			return since
		}
		since = w.From
	}
	return since
}

// view is an item with its buttons.
func (i item) view(p Policy, who Actor) View {
	s := scene{p: p, r: i.r}
	if i.stage == toComplete {
		return s.infoItem(i.since)
	}
	if i.stage < 0 {
		v := s.openWork(Work{Round: s.r.Round})
		v.Body, v.Points, v.Fields = nil, nil, nil // the card has them
		v.Facts = append(v.Facts, s.when("since", "since", i.since)...)
		return v
	}
	run := s.r.Stages[i.stage]
	v := s.view(AskView, fmt.Sprintf("%s waits for your review (%s).", s.label(), run.Name))
	question := []Fact{{Name: "stage", Text: run.Name + s.revision(run.Round)}}
	question = append(question, s.when("stage_due", "decide by", i.due)...)
	question = append(question, s.when("since", "waits since", i.since)...)
	question = append(question, s.reminderFact(run, who)...)
	v.Facts = append(s.ticketFact(), oneLine(question)...)
	v.Facts = append(v.Facts, oneLine(s.parties())...)
	v.Buttons = append(s.voteButtons(run, false), s.open(), s.why())
	return v
}

// askedItem is a request of the person's own: where it stands, who is waited on and since when, the next reminder.
func askedItem(p Policy, r Request) View {
	s := scene{p: p, r: &r}
	if r.Status == Draft {
		return s.draftView()
	}
	v := s.view(CardView, s.cardHeadline())
	v.Facts = s.atAGlance()
	if missing := s.missing(); r.Status == NeedsInfo && len(missing) > 0 {
		v.Buttons = append(v.Buttons, s.infoButton(missing))
	}
	v.Buttons = append(v.Buttons, s.open(), s.why())
	if !r.Status.Closed() {
		v.Buttons = append(v.Buttons, Button{Action: "add_detail", Label: "Add detail", Minor: true}, Button{Action: "withdraw", Label: "Withdraw", Minor: true})
	}
	return v
}

// dueItem is a request that is due.
func dueItem(p Policy, r Request) View {
	s := scene{p: p, r: &r}
	v := s.view(CardView, s.cardHeadline())
	v.Facts = s.atAGlance()
	v.Buttons = []Button{s.open()}
	return v
}

// atAGlance are the few facts by which somebody knows how a request stands.
func (s scene) atAGlance() []Fact {
	line := append([]Fact{{Name: "status", Text: s.r.Status.Words() + s.revision(s.r.Round)}}, s.when("due", "due", s.dueOpen())...)
	facts := append(s.ticketFact(), oneLine(line)...)
	facts = append(facts, oneLine(s.infoFacts())...)
	facts = append(facts, s.partsFact()...)
	if s.r.Status == InProgress && s.r.Workflow != "" {
		work := []Fact{{Name: "waiting_for", Label: "waiting for", People: s.people(s.r.askedForWork()), After: "(making it)"}}
		return append(facts, oneLine(append(work, s.when("since", "since", s.r.Since)...))...)
	}
	for _, run := range s.r.Open() {
		stage := append([]Fact{{Name: "stage", Text: run.Name}}, s.standing(run)...)
		stage = append(stage, s.when("since", "since", waitsSince(run, Actor{}))...)
		facts = append(facts, oneLine(append(stage, s.reminderFact(run, Actor{})...))...)
	}
	return facts
}

// dueOpen is when an open request is due.
func (s scene) dueOpen() time.Time {
	if s.r.Status.Closed() {
		return time.Time{}
	}
	return s.r.Due
}

// reminderFact says when a stage is next reminded of; who: only reminders to that person.
func (s scene) reminderFact(run StageRun, who Actor) []Fact {
	return s.when("reminder", "next reminder", s.nextReminder(run, who))
}

func (s scene) nextReminder(run StageRun, who Actor) time.Time {
	for _, m := range s.moments() {
		if m.Kind == Remind && m.stage == run.Name && (who.ID() == "" || holds(m.To, who)) {
			return utc(m.At)
		}
	}
	return time.Time{}
}

// Standing says of each open stage in a sentence or two whom it waits for and since when, when it is due and when the
// next reminder comes.
func Standing(p Policy, r Request) []string {
	s := scene{p: p, r: &r}
	var out []string
	if r.Status == NeedsInfo {
		out = append(out, s.infoStanding())
	}
	if r.Status == InProgress && r.Workflow != "" {
		out = append(out, fmt.Sprintf("Revision %d is being made by %s, since %s.", r.Round, s.makerWords(), s.instant(r.Since)))
	}
	for _, run := range r.Open() {
		line := fmt.Sprintf("%s is open and waits for %s, since %s.", run.Name, s.waitingWords(run), s.instant(waitsSince(run, Actor{})))
		if due := s.soonest(run); !due.IsZero() {
			line += " It is due " + s.instant(due) + "."
		}
		if next := s.nextReminder(run, Actor{}); !next.IsZero() {
			line += " The next reminder comes " + s.instant(next) + "."
		}
		out = append(out, line)
	}
	return out
}

// settingsOf are the settings of a person as they stand.
func settingsOf(chosen map[string]string) []Setting {
	drafts := Setting{
		Name: "drafts", Label: "Drafts", Help: "In watched channels, offer to make a request of what I write.", Value: "on",
		Choices: []Choice{{Value: "on", Label: "On"}, {Value: "off", Label: "Off"}},
	}
	if chosen["drafts"] == "off" {
		drafts.Value = "off"
	}
	return []Setting{drafts}
}
