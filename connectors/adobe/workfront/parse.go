package workfront

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// learned is what is known of the object that an event is about.
type learned struct {
	About   flow.Ref `json:"about,omitzero"` // zero: no open request is about it
	Title   string   `json:"title,omitempty"`
	Gone    bool     `json:"gone,omitempty"`
	Version *docv    `json:"version,omitempty"`
	Note    *note    `json:"note,omitempty"`
	Own     bool     `json:"own,omitempty"`
	Receipt bool     `json:"receipt,omitempty"`
	Who     string   `json:"who,omitempty"` // what whoever decided is called
}

// docv is a version of a document, note an update, as the API shows them.
type docv struct {
	ID      string `json:"ID"`
	Version string `json:"version"`
	File    string `json:"fileName"`
	Entered string `json:"entryDate"`
	By      string `json:"enteredByID"`
	Maker   person `json:"enteredBy,omitzero"`
	Doc     string `json:"documentID"`
}

// person is somebody, where the API was asked for more than their id.
type person struct {
	Name string `json:"name"`
}

type note struct {
	ID      string `json:"ID"`
	Text    string `json:"noteText"`
	Entered string `json:"entryDate"`
	By      string `json:"ownerID"`
	Owner   person `json:"owner,omitzero"`
	Parent  string `json:"parentNoteID"`
}

// UnmarshalJSON reads a version, whose number may be written as one.
func (d *docv) UnmarshalJSON(raw []byte) error {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	*d = s.docv()
	_ = json.Unmarshal(s["enteredBy"], &d.Maker) // nobody is named where that is no object
	return nil
}

func (s state) docv() docv {
	return docv{
		ID: s.text("ID"), Version: s.text("version"), File: s.text("fileName"), Entered: s.text("entryDate"), By: s.text("enteredByID"), Doc: s.text("documentID"),
	}
}

// candidates are the objects that an event may be about, the nearest first.
func (m message) candidates() []string {
	s := m.now()
	var out []string
	add := func(code, id string) {
		if objectID.MatchString(id) && code != "" {
			out = append(out, strings.ToUpper(code)+"/"+id)
		}
	}
	switch m.code() {
	case "DOCU", "TASK", "OPTASK", "PROJ":
		add(m.code(), s.text("ID"))
	}
	add("DOCU", s.text("documentID"))
	add("DOCU", s.text("docID"))
	add(s.text("noteObjCode"), s.text("objID"))
	add(s.text("approvableObjCode"), s.text("approvableObjID"))
	add(s.text("refObjCode"), s.text("refObjID"))
	add(s.text("objObjCode"), s.text("objID"))
	add("TASK", s.text("taskID"))
	add("OPTASK", s.text("opTaskID"))
	add("PROJ", s.text("projectID"))
	return out
}

// Enrich finds the request that an event is about (of a version also the one that was approved), and reads again what it tells of where there are credentials.
func (p *Part) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	m, err := readMessage(d.Body)
	if err != nil {
		return json.Marshal(learned{})
	}
	version := m.code() == "DOCU" || m.code() == "DOCV"
	keys, err := p.candidates(ctx, m)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		a, ok, err := api.Followed(ctx, p.query.Load(), p.ref("workfront", key), version)
		if err != nil {
			return nil, err
		}
		if ok {
			l, err := p.learn(ctx, m, a)
			if err != nil {
				return nil, err
			}
			return json.Marshal(l)
		}
	}
	return json.Marshal(learned{})
}

// candidates are those of the event; one that names but a version of a document is about the document.
func (p *Part) candidates(ctx context.Context, m message) ([]string, error) {
	keys, version := m.candidates(), m.now().text("documentVersionID")
	named := func(key string) bool { return strings.HasPrefix(key, "DOCU/") }
	if p.client == nil || !objectID.MatchString(version) || slices.ContainsFunc(keys, named) {
		return keys, nil
	}
	var answer struct {
		Data docv `json:"data"`
	}
	r := api.Call{Op: "read the version", Path: p.object("docv", version), Thing: "the version of the document", Query: url.Values{"fields": {"documentID"}}}
	err := p.client.Do(ctx, r, &answer)
	switch {
	case api.Gone(err):
		return keys, nil
	case err != nil:
		return nil, err
	case objectID.MatchString(answer.Data.Doc):
		keys = append([]string{"DOCU/" + answer.Data.Doc}, keys...)
	}
	return keys, nil
}

func (p *Part) learn(ctx context.Context, m message, a flow.Asset) (learned, error) {
	l := learned{About: a.Ref, Title: api.First(a.Label, m.now().text("name"))}
	_, id, _ := strings.Cut(a.Ref.Key, "/")
	switch {
	case m.decided() != "":
		l.Who = p.called(ctx, m.who())
		return l, nil
	case (m.code() == "DOCU" || m.code() == "DOCV") && strings.HasPrefix(a.Ref.Key, "DOCU/"):
		return p.learnVersion(ctx, m, id, l)
	case m.code() == "NOTE" && m.Event == "CREATE":
		return p.learnNote(ctx, m, l)
	case m.moved() != "":
		l.Who = p.called(ctx, m.who())
	}
	return l, nil
}

// called is what somebody is called; "" where that cannot be told.
func (p *Part) called(ctx context.Context, id string) string {
	if p.client == nil || !objectID.MatchString(id) {
		return ""
	}
	var answer struct {
		Data person `json:"data"`
	}
	r := api.Call{Op: "read the user", Path: p.object("user", id), Thing: "the user", Query: url.Values{"fields": {"name"}}}
	if err := p.client.Do(ctx, r, &answer); err != nil {
		p.deps.Log.Info("somebody of workfront stays without a name", "user", id, "error", err)
	}
	return answer.Data.Name
}

func (p *Part) learnVersion(ctx context.Context, m message, id string, l learned) (learned, error) {
	if p.client == nil {
		l.Gone = m.code() == "DOCU" && m.Event == "DELETE"
		l.Version = m.version()
		return l, nil
	}
	title, v, err := p.document(ctx, id)
	if api.Gone(err) {
		l.Gone = true
		return l, nil
	}
	l.Title, l.Version = api.First(title, l.Title), v
	return l, err
}

// version is what an event itself says of a version: it was believed by its token.
func (m message) version() *docv {
	s := m.New
	if m.code() == "DOCV" && m.Event == "CREATE" {
		v := s.docv()
		return &v
	}
	if id := s.text("currentVersionID"); m.code() == "DOCU" && id != "" && id != m.Old.text("currentVersionID") {
		return &docv{ID: id, Entered: s.text("lastUpdateDate"), By: s.text("lastUpdatedByID"), Doc: s.text("ID")}
	}
	return nil
}

func (p *Part) learnNote(ctx context.Context, m message, l learned) (learned, error) {
	s := m.New
	l.Note = &note{ID: s.text("ID"), Text: s.text("noteText"), Entered: s.text("entryDate"), By: s.text("ownerID"), Parent: s.text("parentNoteID")}
	if p.client != nil {
		n, err := p.note(ctx, l.Note.ID)
		if api.Gone(err) {
			l.Note = nil
			return l, nil
		}
		if err != nil {
			return l, err
		}
		l.Note = &n
	}
	if mark := markOf(l.Note.Text); mark != "" {
		var r receipt
		ok, err := p.Load(ctx, receiptKeep+mark, &r)
		l.Own, l.Receipt = true, ok
		return l, err
	}
	return l, nil
}

func (p *Part) object(code, id string) string {
	return "attask/api/" + p.set.APIVersion + "/" + strings.ToLower(code) + "/" + url.PathEscape(id)
}

// document reads what a document is called and which version of it is current.
func (p *Part) document(ctx context.Context, id string) (string, *docv, error) {
	var answer struct {
		Data struct {
			Name    string `json:"name"`
			Current *docv  `json:"currentVersion"`
		} `json:"data"`
	}
	r := api.Call{Op: "read the document", Path: p.object("docu", id), Thing: "the document", Query: url.Values{"fields": {
		"name,currentVersion:ID,currentVersion:version,currentVersion:fileName,currentVersion:entryDate,currentVersion:enteredByID,currentVersion:enteredBy:name",
	}}}
	if err := p.client.Do(ctx, r, &answer); err != nil {
		return "", nil, err
	}
	return answer.Data.Name, answer.Data.Current, nil
}

func (p *Part) note(ctx context.Context, id string) (note, error) {
	var answer struct {
		Data note `json:"data"`
	}
	r := api.Call{Op: "read the update", Path: p.object("note", id), Thing: "the update", Query: url.Values{"fields": {"noteText,entryDate,ownerID,owner:name,parentNoteID"}}}
	err := p.client.Do(ctx, r, &answer)
	return answer.Data, err
}

// Parse turns an event, with what was read about it, into ours.
func (p *Part) Parse(d flow.Delivery) ([]flow.Event, error) {
	m, err := readMessage(d.Body)
	if err != nil {
		return nil, err
	}
	if len(d.Learned) == 0 {
		return nil, errors.New("Workfront could not be asked about it; replay it when it can")
	}
	var l learned
	if err := json.Unmarshal(d.Learned, &l); err != nil {
		return nil, fmt.Errorf("what was learned: %w", err)
	}
	if l.About.Zero() {
		return nil, nil
	}
	ev, ok := p.event(m, l)
	if !ok {
		return nil, nil
	}
	ev.ID, ev.At, ev.Delivery = d.ID, d.At, d.ID
	return []flow.Event{ev}, nil
}

func (p *Part) event(m message, l learned) (flow.Event, bool) {
	switch {
	case l.Gone, m.Event == "DELETE" && l.About.Key == m.code()+"/"+m.now().text("ID"):
		return flow.Event{Kind: flow.AssetGone, Subject: l.About, Sent: m.at(), Fields: map[string][]string{"why": {"deleted"}}}, true
	case l.Version != nil && l.Version.ID != "":
		return p.changed(l.About, l.Title, *l.Version), true
	case l.Note != nil:
		return p.said(l), true
	}
	if words := m.moved(); words != "" {
		return p.shown(m, l, words), true
	}
	return flow.Event{}, false
}

// changed says that a document has a version.
func (p *Part) changed(about flow.Ref, title string, v docv) flow.Event {
	at, by := instant(v.Entered), p.actor(v.By, v.Maker.Name)
	_, id, _ := strings.Cut(about.Key, "/")
	name := api.First(title, v.File)
	if v.Version != "" {
		name = strings.TrimSpace("v" + v.Version + " - " + name)
	}
	version := flow.Version{
		ID: v.ID, Name: api.OneLine(name, 200), By: by, At: at, URL: p.address("DOCU", id), Seq: at.Format("20060102150405.000000") + "/" + v.ID,
	}
	return flow.Event{
		Kind: flow.AssetChanged, Subject: about, Actor: by, Sent: at, Seq: version.Seq, Versions: []flow.Version{version},
		Assets: []flow.Asset{{Ref: about, Label: api.OneLine(title, 200), URL: version.URL}},
	}
}

func (p *Part) said(l learned) flow.Event {
	n := *l.Note
	at := instant(n.Entered)
	ev := flow.Event{
		Kind: flow.CommentAdded, Subject: l.About, Said: p.ref("update", l.About.Key+"/"+n.ID), Actor: p.actor(n.By, n.Owner.Name), Sent: at,
		Seq: at.Format("20060102150405.000000") + "/" + n.ID, Body: text.Plain(strings.TrimSpace(n.Text)), Fields: map[string][]string{"point": {"yes"}},
	}
	if n.Parent != "" {
		ev.Fields["below"] = []string{p.ref("update", l.About.Key+"/"+n.Parent).String()}
	}
	code, id, _ := strings.Cut(l.About.Key, "/")
	ev.Links = []flow.Link{{Ref: ev.Said, Label: l.Title, URL: p.address(code, id)}}
	if l.Own {
		ev.Echo = true
		delete(ev.Fields, "point")
		if !l.Receipt {
			ev.Fields["receipt"] = []string{"no"}
		}
	}
	return ev
}

// decided is what was decided in Workfront about a document, a proof or an approval, "" where an event tells of no decision.
func (m message) decided() string {
	for _, key := range []string{"approvalStatus", "decision", "approvalState", "approverDecision", "proofDecision"} {
		if is := m.New.text(key); is != "" && is != m.Old.text(key) {
			return is
		}
	}
	return ""
}

// moved says in words what somebody decided or moved in Workfront. It is shown, and is nobody's vote.
func (m message) moved() string {
	is := m.decided()
	if is == "" && m.code() != "DOCV" { // the status of a version only says whether it is the newest
		if is = m.New.text("status"); is == m.Old.text("status") {
			return ""
		}
	}
	if is == "" {
		return ""
	}
	what := map[string]string{
		"PRFAPL": "Proof approval", "APPROVAL": "Approval", "APPROVAL_STAGE": "Approval stage", "APPROVAL_STAGE_PARTICIPANT": "Approver's decision",
		"DOCV": "Proof",
	}[m.code()]
	return fmt.Sprintf("%s in Workfront: %s", api.First(what, "Status"), api.OneLine(is, 100))
}

// who decided or moved something.
func (m message) who() string {
	if m.code() == "PRFAPL" {
		return api.First(m.New.text("approverID"), m.New.text("lastUpdatedByID"))
	}
	return api.First(m.New.text("lastUpdatedByID"), m.New.text("approverID"))
}

func (p *Part) shown(m message, l learned, words string) flow.Event {
	key := fmt.Sprintf("%s/%s-%d", l.About.Key, m.now().text("ID"), m.at().UnixNano())
	code, id, _ := strings.Cut(l.About.Key, "/")
	said := p.ref("update", key)
	return flow.Event{
		Kind: flow.CommentAdded, Subject: l.About, Said: said, Actor: p.actor(m.who(), l.Who),
		Sent: m.at(), Seq: m.at().Format("20060102150405.000000"), Body: text.Plain(words), Fields: map[string][]string{"automatic": {"yes"}},
		Links: []flow.Link{{Ref: said, Label: l.Title, URL: p.address(code, id)}},
	}
}

// Look reads a document's current version. Of other objects there is nothing that is decided on.
func (p *Part) Look(ctx context.Context, a flow.Asset, _ time.Time) ([]flow.Event, error) {
	code, id, _ := strings.Cut(a.Ref.Key, "/")
	if a.Ref.Type != "workfront" || !objectID.MatchString(id) {
		return nil, &connectors.Error{Op: "read the object", Class: connectors.Rejected, Person: "It is no object of Workfront's.", Err: errors.New("unknown kind of object")}
	}
	if p.client == nil || code != "DOCU" {
		return nil, nil
	}
	title, v, err := p.document(ctx, id)
	var ev flow.Event
	switch {
	case api.Gone(err):
		if err := p.Probe(ctx); err != nil {
			return nil, err
		}
		ev = flow.Event{Kind: flow.AssetGone, Subject: a.Ref, Fields: map[string][]string{"why": {"deleted"}}}
	case err != nil:
		return nil, err
	case v == nil || v.ID == "":
		return nil, nil
	default:
		ev = p.changed(a.Ref, title, *v)
		ev.ID = v.ID
	}
	ev.ID, ev.At = p.deps.Instance+"/read/"+string(ev.Kind)+"/"+a.Ref.Key+"/"+ev.ID, p.deps.Now().UTC()
	return []flow.Event{ev}, nil
}
