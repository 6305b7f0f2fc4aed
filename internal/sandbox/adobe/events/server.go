package events

import (
	"cmp"
	"crypto/rsa"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// Service is the name of I/O Events in the ledger and for faults.
const Service = "adobeio"

// The ids that are there from the start.
const (
	Organization   = "47110"
	Project        = "4566206088344"
	Workspace      = "4566206088345"
	Integration    = "229001"
	RegistrationID = "9b8ab3bd-4ca4-4b6f-8f9d-2f2bd6b1c6b5"
	HeroID         = "urn:aaid:aem:20fec14a-b5b8-4c7d-85f4-e619d66281dc"
	PosterID       = "urn:aaid:sc:EU:4d28b2af-6903-45d8-b76c-4258521a06ad"
)

// Options are what is I/O Events' alone.
type Options struct {
	WebhookURL string // of the registration that is there from the start; "" = it is read by its journal only
	Batch      bool   // it takes several events in one delivery
	// NewNames leaves out the names of members that Adobe takes away by the end of 2026.
	NewNames bool
	Retry    []time.Duration    // waits between the tries of a delivery; nil = 1, 2, 4, 8, 15, 15, … minutes for a day
	Keys     [2]*rsa.PrivateKey // that sign; nil = made when they are needed
}

// Site is I/O Events for one project in the Developer Console. It is safe for concurrent use.
type Site struct {
	*site.Site
	opt Options

	keyOnce       sync.Once
	keys          []*key
	assets        []*asset
	registrations []*registration
	journal       []entry
	challenge     string // what the next challenge asks with
}

// asset is a file in Experience Manager or in Creative Cloud.
type asset struct {
	Asset
	by *site.Person
}

// Asset is an asset as tests and pages see it.
type Asset struct {
	ID, Name   string
	Cloud      bool // in Creative Cloud, otherwise in Experience Manager
	Path       string
	Repository string // the host, or in Creative Cloud the owner's storage
	Format     string
	Version    int
	Size       int64
	By         string
	Saved      time.Time
	Deleted    bool
}

// Link is where people open the asset, to be given to signoff.
func (a Asset) Link() string {
	if a.Cloud {
		return "https://assets.adobe.com/id/" + a.ID
	}
	return "https://" + a.Repository + "/ui#/aem/assetdetails.html" + a.Path
}

// New returns a project with one registration.
func New(common *site.Site, opt Options) *Site {
	if opt.Retry == nil {
		opt.Retry = []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute}
		for range 95 { // until a day has passed
			opt.Retry = append(opt.Retry, 15*time.Minute)
		}
	}
	s := &Site{Site: common, opt: opt}
	lin, now := &s.People[0], s.Now()
	s.assets = []*asset{
		{Asset{ID: HeroID, Name: "spring-hero.png", Path: "/content/dam/lumen/spring-hero.png", Repository: "author-p142461-e1463137.adobeaemcloud.com", Format: "image/png", Version: 1, Size: 669044, By: lin.Name, Saved: now}, lin},
		{Asset{ID: PosterID, Name: "Spring poster.psd", Cloud: true, Path: "/cloud-content/Spring poster.psd", Repository: "urn:aaid:sc:EU:2b461647-5849-53d0-8775-aa9ec0e104f4", Format: "image/vnd.adobe.photoshop", Version: 1, Size: 24117248, By: lin.Name, Saved: now}, lin},
	}
	kind := "webhook"
	switch {
	case opt.WebhookURL == "":
		kind = "journal"
	case opt.Batch:
		kind = "webhook_batch"
	}
	s.registrations = []*registration{{
		number: 30001, id: RegistrationID, name: "signoff", kind: kind, url: opt.WebhookURL, enabled: true, verified: true, created: now, updated: now, interests: everything(),
	}}
	return s
}

func (s *Site) asset(idOrName string) *asset {
	i := slices.IndexFunc(s.assets, func(a *asset) bool { return a.ID == idOrName || a.Name == idOrName || a.Path == idOrName })
	if i < 0 {
		return nil
	}
	return s.assets[i]
}

// Assets lists the assets.
func (s *Site) Assets() []Asset {
	s.Lock()
	defer s.Unlock()
	var out []Asset
	for _, a := range s.assets {
		out = append(out, a.Asset)
	}
	return out
}

// JournalURL is the address of the journal of the registration that is there from the start.
func (s *Site) JournalURL() string {
	return fmt.Sprintf("%s/events/organizations/%s/integrations/%s/%s", s.BaseURL, Organization, Integration, RegistrationID)
}

// RegistrationPath names that registration by its four ids.
func RegistrationPath() string {
	return strings.Join([]string{Organization, Project, Workspace, RegistrationID}, "/")
}

// API serves /events/…, /prod/keys/… and /csm/…, below the site's prefix.
func (s *Site) API() http.Handler {
	api, keys, validate := s.Serve(s.api()), s.Serve(s.keyAPI()), s.Serve(s.validateAPI())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, s.Prefix); {
		case strings.HasPrefix(path, "/prod/keys/"):
			keys.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/csm/"):
			validate.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

// Operations names every operation, for those who arm faults.
func (s *Site) Operations() []string {
	var all []string
	for _, i := range []site.Interface{s.api(), s.keyAPI(), s.validateAPI()} {
		for _, r := range i.Routes {
			all = append(all, r.Op)
		}
	}
	return all
}

// problem is a refusal as Adobe's interfaces word it.
func problem(status int, detail string) *site.Reply {
	return site.Answer(status, map[string]any{"error_code": fmt.Sprint(status * 1000), "message": cmp.Or(detail, http.StatusText(status))})
}
