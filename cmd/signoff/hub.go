package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"signoff/connectors"
	"signoff/internal/autofill"
	"signoff/internal/config"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/outbound"
	"signoff/internal/pass"
	"signoff/internal/secret"
	"signoff/internal/server"
	"signoff/internal/source"
	"signoff/internal/store"
	"signoff/rules"
)

// hub is everything that serve and demo run: a store, the connectors, the engine and the server over them.
type hub struct {
	log     *slog.Logger
	store   store.Store
	engine  *engine.Engine
	server  *server.Server
	metrics *prometheus.Registry
	skew    *outbound.Skew                  // nil in the demo, whose clock is moved by hand
	all     map[string]connectors.Connector // by instance
	pretend bool                            // its services are its own: the demo
	// ruleGlobs are the patterns of the rule files, relative to the folder of the configuration.
	ruleGlobs []string
	// shelved is the repository that the rules are taken from; empty: from the files.
	shelved string
}

// parts is what a hub is built from.
type parts struct {
	config *config.Config
	set    *rules.Set
	store  store.Store
	key    []byte
	log    *slog.Logger
	now    func() time.Time
	after  func(time.Duration) <-chan time.Time // nil = real time
	reload func(context.Context) error
	demo   *server.Demo
}

// newHub connects the parts; nothing speaks to the outside yet. The config has been checked, so problems here are
// those that only the store's key and identity can bring.
func newHub(p parts) (*hub, error) {
	h := &hub{log: p.log, store: p.store, metrics: prometheus.NewRegistry(), ruleGlobs: p.config.Rules, pretend: p.demo != nil}
	if p.demo == nil {
		h.skew = outbound.NewSkew(p.now, h.clockTurned)
		h.metrics.MustRegister(skewGauge{h.skew})
	}
	h.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	passes, err := pass.New(p.key)
	if err != nil {
		return nil, problems("%w", err)
	}
	w := wiring{
		kinds: kinds(), public: p.config.Server.PublicURL, storeID: p.store.ID(), key: p.key, log: p.log, now: p.now,
		keep: func(instance string) connectors.Keep { return engine.NewKeep(p.store, instance) },
		skew: h.skew,
		archive: func(instance string) func(context.Context, string) ([]byte, error) {
			return engine.NewArchive(p.store, instance)
		},
		picture: func(ctx context.Context, ref flow.Ref) ([]byte, string, error) { return h.engine.Picture(ctx, ref) },
		pass:    func(one connectors.Pass) string { return p.config.Server.PublicURL + "/a/" + passes.Seal(one) },
	}
	all, kindOf := map[string]connectors.Connector{}, map[string]string{}
	for _, i := range p.config.Instances {
		c, found := w.connect(p.config.Path, i)
		if found.Errors() > 0 {
			return nil, problems("%s", found[0])
		}
		all[i.Name], kindOf[i.Name] = c, i.Kind
	}
	h.all = all
	lib := newLibrarian(h, p)
	set := p.set
	for instance, c := range all {
		if s, ok := c.(connectors.Shelf); ok && s.Shelved().Repository != "" {
			if kept := lib.kept(context.Background(), instance); kept != nil {
				set = kept
			}
			h.shelved = s.Shelved().Repository
		}
	}
	h.engine, err = engine.New(engine.Options{
		Store: p.store, Rules: set, Librarian: lib, Connectors: all, Kinds: kindOf, Chat: p.config.Chat(), Tracker: p.config.Tracker,
		Mail: mailFrom(p.config, all), Triage: p.config.Triage, Limits: limitsOf(p.config.Limits),
		Now: p.now, After: p.after, Log: p.log, Mode: p.config.Mode, RawEvents: p.config.RawEvents, Metrics: h.metrics, Suggest: suggester(p.config.Autofill),
		Skew: h.clock, Size: sizeOf(p.config.Store),
	})
	if err != nil {
		return nil, problems("%w", err)
	}
	close(lib.ready)
	h.server, err = server.New(server.Options{
		Hub: watched{h.engine, h.skew}, Store: p.store, Now: p.now, Log: p.log, Version: version, Studio: p.config.Workspace.Name,
		PublicURL: p.config.Server.PublicURL, Passes: passes.Open, Tokens: apiTokens(p.config.Tokens), TrustedProxies: p.config.Server.Proxies,
		Metrics: promhttp.HandlerFor(h.metrics, promhttp.HandlerOpts{}), Reload: p.reload, Demo: p.demo,
		Client: outbound.New(outbound.Options{Allow: []string{p.config.Server.PublicURL}, UserAgent: "signoff/" + version}),
	})
	if err != nil {
		return nil, problems("%w", err)
	}
	return h, nil
}

// suggester asks the model that is configured; nil where none is.
func suggester(c config.Autofill) engine.Suggester {
	if c.BaseURL == "" {
		return nil
	}
	client := outbound.New(outbound.Options{Allow: []string{c.BaseURL}, UserAgent: "signoff/" + version, Timeout: c.Timeout})
	return autofill.New(autofill.Options{BaseURL: c.BaseURL, Model: c.Model, Key: c.Key, Timeout: c.Timeout, HTTP: client}).Suggest
}

// mailFrom is the instance through which people are written to: the first of the file that sends mail.
func mailFrom(c *config.Config, all map[string]connectors.Connector) string {
	for _, i := range c.Instances {
		if m, ok := all[i.Name].(connectors.Mailer); ok && m.Mails() {
			return i.Name
		}
	}
	return ""
}

// clock says by how much this machine's clock is off from the service it is off the most from; false while none has
// answered.
func (h *hub) clock() (host string, off time.Duration, ok bool) {
	host, off, _ = h.skew.Worst()
	return host, off, len(h.skew.All()) > 0
}

// sizeOf measures the store's file; its limit is 0 where none is set.
func sizeOf(c config.Store) func() (used, limit int64) {
	return func() (used, limit int64) {
		info, err := os.Stat(c.Path)
		if err != nil {
			return 0, int64(c.MaxSize)
		}
		return info.Size(), int64(c.MaxSize)
	}
}

func apiTokens(in []config.Token) []server.Token {
	var out []server.Token
	for _, t := range in {
		out = append(out, server.Token{Name: t.Name, Secret: t.Secret, As: t.As})
	}
	return out
}

const keySize = 32

// storeKey returns the key that seals what travels outside: from the configuration, else from the file beside the
// store, which is made where there is none.
func storeKey(c config.Store, random func([]byte)) ([]byte, error) {
	if !c.Key.Empty() {
		key, err := decodeKey(c.Key)
		if err != nil {
			return nil, problems("store.key: %w", err)
		}
		return key, nil
	}
	path := c.Path + ".key"
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path, random)
	}
	if err != nil {
		return nil, problems("read the store's key: %w", err)
	}
	key, err := decodeKey(secret.New(string(b)))
	if err != nil {
		return nil, problems("%s: %w", path, err)
	}
	return key, nil
}

func decodeKey(s secret.Secret) ([]byte, error) {
	text := trimmed(s.Reveal())
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		if key, err := decode(text); err == nil && len(key) == keySize {
			return key, nil
		}
	}
	if len(s.Reveal()) == keySize {
		return []byte(s.Reveal()), nil
	}
	return nil, errors.New("the key must be 32 random bytes, as they are or in hex; make it with: openssl rand -hex 32")
}

func trimmed(s string) string {
	for len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r' || s[len(s)-1] == ' ') {
		s = s[:len(s)-1]
	}
	return s
}

func makeKey(path string, random func([]byte)) ([]byte, error) {
	key := make([]byte, keySize)
	random(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, problems("make the store's key: %w", err)
	}
	if err := os.WriteFile(path, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, problems("make the store's key: %w", err)
	}
	return key, nil
}

// secrets lists what must never be written out, for the log.
func secrets(c *config.Config) []secret.Secret {
	var out []secret.Secret
	for _, t := range c.Tokens {
		out = append(out, t.Secret)
	}
	for _, i := range c.Instances {
		out = append(out, hidden(i.Node, false)...)
	}
	return out
}

// secretKeys are the settings of connections whose values, and all below them, are secrets.
var secretKeys = []string{
	"signing_secret", "signing_secrets", "webhook_secret", "webhook_token", "webhook_passcode", "bot_token", "app_token", "client_secret", "token", "auth_token",
	"session", "password", "private_key",
}

// hidden lists the secrets in the settings of a connection, however deep they stand.
func hidden(n *source.Node, below bool) (out []secret.Secret) {
	switch n.Kind() {
	case source.Map:
		for key, value := range n.Pairs() {
			out = append(out, hidden(value, below || slices.Contains(secretKeys, key.Value()))...)
		}
	case source.List:
		for item := range n.Items() {
			out = append(out, hidden(item, below)...)
		}
	case source.Scalar:
		if below && n.Value() != "" {
			out = append(out, secret.New(n.Value()))
		}
	}
	return out
}

// limitsOf are the limits of what rules say, as the engine knows them.
func limitsOf(l config.Limits) engine.Limits {
	if l.Minute == 0 {
		l.Minute = -1 // never
	}
	return engine.Limits{Minute: l.Minute, Hour: l.Hour, Times: float64(l.Times), Pause: l.Pause}
}
