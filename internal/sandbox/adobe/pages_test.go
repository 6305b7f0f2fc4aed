package adobe_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"signoff/internal/sandbox/adobe/frameio"
)

// visitor is a browser without scripts.
type visitor struct {
	*world
	client *http.Client
	page   string
	status int
	at     string
}

func (w *world) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	return &visitor{world: w, client: &http.Client{Jar: jar}}
}

func (v *visitor) visit(path string) {
	v.Helper()
	res, err := v.client.Get(v.url + path)
	v.read(res, err)
}

func (v *visitor) send(path string, form url.Values) {
	v.Helper()
	res, err := v.client.PostForm(v.url+path, form)
	v.read(res, err)
}

func (v *visitor) read(res *http.Response, err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatal(err)
	}
	v.page, v.status, v.at = string(body), res.StatusCode, res.Request.URL.Path
}

func (v *visitor) sees(words ...string) {
	v.Helper()
	for _, want := range words {
		if !strings.Contains(v.page, want) {
			v.Fatalf("the page at %s (%d) does not show %q:\n%s", v.at, v.status, want, v.page)
		}
	}
}

func TestPages_ReviewAFilm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.visitor()
	v.visit("/")
	v.sees("Frame.io", "I/O Events", "Workfront")
	v.visit("/project/" + frameio.ProjectID)
	v.sees("Spring launch", "Spring teaser.mp4", "Nova key visual.png", "Needs Review", "/media/"+frameio.TeaserFile+"/thumbnail.png")
	here := "/project/" + frameio.ProjectID + "/view/" + frameio.TeaserFile
	v.send("/as", url.Values{"who": {"Ana Reyes"}, "back": {"/demo/adobe" + here}})
	v.sees("Spring teaser v2.mp4", "Nobody has said anything yet")
	v.send(here+"/comment", url.Values{"text": {"The logo comes too late"}, "at": {"soon"}})
	if v.status != 400 {
		t.Errorf("status = %d, want 400", v.status)
	}
	v.sees("such as 00:12", "The logo comes too late</textarea>")
	v.send(here+"/comment", url.Values{"text": {"The logo comes too late"}, "at": {"00:12"}})
	v.sees("00:12", "<circle")
	c := w.Frameio.Comments(frameio.TeaserFile)
	if len(c) != 1 || c[0].By != "Ana Reyes" || c[0].Clock() != "00:12" {
		t.Fatalf("comments = %+v, want one of Ana's at 00:12", c)
	}
	v.send(here+"/reply", url.Values{"id": {c[0].ID}, "text": {"Will do"}})
	v.send(here+"/complete", url.Values{"id": {c[0].ID}, "done": {"yes"}})
	v.sees("Will do", "Completed by Ana Reyes", "Open again")
	v.send(here+"/status", url.Values{"status": {"Approved"}})
	v.send(here+"/version", url.Values{"name": {"Spring teaser v2.mp4"}})
	v.sees("Spring teaser v2.mp4", ">v2<")
	v.visit(here)
	v.sees("older version", "Approved")
}

func TestPages_PressAnAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answerWith(func(h *heard, _ int, rw http.ResponseWriter) {
		if strings.Contains(string(h.body), `"data"`) {
			_, _ = io.WriteString(rw, `{"title":"Sent","description":"DES-7 created"}`)
			return
		}
		_, _ = io.WriteString(rw, `{"title":"Request sign-off","fields":[{"type":"text","label":"Title","name":"title","value":"Teaser"},{"type":"boolean","label":"Urgent","name":"urgent","value":"false"}]}`)
	})
	v := w.visitor()
	here := "/project/" + frameio.ProjectID + "/view/" + frameio.TeaserFile
	v.send(here+"/press", url.Values{"action": {"Request sign-off"}})
	v.sees(`name="field-title" value="Teaser"`, `type="checkbox" name="field-urgent"`)
	_, id, _ := strings.Cut(v.page, `/answer"><input type="hidden" name="id" value="`)
	id, _, _ = strings.Cut(id, `"`)
	v.send(here+"/answer", url.Values{"id": {id}, "field-title": {"Teaser for spring"}, "field-urgent": {"on"}})
	v.sees("Sent", "DES-7 created")
	if p, _ := w.Frameio.Press(id); p.Answers["title"] != "Teaser for spring" || p.Answers["urgent"] != "true" {
		t.Errorf("answers = %v, want the title and urgent=true", p.Answers)
	}
}

func TestPages_Refuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.visitor()
	v.visit("/nowhere")
	if v.sees("Not here"); v.status != 404 {
		t.Errorf("status = %d, want 404", v.status)
	}
	v.visit("/project/" + frameio.ProjectID + "/view/" + frameio.ProjectID)
	v.sees("There is no such file")
	v.send("/as", url.Values{"who": {"Ana Reyes"}, "back": {"https://elsewhere.example/"}})
	if v.at != "/demo/adobe/" {
		t.Errorf("led to %s, want the overview", v.at)
	}
	req, _ := http.NewRequest("POST", w.url+"/project/"+frameio.ProjectID+"/upload", strings.NewReader("name=x.png"))
	req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site = %d, want 403", res.StatusCode)
	}
}

func TestPages_ActionWithoutAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answerWith(func(_ *heard, _ int, rw http.ResponseWriter) { rw.WriteHeader(http.StatusServiceUnavailable) })
	v := w.visitor()
	v.send("/project/"+frameio.ProjectID+"/view/"+frameio.TeaserFile+"/press", url.Values{"action": {"Request sign-off"}})
	v.sees("Request sign-off is not answered: HTTP 503, try 5")
	w.answerWith(func(_ *heard, _ int, rw http.ResponseWriter) {
		_, _ = io.WriteString(rw, `{"title":"x","colour":"red"}`)
	})
	v.send("/project/"+frameio.ProjectID+"/view/"+frameio.TeaserFile+"/press", url.Values{"action": {"Request sign-off"}})
	v.sees("the answer is no message and no form: Unexpected field: colour")
}
