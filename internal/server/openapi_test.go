package server_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"signoff/internal/flow"
	"signoff/internal/server"
)

type schema struct {
	Ref        string            `yaml:"$ref"`
	Type       string            `yaml:"type"`
	Required   []string          `yaml:"required"`
	Properties map[string]schema `yaml:"properties"`
	AllOf      []schema          `yaml:"allOf"`
	Items      *schema           `yaml:"items"`
}

type openapi struct {
	OpenAPI    string                    `yaml:"openapi"`
	Paths      map[string]map[string]any `yaml:"paths"`
	Components struct {
		Schemas   map[string]schema `yaml:"schemas"`
		Responses map[string]any    `yaml:"responses"`
	} `yaml:"components"`
}

func document(t *testing.T) (doc openapi, text string) {
	t.Helper()
	b, err := os.ReadFile("../../docs/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc, string(b)
}

func TestOpenAPI_HasEveryRoute(t *testing.T) {
	t.Parallel()
	doc, _ := document(t)
	var documented []string
	for path, item := range doc.Paths {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if item[method] != nil {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	var served []string
	for _, p := range newSite(t, nil).Patterns() {
		p = strings.Replace(p, "{id...}", "{id}", 1)
		if strings.HasPrefix(p, "POST /api/v1/deliveries/") {
			served = append(served, p+"/answer") // what is posted below a delivery, whose id may hold slashes
			p += "/replay"
		}
		served = append(served, p)
	}
	slices.Sort(documented)
	slices.Sort(served)
	if d := cmp.Diff(served, documented); d != "" {
		t.Errorf("served (-) and documented (+) routes differ:\n%s", d)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi %q, want 3.1", doc.OpenAPI)
	}
}

func TestOpenAPI_HasEveryField(t *testing.T) {
	t.Parallel()
	doc, text := document(t)
	types := []any{
		server.Person{}, server.RequestItem{}, server.TicketItem{}, server.RequestList{}, server.StageItem{}, server.WaitItem{}, server.VoteItem{}, server.BriefItem{}, server.FieldItem{}, server.PartItem{}, server.DetailsInput{},
		server.PointItem{}, server.LinkItem{}, server.EventItem{}, server.EffectItem{}, server.RequestDetail{}, server.DeliveryItem{}, server.DeliveryList{},
		server.DeliveryAnswer{}, server.ReplayAnswer{}, server.IntakeInput{}, server.VoteInput{}, server.VoteAnswer{}, server.Problem{}, flow.Reason{},
		server.CommentItem{}, server.FileItem{}, server.PersonItem{}, server.AccountItem{}, server.PeopleList{}, server.RulesetItem{}, server.ExplainedItem{}, server.RulesetList{},
		server.RuleFile{}, server.RulesetFiles{}, server.MigrateInput{}, server.MoveItem{}, server.MigrateAnswer{}, server.ReloadAnswer{}, server.ForecastList{}, server.ForecastItem{}, server.TriageInput{}, server.PauseItem{}, server.PauseList{}, server.PauseInput{}, server.PauseAnswer{}, server.ResumeInput{}, server.JournalPage{},
	}
	for _, v := range types {
		typ := reflect.TypeOf(v)
		s, ok := doc.Components.Schemas[typ.Name()]
		if !ok {
			t.Errorf("there is no schema %s", typ.Name())
			continue
		}
		always, all := fieldsOf(typ)
		if d := cmp.Diff(all, slices.Sorted(maps.Keys(s.Properties))); d != "" {
			t.Errorf("%s: fields of the struct (-) and the document (+) differ:\n%s", typ.Name(), d)
		}
		if strings.HasSuffix(typ.Name(), "Input") {
			continue // what a body needs is no matter of omitempty
		}
		slices.Sort(s.Required)
		if d := cmp.Diff(always, s.Required); d != "" {
			t.Errorf("%s: fields that are always there (-) and required ones (+) differ:\n%s", typ.Name(), d)
		}
	}
	for _, line := range strings.Split(text, "$ref: \"#/components/")[1:] {
		kind, name, _ := strings.Cut(line[:strings.IndexByte(line, '"')], "/")
		_, isSchema := doc.Components.Schemas[name]
		_, isResponse := doc.Components.Responses[name]
		if kind == "schemas" && !isSchema || kind == "responses" && !isResponse {
			t.Errorf("#/components/%s/%s is named but not there", kind, name)
		}
	}
}

// fieldsOf lists the JSON fields of a struct, and those of them that are never left out. Embedded ones are in allOf.
func fieldsOf(typ reflect.Type) (always, all []string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, name)
		if !strings.Contains(rest, "omit") {
			always = append(always, name)
		}
	}
	slices.Sort(always)
	slices.Sort(all)
	return always, all
}

// TestAnswers_HaveWhatTheDocumentRequires reads real answers against the document.
func TestAnswers_HaveWhatTheDocumentRequires(t *testing.T) {
	t.Parallel()
	doc, _ := document(t)
	s := walkSite(t)
	s.hub.pages = append(s.hub.pages, pageOf(flow.Request{}))
	empty := banner()
	empty.Request, empty.Records, empty.Effects = flow.Request{ID: "CR-1"}, nil, nil
	s.hub.requests["CR-1"] = empty
	cases := map[string]string{
		"/api/v1/requests": "RequestList", "/api/v1/requests/CR-142": "RequestDetail", "/api/v1/requests/CR-1": "RequestDetail",
		"/api/v1/deliveries?state=dead": "DeliveryList", "/api/v1/deliveries/slack%2FEv0%2F1": "DeliveryAnswer", "/api/v1/requests/CR-9": "Problem",
		"/api/v1/people": "PeopleList", "/api/v1/rules": "RulesetList",
	}
	for path, name := range cases {
		w := do(s.Public(), call{method: "GET", path: path}.token(scripts))
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		doc.check(t, path, v, schema{Ref: "#/components/schemas/" + name})
	}
}

func (d openapi) check(t *testing.T, at string, v any, s schema) {
	t.Helper()
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	for _, part := range s.AllOf {
		d.check(t, at, v, part)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if v[name] == nil {
				t.Errorf("%s lacks %s", at, name)
			}
		}
		for name, p := range s.Properties {
			if v[name] != nil {
				d.check(t, at+"."+name, v[name], p)
			}
		}
	case []any:
		if s.Items == nil {
			t.Errorf("%s is a list, but documented as %q", at, s.Type)
			return
		}
		for _, one := range v {
			d.check(t, at+"[]", one, *s.Items)
		}
	default:
		want := map[string]string{"string": "string", "float64": "integer", "bool": "boolean"}[reflect.TypeOf(v).String()]
		if s.Type != want {
			t.Errorf("%s is %v, but documented as %q", at, v, s.Type)
		}
	}
}
