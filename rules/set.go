package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"sync"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/source"
)

// Source is one rule file. Name is the path as the user wrote it, for messages.
type Source struct {
	Name string
	Data []byte
}

// Workspace is what config.yaml says of the studio as a whole. Empty values have defaults: zone UTC, language en,
// weeks that start on Monday, days first in dates.
type Workspace struct {
	Name, Zone, Language, WeekStarts, KeyPrefix string
	Calendar                                    string // where a rule needs the studio's working time
	DateOrder                                   string // day-first or month-first
	// QuietHours are those of everybody who has none of their own: "19:00-08:30". Empty: none.
	QuietHours string `json:",omitempty"`
}

// Options is what Compile knows of the installation beside the files.
type Options struct {
	Workspace Workspace
	// Chat and Tracker report whether a chat and a tracker with projects are configured.
	Chat, Tracker bool
	// Channels are the names that via: may use: "slack", "email". A known name that is missing here warns.
	Channels []string
}

// Set is a compiled ruleset with its directory. It is immutable and safe for concurrent use.
type Set struct {
	options   Options
	sources   []Source
	digest    string
	dirDigest string
	dir       *directory
	rules     *ruleset
	zone      *time.Location
	quiet     quiet     // the workspace's
	filed     []Absence // of the people file
	zones     *zones
}

// zones remembers time zones by name: loading one reads a file.
type zones struct{ known sync.Map }

// load returns a zone by its IANA name; nil where there is none.
func (z *zones) load(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	if loc, ok := z.known.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil // not kept: names that are none come from outside
	}
	z.known.Store(name, loc)
	return loc
}

// ruleset is what a request keeps until it closes.
type ruleset struct {
	vocabulary  *vocabulary
	templates   []*template
	workflows   map[string]*workflow
	reminders   map[string][]*reminder
	escalations map[string][]*escalationStep
	texts       map[string]*message
	rules       []*rule
	index       *index // nil in a set that is short enough to try them all
	balances    bool   // whether any rule chooses among several people by what they have or had
}

// directory is who there is and when they work; always current.
type directory struct {
	calendars map[string]*calendar.Calendar
	studio    *calendar.Calendar // the workspace's
	calName   string
	people    []*Person
	byName    map[string]*Person
	byEmail   map[string]string
	groups    map[string][]string
}

// Digest identifies the ruleset: rules, templates, workflows, reminders, escalations, texts and the workspace's zone.
func (s *Set) Digest() string { return s.digest }

// DirectoryDigest identifies the directory: people, groups and calendars.
func (s *Set) DirectoryDigest() string { return s.dirDigest }

// Sources returns the files that the set was compiled from.
func (s *Set) Sources() []Source { return slices.Clone(s.sources) }

// Options returns the options that the set was compiled with.
func (s *Set) Options() Options { return s.options }

// template returns a template by name, nil when there is none.
func (r *ruleset) template(name string) *template {
	for _, t := range r.templates {
		if t.name == name {
			return t
		}
	}
	return nil
}

// at prints a place as reasons show it: file:line.
func at(p source.Pos) string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// digestOf hashes sections by content and order, so that comments and spacing change nothing.
func digestOf(sections []*source.Node, extra ...string) string {
	h := sha256.New()
	for _, n := range sections {
		hashNode(h, n)
	}
	for _, s := range extra {
		fmt.Fprintf(h, "x%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

func hashNode(h hash.Hash, n *source.Node) {
	switch n.Kind() {
	case source.Scalar:
		fmt.Fprintf(h, "s%d:%s", len(n.Value()), n.Value())
	case source.Map:
		fmt.Fprintf(h, "m%d:", n.Len())
		for key, value := range n.Pairs() {
			hashNode(h, key)
			hashNode(h, value)
		}
	case source.List:
		fmt.Fprintf(h, "l%d:", n.Len())
		for item := range n.Items() {
			hashNode(h, item)
		}
	default:
		h.Write([]byte{'-'})
	}
}
