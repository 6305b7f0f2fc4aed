package jira

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Edition is what serverInfo calls the deploymentType of a site.
type Edition string

// The editions. DataCenter is Server as newer versions name themselves.
const (
	Cloud      Edition = "Cloud"
	SelfHosted Edition = "Server"
	DataCenter Edition = "DataCenter"
)

// cloud tells Cloud from the editions that people run themselves.
func (s *Server) cloud() bool { return s.opt.Edition == Cloud }

// major is the first number of the version.
func (s *Server) major() int {
	first, _, _ := strings.Cut(s.opt.Version, ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// withEdition settles what depends on the edition.
func withEdition(opt Options) Options {
	opt.Edition = cmp.Or(opt.Edition, Cloud)
	if opt.Edition == Cloud {
		opt.Version = cmp.Or(opt.Version, "1001.0.0-SNAPSHOT")
	}
	opt.Version = cmp.Or(opt.Version, "10.3.2")
	if opt.Edition != Cloud {
		opt.Projects = withEpicLinks(opt.Projects)
	}
	if opt.ContextPath = strings.TrimSuffix(opt.ContextPath, "/"); opt.ContextPath != "" {
		opt.Prefix += opt.ContextPath
		if !strings.HasSuffix(opt.BaseURL, opt.ContextPath) {
			opt.BaseURL += opt.ContextPath
		}
	}
	return opt
}

// epicLink is the kind of custom field by which a site that is not Cloud puts an issue under an epic.
const epicLink = "com.pyxis.greenhopper.jira:gh-epic-link"

// withEpicLinks gives all but sub-tasks and epics a link to their epic instead of a parent, which only Cloud has there.
func withEpicLinks(projects []Project) []Project {
	projects = slices.Clone(projects)
	for i := range projects {
		projects[i].Types = slices.Clone(projects[i].Types)
		for j := range projects[i].Types {
			t := &projects[i].Types[j]
			if t.Subtask {
				continue
			}
			t.Fields = slices.DeleteFunc(slices.Clone(t.Fields), func(f Field) bool { return f.ID == "parent" })
			if !t.Epic {
				t.Fields = append(t.Fields, Field{ID: "customfield_10014", Name: "Epic Link", Type: "any", Custom: epicLink})
			}
		}
	}
	return projects
}

// byEdition leaves out the operations that an edition does not have.
func (s *Server) byEdition(all []route) []route {
	absent := []string{"getSecureAttachment"}
	if !s.cloud() {
		absent = []string{"searchAndReconsileIssuesUsingJqlPost", "countIssues", "getAttachmentContent", "getChangeLogs", "searchWorkflows"}
	}
	return slices.DeleteFunc(all, func(r route) bool { return slices.Contains(absent, r.op) })
}

// idName is the name of the member or parameter by which the edition identifies people.
func (s *Server) idName() string {
	if s.cloud() {
		return "accountId"
	}
	return "name"
}

// idParam is the query parameter that names a person.
func (s *Server) idParam() string {
	if s.cloud() {
		return "accountId"
	}
	return "username"
}

// idOf is how a person is identified on the wire.
func (s *Server) idOf(u *User) string {
	if s.cloud() {
		return u.AccountID
	}
	return u.Username
}

// wireID is idOf for an account that may be gone or missing.
func (s *Server) wireID(account string) string {
	if u := s.user(account); u != nil {
		return s.idOf(u)
	}
	return ""
}

// personRef reads a person out of a field: {"accountId": …} on Cloud, {"name": …} elsewhere. nil is nobody.
func (s *Server) personRef(v json.RawMessage) (id *string, err error) {
	if null(v) {
		return nil, nil
	}
	allowed, problem := []string{"accountId", "id"}, "'accountId' must be the only user identifying query parameter in GDPR strict mode."
	if !s.cloud() {
		allowed, problem = []string{"name", "key", "self", "emailAddress", "displayName", "active"}, "expected Object containing a 'name' property"
	}
	m, err := members(v, allowed...)
	if err != nil {
		return nil, refused("%s", problem)
	}
	raw := m[s.idName()]
	if raw == nil && s.cloud() {
		raw = m["id"]
	}
	if raw == nil && !s.cloud() {
		return nil, refused("%s", problem)
	}
	if raw == nil || null(raw) {
		return nil, nil
	}
	name, ok := str(raw)
	if !ok {
		return nil, refused("%s", problem)
	}
	return &name, nil
}

// wireItems are the items of a change log as the edition writes them.
func (s *Server) wireItems(items []changeItem, hook bool) []changeItem {
	items = slices.Clone(items)
	for i := range items {
		if !hook || !s.cloud() { // only webhooks of Cloud show these
			items[i].FromAccount, items[i].ToAccount = nil, nil
		}
		if !s.cloud() {
			items[i].FieldID = ""
		}
	}
	return items
}

// Quirks are ways of particular sites and versions.
type Quirks struct {
	CreateIgnoresProperties bool // properties in a create request are dropped in silence, as before Data Center 8
	Captcha                 bool // the account is locked until somebody solves a CAPTCHA
	Anonymous               bool // the credentials are ignored in silence: the caller is nobody
	LoginForFiles           bool // /secure/attachment shows the login page to a token, as some Data Center sites do
	Unsigned                bool // webhooks carry no X-Hub-Signature in spite of their secret
}

// SetQuirks changes the ways of the site from now on.
func (s *Server) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = q
}

// local returns the path of a request below the mount point, and whether it came through the gateway of Cloud.
func (s *Server) local(r *http.Request) (path string, gateway, ok bool) {
	path = r.URL.EscapedPath()
	below, cut := strings.CutPrefix(path, s.opt.Prefix)
	if cut {
		path = below
	}
	if rest, ok := strings.CutPrefix(path, "/ex/jira/"+s.opt.CloudID+"/"); ok && s.opt.CloudID != "" {
		return "/" + rest, true, true
	}
	return path, false, cut || s.opt.ContextPath == ""
}
