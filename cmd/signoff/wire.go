package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe"
	"signoff/connectors/confluence"
	"signoff/connectors/email"
	"signoff/connectors/embedded"
	"signoff/connectors/figma"
	"signoff/connectors/github"
	"signoff/connectors/jira"
	"signoff/connectors/slack"
	"signoff/internal/config"
	"signoff/internal/flow"
	"signoff/internal/outbound"
	"signoff/internal/secret"
	"signoff/internal/source"
)

// kinds are the connectors this build has.
func kinds() map[string]connectors.Kind {
	out := map[string]connectors.Kind{}
	for _, k := range []connectors.Kind{slack.Kind(), email.Kind(), jira.Kind(), github.Kind(), embedded.Kind(), figma.Kind(), confluence.Kind(), adobe.Kind()} {
		out[k.Name] = k
	}
	return out
}

// wiring is what connectors are made with.
type wiring struct {
	kinds   map[string]connectors.Kind
	public  string
	storeID string
	key     []byte
	log     *slog.Logger
	now     func() time.Time
	keep    func(instance string) connectors.Keep // nil: connectors are made to look at their settings only
	skew    *outbound.Skew                        // nil: nobody watches the clock

	// archive, picture and pass as in connectors.Deps; nil with keep.
	archive func(instance string) func(ctx context.Context, id string) ([]byte, error)
	picture func(ctx context.Context, ref flow.Ref) (body []byte, mediaType string, err error)
	pass    func(connectors.Pass) string
}

var errSettings = errors.New("the settings have problems")

// connect makes the connector of an instance. Problems are at their places in the configuration.
func (w wiring) connect(path string, i config.Instance) (connectors.Connector, source.Problems) {
	var found source.Problems
	decode := func(into any) error {
		found = i.Decode(into)
		if found.Errors() > 0 {
			return errSettings
		}
		return nil
	}
	c, err := w.kinds[i.Kind].New(decode, w.deps(i))
	if err == nil || errors.Is(err, errSettings) {
		return c, found
	}
	for _, one := range separate(err) {
		at, unset := place(path, i, one)
		if !unset { // an unset variable has been reported already
			found.Errorf(at, config.CodeSetting, "%s: %s", i.Name, one)
		}
	}
	return nil, found
}

// separate takes joined errors apart.
func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// place finds the setting that err is about.
func place(path string, i config.Instance, err error) (at source.Pos, unset bool) {
	n := i.Node
	if n == nil {
		return source.Pos{File: path}, false
	}
	var s *connectors.SettingError
	if !errors.As(err, &s) {
		return n.Pos(), false
	}
	for key := range strings.SplitSeq(s.Key, ".") {
		next := n.Key(key)
		if next == nil {
			break
		}
		n = next
	}
	for item := range n.Items() {
		unset = unset || item.Unset()
	}
	return n.Pos(), unset || n.Unset()
}

func (w wiring) deps(i config.Instance) connectors.Deps {
	instance := i.Name
	d := connectors.Deps{
		Instance: instance, Tracker: i.Tracker, Version: version, PublicURL: w.public, StoreID: w.storeID,
		Key: derive(w.key, "connector "+instance), HTTP: w.calls, Files: w.files, Log: w.log.With("instance", instance), Now: w.now,
	}
	d.Keep, d.Delivery, d.Picture, d.Pass = blank{}, blank{}.delivery, blank{}.picture, func(connectors.Pass) string { return "" }
	if w.keep != nil {
		d.Keep, d.Delivery, d.Picture, d.Pass = w.keep(instance), w.archive(instance), w.picture, w.pass
	}
	return d
}

// blank is the memory of connectors that are made without a store: nothing is known, and nothing is kept.
type blank struct{}

func (blank) Get(context.Context, string) ([]byte, error)                    { return nil, nil }
func (blank) Put(context.Context, string, []byte, []byte) error              { return nil }
func (blank) Note(string, []byte)                                            {}
func (blank) Scan(context.Context, string, func(string, []byte) error) error { return nil }

func (blank) delivery(context.Context, string) ([]byte, error) { return nil, nil }

func (blank) picture(context.Context, flow.Ref) ([]byte, string, error) {
	return nil, "", &connectors.Error{Op: "open picture", Class: connectors.Rejected, Err: errors.New("nothing is kept here")}
}

// answerMost bounds one answer of a service; the create metadata of a large Jira project has a few MiB.
const answerMost = 8 << 20

// calls and files make a connector's clients: for calls, and for files in either direction.
func (w wiring) calls(base string, vendor ...string) *http.Client {
	return outbound.New(outbound.Options{Allow: []string{base}, Hosts: vendor, UserAgent: "signoff/" + version, MaxBody: answerMost, Skew: w.skew})
}

func (w wiring) files(base string, vendor ...string) *http.Client {
	return outbound.NewFiles(outbound.Options{Allow: []string{base}, Hosts: vendor, UserAgent: "signoff/" + version, Skew: w.skew})
}

// derive makes a key for one purpose from the store's key.
func derive(key []byte, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, purpose, 32)
	if err != nil {
		panic(fmt.Sprintf("derive key: %v", err)) // only for lengths that SHA-256 cannot give
	}
	return out
}

// wiring checks every connection's settings without speaking to anybody.
func (f *files) wiring(a *app, _ source.Level) {
	w := wiring{kinds: kinds(), public: f.config.Server.PublicURL, key: make([]byte, 32), storeID: "check", log: slog.New(slog.NewTextHandler(io.Discard, nil)), now: a.now}
	for _, i := range f.config.Instances {
		_, found := w.connect(f.config.Path, i)
		f.found.Add(found...)
	}
	f.found.Add(f.config.SharedSecrets()...)
	if s := f.config.Store; !s.Key.Empty() {
		if _, err := decodeKey(s.Key); err != nil {
			f.found.Errorf(s.KeyAt, config.CodeSetting, "store.key: %s", err)
		}
	}
}

// logger writes for people on a terminal and for machines elsewhere; secrets are masked either way.
func (a *app) logger(l config.Log, secrets ...secret.Secret) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // config allows only known words
	if a.verbose {
		level = slog.LevelDebug
	}
	o := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(a.err, o)
	if l.Format == "text" || (l.Format == "auto" && a.errTTY) {
		h = slog.NewTextHandler(a.err, o)
	}
	return slog.New(secret.NewRedactor(secrets...).Handler(h))
}
