package frameio

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

type object = map[string]any

// scope is what a token needs for this interface.
const scope = "frame.s2s.all"

// api is the interface, named as in Frame.io's description of it.
func (s *Site) api() site.Interface {
	const (
		in    = "/v4/accounts/{account}"
		space = in + "/workspaces/{workspace}"
	)
	list := func(more ...string) []string { return append(more, "after", "page_size", "include_total_count") }
	return site.Interface{Service: Service, Admit: s.admit, Refuse: problem, Routes: []site.Route{
		{Op: "users.me", Pattern: "GET /v4/me", Do: s.me, PerMinute: 100},
		{Op: "accounts.index", Pattern: "GET /v4/accounts", Do: s.listAccounts, Query: list(), PerMinute: 100},
		{Op: "workspaces.index", Pattern: "GET " + in + "/workspaces", Do: s.listWorkspaces, Query: list("include"), PerMinute: 100},
		{Op: "workspaces.show", Pattern: "GET " + space, Do: s.showWorkspace, Query: []string{"include"}, PerMinute: 300},
		{Op: "projects.index", Pattern: "GET " + space + "/projects", Do: s.listProjects, Query: list("include"), PerMinute: 100},
		{Op: "projects.show", Pattern: "GET " + in + "/projects/{project}", Do: s.showProject, Query: []string{"include"}, PerMinute: 300},
		{Op: "folders.show", Pattern: "GET " + in + "/folders/{folder}", Do: s.showFolder, Query: []string{"include"}, PerMinute: 300},
		{Op: "folders.index", Pattern: "GET " + in + "/folders/{folder}/children", Do: s.listChildren, Query: list("include", "type"), PerMinute: 100},
		{Op: "files.index", Pattern: "GET " + in + "/folders/{folder}/files", Do: s.listFiles, Query: list("include"), PerMinute: 100},
		{Op: "files.show", Pattern: "GET " + in + "/files/{file}", Do: s.showFile, Query: []string{"include"}, PerMinute: 300},
		{Op: "version_stacks.show", Pattern: "GET " + in + "/version_stacks/{stack}", Do: s.showStack, Query: []string{"include"}, PerMinute: 300},
		{Op: "version_stacks.index", Pattern: "GET " + in + "/version_stacks/{stack}/children", Do: s.listVersions, Query: list("include"), PerMinute: 100},
		{Op: "comments.index", Pattern: "GET " + in + "/files/{file}/comments", Do: s.listComments, Query: list("include", "timestamp_as_timecode"), PerMinute: 100},
		{Op: "comments.create", Pattern: "POST " + in + "/files/{file}/comments", Do: s.createComment, Query: []string{"timestamp_as_timecode"}, PerMinute: 100},
		{Op: "comments.show", Pattern: "GET " + in + "/comments/{comment}", Do: s.showComment, Query: []string{"include", "timestamp_as_timecode"}, PerMinute: 100},
		{Op: "comments.update", Pattern: "PATCH " + in + "/comments/{comment}", Do: s.updateComment, Query: []string{"timestamp_as_timecode"}, PerMinute: 100},
		{Op: "comments.delete", Pattern: "DELETE " + in + "/comments/{comment}", Do: s.deleteComment, PerMinute: 60},
		{Op: "metadata.show", Pattern: "GET " + in + "/files/{file}/metadata", Do: s.showMetadata, Query: []string{"show_null"}, PerMinute: 100},
		{Op: "metadata.bulk_update", Pattern: "PATCH " + in + "/projects/{project}/metadata/values", Do: s.updateMetadata, PerMinute: 10},
		{Op: "metadata.field_definitions.index", Pattern: "GET " + in + "/metadata/field_definitions", Do: s.listFields, Query: list("include"), PerMinute: 100},
		{Op: "webhooks.index", Pattern: "GET " + space + "/webhooks", Do: s.listHooks, Query: list("include"), PerMinute: 100},
		{Op: "webhooks.create", Pattern: "POST " + space + "/webhooks", Do: s.createHook, PerMinute: 10},
		{Op: "webhooks.show", Pattern: "GET " + in + "/webhooks/{hook}", Do: s.showHook, Query: []string{"include"}, PerMinute: 100},
		{Op: "webhooks.update", Pattern: "PATCH " + in + "/webhooks/{hook}", Do: s.updateHook, PerMinute: 10},
		{Op: "webhooks.delete", Pattern: "DELETE " + in + "/webhooks/{hook}", Do: s.deleteHook, PerMinute: 60},
	}}
}

// problem is a refusal as Frame.io words it.
func problem(status int, detail string) *site.Reply {
	if detail == "" {
		detail = http.StatusText(status)
	}
	return site.Answer(status, object{"errors": []object{{"detail": detail, "title": http.StatusText(status), "status": status}}})
}

// invalid is a refusal of one member, as the description's checker words it.
func invalid(pointer, detail string) *site.Reply {
	return site.Answer(http.StatusUnprocessableEntity, object{"errors": []object{{"detail": detail, "title": "Invalid value", "source": object{"pointer": pointer}}}})
}

func notFound() *site.Reply { return problem(http.StatusNotFound, "Not Found") }

var uuidForm = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// admit checks the token and the ids in the path, which must be of this account.
func (s *Site) admit(c *site.Call) *site.Reply {
	if status := s.Token(c.Header, scope); status != 0 {
		return problem(status, "")
	}
	c.By = &s.Bot
	for _, name := range []string{"account", "workspace", "project", "folder", "file", "stack", "comment", "hook"} {
		if id := c.PathValue(name); id != "" && !uuidForm.MatchString(id) {
			return invalid("/"+name+"_id", "Invalid format. Expected :uuid")
		}
	}
	switch id := c.PathValue("account"); {
	case id != "" && !strings.EqualFold(id, s.account):
		return problem(http.StatusForbidden, "")
	case c.PathValue("workspace") != "" && !strings.EqualFold(c.PathValue("workspace"), s.workspace.id):
		return notFound()
	}
	return nil
}

// data reads the members in a body's "data".
func data(c *site.Call, allowed ...string) (site.Object, *site.Reply) {
	whole, err := site.ParseObject(c.Body, "data")
	if err != nil {
		return nil, refuse("", err)
	}
	if !whole.Has("data") {
		return nil, invalid("/data", "Missing field: data")
	}
	inner, err := site.ParseObject(whole["data"], allowed...)
	if err != nil {
		return nil, refuse("/data", err)
	}
	return inner, nil
}

func refuse(at string, err error) *site.Reply {
	if u, ok := errors.AsType[*site.Unexpected](err); ok {
		return invalid(at+"/"+u.Member, u.Why)
	}
	return problem(http.StatusBadRequest, err.Error())
}

// includes reads what a call wants besides, of what there is.
func includes(c *site.Call, known ...string) (map[string]bool, *site.Reply) {
	wanted := map[string]bool{}
	if !c.URL.Query().Has("include") {
		return wanted, nil
	}
	for one := range strings.SplitSeq(c.URL.Query().Get("include"), ",") {
		found := false
		for _, k := range known {
			if found = k == one; found {
				break
			}
		}
		if !found {
			return nil, invalid("/include", "Invalid value for enum")
		}
		wanted[one] = true
	}
	return wanted, nil
}

// paged answers a list, cut to the page that is asked for.
func (s *Site) paged(c *site.Call, all []object) *site.Reply {
	q, size, from := c.URL.Query(), min(50, s.opt.PerPage), 0
	if q.Has("page_size") {
		n, err := strconv.Atoi(q.Get("page_size"))
		if err != nil || n < 1 || n > 100 {
			return invalid("/page_size", "Invalid integer. Expected 1 to 100")
		}
		size = min(n, s.opt.PerPage)
	}
	if q.Has("after") {
		raw, err := base64.RawURLEncoding.DecodeString(q.Get("after"))
		number, ours := strings.CutPrefix(string(raw), "at:")
		n, bad := strconv.Atoi(number)
		if err != nil || bad != nil || !ours {
			return invalid("/after", "Invalid cursor")
		}
		from = min(n, len(all))
	}
	to := min(from+size, len(all))
	body := object{"data": append([]object{}, all[from:to]...), "links": object{"next": nil}}
	if to < len(all) {
		q.Set("after", base64.RawURLEncoding.EncodeToString([]byte("at:"+strconv.Itoa(to))))
		body["links"] = object{"next": s.requestPath(c) + "?" + q.Encode()}
	}
	if q.Get("include_total_count") == "true" {
		body["total_count"] = len(all)
	}
	return site.Answer(http.StatusOK, body)
}

// requestPath is the path of a call as its caller sees it, below what the base address has before it.
func (s *Site) requestPath(c *site.Call) string {
	rest := strings.TrimPrefix(c.URL.Path, s.Prefix)
	if u, err := url.Parse(s.BaseURL); err == nil {
		return u.Path + rest
	}
	return rest
}

// stamp is an instant as Frame.io writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// maybe is an instant, or null.
func maybe(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}
