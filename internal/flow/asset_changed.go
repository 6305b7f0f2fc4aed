package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mostAssets is how many assets of one request are followed, and mostVersions how many versions of each are remembered.
const (
	mostAssets   = 12
	mostVersions = 100
)

func assetPurpose(i int) string { return "asset/" + strconv.Itoa(i+1) }

// takeAssets adds the work that the words of the event link to. Later than at the beginning only those who take part
// bring any.
func (s *step) takeAssets() {
	if s.ev.Field("automatic") == "yes" || s.ev.Field("restricted") == "yes" || !s.brings(s.ev.Actor) {
		return
	}
	for _, a := range s.ev.Assets {
		s.addAsset(a)
	}
}

func (s scene) brings(who Actor) bool {
	return who.Bot || s.isRequester(who) || same(s.worker(), who) || holds(s.r.Makers, who) || s.reviews(who)
}

func (s *step) addAsset(a Asset) {
	if a.Ref.Zero() {
		return
	}
	if i := s.asset(a.Ref); i >= 0 {
		s.rename(i, a)
		return
	}
	if len(s.r.Assets) >= mostAssets {
		s.because("not_followed", fmt.Sprintf("%s is not followed: %d are followed already.", cmp.Or(a.Label, a.URL, "A link"), mostAssets))
		return
	}
	whole := slices.DeleteFunc(slices.Clone(a.Versions), func(v Version) bool {
		return v.ID == "" || v.Seq == "" && v.At.IsZero() // only read from an address: what is newest is looked up
	})
	a.By, a.At, a.Versions, a.Gone, a.Nodes = s.ev.Actor, s.at, nil, "", slices.Clone(a.Nodes)
	s.r.Assets = append(s.r.Assets, a)
	for _, v := range whole {
		s.keepVersion(len(s.r.Assets)-1, v)
	}
	purpose := assetPurpose(len(s.r.Assets) - 1)
	s.r.Links = append(s.r.Links, Link{Ref: a.Ref, Purpose: purpose, Label: a.Label, URL: a.URL})
}

// asset finds what is followed, -1 when it is not.
func (s scene) asset(ref Ref) int {
	return slices.IndexFunc(s.r.Assets, func(a Asset) bool { return a.Ref == ref })
}

// rename takes over what an asset is called and where it is, where that is news.
func (s *step) rename(i int, news Asset) {
	a := &s.r.Assets[i]
	a.Label, a.URL = cmp.Or(news.Label, a.Label), cmp.Or(a.URL, news.URL)
	for j := range s.r.Links {
		if l := &s.r.Links[j]; l.Purpose == assetPurpose(i) {
			l.Label, l.URL = a.Label, a.URL
		}
	}
}

// assetsBefore names what is said of assets that leaves no record.
func (s *step) assetsBefore() (code, why string) {
	if s.ev.Kind != AssetChanged && s.ev.Kind != AssetGone {
		return "", ""
	}
	i := s.asset(s.ev.Subject)
	if i < 0 {
		return CodeNoted, "This is not followed here."
	}
	a := s.r.Assets[i]
	switch {
	case s.ev.Kind == AssetGone && a.Gone == s.goneWhy():
		return CodeDuplicate, "It is known that this is gone."
	case s.ev.Kind == AssetChanged && a.Gone == "" && !s.newsOf(a):
		return CodeDuplicate, "These versions are known."
	}
	return "", ""
}

func (s *step) goneWhy() string { return cmp.Or(s.ev.Field("why"), "hidden") }

// newsOf reports whether the event says anything of an asset that is not known.
func (s *step) newsOf(a Asset) bool {
	if news := first(s.ev.Assets); news.Label != "" && news.Label != a.Label {
		return true
	}
	return slices.ContainsFunc(s.ev.Versions, func(v Version) bool {
		i := slices.IndexFunc(a.Versions, func(x Version) bool { return x.ID == v.ID })
		if i < 0 {
			return v.ID != "" && !older(v, a)
		}
		return v.Name != "" && v.Name != a.Versions[i].Name || a.Versions[i].Seq != v.Seq && v.Seq != ""
	})
}

// older reports whether a version is older than everything that is remembered of an asset that has many.
func older(v Version, a Asset) bool {
	return len(a.Versions) >= mostVersions && inOrder(v, a.Versions[0]) < 0
}

// inOrder compares versions by the order of their source.
func inOrder(a, b Version) int {
	if a.Seq != "" && b.Seq != "" {
		if c := natural(a.Seq, b.Seq); c != 0 {
			return c
		}
	}
	if a.At.IsZero() || b.At.IsZero() {
		return 0
	}
	return a.At.Compare(b.At)
}

// assetChanged takes over new versions of the work. What they mean for the stages is settled after every event; here it
// is said where nothing is open.
func (s *step) assetChanged() {
	i := s.asset(s.ev.Subject)
	before, had := s.r.Assets[i].Current(), s.r.Revision()
	s.rename(i, first(s.ev.Assets))
	s.r.Assets[i].Gone = ""
	for _, v := range s.ev.Versions {
		s.keepVersion(i, v)
	}
	s.sayVersion(i, before, had)
}

// sayVersion says what became of an asset, and asks or tells people where no stage is open.
func (s *step) sayVersion(i int, before Version, had string) {
	now := s.r.Assets[i].Current()
	switch {
	case now.ID == before.ID:
		s.because(CodeNoted, fmt.Sprintf("%s is still the newest version.", begins(s.version(now))))
		return
	case before.ID == "":
		s.because(CodeRecorded, fmt.Sprintf("%s is the newest version%s.", begins(s.version(now)), s.savedWords(now)))
	default:
		s.because(CodeRecorded, fmt.Sprintf("%s%s.", begins(s.replacedWords(change{s.r.Assets[i], before, now})), s.savedWords(now)))
	}
	switch {
	case before.ID == "" || s.r.Revision() == had:
	case s.r.Status == Approved && s.r.Signed == had:
		s.savedAfter(now)
	case s.r.Status == InProgress && s.r.Workflow != "":
		s.offerReview(now)
	}
}

// keepVersion puts a version in its place; one that is known is only brought up to date.
func (s *step) keepVersion(i int, v Version) {
	if v.ID == "" {
		return
	}
	a := &s.r.Assets[i]
	v.At = utc(v.At)
	if j := slices.IndexFunc(a.Versions, func(x Version) bool { return x.ID == v.ID }); j >= 0 {
		old := &a.Versions[j]
		old.Name, old.Note, old.Seq = cmp.Or(v.Name, old.Name), cmp.Or(v.Note, old.Note), cmp.Or(v.Seq, old.Seq)
	} else {
		a.Versions = append(a.Versions, v)
	}
	slices.SortStableFunc(a.Versions, inOrder)
	if extra := len(a.Versions) - mostVersions; extra > 0 {
		a.Versions = a.Versions[extra:]
	}
}

// offerReview asks whoever makes the work whether the version they saved is ready; it never goes by itself.
func (s *step) offerReview(v Version) {
	name := cmp.Or(short(v), "it")
	saved := strings.TrimSpace("was saved " + s.savedBy(v))
	view := s.view(NoticeView, fmt.Sprintf("%s of %s %s. Send %s to review?", begins(s.version(v)), s.label(), saved, name))
	view.Buttons = []Button{s.submitButton(s.r.Round), {Action: "dismiss", Label: "Not yet"}}
	s.because("offered", fmt.Sprintf("%s was asked whether %s goes to review.", upper(s.who(s.worker())), name))
	s.direct([]Actor{s.worker()}, view)
}

// savedAfter says that the work was changed after it was approved. Nothing is opened again.
func (s *step) savedAfter(v Version) {
	line := s.afterwards(v)
	s.because("saved_after", line)
	view := s.view(NoticeView, fmt.Sprintf("%s (%s) Nothing is decided again: open a new request if it should be.", line, s.label()))
	view.Buttons = []Button{s.open()}
	s.direct(with(nil, s.r.Requester, s.worker()), view)
	s.comment(line, nil)
}

// afterwards is the sentence about a version that came after the approval.
func (s scene) afterwards(v Version) string {
	line := fmt.Sprintf("%s was saved after this approval", begins(s.version(v)))
	if signed := s.versions(s.r.Signed); signed != "" {
		line += " of " + signed
	}
	return line + "."
}

// afterFact says on cards and pages that a newer version than the approved one exists.
func (s scene) afterFact() []Fact {
	changes := s.since(s.r.Signed)
	if s.r.Status != Approved || len(changes) == 0 {
		return nil
	}
	v := changes[0].to
	return []Fact{{Name: "saved_after", Text: bare(s.afterwards(v)), URL: v.URL}}
}

// assetGone notes that newer versions of the work will not be seen.
func (s *step) assetGone() {
	i := s.asset(s.ev.Subject)
	s.r.Assets[i].Gone = s.goneWhy()
	line := s.goneAsset(s.r.Assets[i])
	s.because(CodeRecorded, line)
	if !s.r.Status.Closed() {
		s.notice(line, nil)
	}
}

// settleGone keeps the problems about work that cannot be read, as long as anything is decided on it.
func (s *step) settleGone() {
	for i, a := range s.r.Assets {
		if a.Gone != "" && !s.r.Status.Closed() {
			s.trouble(assetPurpose(i), s.goneAsset(a))
		} else {
			s.solved(assetPurpose(i))
		}
	}
}

func (s scene) goneAsset(a Asset) string {
	name := cmp.Or(a.Label, "The file of "+s.label())
	where := place(a.Ref.System)
	if a.Gone == "deleted" {
		return fmt.Sprintf("%s was deleted in %s, so new versions of it are not seen.", name, where)
	}
	return fmt.Sprintf("%s cannot be seen in %s any more, so new versions of it are not noticed. Share it with signoff's account there.", name, where)
}

// uploaded follows a file that was given to us as the work: its versions are the uploads of its name by whoever makes it.
// What the requester adds says what is wanted, unless they make it themselves.
func (s *step) uploaded(f FileState, sum string) {
	if sum == "" || s.fromTracker(f.Ref) || !(same(s.worker(), f.By) || holds(s.r.Makers, f.By)) {
		return
	}
	ref := Ref{System: uploads, Type: "upload", Key: f.Name}
	i := s.asset(ref)
	switch {
	case i >= 0 && !same(s.r.Assets[i].By, f.By):
		return
	case i < 0 && len(s.r.Assets) >= mostAssets:
		return
	case i < 0:
		s.r.Assets = append(s.r.Assets, Asset{Ref: ref, Label: f.Name, URL: f.URL, By: f.By, At: f.At})
		i = len(s.r.Assets) - 1
	}
	before, had := s.r.Assets[i].Current(), s.r.Revision()
	id, name := "sha256:"+sum, f.Name
	if before.ID == id {
		s.because(CodeNoted, fmt.Sprintf("%s came again with the same bytes.", begins(s.version(before))))
		return
	}
	if number := s.uploadsOf(f); number > 1 {
		name = fmt.Sprintf("%s (upload %d)", f.Name, number)
	}
	a := &s.r.Assets[i]
	a.Versions = slices.DeleteFunc(a.Versions, func(v Version) bool { return v.ID == id }) // older bytes that come again
	s.keepVersion(i, Version{ID: id, Name: name, By: f.By, At: f.At, URL: f.URL, Seq: f.At.UTC().Format(markTime)})
	if before.ID != "" {
		s.sayVersion(i, before, had)
	}
}

// uploadsOf counts how often somebody has given a file of that name, up to this one.
func (s scene) uploadsOf(f FileState) int {
	n := 0
	for _, x := range s.r.Files[:f.Number] {
		if x.Name == f.Name && same(x.By, f.By) {
			n++
		}
	}
	return n
}
