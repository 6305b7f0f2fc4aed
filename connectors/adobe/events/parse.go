package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

// learned names the assets of a delivery that open requests are about.
type learned struct {
	Touched []flow.Ref `json:"touched,omitempty"`
}

// refs are the names by which requests may know an asset.
func (p *Part) refs(f fact) []flow.Ref {
	var out []flow.Ref
	if f.id != "" {
		out = append(out, p.ref("asset", f.id))
	}
	if f.place != "" {
		out = append(out, p.ref("aem", f.place))
	}
	return out
}

// Enrich finds the assets that open requests are about. Nothing outside has to be asked: what Adobe has signed says it all.
func (p *Part) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	list, err := elements(d.Body)
	if err != nil {
		return json.Marshal(learned{})
	}
	var l learned
	for _, e := range list {
		f := e.read()
		for _, ref := range p.refs(f) {
			ok, err := p.touching(ctx, ref)
			if err != nil {
				return nil, err
			}
			if ok && f.ignored == "" {
				p.keep(ref, e, f)
				l.Touched = append(l.Touched, ref)
			}
		}
	}
	return json.Marshal(l)
}

// Recall is Enrich: it asks nobody outside.
func (p *Part) Recall(ctx context.Context, d flow.Delivery) ([]byte, bool) {
	raw, err := p.Enrich(ctx, d)
	return raw, err == nil
}

// Parse turns a delivery into events, one for each asset in it that an open request is about.
func (p *Part) Parse(d flow.Delivery) ([]flow.Event, error) {
	list, err := elements(d.Body)
	if err != nil {
		return nil, err
	}
	var l learned
	if len(d.Learned) > 0 {
		if err := json.Unmarshal(d.Learned, &l); err != nil {
			return nil, fmt.Errorf("what was learned: %w", err)
		}
	}
	journal := strings.HasPrefix(d.ID, p.deps.Instance+"/"+Door+"/journal/")
	var out []flow.Event
	for _, e := range list {
		f := e.read()
		if f.ignored != "" || !journal && e.stale(d.At) {
			continue
		}
		for _, ref := range p.refs(f) {
			if !slices.Contains(l.Touched, ref) {
				continue
			}
			ev := p.event(ref, f)
			// The same event of Adobe's has the same id however it came; a batch may hold it once more.
			ev.ID, ev.At, ev.Delivery = p.deps.Instance+"/"+Door+"/"+e.id()+"/"+ref.Type, d.At, d.ID
			if !slices.ContainsFunc(out, func(o flow.Event) bool { return o.ID == ev.ID }) {
				out = append(out, ev)
			}
		}
	}
	return out, nil
}

func (p *Part) event(ref flow.Ref, f fact) flow.Event {
	by := flow.Actor{}
	if f.by != "" {
		by = flow.Actor{Ref: p.ref("user", f.by), Shown: api.OneLine(f.by, 100)}
		if strings.Contains(f.by, "@") {
			by.Email = f.by // Adobe has signed it
		}
	}
	if f.gone != "" {
		return flow.Event{Kind: flow.AssetGone, Subject: ref, Actor: by, Sent: f.at, Fields: map[string][]string{"why": {f.gone}}}
	}
	v := flow.Version{ID: f.version, Name: f.called(), By: by, At: f.at, URL: f.url, Seq: f.seq()}
	return flow.Event{
		Kind: flow.AssetChanged, Subject: ref, Actor: by, Sent: f.at, Seq: v.Seq, Versions: []flow.Version{v},
		Assets: []flow.Asset{{Ref: ref, Label: f.name, URL: f.url}},
	}
}

// called is what people call a version: by its number where it has one that they know, else by when it was saved.
func (f fact) called() string {
	switch {
	case !strings.HasPrefix(f.version, "oak:") && len(f.version) < 12:
		return fmt.Sprintf("%s (version %s)", f.name, f.version)
	case !f.at.IsZero():
		return f.name + " of " + f.at.UTC().Format("2 Jan 2006, 15:04") + " UTC"
	}
	return f.name
}

// kept is what an asset's last event said.
type kept struct {
	ID, Place, Name, URL, Version, By, Gone string
	At                                      time.Time
}

func keptKey(ref flow.Ref) string { return "io/" + ref.Type + "/" + ref.Key }

func (p *Part) keep(ref flow.Ref, e element, f fact) {
	if f.at.IsZero() {
		f.at = instant(string(e.Time))
	}
	p.Note(keptKey(ref), kept{f.id, f.place, f.name, f.url, f.version, f.by, f.gone, f.at})
}

// Look says what the last event of an asset said. These services tell signoff of changes only, so before the first there is
// nothing to say.
func (p *Part) Look(ctx context.Context, a flow.Asset, _ time.Time) ([]flow.Event, error) {
	if !p.Mine(a.Ref) {
		return nil, &connectors.Error{Op: "read the asset", Class: connectors.Rejected, Person: "It is no asset of Adobe's.", Err: errors.New("unknown kind of asset")}
	}
	var k kept
	ok, err := p.Load(ctx, keptKey(a.Ref), &k)
	if err != nil || !ok {
		return nil, err
	}
	ev := p.event(a.Ref, fact{id: k.ID, place: k.Place, name: k.Name, url: k.URL, version: k.Version, by: k.By, gone: k.Gone, at: k.At})
	ev.ID, ev.At = p.deps.Instance+"/read/"+string(ev.Kind)+"/"+a.Ref.Key+"/"+k.Version, p.deps.Now().UTC()
	return []flow.Event{ev}, nil
}

var (
	urnForm  = pattern.New(`urn:aaid:(?:sc:[A-Z]{2}|aem):[0-9a-fA-F-]{36}`)
	aemHosts = pattern.New(`^(author|delivery)-p[0-9]+-e[0-9]+(-[0-9a-z]+)?\.adobeaemcloud\.com$`)
)

// Recognize reads an address of an asset: of Creative Cloud by its id, of Experience Manager by its id or its path.
func (p *Part) Recognize(address string) (flow.Asset, bool) {
	u, err := url.Parse(strings.Trim(strings.TrimSpace(address), "<>"))
	if err != nil || u.Scheme != "https" || u.User != nil || u.Opaque != "" || u.Port() != "" && u.Port() != "443" {
		return flow.Asset{}, false
	}
	host := strings.ToLower(u.Hostname())
	aem := aemHosts.MatchString(host)
	if !aem && host != "adobe.com" && !strings.HasSuffix(host, ".adobe.com") {
		return flow.Asset{}, false
	}
	rest := u.Path + "#" + u.Fragment
	if urn := urnForm.FindString(rest); urn != "" {
		return flow.Asset{Ref: p.ref("asset", urn), URL: u.String()}, true
	}
	if i := strings.Index(rest, "/content/dam/"); aem && i >= 0 && strings.HasPrefix(host, "author-") {
		path := strings.TrimRight(strings.SplitN(rest[i:], "#", 2)[0], "/")
		path, _, _ = strings.Cut(path, "?")
		if name := path[strings.LastIndexByte(path, '/')+1:]; strings.Contains(name, ".") {
			return flow.Asset{Ref: p.ref("aem", host+path), Label: api.OneLine(name, longestName), URL: u.String()}, true
		}
	}
	return flow.Asset{}, false
}
