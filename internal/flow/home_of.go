package flow

// HomeInput is what a person's own page is made of. The engine gathers it; every list holds open requests only.
type HomeInput struct {
	Who     Actor
	Waiting []Request // for the person
	Asked   []Request // by the person
	Due     []Request // soon, or overdue, that concern the person; the earliest first
	Pages   map[string]int
	// Settings are the values somebody chose; what is absent has its first choice.
	Settings map[string]string
	Notes    []string
}

const homePage = 7 // requests on one page of a section

// HomeOf lays out a person's page. rules gives each request the policy it is judged by.
func HomeOf(rules func(Request) Policy, in HomeInput) Home {
	scenes := func(list []Request) []scene {
		var out []scene
		for i := range list {
			out = append(out, scene{p: rules(list[i]), r: &list[i]})
		}
		return out
	}
	var waiting, asked, due []View
	for _, s := range scenes(in.Waiting) {
		waiting = append(waiting, s.turns(in.Who)...)
	}
	for _, s := range scenes(in.Asked) {
		asked = append(asked, s.listed())
	}
	for _, s := range scenes(in.Due) {
		due = append(due, s.listed())
	}
	return Home{
		Who: in.Who,
		Sections: []HomeSection{
			section(HomeSection{Name: "waiting", Title: "Waiting for you", Empty: "Nothing waits for you."}, waiting, in.Pages),
			section(HomeSection{Name: "asked", Title: "Your requests", Empty: "You have no open requests."}, asked, in.Pages),
			section(HomeSection{Name: "due", Title: "Due this week", Empty: "Nothing is due within a week."}, due, in.Pages),
		},
		Settings: chosen(in.Settings), Notes: in.Notes,
	}
}

// turns are the questions of a request to somebody: one for each stage that waits for them, and their work.
func (s scene) turns(who Actor) []View {
	var out []View
	for _, run := range s.r.Open() {
		if holds(s.waiting(run), who) {
			out = append(out, s.askView(run, who))
		}
	}
	for i, w := range s.r.Work {
		if n := len(w.Asked) - 1; i == len(s.r.Work)-1 && n >= 0 && same(w.Asked[n], who) && s.asksForWork(w, n) {
			out = append(out, s.openWork(w))
		}
	}
	if len(out) == 0 {
		out = append(out, s.listed())
	}
	return out
}

// listed is a request as one line of a list: how it stands, without its words.
func (s scene) listed() View {
	v := s.cardView()
	v.Points, v.Fields = nil, nil
	v.Buttons = []Button{s.open()}
	return v
}

// section shows one page of a list. A page beyond the last is the last.
func section(s HomeSection, all []View, pages map[string]int) HomeSection {
	s.Pages = max((len(all)+homePage-1)/homePage, 1)
	s.Page = min(max(pages[s.Name], 1), s.Pages)
	from := (s.Page - 1) * homePage
	s.Items = all[from:min(from+homePage, len(all))]
	return s
}

// chosen are the settings with the values somebody chose.
func chosen(values map[string]string) []Setting {
	list := []Setting{{
		Name: "drafts", Label: "Drafts of my messages in watched channels", Help: "Whether signoff offers to make a request of what you write there.",
		Choices: []Choice{{"on", "Offer them"}, {"off", "Never"}},
	}}
	for i := range list {
		list[i].Value = list[i].Choices[0].Value
		for _, c := range list[i].Choices {
			if c.Value == values[list[i].Name] {
				list[i].Value = c.Value
			}
		}
	}
	return list
}
