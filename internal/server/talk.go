package server

import (
	"fmt"
	"slices"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// What was said about a request, and the files that came with it. Words that somebody removed, or that are not for
// everybody, are shown nowhere; that they were said is.

// commentData is one thing said.
type commentData struct {
	Number int
	By     string
	Where  string // Slack, Jira
	URL    string
	At     *moment
	Edited *moment
	Words  string
	Mark   string // why there are no words: removed, restricted
	Reply  bool   // from the tracker's side
	Auto   bool   // a machine said it in their name
	Files  []fileData
}

// fileData is one file with what became of it.
type fileData struct {
	Name, URL string
	Size      string
	By        string
	Fate      chip
	Why       string
	Job       string // to try again
}

// words gives what was said last under each comment, as the journal has it.
func words(records []flow.Record) map[flow.Ref]text.Doc {
	said, sent := map[flow.Ref]text.Doc{}, map[flow.Ref]time.Time{}
	for _, rec := range records {
		ev := rec.Event
		if !says(ev) || ev.Kind == flow.CommentRemoved || ev.Body.Empty() || ev.Sent.Before(sent[ev.Said]) {
			continue
		}
		said[ev.Said], sent[ev.Said] = ev.Body, ev.Sent
	}
	return said
}

// says reports whether an event is about words in the thread or at the ticket.
func says(ev flow.Event) bool {
	switch ev.Kind {
	case flow.CommentAdded, flow.CommentEdited, flow.CommentRemoved:
		return !ev.Said.Zero()
	}
	return false
}

// quietened are records without the words that are not to be shown: of comments that were removed or are restricted.
func quietened(d engine.Detail) []flow.Record {
	hidden := map[flow.Ref]bool{}
	for _, c := range d.Request.Comments {
		if c.Restricted || !c.Removed.IsZero() {
			hidden[c.Said] = true
		}
	}
	for _, rec := range d.Records {
		if says(rec.Event) && rec.Event.Field("restricted") == "yes" {
			hidden[rec.Event.Said] = true
		}
	}
	out := slices.Clone(d.Records)
	for i := range out {
		if hidden[out[i].Event.Said] {
			out[i].Event.Body = nil
		}
	}
	return out
}

// withoutTalk are records without the words that the conversation shows.
func withoutTalk(d engine.Detail) []flow.Record {
	shown := map[flow.Ref]bool{}
	for _, c := range d.Request.Comments {
		shown[c.Said] = true
	}
	out := quietened(d)
	for i := range out {
		if says(out[i].Event) && shown[out[i].Event.Said] {
			out[i].Event.Body = nil
		}
	}
	return out
}

// talk lays out what was said, in order.
func (it items) talk(d engine.Detail, clock clock) []commentData {
	said := words(d.Records)
	var out []commentData
	for _, c := range d.Request.Comments {
		line := commentData{
			Number: c.Number, By: it.called(c.By), Where: capital(c.Said.System), URL: webOnly(c.URL), At: clock.at(c.At), Edited: clock.at(c.Edited),
			Reply: c.Said.System == d.Request.Places.Tracker, Auto: c.Automatic && c.Said.System == d.Request.Places.Mail,
		}
		switch doc := said[c.Said]; {
		case c.Restricted:
			line.Mark = fmt.Sprintf("Only for some people: it stays in %s.", line.Where)
		case !c.Removed.IsZero():
			line.Mark = fmt.Sprintf("Removed in %s%s.", line.Where, it.remover(c))
		case !c.Body.Empty():
			line.Words = c.Body.String()
		default:
			line.Words = doc.String()
		}
		line.Files = it.files(d, c.Number)
		out = append(out, line)
	}
	return out
}

func (it items) remover(c flow.Comment) string {
	switch {
	case c.RemovedBy.ID() == "":
		return ""
	case c.RemovedBy.ID() == c.By.ID():
		return " by its author"
	}
	return " by " + it.called(c.RemovedBy)
}

// files lays out the files of one comment; those of 0 came with the request.
func (it items) files(d engine.Detail, comment int) []fileData {
	var out []fileData
	for _, f := range d.Request.Files {
		if f.Comment != comment {
			continue
		}
		line := fileData{Name: f.Name, URL: webOnly(f.URL), Size: size(f.Size), By: it.called(f.By), Fate: fileChip(f.Fate), Why: sentence(f.Why)}
		for _, e := range d.Effects {
			if e.Purpose == fmt.Sprintf("file/%d", f.Number) && e.Job != "" {
				line.Job = e.Job
			}
		}
		out = append(out, line)
	}
	return out
}

func fileChip(f flow.FileFate) chip {
	switch f {
	case flow.FileCopied:
		return chip{"copied", "good", "tick"}
	case flow.FileWaiting:
		return chip{"on its way", "busy", "dot"}
	case flow.FileLinked:
		return chip{"linked", "quiet", "dash"}
	case flow.FileTooLarge:
		return chip{"too large", "warn", "ask"}
	case flow.FileGone:
		return chip{"gone", "warn", "dash"}
	}
	return chip{"not copied", "bad", "cross"}
}

// size says how large a file is, "" where that is not known.
func size(bytes int64) string {
	switch {
	case bytes <= 0:
		return ""
	case bytes < 1<<10:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%d KB", (bytes+1<<10-1)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}

// ticketRows say how the ticket stands and what happened to it.
func (it items) ticketRows(r flow.Request) []factRow {
	var rows []factRow
	t := r.Ticket
	switch {
	case t.Gone == "deleted", t.Gone == "archived":
		rows = append(rows, factRow{Label: "The ticket is", Text: t.Gone})
	case t.Gone != "":
		rows = append(rows, factRow{Label: "The ticket is", Text: "hidden from signoff"})
	case t.Status != "":
		rows = append(rows, factRow{Label: "Status of the ticket", Text: t.Status})
	}
	switch n := t.Bypassed; {
	case n == 1:
		rows = append(rows, factRow{Label: "Moved past an approval", Text: "once in this revision, and moved back"})
	case n > 1:
		rows = append(rows, factRow{Label: "Moved past an approval", Text: fmt.Sprintf("%d times in this revision, and moved back", n)})
	}
	if t.Held && it.called(t.MovedBy) != "" {
		rows = append(rows, factRow{Label: "Moved by hand", Text: fmt.Sprintf("to %s by %s", t.Status, it.called(t.MovedBy))})
	}
	if o := r.Offer; o != nil && r.Status == flow.Draft {
		rows = append(rows, factRow{Label: "Offered to", Text: it.called(o.To)})
	}
	return rows
}

// CommentItem is one thing said in the thread or at the ticket. Text is absent where it was removed or is restricted.
type CommentItem struct {
	Number     int        `json:"number"`
	System     string     `json:"system"` // where it was said
	By         Person     `json:"by"`
	At         time.Time  `json:"at"`
	URL        string     `json:"url,omitempty"`
	Text       string     `json:"text,omitempty"`
	Edited     *time.Time `json:"edited,omitempty"`
	Removed    *time.Time `json:"removed,omitempty"`
	Restricted bool       `json:"restricted,omitempty"`
}

// FileItem is one file with what became of it on the other side.
type FileItem struct {
	Number  int           `json:"number"`
	Name    string        `json:"name"`
	Type    string        `json:"type,omitempty"`
	Size    int64         `json:"size,omitempty"`
	URL     string        `json:"url,omitempty"`
	By      Person        `json:"by"`
	At      time.Time     `json:"at"`
	Comment int           `json:"comment,omitempty"` // with which it came
	Fate    flow.FileFate `json:"fate"`
	Why     string        `json:"why,omitempty"`
}

func (it items) commentItems(d engine.Detail) []CommentItem {
	out, said := []CommentItem{}, words(d.Records)
	for _, c := range d.Request.Comments {
		item := CommentItem{
			Number: c.Number, System: c.Said.System, By: it.person(c.By), At: c.At, URL: c.URL, Edited: when(c.Edited), Removed: when(c.Removed), Restricted: c.Restricted,
		}
		if !c.Restricted && c.Removed.IsZero() {
			item.Text = said[c.Said].String()
			if !c.Body.Empty() {
				item.Text = c.Body.String()
			}
		}
		out = append(out, item)
	}
	return out
}

func (it items) fileItems(r flow.Request) []FileItem {
	out := []FileItem{}
	for _, f := range r.Files {
		out = append(out, FileItem{
			Number: f.Number, Name: f.Name, Type: f.Type, Size: f.Size, URL: f.URL, By: it.person(f.By), At: f.At, Comment: f.Comment, Fate: f.Fate, Why: f.Why,
		})
	}
	return out
}
