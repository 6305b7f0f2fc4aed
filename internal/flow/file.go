package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/text"
)

// FileLimit is the largest file that is carried to the other side, in bytes.
const FileLimit = 25 << 20

// Files are carried to the other side once: from chat to the ticket, and to the thread where the tracker's settings ask
// for it. What becomes of each is kept and shown.

func filePurpose(f FileState) string { return "file/" + strconv.Itoa(f.Number) }

func (s scene) fileNumbered(purpose string) int { return indexOf(purpose, "file/", len(s.r.Files)) }

// filesAdded keeps files that were put somewhere without words.
func (s *step) filesAdded() {
	if s.ev.Echo {
		s.because(CodeEcho, "We put these files there ourselves.")
		return
	}
	s.because(CodeNoted, fmt.Sprintf("%s added %s.", upper(s.who(s.ev.Actor)), enumerate(fileNames(s.ev.Files), "and")))
	s.takeFiles(0)
}

// takeFiles keeps the files of the event that are not known yet, and says what becomes of each.
func (s *step) takeFiles(comment int) {
	for _, f := range s.newFiles() {
		state := FileState{File: f, Number: len(s.r.Files) + 1, By: s.ev.Actor, At: s.sent(), Comment: comment}
		state.Fate, state.Why = s.fate(f)
		s.r.Files = append(s.r.Files, state)
	}
}

// newFiles are the event's files that are carried anywhere and not known yet.
func (s *step) newFiles() []File {
	from := s.ev.Said
	if from.Zero() {
		from = s.ev.Subject
	}
	_, mails := s.mailThread()
	stays := s.fromTracker(from) && (mails || !s.facts.Attach || !s.hasThread())
	if s.copyTarget(from) == "" || stays || s.ev.Field("restricted") == "yes" || s.automatic() {
		return nil
	}
	var out []File
	for _, f := range s.ev.Files {
		known := func(x FileState) bool { return sameFile(x.File, f) }
		if !slices.ContainsFunc(s.r.Files, known) && !slices.ContainsFunc(out, func(x File) bool { return sameFile(x, f) }) {
			out = append(out, f)
		}
	}
	return out
}

// hasThread reports whether there is, or will be, a thread in which the request is talked about.
func (s scene) hasThread() bool {
	_, ok := s.thread()
	card, _ := s.placeCard()
	return ok || !card.at.Zero()
}

func sameFile(a, b File) bool {
	if a.Ref.Zero() && b.Ref.Zero() {
		return a.URL == b.URL && a.Name == b.Name
	}
	return a.Ref == b.Ref
}

// fate says what becomes of a file by what is known of it before it is read.
func (s scene) fate(f File) (fate FileFate, why string) {
	switch {
	case f.Gone != "":
		return FileGone, f.Gone
	case f.External, f.Ref.Zero():
		return FileLinked, ""
	case f.Size > FileLimit:
		return FileTooLarge, fmt.Sprintf("it has %d MB, and up to %d MB are copied", (f.Size+1<<20-1)>>20, FileLimit>>20)
	}
	return FileWaiting, ""
}

// carryFiles asks once for each file that waits, as soon as there is a place for it. Only a replay asks again.
func (s *step) carryFiles() {
	if s.r.Offer != nil {
		return
	}
	for _, f := range s.r.Files {
		_, asked := s.r.Shows[filePurpose(f)]
		at, _, ok := s.otherSide(f.Ref)
		if f.Fate != FileWaiting || asked || !ok || at.Zero() || s.copyTarget(f.Ref) == "" {
			continue
		}
		if s.r.Shows == nil {
			s.r.Shows = map[string]Shown{}
		}
		s.r.Shows[filePurpose(f)] = Shown{Version: s.r.Version}
		s.shows = append(s.shows, Effect{Target: s.copyTarget(f.Ref), Copy: &Copy{
			Purpose: filePurpose(f), File: f.File, To: at, Limit: FileLimit, Version: s.r.Version, Note: s.addedWords(f),
		}})
	}
}

// addedWords say in the conversation who added a file at the ticket; at the ticket the comment or description does.
func (s scene) addedWords(f FileState) string {
	if !s.fromTracker(f.Ref) || f.By.ID() == "" {
		return ""
	}
	return fmt.Sprintf("%s added %s in %s.", s.who(f.By), f.Name, place(f.Ref.System))
}

// carried records what became of a file.
func (s *step) carried(i int, version int64) {
	f := &s.r.Files[i]
	purpose := filePurpose(*f)
	if shown := s.r.Shows[purpose]; version != 0 && version < shown.Version {
		s.because(CodeSuperseded, "The file is carried to another ticket now.")
		return
	}
	f.Fate, f.Why = FileFate(s.ev.Field("fate")), bare(s.ev.Field("why"))
	switch {
	case s.ev.Kind == EffectParked:
		f.Fate = FileRefused
	case f.Fate == "" && len(s.ev.Links) == 0 && s.withdrawnFile(*f):
		f.Fate, f.Why = FileGone, s.removedWords(s.r.Comments[f.Comment-1])
	case f.Fate == "":
		f.Fate = FileCopied
	}
	if f.Fate == FileCopied {
		for _, l := range s.ev.Links {
			l.Purpose = purpose
			s.link(l, true, version)
		}
	}
	if f.Fate == FileCopied {
		s.uploaded(*f, s.ev.Field("sha256"))
	}
	s.because(CodeRecorded, s.fateSentence(*f)+".")
	if s.r.Shows == nil {
		s.r.Shows = map[string]Shown{}
	}
	s.r.Shows[purpose] = Shown{Version: max(version, s.r.Shows[purpose].Version), Settled: true}
}

// withdrawnFile reports whether the message that a file came with was removed.
func (s scene) withdrawnFile(f FileState) bool {
	return f.Comment > 0 && f.Comment <= len(s.r.Comments) && !s.r.Comments[f.Comment-1].Removed.IsZero()
}

// dropFiles gives up the files of a removed message that nobody was asked to carry yet.
func (s *step) dropFiles(c Comment) {
	for i := range s.r.Files {
		f := &s.r.Files[i]
		if _, asked := s.r.Shows[filePurpose(*f)]; f.Comment == c.Number && f.Fate == FileWaiting && !asked {
			f.Fate, f.Why = FileGone, s.removedWords(c)
		}
	}
}

// fateSentence says what became of a file: "plan.zip was not copied to Jira: it has 31 MB, and up to 25 MB are copied".
func (s scene) fateSentence(f FileState) string {
	to := place(s.copyTarget(f.Ref))
	line := f.Name + " was not copied to " + to
	switch f.Fate {
	case FileWaiting:
		return f.Name + " is on its way to " + to
	case FileCopied:
		return f.Name + " was copied to " + to
	case FileLinked:
		return f.Name + " lives elsewhere and is linked"
	}
	if f.Why != "" {
		line += ": " + f.Why
	}
	switch {
	case f.Fate == FileGone:
		return line + ". Add it again if it is needed"
	case f.URL != "":
		return line + ". Open it in " + place(f.Ref.System)
	}
	return line + ". Share it by a link instead"
}

// fileFacts list the files: the copied ones by name, and a line for each that is not simply copied. A reader who only
// looks at the work needs not know which are still on their way.
func (s scene) fileFacts(way bool) []Fact {
	const most = 5 // lines
	var copied, waiting []string
	var lines []Fact
	for _, f := range s.r.Files {
		switch {
		case f.Fate == FileGone && s.withdrawnFile(f): // whoever removed it knows
		case f.Fate == FileWaiting && way:
			waiting = append(waiting, f.Name)
		case f.Fate == FileWaiting, f.Fate == FileCopied:
			copied = append(copied, f.Name)
		case f.Fate == FileLinked:
			lines = append(lines, Fact{Name: "files", Label: "Linked:", Text: f.Name, URL: f.URL})
		default:
			lines = append(lines, Fact{Name: "files", Text: f.Name, URL: f.URL, After: strings.TrimPrefix(s.fateSentence(f), f.Name+" ")})
		}
	}
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], Fact{Name: "files", Text: fmt.Sprintf("%d more files are on the page", more), URL: s.page()})
	}
	if len(waiting) > 0 {
		lines = append([]Fact{{Name: "files", Label: "Files on their way:", Text: enumerate(waiting, "and")}}, lines...)
	}
	if len(copied) > 0 {
		lines = append([]Fact{{Name: "files", Label: "Files:", Text: enumerate(copied, "and")}}, lines...)
	}
	return lines
}

// filesLine names the files that came with a comment, or (0) with the description: all of them, or only those that the
// reader does not find attached.
func (s scene) filesLine(comment int, all bool) text.Doc {
	var kids []text.Node
	for _, f := range s.r.Files {
		attached := f.Fate != FileLinked && f.Fate != FileTooLarge && f.Fate != FileGone && (all || f.Fate != FileRefused)
		if f.Comment != comment || attached && !all || s.fromTracker(f.Ref) && !all {
			continue
		}
		if len(kids) > 0 {
			kids = append(kids, text.T(", "))
		}
		if f.URL != "" {
			kids = append(kids, text.A(f.Name, f.URL))
		} else {
			kids = append(kids, text.T(f.Name))
		}
		if why := f.Why; !attached && why != "" {
			kids = append(kids, text.T(" (not copied: "+why+")"))
		}
	}
	if len(kids) == 0 {
		return nil
	}
	return text.Doc{text.P(append([]text.Node{text.T("Files: ")}, kids...)...)}
}

func fileNames(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Name)
	}
	if len(out) == 0 {
		return []string{"no file"}
	}
	return out
}

// filesBefore names what is said of files that leaves no record.
func (s *step) filesBefore() (code, why string) {
	if s.ev.Kind == FilesAdded && !s.ev.Echo && len(s.newFiles()) == 0 {
		return CodeDuplicate, "These files are known, or stay where they are."
	}
	return "", ""
}
