package frameio

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

//go:embed web
var web embed.FS

// patience is how long a page waits for the answer to a press before it is shown without.
const patience = answerTime + time.Second

type pages struct {
	*site.Pages
	s *Site
}

// Pages adds a page for each project and for each file in it.
func (s *Site) Pages(frame *site.Pages) {
	p := pages{frame, s}
	frame.Add(web)
	frame.Handle("GET /project/{project}", p.project)
	frame.Handle("POST /project/{project}/upload", p.upload)
	frame.Handle("GET /project/{project}/view/{file}", p.view)
	frame.Handle("POST /project/{project}/view/{file}/{act}", p.act)
}

// card is a file on the page of its project.
type card struct {
	File
	Path, Picture string
	Open          int // comments that are not completed
}

type projectPage struct {
	ID, Name string
	Cards    []card
}

func (p pages) project(w http.ResponseWriter, r *http.Request) { p.showProject(w, r, "") }

func (p pages) showProject(w http.ResponseWriter, r *http.Request, problem string) {
	p.s.Lock()
	found := p.s.project(r.PathValue("project"))
	var body projectPage
	if found != nil {
		body = projectPage{ID: found.id, Name: found.name}
	}
	p.s.Unlock()
	if found == nil {
		p.Missing(w, r, "There is no such project in this Frame.io.")
		return
	}
	for _, f := range p.s.Files(body.ID) {
		one := card{File: f, Path: p.path(f), Picture: p.picture(f, "thumbnail")}
		for _, c := range f.Comments {
			if !c.Completed {
				one.Open++
			}
		}
		body.Cards = append(body.Cards, one)
	}
	p.Render(w, r, site.Page{Status: status(problem), Title: body.Name, Section: "frameio", Template: "frameio-project.html", Error: problem, Body: body})
}

func status(problem string) int {
	if problem != "" {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func (p pages) path(f File) string { return p.Prefix + "/project/" + f.Project + "/view/" + f.ID }

// picture is the address of a rendering as seen by this visitor, who may have come by another name of the host.
func (p pages) picture(f File, name string) string {
	p.s.Lock()
	defer p.s.Unlock()
	a := p.s.asset(f.ID)
	if a == nil || a.status == created {
		return ""
	}
	return p.Prefix + strings.TrimPrefix(p.s.pictureURL(a, name), p.s.BaseURL)
}

func (p pages) upload(w http.ResponseWriter, r *http.Request) {
	f, err := p.s.UploadAs(p.Actor(r).ID, r.PathValue("project"), site.Words(r, "name"))
	if err != nil {
		p.showProject(w, r, err.Error())
		return
	}
	p.Done(w, r, p.path(f))
}

// viewPage is a file being looked at.
type viewPage struct {
	File
	Me       string // name of the visitor
	Path     string
	Picture  string
	Versions []card
	Newest   bool
	NextName string
	Statuses []string
	Actions  []Action
	Press    *Press
	Marks    []markOn
	Ticks    []tick
	Long     string
	Typed    string // words that were not taken, to be put right
	TypedAt  string
}

// markOn is a comment on the strip of time, tick a moment named on it.
type markOn struct {
	X          int
	ID, Text   string
	Done       bool
	Label, Who string
}

type tick struct {
	X    int
	Text string
	Main bool // also where there is little room
}

// stripWide is the width of the strip in units of its drawing, with a margin on both sides.
const (
	stripWide   = 1000
	stripMargin = 24
)

func (p pages) view(w http.ResponseWriter, r *http.Request) { p.showFile(w, r, "") }

func (p pages) showFile(w http.ResponseWriter, r *http.Request, problem string) {
	f, ok := p.s.File(r.PathValue("file"))
	if !ok || f.Project != r.PathValue("project") {
		p.Missing(w, r, "There is no such file in this Frame.io. It may have been deleted.")
		return
	}
	all := p.s.Versions(f.ID)
	body := viewPage{
		File: f, Me: p.Actor(r).Name, Path: p.path(f), Picture: p.picture(f, "thumbnail_high_quality"), Statuses: p.s.Statuses(), Actions: p.s.Actions(), Newest: f.Version == len(all),
		NextName: nextName(all[0].Name, len(all)+1), Long: clock(f.Length),
	}
	for i := len(all) - 1; i >= 0; i-- {
		body.Versions = append(body.Versions, card{File: all[i], Path: p.path(all[i]), Picture: p.picture(all[i], "thumbnail")})
	}
	body.strip()
	if problem != "" {
		body.Typed, body.TypedAt = site.Words(r, "text"), site.Words(r, "at")
	}
	if press, ok := p.s.Press(r.URL.Query().Get("press")); ok && press.File == f.ID {
		body.Press = &press
	}
	p.Render(w, r, site.Page{Status: status(problem), Title: f.Name, Section: "frameio", Template: "frameio-view.html", Error: problem, Body: body})
}

// strip lays the comments and some moments along the time of a film.
func (v *viewPage) strip() {
	if v.Length == 0 {
		return
	}
	at := func(t time.Duration) int {
		return stripMargin + int(int64(stripWide-2*stripMargin)*int64(t)/int64(v.Length))
	}
	for i := range 7 {
		t := v.Length * time.Duration(i) / 6
		v.Ticks = append(v.Ticks, tick{at(t), clock(t), i%3 == 0})
	}
	for _, c := range v.Comments {
		if c.Timed {
			v.Marks = append(v.Marks, markOn{X: at(c.At), ID: c.ID, Text: c.Text, Done: c.Completed, Label: clock(c.At), Who: c.By})
		}
	}
}

// Clock is when in the film a comment stands.
func (c Comment) Clock() string { return clock(c.At) }

// Slug is the status as a class.
func (f File) Slug() string { return strings.ReplaceAll(strings.ToLower(f.Status), " ", "-") }

var versionWord = regexp.MustCompile(`(?i)[ _-]v\d+$`)

// nextName proposes a name for the next version: "Spring teaser v2.mp4".
func nextName(first string, n int) string {
	stem, ext := first, ""
	if i := strings.LastIndexByte(first, '.'); i > 0 {
		stem, ext = first[:i], first[i:]
	}
	return fmt.Sprintf("%s v%d%s", versionWord.ReplaceAllString(stem, ""), n, ext)
}

func (p pages) act(w http.ResponseWriter, r *http.Request) {
	f, ok := p.s.File(r.PathValue("file"))
	if !ok || f.Project != r.PathValue("project") {
		p.Missing(w, r, "There is no such file in this Frame.io. It may have been deleted.")
		return
	}
	to, err := p.do(r, p.Actor(r).ID, f)
	if err != nil {
		p.showFile(w, r, sentence(err))
		return
	}
	p.Done(w, r, to)
}

func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// do lets the visitor act on a file and returns where to go on.
func (p pages) do(r *http.Request, who string, f File) (to string, err error) {
	here, id, words := p.path(f), r.PostFormValue("id"), site.Words(r, "text")
	switch r.PathValue("act") {
	case "version":
		var made File
		made, err = p.s.UploadVersionAs(who, f.ID, site.Words(r, "name"))
		return p.path(made), err
	case "comment":
		at, bad := moment(site.Words(r, "at"))
		if bad != nil {
			return "", bad
		}
		id, err = p.s.CommentAs(who, f.ID, words, at)
		return here + "#comment-" + id, err
	case "reply":
		_, err = p.s.ReplyAs(who, id, words)
		return here + "#comment-" + id, err
	case "complete":
		err = p.s.CompleteAs(who, id, r.PostFormValue("done") == "yes")
		return here + "#comment-" + id, err
	case "delete":
		return here + "#comments", p.s.DeleteCommentAs(who, id)
	case "status":
		return here, p.s.SetStatusAs(who, f.ID, r.PostFormValue("status"))
	case "press":
		if id, err = p.s.PressActionAs(who, r.PostFormValue("action"), f.ID); err != nil {
			return "", err
		}
		return p.pressed(r, here, id), nil
	case "answer":
		if err = p.s.AnswerForm(id, p.answers(r, id)); err != nil {
			return "", err
		}
		return p.pressed(r, here, id), nil
	}
	return "", ErrNothing
}

// pressed waits a little for the answer to a press and returns the page that shows it.
func (p pages) pressed(r *http.Request, here, id string) string {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	_, _ = p.s.Settled(ctx, id) // the page says what is there by then
	return here + "?press=" + id + "#action"
}

// answers are the fields of the form as they were filled in; a box that is not ticked is false.
func (p pages) answers(r *http.Request, id string) map[string]string {
	out := map[string]string{}
	press, _ := p.s.Press(id)
	for _, f := range press.Fields {
		switch f.Type {
		case "link":
		case "boolean", "checkbox":
			out[f.Name] = strconv.FormatBool(r.PostFormValue("field-"+f.Name) != "")
		default:
			out[f.Name] = site.Words(r, "field-"+f.Name)
		}
	}
	return out
}

var clockForm = regexp.MustCompile(`^(\d{1,3}):([0-5]\d)$`)

// moment reads a moment such as 00:12, and nothing as Untimed.
func moment(text string) (time.Duration, error) {
	if text == "" {
		return Untimed, nil
	}
	m := clockForm.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("write the time of a comment as minutes and seconds, such as 00:12")
	}
	minutes, _ := strconv.Atoi(m[1]) // digits
	seconds, _ := strconv.Atoi(m[2])
	return time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second, nil
}
