package confluence

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

// titles runs a search and returns the titles found, or what the refusal says.
func (d *desk) titles(cql string) string {
	d.t.Helper()
	status, _, raw := d.ask("GET", d.s.wiki()+cqlPath+url.QueryEscape(cql)+"&limit=50&expand=version,space", "")
	var got struct {
		Message string
		Results []struct{ Title string }
	}
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		d.t.Fatalf("%s: %v in %s", cql, err, raw)
	}
	if status != 200 {
		return got.Message
	}
	var list []string
	for _, r := range got.Results {
		list = append(list, r.Title)
	}
	return strings.Join(list, ", ")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 5*3600)
	d := open(t, Options{Empty: true, Zone: zone})
	first := d.make("First", "x")
	d.pass(time.Hour)
	second := d.make("Second", "x")
	d.pass(20 * time.Minute)
	other, err := d.s.CreatePageAs("Ana Reyes", "OPS", `A "third"`, "x")
	d.must(err)
	for _, id := range []string{first.ID, second.ID, other.ID} {
		d.must(d.s.LabelAs("Ana Reyes", id, "signoff", true))
	}
	d.must(d.s.LabelAs("Ana Reyes", other.ID, "later", true))
	d.make("Without a label", "x")
	const broken = "Could not parse cql"
	for _, tt := range []struct{ cql, want string }{
		{`type = page and label = "signoff" order by lastmodified asc`, `First, Second, A "third"`},
		{`type=page AND label="signoff" ORDER BY lastModified DESC`, `A "third", Second, First`},
		{`label = signoff and lastmodified >= now("-21m") order by lastmodified`, `Second, A "third"`},
		{`label = signoff and lastmodified < now("-1h")`, "First"},
		{`label = signoff and lastmodified >= "2026-11-20 15:00"`, `Second, A "third"`}, // the account is at 15:00 when it is 10:00 UTC
		{`label = signoff and lastmodified > "2026-11-20 15:00"`, `A "third"`},
		{`label = signoff and lastmodified = "2026/11/20"`, `First, Second, A "third"`},
		{`label = signoff and space in ("LUMEN")`, "First, Second"},
		{`label = signoff and space not in (LUMEN, X)`, `A "third"`},
		{`label != signoff`, "Without a label"},
		{`label = "a \"quoted\" \\ one" and label != none`, ""},
		{`space in ("LUMEN", 'OPS') and label = later`, `A "third"`},
		{`type = blogpost`, ""},
		{`label = "signoff`, broken},
		{`label = signoff and`, broken},
		{`label signoff`, broken},
		{`label > signoff`, broken},
		{`label = signoff lastmodified`, broken},
		{`labels = signoff`, broken},
		{`label = signoff or label = later`, broken},
		{`creator = "maya"`, broken},
		{`space in (LUMEN`, broken},
		{`label = `, broken},
		{`lastmodified >= now(15)`, broken},
		{`space in LUMEN`, broken},
		{`space = ~maya`, broken},
		{`type = story`, broken},
		{`lastmodified >= now("15 minutes")`, broken},
		{`lastmodified >= yesterday`, broken},
		{`label = signoff order by popularity`, broken},
		{``, "empty"},
	} {
		if got := d.titles(tt.cql); got != tt.want && (tt.want == "" || !strings.Contains(got, tt.want) || !strings.Contains(tt.want, broken) && tt.want != "empty") {
			t.Errorf("%s\n got %s\nwant %s", tt.cql, got, tt.want)
		}
	}
}

func TestSearch_LagsBehind(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Empty: true, IndexLag: time.Minute})
	p := d.make("A page", "x")
	d.must(d.s.LabelAs("Maya Lind", p.ID, "signoff", true))
	if got := d.titles("label = signoff"); got != "" {
		t.Errorf("at once = %q, want nothing yet", got)
	}
	d.pass(time.Minute)
	d.must(d.s.LabelAs("Maya Lind", p.ID, "signoff", false))
	if got := d.titles("label = signoff"); got != "A page" {
		t.Errorf("a minute later = %q, want the page though its label is off by now", got)
	}
	d.pass(time.Minute)
	if got := d.titles("label = signoff"); got != "" {
		t.Errorf("another minute later = %q, want nothing", got)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, starts string
		edition            Edition
	}{
		{"search on Cloud", "/wiki" + cqlPath + "type%3Dpage", "/rest/api/content/search?", Cloud},
		{"version 2", "/wiki/api/v2/pages?space-id=65537", "/wiki/api/v2/pages?", Cloud},
		{"search on Data Center", cqlPath + "type%3Dpage", "/rest/api/content/search?", DataCenter},
		{"children on Data Center", "/rest/api/content?spaceKey=LUMEN&type=page", "/rest/api/content?", DataCenter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, Options{Empty: true, Edition: tt.edition, Prefix: "/demo/confluence"})
			for _, title := range []string{"a", "b", "c", "d", "e"} {
				d.make(title, "x")
			}
			var seen []string
			path := tt.path + "&limit=2"
			for range 4 {
				var got struct {
					Results []struct{ Title string }
					Links   struct{ Next string } `json:"_links"`
				}
				d.read("GET", path, "", &got)
				for _, r := range got.Results {
					seen = append(seen, r.Title)
				}
				if got.Links.Next == "" {
					break
				}
				next, err := url.Parse(got.Links.Next)
				if err != nil || !strings.HasPrefix(got.Links.Next, tt.starts) {
					t.Fatalf("next = %q, want one that begins with %s", got.Links.Next, tt.starts)
				}
				key := "cursor"
				if tt.edition == DataCenter {
					key = "start"
				}
				place := key + "=" + url.QueryEscape(next.Query().Get(key))
				if tt.edition == Cloud {
					if status, _, _ := d.ask("GET", tt.path+"&limit=3&"+place, ""); status != 400 {
						t.Errorf("a cursor with another query = %d, want 400", status)
					}
				}
				path = tt.path + "&limit=2&" + place
			}
			if got := strings.Join(seen, ""); got != "abcde" {
				t.Errorf("all pages = %q, want each once", got)
			}
		})
	}
}
