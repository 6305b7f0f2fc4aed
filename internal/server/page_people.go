package server

import (
	"cmp"
	"net/http"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/rules"
)

// peopleData is the body of the page that says who is away and who stands in.
type peopleData struct {
	Away  []leaveRow // now
	Soon  []leaveRow // to come
	Mine  []leaveRow
	Known bool     // whoever looks is in the directory
	Names []option // who may stand in
	From  string
	Until string
	Wrong string // why the form was not taken
	Token string
	All   []personLine
}

// leaveRow is one absence.
type leaveRow struct {
	Who      string
	Days     string
	StandsIn string
	Filed    bool
}

// personLine is somebody with who stands in for them usually.
type personLine struct {
	Name, Shown string
	Backup      string
	State       string // away until 14 Mar
}

func (s *Server) peoplePage(w http.ResponseWriter, r *http.Request, c caller) {
	s.showPeople(w, r, c, view{status: http.StatusOK}, peopleData{})
}

// awayForm takes what somebody says of their own absence.
func (s *Server) awayForm(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	in := engine.AwayInput{
		By: c.who, Person: c.who.Name, From: r.PostForm.Get("from"), Until: r.PostForm.Get("until"), Cover: r.PostForm.Get("cover"),
		Via: "web", Delivery: once(c, r, "away."+hashed(r.PostForm.Get("do") + r.PostForm.Get("from") + r.PostForm.Get("until") + r.PostForm.Get("cover"))[:12]),
	}
	say := s.o.Hub.SetAway
	if r.PostForm.Get("do") == "back" {
		say = s.o.Hub.EndAway
	} else if in.From == "" || in.Until == "" {
		s.showPeople(w, r, c, view{status: http.StatusUnprocessableEntity}, peopleData{From: in.From, Until: in.Until, Wrong: "Please give the first and the last day."})
		return
	}
	why, err := say(r.Context(), in)
	if err != nil {
		s.refuse(w, r, c, s.judge(r, "say when somebody is away", err))
		return
	}
	if status := awayStatus(why.Code); status != http.StatusOK {
		s.showPeople(w, r, c, view{status: status}, peopleData{From: in.From, Until: in.Until, Wrong: why.Text})
		return
	}
	s.showPeople(w, r, c, view{status: http.StatusOK, notice: &notice{Good: why.Code == flow.CodeRecorded, Text: why.Text}}, peopleData{})
}

func (s *Server) showPeople(w http.ResponseWriter, r *http.Request, c caller, v view, data peopleData) {
	data.Token = freshToken()
	people := s.o.Hub.People(r.Context())
	shown := map[string]string{rules.Nobody: "nobody"}
	for _, p := range people {
		shown[p.Name] = cmp.Or(p.Shown, p.Name)
	}
	for _, p := range people {
		line := personLine{Name: p.Name, Shown: shown[p.Name], Backup: shown[p.Backup]}
		for _, l := range p.Leaves {
			row := leaveRow{Who: shown[p.Name], Days: daysBetween(l.First, l.Last), StandsIn: shown[cmp.Or(l.StandsIn, l.Cover, p.Backup)], Filed: l.Filed}
			if l.Now && l.StandsIn == "" {
				row.StandsIn = "nobody"
			}
			if l.Now {
				data.Away, line.State = append(data.Away, row), "away until "+dayWords(l.Last)
			} else {
				data.Soon = append(data.Soon, row)
			}
			if p.Name == c.who.Name {
				data.Mine = append(data.Mine, row)
			}
		}
		data.All = append(data.All, line)
		if data.Known = data.Known || c.session() && p.Name == c.who.Name; p.Name != c.who.Name {
			data.Names = append(data.Names, option{Value: p.Name, Label: shown[p.Name]})
		}
	}
	v.name, v.title, v.body = "people", "People", data
	s.pages.show(w, r, c, v)
}

// daysBetween names a run of days: "10 Mar to 14 Mar 2026".
func daysBetween(first, last string) string {
	if first == last {
		return dayWords(first)
	}
	return dayWords(first) + " to " + dayWords(last)
}

func dayWords(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Mon 2 Jan 2006")
}
