package workfront

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/sandbox/adobe/site"
)

type object = map[string]any

// scope is what a token of IMS needs for Workfront.
const scope = "additional_info.projectedProductContext"

func (s *Site) api() site.Interface {
	const (
		in   = "/attask/api/{version}/{kind}"
		subs = "/attask/eventsubscription/api/v1/subscriptions"
	)
	return site.Interface{Service: Service, Admit: s.admit, Refuse: problem, Routes: []site.Route{
		{Op: "subscriptions.list", Pattern: "GET " + subs, Do: s.listSubscriptions, Query: []string{"page", "limit"}},
		{Op: "subscriptions.create", Pattern: "POST " + subs, Do: s.createSubscription},
		{Op: "subscriptions.get", Pattern: "GET " + subs + "/{subscription}", Do: s.showSubscription},
		{Op: "subscriptions.delete", Pattern: "DELETE " + subs + "/{subscription}", Do: s.deleteSubscription},
		{Op: "search", Pattern: "GET " + in + "/search", Do: s.search, Any: true},
		{Op: "get", Pattern: "GET " + in + "/{id}", Do: s.show, Any: true},
		{Op: "note.create", Pattern: "POST " + in, Do: s.create, Query: []string{"fields", "apiKey", "sessionID"}},
	}}
}

// admit takes a session, a key, or a token of IMS.
func (s *Site) admit(c *site.Call) *site.Reply {
	c.By = &s.Bot
	q := c.URL.Query()
	first := func(values ...string) string {
		i := slices.IndexFunc(values, func(v string) bool { return v != "" })
		if i < 0 {
			return ""
		}
		return values[i]
	}
	session, key := first(c.Header.Get("Sessionid"), q.Get("sessionID")), first(c.Header.Get("Apikey"), q.Get("apiKey"))
	switch {
	case session != "":
		if s.opt.Session == "" || session != s.opt.Session {
			return problem(http.StatusUnauthorized, "Your session has expired")
		}
	case key != "":
		if s.opt.APIKey == "" || key != s.opt.APIKey {
			return problem(http.StatusUnauthorized, "Invalid API Key")
		}
	default:
		h := c.Header.Clone()
		if token := h.Get("X-User-Token"); token != "" {
			h.Set("Authorization", "Bearer "+token)
		}
		if status := s.Token(h, scope); status != 0 {
			return problem(status, "You are not currently logged in")
		}
	}
	return nil
}

var versionForm = regexp.MustCompile(`^(v[0-9]{1,2}\.[0-9]|unsupported)$`)

// kind reads which kind of object a path names.
func kind(c *site.Call) (string, *site.Reply) {
	if !versionForm.MatchString(c.PathValue("version")) {
		return "", problem(http.StatusNotFound, "unrecognized API version "+c.PathValue("version"))
	}
	word := strings.ToUpper(c.PathValue("kind"))
	if code := map[string]string{"DOCUMENT": "DOCU", "DOCUMENTVERSION": "DOCV", "ISSUE": "OPTASK", "PROJECT": "PROJ"}[word]; code != "" {
		word = code
	}
	if !slices.Contains([]string{"DOCU", "DOCV", "NOTE", "PRFAPL", "TASK", "PROJ", "USER"}, word) {
		return "", problem(http.StatusBadRequest, "Unknown object type: "+c.PathValue("kind"))
	}
	return word, nil
}

// every lists all objects of a kind.
func (s *Site) every(code string) (out []object) {
	switch code {
	case "DOCU":
		for _, d := range s.documents {
			out = append(out, s.docu(d, s.apiTime))
		}
	case "DOCV":
		for _, d := range s.documents {
			for _, v := range d.versions {
				out = append(out, s.docv(d, v, s.apiTime))
			}
		}
	case "NOTE":
		for _, n := range s.notes {
			o := s.noteBean(n, s.apiTime)
			o["noteObjCode"] = n.code
			out = append(out, o)
		}
	case "PRFAPL":
		for _, a := range s.approvals {
			out = append(out, s.prfapl(a, s.apiTime))
		}
	case "TASK":
		out = append(out, object{"ID": TaskID, "objCode": "TASK", "name": "Print the brochure", "projectID": ProjectID, "status": "INP"})
	case "PROJ":
		out = append(out, object{"ID": ProjectID, "objCode": "PROJ", "name": "Spring launch", "status": "CUR"})
	case "USER":
		for _, p := range append(slices.Clone(s.People), s.Bot) {
			out = append(out, object{"ID": p.WorkID, "objCode": "USER", "name": p.Name, "emailAddr": p.Email})
		}
	}
	return out
}

func (s *Site) find(code, id string) object {
	for _, o := range s.every(code) {
		if o["ID"] == strings.ToLower(id) {
			return o
		}
	}
	return nil
}

// leads says which kind of object a member with an id leads to.
func leads(name string) string {
	return map[string]string{
		"currentVersion": "DOCV", "document": "DOCU", "documentVersion": "DOCV", "owner": "USER", "enteredBy": "USER", "lastUpdatedBy": "USER", "approver": "USER",
		"task": "TASK", "project": "PROJ", "parentNote": "NOTE",
	}[name]
}

// pick shows what is wanted of an object: "name,currentVersion:fileName". ID, name and objCode always are.
func (s *Site) pick(code string, o object, fields string) (object, *site.Reply) {
	out := object{"ID": o["ID"], "objCode": o["objCode"]}
	if o["name"] != nil {
		out["name"] = o["name"]
	}
	for field := range strings.SplitSeq(fields, ",") {
		if field == "" {
			continue
		}
		head, rest, deep := strings.Cut(field, ":")
		value, known := o[head]
		if !deep && known {
			out[head] = value
			continue
		}
		to, has := o[head+"ID"]
		if !deep || leads(head) == "" || !has {
			return nil, unsupported(code, field)
		}
		id, _ := to.(string) // or null
		below := s.find(leads(head), id)
		if below == nil {
			out[head] = nil
			continue
		}
		inner, bad := s.pick(leads(head), below, rest)
		if bad != nil {
			return nil, bad
		}
		if before, ok := out[head].(object); ok {
			for k, v := range inner {
				before[k] = v
			}
			continue
		}
		out[head] = inner
	}
	return out, nil
}

func unsupported(code, field string) *site.Reply {
	return problem(http.StatusUnprocessableEntity, "APIModel does not support field "+field+" ("+code+")")
}

func (s *Site) show(c *site.Call) *site.Reply {
	code, bad := kind(c)
	if bad != nil {
		return bad
	}
	q := c.URL.Query()
	for key := range q {
		if !slices.Contains([]string{"fields", "apiKey", "sessionID"}, key) {
			return unsupported(code, key)
		}
	}
	o := s.find(code, c.PathValue("id"))
	if o == nil {
		return problem(http.StatusNotFound, code+" with ID "+c.PathValue("id")+" not found")
	}
	shown, bad := s.pick(code, o, q.Get("fields"))
	if bad != nil {
		return bad
	}
	return site.Answer(http.StatusOK, object{"data": shown})
}

// search lists the objects whose members have the values that are asked for.
func (s *Site) search(c *site.Call) *site.Reply {
	code, bad := kind(c)
	if bad != nil {
		return bad
	}
	q := c.URL.Query()
	all := s.every(code)
	limit, first := 100, 0
	for key, values := range q {
		var err error
		switch base, how, _ := strings.Cut(key, "_"); {
		case key == "fields" || key == "apiKey" || key == "sessionID":
		case key == "$$LIMIT":
			limit, err = strconv.Atoi(values[0])
		case key == "$$FIRST":
			first, err = strconv.Atoi(values[0])
		case how == "Sort" && known(code, base) && (values[0] == "asc" || values[0] == "desc"):
		case how == "" && known(code, base):
			all = slices.DeleteFunc(all, func(o object) bool { return o[base] != values[0] })
		default:
			return unsupported(code, key)
		}
		if err != nil || limit < 1 || limit > 2000 || first < 0 {
			return problem(http.StatusBadRequest, key+" is no number that can be used")
		}
	}
	sortBy(all, q)
	out := []object{}
	for _, o := range all[min(first, len(all)):min(first+limit, len(all))] {
		shown, bad := s.pick(code, o, q.Get("fields"))
		if bad != nil {
			return bad
		}
		out = append(out, shown)
	}
	return site.Answer(http.StatusOK, object{"data": out})
}

func sortBy(all []object, q url.Values) {
	for key, values := range q {
		if base, ok := strings.CutSuffix(key, "_Sort"); ok {
			slices.SortStableFunc(all, func(a, b object) int {
				x, _ := a[base].(string)
				y, _ := b[base].(string)
				return strings.Compare(x, y)
			})
			if values[0] == "desc" {
				slices.Reverse(all)
			}
		}
	}
}

// known reports whether objects of a kind can be searched by a member.
func known(code, field string) bool {
	return slices.Contains(map[string][]string{
		"DOCU": {"ID", "name", "ownerID", "lastUpdateDate", "projectID", "taskID"}, "DOCV": {"ID", "documentID", "enteredByID", "entryDate", "version"},
		"NOTE": {"ID", "objID", "noteObjCode", "ownerID", "entryDate", "parentNoteID", "threadID"}, "PRFAPL": {"ID", "documentID", "documentVersionID", "approverID"},
		"TASK": {"ID", "name", "projectID", "status"}, "PROJ": {"ID", "name", "status"}, "USER": {"ID", "name", "emailAddr"},
	}[code], field)
}

// create writes an update; nothing else can be made.
func (s *Site) create(c *site.Call) *site.Reply {
	code, bad := kind(c)
	if bad != nil {
		return bad
	}
	if code != "NOTE" {
		return problem(http.StatusForbidden, "You do not have the rights to create "+code)
	}
	in, err := site.ParseObject(c.Body, "noteText", "noteObjCode", "objID", "parentNoteID", "subject")
	if err != nil {
		return problem(http.StatusUnprocessableEntity, err.Error())
	}
	var parent, subject string
	for key, into := range map[string]any{"parentNoteID": &parent, "subject": &subject} {
		if err := in.Into(key, into); err != nil {
			return problem(http.StatusUnprocessableEntity, err.Error())
		}
	}
	text, err := in.Text("noteText")
	where, err2 := in.Text("noteObjCode")
	id, err3 := in.Text("objID")
	for _, err := range []error{err, err2, err3} {
		if err != nil {
			return problem(http.StatusUnprocessableEntity, err.Error())
		}
	}
	if where = strings.ToUpper(where); s.find(where, id) == nil {
		return problem(http.StatusNotFound, where+" with ID "+id+" not found")
	}
	n, err := s.addNote(c.By, where, strings.ToLower(id), parent, text)
	if err != nil {
		return problem(http.StatusUnprocessableEntity, err.Error())
	}
	o := s.noteBean(n, s.apiTime)
	o["noteObjCode"] = n.code
	shown, bad := s.pick("NOTE", o, c.URL.Query().Get("fields"))
	if bad != nil {
		return bad
	}
	return site.Answer(http.StatusOK, object{"data": shown})
}
