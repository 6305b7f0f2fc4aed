package config

import (
	"fmt"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/internal/secret"
	"signoff/internal/source"
	"signoff/rules"
)

// Config is what a file says, with defaults filled in.
type Config struct {
	Path      string
	Workspace rules.Workspace
	Mode      string   // live, shadow
	Rules     []string // globs, relative to the file's folder
	Server    Server
	Tokens    []Token
	Store     Store
	Instances []Instance // connectors and trackers that are switched on, in the file's order
	Tracker   string     // the instance that keeps tickets
	Log       Log
	Autofill  Autofill
	Triage    string     // where it is asked what becomes of deliveries from strangers: a channel with #, or a group
	TriageAt  source.Pos // where Triage is written
	Limits    Limits
	RawEvents time.Duration // how long deliveries are kept
}

// Server says where signoff listens and how it is reached.
type Server struct {
	Listen, Admin string
	PublicURL     string // without trailing slash
	Proxies       []netip.Prefix
}

// Token is one bearer token of the API.
type Token struct {
	Name   string
	Secret secret.Secret
	As     string // the person it stands for; empty: it cannot vote
}

// Store says where everything is kept.
type Store struct {
	Path    string
	Key     secret.Secret // 32 bytes, hex or base64; empty: made beside the store
	KeyAt   source.Pos    // where Key is written
	MaxSize int64         // bytes; 0: no limit
}

// Log says how signoff logs.
type Log struct{ Level, Format string }

// Instance is one connector: its name is the key under connectors: or tracker:, its kind the same word unless the
// file says otherwise.
type Instance struct {
	Name, Kind string
	Tracker    bool
	Node       *source.Node // its settings; nil: none given
}

// Chat returns the instance through which people are asked: the first of a chat kind.
func (c *Config) Chat() string {
	for _, i := range c.Instances {
		if i.Kind == "slack" {
			return i.Name
		}
	}
	return ""
}

// Decode reads an instance's settings into a struct of its kind.
func (i Instance) Decode(into any) source.Problems {
	if i.Node == nil {
		return nil
	}
	return source.Into(i.Node, "the "+i.Kind+" connection", into)
}

type loader struct {
	source.Decoder
	c *Config
}

// Load reads the file's bytes. path is shown in problems. missing says how grave an unset variable is: a warning for
// check, an error for serve. The Config is usable when there are no errors.
func Load(path string, data []byte, env source.Env, missing source.Level) (*Config, source.Problems) {
	f, problems := source.Parse(path, data)
	l := &loader{c: &Config{Path: path, Mode: "live", RawEvents: 30 * 24 * time.Hour}}
	l.Add(problems...)
	if f == nil || f.Root() == nil {
		if len(l.Problems) == 0 {
			l.Errorf(source.Pos{File: path}, codeEmpty, "the file is empty")
			l.Hint("signoff init writes a starter configuration")
		}
		return l.c, l.Problems
	}
	for n := range used(f.Root()) {
		l.Add(source.Expand(n, env, missing)...)
	}
	l.root(f.Root())
	l.Sort()
	return l.c, l.Problems.Without(source.Ignored(data))
}

// used yields the parts of the file whose variables matter: all but the settings of connections that are switched off and of
// trackers that are not in use.
func used(root *source.Node) iter.Seq[*source.Node] {
	return func(yield func(*source.Node) bool) {
		if root.Kind() != source.Map {
			yield(root)
			return
		}
		for key, value := range root.Pairs() {
			section := key.Value()
			if value.Kind() != source.Map || section != "connectors" && section != "tracker" {
				if !yield(value) {
					return
				}
				continue
			}
			use := value.Key("use").Value()
			for name, one := range value.Pairs() {
				off := one.Key("enabled").Value() == "false"
				other := section == "tracker" && use != "" && name.Value() != "use" && name.Value() != use
				if !off && !other && !yield(one) {
					return
				}
			}
		}
	}
}

func (l *loader) root(n *source.Node) {
	shape := rootShape()
	if !l.Map(n, shape) {
		return
	}
	l.later(n, shape)
	if v, ok := l.Int(n.Key("version")); ok && v != 1 {
		l.Errorf(n.Key("version").Pos(), codeVersion, "version %d is not known, this signoff reads version 1", v)
	}
	if m, ok := l.Enum(n.Key("mode"), shape.Words("mode")...); ok {
		l.c.Mode = m
	}
	l.c.Rules, _ = l.Strings(n.Key("rules"))
	l.workspace(n.Key("workspace"))
	l.server(n.Key("server"))
	l.tokens(n.Key("api"))
	l.store(n.Key("store"))
	l.connectors(n.Key("connectors"))
	l.tracker(n.Key("tracker"))
	l.triage(n.Key("triage"))
	l.limits(n.Key("limits"))
	l.autofill(n.Key("autofill"))
	l.privacy(n.Key("privacy"))
	l.log(n.Key("log"))
}

// later warns of keys that belong to a part of signoff which this version does not have yet.
func (l *loader) later(n *source.Node, s source.Shape) {
	for _, key := range s.Keys {
		if k := n.KeyNode(key.Name); k != nil && key.Ignored {
			l.Warnf(k.Pos(), codeLater, "%s is not part of this version and is ignored", key.Name)
		}
	}
}

func (l *loader) workspace(n *source.Node) {
	w := &l.c.Workspace
	*w = rules.Workspace{Name: "signoff", Zone: "UTC", Language: "en", WeekStarts: "monday", KeyPrefix: "CR", DateOrder: "day-first"}
	shape := workspaceShape()
	if !l.Map(n, shape) {
		return
	}
	l.later(n, shape)
	l.text(n, "name", &w.Name)
	l.text(n, "time_zone", &w.Zone)
	if _, err := time.LoadLocation(w.Zone); err != nil || w.Zone == "Local" {
		l.Errorf(n.Key("time_zone").Pos(), codeZone, "%q is not a time zone", w.Zone)
		l.Hint("use a name like Europe/London")
	}
	l.text(n, "language", &w.Language)
	if l.text(n, "quiet_hours", &w.QuietHours) {
		if _, err := rules.ParseQuiet(w.QuietHours); err != nil || w.QuietHours == "" {
			l.Errorf(n.Key("quiet_hours").Pos(), codeQuiet, "%q is not a stretch of hours", w.QuietHours)
			l.Hint(`write "19:00-08:30"`)
			w.QuietHours = ""
		}
	}
	l.text(n, "calendar", &w.Calendar)
	l.enum(n, "week_starts", &w.WeekStarts, shape.Words("week_starts")...)
	l.enum(n, "date_order", &w.DateOrder, shape.Words("date_order")...)
	if l.text(n, "key_prefix", &w.KeyPrefix) && !keyPrefix(w.KeyPrefix) {
		l.Errorf(n.Key("key_prefix").Pos(), codePrefix, "key_prefix must be 1 to 10 capital letters, not %q", w.KeyPrefix)
		l.Hint("requests are then called %s-142", "CR")
	}
}

func keyPrefix(s string) bool {
	return s != "" && len(s) <= 10 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (l *loader) text(n *source.Node, key string, into *string) bool {
	s, ok := l.Text(n.Key(key))
	if ok {
		*into = s
	}
	return ok
}

func (l *loader) enum(n *source.Node, key string, into *string, allowed ...string) {
	if s, ok := l.Enum(n.Key(key), allowed...); ok {
		*into = s
	}
}

func (l *loader) server(n *source.Node) {
	s := &l.c.Server
	*s = Server{Listen: ":8080", Admin: "127.0.0.1:9090"}
	if n == nil || !l.Map(n, serverShape()) {
		return
	}
	l.address(n, "listen", &s.Listen)
	l.address(n, "admin_listen", &s.Admin)
	if l.text(n, "public_url", &s.PublicURL) {
		u, err := url.Parse(s.PublicURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" {
			l.Errorf(n.Key("public_url").Pos(), codeURL, "public_url must be an address like https://signoff.lumen.example")
		}
		s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	}
	for _, p := range l.Texts(n.Key("trusted_proxies")) {
		prefix, err := netip.ParsePrefix(p.Value())
		if addr, single := netip.ParseAddr(p.Value()); err != nil && single == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			l.Errorf(p.Pos(), codeURL, "%q is not an address or a network", p.Shown())
			l.Hint("write 10.0.0.7 or 10.0.0.0/8")
			continue
		}
		s.Proxies = append(s.Proxies, prefix)
	}
}

func (l *loader) address(n *source.Node, key string, into *string) {
	var text string
	if !l.text(n, key, &text) {
		return
	}
	if _, _, err := net.SplitHostPort(text); err != nil {
		l.Errorf(n.Key(key).Pos(), codeURL, "%s must be an address and a port, not %q", key, text)
		l.Hint(`write ":8080" or "127.0.0.1:8080"`)
		return
	}
	*into = text
}

const shortest = 16 // characters of a token, so that none can be guessed

func (l *loader) tokens(n *source.Node) {
	if n == nil || !l.Map(n, apiShape()) {
		return
	}
	list := n.Key("tokens")
	if list != nil && list.Kind() != source.Map {
		l.Wrong(list, "tokens by name")
		return
	}
	for key, value := range list.Pairs() {
		t := Token{Name: key.Value()}
		word := value
		if value.Kind() == source.Map {
			if !l.Map(value, tokenShape()) {
				continue
			}
			word = value.Key("token")
			t.As, _ = l.Text(value.Key("as"))
		}
		if s, ok := l.Text(word); ok {
			if len(s) < shortest {
				l.Errorf(word.Pos(), codeToken, "the token %s is shorter than %d characters and could be guessed", t.Name, shortest)
				l.Hint("make one with: openssl rand -hex 32")
				continue
			}
			t.Secret = secret.New(s)
			l.c.Tokens = append(l.c.Tokens, t)
		}
	}
}

func (l *loader) store(n *source.Node) {
	s := &l.c.Store
	s.Path = "signoff.db"
	shape := storeShape()
	if n == nil || !l.Map(n, shape) {
		return
	}
	if d, ok := l.Text(n.Key("driver")); ok && !slices.Contains(shape.Words("driver"), d) {
		l.Choice(n.Key("driver"), "a store of this version", shape.Words("driver"))
	}
	l.later(n, shape)
	l.text(n, "path", &s.Path)
	if k, ok := l.Text(n.Key("key")); ok {
		s.Key, s.KeyAt = secret.New(strings.TrimSpace(k)), n.Key("key").Pos()
	}
	if mb, ok := l.Int(n.Key("max_size_mb")); ok {
		s.MaxSize = int64(mb) << 20
	}
}

// triage is a channel or a group.
func (l *loader) triage(n *source.Node) {
	word, ok := l.Text(n)
	if !ok {
		return
	}
	l.c.TriageAt = n.Pos()
	l.c.Triage = strings.TrimPrefix(strings.TrimSpace(word), "group:")
	if strings.Trim(l.c.Triage, "#") == "" || strings.ContainsAny(l.c.Triage, " \t") {
		l.Wrong(n, `a channel such as "#creative-ops" or a group such as group:ops`)
		l.c.Triage = ""
	}
}

func (l *loader) log(n *source.Node) {
	l.c.Log = Log{Level: "info", Format: "auto"}
	shape := logShape()
	if n == nil || !l.Map(n, shape) {
		return
	}
	l.enum(n, "level", &l.c.Log.Level, shape.Words("level")...)
	l.enum(n, "format", &l.c.Log.Format, shape.Words("format")...)
}

func (l *loader) privacy(n *source.Node) {
	shape := privacyShape()
	if n == nil || !l.Map(n, shape) {
		return
	}
	l.later(n, shape)
	s, ok := l.Text(n.Key("raw_events"))
	if !ok {
		return
	}
	var days int
	if _, err := fmt.Sscanf(s, "%d days", &days); err != nil || days < 1 || days > 3650 {
		l.Wrong(n.Key("raw_events"), `a number of days such as "30 days"`)
		return
	}
	l.c.RawEvents = time.Duration(days) * 24 * time.Hour
}

func (l *loader) connectors(n *source.Node) {
	if n == nil || n.IsNull() {
		return
	}
	if n.Kind() != source.Map {
		l.Wrong(n, "connections by name")
		return
	}
	for key, value := range n.Pairs() {
		l.instance(key, value, []string{"slack", "email", "figma", "adobe", "confluence", "github"}, false)
	}
}

func (l *loader) tracker(n *source.Node) {
	use := "embedded"
	var named []string
	if n != nil && n.Kind() != source.Map {
		l.Wrong(n, "the tracker to use and its settings")
		return
	}
	for key, value := range n.Pairs() {
		if key.Value() == "use" {
			use, _ = l.Text(value)
			continue
		}
		named = append(named, key.Value())
	}
	for key, value := range n.Pairs() {
		if key.Value() == use {
			l.instance(key, value, []string{"jira", "github", "embedded"}, true)
		}
	}
	l.c.Tracker = use
	if slices.ContainsFunc(l.c.Instances, func(i Instance) bool { return i.Tracker }) || slices.Contains(named, use) {
		return
	}
	if use != "embedded" {
		l.Errorf(n.Key("use").Pos(), codeTracker, "tracker.use names %q, but there are no settings under tracker.%s", use, use)
		if near, ok := source.Nearest(use, append(named, "embedded")); ok {
			l.Hint("did you mean %q?", near)
		}
		return
	}
	l.c.Instances = append(l.c.Instances, Instance{Name: use, Kind: "embedded", Tracker: true})
}

func (l *loader) instance(key, value *source.Node, kinds []string, tracker bool) {
	i := Instance{Name: key.Value(), Kind: key.Value(), Tracker: tracker, Node: value}
	at := key.Pos()
	if value.IsNull() {
		i.Node = nil
	} else if value.Kind() != source.Map {
		l.Wrong(value, "the settings of "+i.Name)
		return
	}
	if on, ok := l.Bool(value.Key("enabled")); ok && !on {
		return
	}
	if k, ok := l.Text(value.Key("kind")); ok {
		i.Kind, at = k, value.Key("kind").Pos()
	}
	switch {
	case !instanceName(i.Name):
		l.Errorf(key.Pos(), codeInstance, "%q cannot be the name of a connection: use small letters, digits and -", i.Name)
		return
	case !slices.Contains(kinds, i.Kind):
		l.Errorf(at, codeInstance, "%q is not a kind of connection here", i.Kind)
		if near, ok := source.Nearest(i.Kind, kinds); ok {
			l.Hint("did you mean %q?", near)
		} else {
			l.Hint("known: %s; a second one of a kind is written as NAME: {kind: %s, …}", strings.Join(kinds, ", "), kinds[0])
		}
		return
	}
	if slices.ContainsFunc(l.c.Instances, func(other Instance) bool { return other.Name == i.Name }) {
		l.Errorf(key.Pos(), codeInstance, "%q is also the name of another connection", i.Name)
		l.Hint("a second one of a kind is written as NAME: {kind: %s, …}", i.Kind)
		return
	}
	if i.Node != nil {
		i.Node = i.Node.Without("kind", "enabled")
	}
	l.c.Instances = append(l.c.Instances, i)
}

func instanceName(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s != "api" && s != "web"
}

// SharedSecrets reports signing secrets that two connections have in common: a message signed for one could then be
// played to the other.
func (c *Config) SharedSecrets() source.Problems {
	var found source.Problems
	owner := map[string]string{}
	for _, i := range c.Instances {
		for _, key := range []string{"signing_secret", "webhook_secret", "webhook_passcode"} {
			n := i.Node.Key(key)
			items := []*source.Node{n}
			if n.Kind() == source.List {
				items = slices.Collect(n.Items())
			}
			for _, item := range items {
				value := item.Value()
				if other, known := owner[value]; value != "" && known && other != i.Name {
					found.Errorf(item.Pos(), CodeSecrets, "%s and %s have the same secret", other, i.Name)
					found.Hint("give each connection a secret of its own")
				}
				owner[value] = i.Name
			}
		}
	}
	return found
}
