package flow

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What people decide on is named by the newest versions of its assets, so that a decision holds for exactly what was seen.

// uploads is the System of assets that are files which people gave us themselves.
const uploads = "signoff"

// Revision names the version of the work that is decided on now: the newest versions of its assets joined by "+", in
// the order of the assets; the number of the revision where none is known. Where the work is kept at a source, files
// that were uploaded are only files.
func (r Request) Revision() string {
	var known []string
	for _, a := range r.decidedOn() {
		if id := a.Current().ID; id != "" {
			known = append(known, id)
		}
	}
	if len(known) == 0 {
		return strconv.Itoa(r.Round)
	}
	return strings.Join(known, "+")
}

const (
	revisionWhole = 200 // bytes; a longer one is abridged
	digestSign    = "="
)

// Abridged returns a revision as what has little room carries it: as it is, or where it is long as a digest. A decision
// that names the digest is judged like one that names the revision.
func Abridged(revision string) string {
	if len(revision) <= revisionWhole {
		return revision
	}
	sum := sha256.Sum256([]byte(revision))
	return digestSign + base64.RawURLEncoding.EncodeToString(sum[:])
}

// abridges reports whether a digest is that of a revision, or of what it was before more assets became known.
func abridges(digest, revision string) bool {
	parts := strings.Split(revision, "+")
	for n := len(parts); n > 0; n-- {
		if Abridged(strings.Join(parts[:n], "+")) == digest {
			return true
		}
	}
	return false
}

// decidedOn lists the assets with known versions that are decided on.
func (r Request) decidedOn() []Asset {
	var kept, given []Asset
	for _, a := range r.Assets {
		switch {
		case len(a.Versions) == 0:
		case a.Ref.System == uploads:
			given = append(given, a)
		default:
			kept = append(kept, a)
		}
	}
	if len(kept) > 0 {
		return kept
	}
	return given
}

// of finds the newest version of an asset that a revision names.
func (a Asset) of(revision string) (Version, bool) {
	parts := strings.Split(revision, "+")
	for _, v := range slices.Backward(a.Versions) {
		if slices.Contains(parts, v.ID) {
			return v, true
		}
	}
	return Version{}, false
}

// change is an asset that has another version than one a revision names; from is the zero Version where the older one
// was never read.
type change struct {
	asset    Asset
	from, to Version
}

// since lists what was replaced after a revision.
func (s scene) since(revision string) []change {
	var all []change
	for _, a := range s.r.decidedOn() {
		if from, ok := a.of(revision); ok && from.ID != a.Current().ID {
			all = append(all, change{a, from, a.Current()})
		}
	}
	return all
}

// namesOld reports whether a revision names a version that was replaced.
func (s scene) namesOld(revision string) bool { return len(s.since(revision)) > 0 }

// isAbout reports whether a decision that names a revision is about what a run is to be decided on now. It may leave out
// what became known since it was shown, but not what was replaced.
func (s scene) isAbout(run StageRun, revision string) bool {
	now := s.r.Revision()
	if revision == "" || revision == now {
		return true
	}
	if revision == strconv.Itoa(run.Round) { // shown before any version was known
		return run.Replaces == "" && run.Round == s.r.Round
	}
	if strings.HasPrefix(revision, digestSign) {
		return abridges(revision, now)
	}
	parts := strings.Split(now, "+")
	for part := range strings.SplitSeq(revision, "+") {
		if !slices.Contains(parts, part) {
			return false
		}
	}
	return true
}

// outdated answers a decision on a version that was replaced.
func (s scene) outdated(revision string) string {
	var lines []string
	for _, c := range s.since(revision) {
		lines = append(lines, s.replacedWords(c)+s.savedWords(c.to))
	}
	if len(lines) > 0 {
		return fmt.Sprintf("%s. Please look at it and decide again.", enumerate(lines, "and"))
	}
	if now := s.newest(); now != "" {
		return fmt.Sprintf("What is decided on now is %s. Please look at it and decide again.", now)
	}
	return fmt.Sprintf("You decided on version %s, but version %s is the one to decide now. Please look at it first.", revision, s.r.Revision())
}

// replacedWords say which version came in the place of which: "v4 - final replaced v3 - legal copy".
func (s scene) replacedWords(c change) string {
	from := "an earlier version"
	if c.from.ID != "" {
		from = s.version(c.from)
	}
	line := fmt.Sprintf("%s replaced %s", s.version(c.to), from)
	if len(s.r.decidedOn()) > 1 && c.asset.Label != "" {
		line += " of " + c.asset.Label
	}
	return line
}

// replaced says all changes in one clause.
func (s scene) replaced(changes []change) string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, s.replacedWords(c))
	}
	return enumerate(lines, "and")
}

// savedWords say by whom and when a version was saved: " (saved by Lin, Wed 25 Nov, 14:02 London)".
func (s scene) savedWords(v Version) string {
	if words := s.savedBy(v); words != "" {
		return " (saved " + words + ")"
	}
	return ""
}

// savedBy says by whom a version was saved, and when, as far as that is known: "by Lin, Wed 25 Nov, 14:02 London".
func (s scene) savedBy(v Version) string {
	var words []string
	if v.By.ID() != "" || v.By.Shown != "" {
		words = append(words, "by "+s.who(v.By))
	}
	if !v.At.IsZero() {
		words = append(words, s.instant(v.At))
	}
	return strings.Join(words, ", ")
}

// version is what people call a version.
func (s scene) version(v Version) string {
	switch {
	case v.Name != "":
		return v.Name
	case !v.At.IsZero():
		return "the version of " + s.instant(v.At)
	}
	return "version " + cut(v.ID, 12)
}

// begins gives a sentence that begins with a version its capital, unless that would change a name.
func begins(line string) string {
	if strings.HasPrefix(line, "the version of ") || strings.HasPrefix(line, "version ") || strings.HasPrefix(line, "an earlier ") {
		return upper(line)
	}
	return line
}

// cut shortens to a number of runes.
func cut(words string, most int) string {
	if short := []rune(words); len(short) > most {
		return string(short[:most]) + "…"
	}
	return words
}

// short is a version's name for a button: "v4" of "v4 - final"; "" where it has none that is short.
func short(v Version) string {
	name := v.Name
	for _, end := range []string{" - ", " – ", " — ", ": "} {
		name, _, _ = strings.Cut(name, end)
	}
	if name = strings.TrimSpace(name); len([]rune(name)) > 24 {
		return ""
	}
	return name
}

// versions says the versions that a revision names: "v3 - legal copy"; "" where it names none that is known.
func (s scene) versions(revision string) string {
	var all []string
	decided := s.r.decidedOn()
	for _, a := range decided {
		v, ok := a.of(revision)
		switch {
		case ok && len(decided) > 1 && a.Label != "":
			all = append(all, s.version(v)+" of "+a.Label)
		case ok:
			all = append(all, s.version(v))
		}
	}
	return enumerate(all, "and")
}

// newest says the versions that are decided on now; "" where none is known.
func (s scene) newest() string { return s.versions(s.r.Revision()) }

// versionFacts say which version is decided on, who saved it and when.
func (s scene) versionFacts() []Fact {
	const most = 6
	var facts []Fact
	all := s.r.decidedOn()
	for i, a := range all {
		if i == most {
			facts = append(facts, Fact{Name: "version", Text: fmt.Sprintf("%d more are on the page", len(all)-most), URL: s.page()})
			break
		}
		facts = append(facts, oneLine(s.versionFact(a, len(all) > 1))...)
	}
	return append(facts, s.goneFacts()...)
}

func (s scene) versionFact(a Asset, several bool) []Fact {
	v := a.Current()
	f := Fact{Name: "version", Label: versionOf(a, several) + ":", Text: s.version(v), URL: v.URL}
	if f.URL == "" {
		f.URL = a.URL
	}
	saved := Fact{Name: "saved", Label: "saved"}
	if v.By.ID() != "" {
		saved.Label, saved.People = "saved by", s.people(v.By)
	} else if v.By.Shown != "" {
		saved.Label, saved.Text = "saved by", v.By.Shown
	}
	if !v.At.IsZero() {
		saved.At, saved.Said = v.At, s.instant(v.At)
	}
	if saved.People == nil && saved.Text == "" && saved.At.IsZero() {
		return []Fact{f}
	}
	return []Fact{f, saved}
}

// versionOf names what a version is one of: "Figma version", or "Spring.fig in Figma" where there are several; "version" of
// what was uploaded here.
func versionOf(a Asset, several bool) string {
	where := kept(a.Ref)
	switch {
	case several && a.Label != "" && where != "":
		return a.Label + " in " + where
	case several && a.Label != "":
		return a.Label
	case where != "":
		return where + " version"
	}
	return "version"
}

// kept is where work is kept, as people call it; "" for what was uploaded here.
func kept(ref Ref) string {
	if ref.System == uploads {
		return ""
	}
	if ref.System == "adobe" {
		if name := map[string]string{"asset": "Creative Cloud", "aem": "Experience Manager", "workfront": "Workfront"}[ref.Type]; name != "" {
			return name
		}
	}
	return place(ref.System)
}

func (s scene) goneFacts() []Fact {
	var facts []Fact
	for _, a := range s.r.Assets {
		if a.Gone != "" && s.r.Status.Closed() { // while it is open it is a problem
			facts = append(facts, Fact{Name: "gone", Text: bare(s.goneAsset(a))})
		}
	}
	return facts
}

// picture is a small picture of the newest version.
func (s scene) picture() *Picture {
	for _, a := range s.r.decidedOn() {
		if v := a.Current(); !v.Thumb.Ref.Zero() {
			return &Picture{Ref: v.Thumb.Ref, Alt: "Picture of " + s.version(v)}
		}
	}
	return nil
}
