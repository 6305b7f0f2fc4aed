package flow

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/text"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts plays testdata/*.txt: lines of events, "----", then everything that came out of them.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("transcripts: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(data))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(data), got); diff != "" {
				t.Errorf("%s differs (run with -update and read the diff):\n%s", file, diff)
			}
		})
	}
}

// play runs a transcript and prints it again with what came out.
func play(t *testing.T, script string) string {
	t.Helper()
	s := &stage{t: t, p: studio(), now: time.Date(2026, 11, 18, 14, 0, 0, 0, time.UTC), ticket: true, chat: true}
	var b strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(script), "\n\n") {
		input, _, _ := strings.Cut(block+"\n", "----\n")
		b.WriteString(strings.TrimRight(input, "\n") + "\n----\n")
		for line := range strings.SplitSeq(strings.TrimSpace(input), "\n") {
			b.WriteString(trimLines(s.line(line)))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// stage is the little world of a transcript.
type stage struct {
	t            *testing.T
	p            *static
	r            Request
	now          time.Time
	n            int
	chat, ticket bool
	pending      []Effect
	away         []Absence
}

// line runs one command: [+duration] verb [key=value …].
func (s *stage) line(line string) string {
	words := quoted(line)
	if len(words) == 0 || strings.HasPrefix(line, "#") {
		return ""
	}
	if d, ok := strings.CutPrefix(words[0], "+"); ok {
		wait, err := time.ParseDuration(d)
		if err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		s.now = s.now.Add(wait)
		words = words[1:]
	}
	args := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		args[k] = v
	}
	switch words[0] {
	case "stage":
		s.define(args)
		return ""
	case "plan":
		s.schedule(args)
		return ""
	case "rules": // another ruleset; its stages follow
		s.p = studio()
		s.p.digest = args["name"]
		return ""
	case "fields":
		return s.fields()
	case "view":
		return s.view(args["purpose"])
	case "done":
		return s.done(args["purpose"])
	case "require":
		s.require(args["fields"])
		return ""
	case "part":
		s.part(args)
		return ""
	case "away", "back":
		s.absent(words[0], args)
		return ""
	case "directory":
		s.p.reviewers[args["stage"]] = strings.Split(args["reviewers"], ",")
		return ""
	}
	return s.step(s.event(words[0], args), args)
}

func (s *stage) define(args map[string]string) {
	n, _ := strconv.Atoi(args["needs"])
	group, _ := strconv.Atoi(args["group"])
	limit, _ := time.ParseDuration(args["limit"])
	d := StageDef{
		Name: args["name"], Together: group, Needs: Quorum{N: n, All: args["needs"] == "all"}, FourEyes: args["four_eyes"] != "no",
		Assurance: args["assurance"], NewVersion: args["new_version"], Skip: args["skip"], OnTimeout: args["on_timeout"],
	}
	if list := args["checklist"]; list != "" {
		d.Checklist = strings.Split(list, "|")
	}
	if limit > 0 {
		d.Limit = fmt.Sprintf("%g hours", limit.Hours())
		s.p.limits[d.Name] = limit
	}
	s.p.stage(d, strings.Split(args["reviewers"], ",")...)
}

func (s *stage) schedule(args map[string]string) {
	after, _ := time.ParseDuration(args["after"])
	every, _ := time.ParseDuration(args["every"])
	n, _ := strconv.Atoi(args["step"])
	s.p.plan = append(s.p.plan, planned{
		stage: args["stage"], kind: MomentKind(args["kind"]), after: after, every: every, to: args["to"],
		where: strings.Split(args["where"], ","), text: args["text"], may: args["may"] == "yes", step: n,
	})
}

// person reads "ana", or "slack:U7" for an account outside the directory.
func (s *stage) person(word string) Actor {
	if system, key, ok := strings.Cut(word, ":"); ok {
		return Actor{Ref: Ref{system, "user", key}, Shown: key}
	}
	if word == "" {
		return Actor{}
	}
	return Actor{Name: word, Ref: Ref{"slack", "user", "U-" + word}, Shown: s.p.people[word].Shown}
}

func (s *stage) event(verb string, args map[string]string) Event {
	s.n++
	ev := Event{
		ID: fmt.Sprintf("slack/%d", s.n), At: s.now, Actor: s.person(args["by"]), Request: s.r.ID,
		Delivery: fmt.Sprintf("slack/d%d", s.n), Where: Ref{"slack", "thread", "C1/1"}, Fields: map[string][]string{},
		Body: text.Plain(strings.ReplaceAll(args["body"], `\n`, "\n")),
	}
	if id := args["id"]; id != "" {
		ev.ID = id
	}
	for k, v := range args {
		switch k {
		case "checked":
			ev.Fields[k] = strings.Split(v, "|")
		case "by", "body", "id", "seq", "echo", "sent", "said", "in", "files", "url", "assets", "part":
		default:
			ev.Fields[k] = []string{v}
		}
	}
	ev.Files = files(source(args), args["files"])
	ev.Assets = assets(args["assets"])
	switch verb {
	case "submit":
		ev.Kind, ev.Seq = RequestSubmitted, args["heard"]
		delete(ev.Fields, "thread")
		delete(ev.Fields, "heard")
		if args["thread"] != "no" {
			ev.Links = []Link{{Ref: Ref{"slack", "thread", "C1/1"}, Purpose: "thread", URL: "https://lumen.slack.example/p1"}}
		}
		if args["mail"] == "yes" {
			ev.Actor, ev.Delivery, ev.Where = olga, "email/1", Ref{}
			ev.Links = []Link{{Ref: Ref{"email", "thread", "abc"}, Purpose: "thread"}}
		}
	case "bounce":
		ev.Kind = MailFailed
	case "confirm":
		ev.Kind = DraftConfirmed
	case "dismiss":
		ev.Kind = DraftDismissed
	case "approve", "request_changes", "decline":
		ev.Kind = VoteCast
		ev.Fields["verdict"] = []string{verb}
	case "undo":
		ev.Kind = VoteUndone
	case "delegate":
		ev.Kind = StageDelegated
	case "work":
		ev.Kind = WorkSubmitted
	case "accept", "turn_down", "merge", "join", "snooze":
		ev.Kind = map[string]Kind{
			"accept": RequestAccepted, "turn_down": RequestDeclined, "merge": RequestMerged, "join": RequestJoined, "snooze": RequestSnoozed,
		}[verb]
		if verb == "join" {
			ev.Links = []Link{{Ref: Ref{"slack", "thread", "C9/9"}, Purpose: "thread"}, {Ref: Ref{"slack", "message", "C9/10"}, Purpose: "card"}}
		}
	case "withdraw":
		ev.Kind = RequestWithdrawn
	case "edit":
		ev.Kind = RequestEdited
	case "assign":
		ev.Kind = RequestAssigned
	case "comment":
		ev.Kind = CommentAdded
	case "add":
		ev.Kind = FilesAdded
		s.conversation(&ev, args)
		ev.Said = Ref{}
	case "carried":
		ev.Kind = EffectDone
	case "move":
		ev.Kind = TicketMoved
		ev.Subject, ev.Seq, ev.Echo = Ref{"jira", "issue", "10007"}, args["seq"], args["echo"] == "yes"
		ev.Where, ev.Delivery = Ref{}, "jira/d"
		s.ofPart(&ev, args["part"])
	case "tick":
		ev.Kind, ev.Where, ev.Delivery = TicketMoved, Ref{}, ""
		ev.Fields["part"], ev.Fields["via"] = []string{args["number"]}, []string{"web"}
	case "say", "resay", "unsay":
		ev.Kind = map[string]Kind{"say": CommentAdded, "resay": CommentEdited, "unsay": CommentRemoved}[verb]
		s.conversation(&ev, args)
	case "rename", "lose", "renew":
		ev.Kind = map[string]Kind{"rename": TicketRenamed, "lose": TicketGone, "renew": TicketWanted}[verb]
		if verb != "renew" {
			ev.Subject, ev.Seq, ev.Where, ev.Delivery = Ref{"jira", "issue", "10007"}, args["seq"], Ref{}, "jira/d"
			s.ofPart(&ev, args["part"])
		}
	case "version", "vanish":
		ev.Kind = map[string]Kind{"version": AssetChanged, "vanish": AssetGone}[verb]
		ev.Subject, ev.Where, ev.Delivery = figmaFile(args["of"]), Ref{}, "figma/d"
		if verb == "version" {
			ev.Versions = []Version{s.version(args, ev.Actor)}
		}
	case "migrate":
		ev.Kind, ev.Where, ev.Delivery = RulesMoved, Ref{}, ""
	case "cover":
		ev.Kind, ev.Where, ev.Delivery = CoverChanged, Ref{}, ""
	case "timer":
		ev.Kind = TimerFired
		ev.Fields["name"] = []string{"next"}
	case "park":
		ev.Kind = EffectParked
		if args["unreached"] != "" { // the engine ends it
			s.unreach(&ev, args)
		}
	case "ask", "answer", "resolve":
		ev.Kind = map[string]Kind{"ask": PointAsked, "answer": PointAnswered, "resolve": PointResolved}[verb]
		ev.Where, ev.Delivery = Ref{}, ""
		if args["said"] != "" {
			s.conversation(&ev, args)
		}
	case "brief":
		ev.Kind, ev.Subject, ev.Seq, ev.Where = BriefRead, Ref{"confluence", "page", "42"}, args["seq"], Ref{}
		ev.Links = []Link{{URL: "https://lumen.example/wiki/42"}}
	default:
		s.t.Fatalf("unknown verb %q", verb)
	}
	return ev
}

// unreach ends what was to be shown or said to somebody whom chat does not know.
func (s *stage) unreach(ev *Event, args map[string]string) {
	i := slices.IndexFunc(s.pending, func(e Effect) bool {
		return e.Purpose() == args["purpose"] && slices.ContainsFunc(addressed(e), func(a Actor) bool { return a.ID() == args["unreached"] })
	})
	if i < 0 {
		s.t.Fatalf("nothing of the purpose %q waits for %s", args["purpose"], args["unreached"])
	}
	ev.Tell = s.pending[i].Tell
	s.pending = slices.Delete(s.pending, i, i+1)
}

// conversation makes an event about the message or comment said=N, in the thread or (in=jira) at the ticket. It was
// sent=seconds after the first.
func (s *stage) conversation(ev *Event, args map[string]string) {
	said := args["said"]
	ev.Subject, ev.Said, ev.Seq = Ref{"slack", "thread", "C1/1"}, Ref{"slack", "message", "C1/1/" + said}, said
	ev.Links = []Link{{URL: "https://lumen.slack.example/p" + said}}
	switch args["in"] {
	case "figma":
		ev.Subject, ev.Said, ev.Where, ev.Delivery, ev.Seq = figmaFile(""), Ref{"figma", "comment", "KEY/" + said}, Ref{}, "figma/d", ""
		ev.Links[0].URL = "https://www.figma.com/design/KEY#" + said
		if below := args["below"]; below != "" {
			ev.Fields["below"] = []string{Ref{"figma", "comment", "KEY/" + below}.String()}
		}
	case "email":
		ev.Subject, ev.Said, ev.Where, ev.Delivery, ev.Seq = Ref{"email", "thread", "abc"}, Ref{"email", "message", "email/" + said}, Ref{}, "email/"+said, ""
		ev.Links = nil
		if args["by"] == "olga" {
			ev.Actor = olga
		}
	case "jira":
		ev.Subject, ev.Said, ev.Where, ev.Delivery, ev.Seq = Ref{"jira", "issue", "10007"}, Ref{"jira", "comment", "10007/" + said}, Ref{}, "jira/d", ""
		ev.Links[0].URL = "https://jira.example/browse/DES-7?focusedCommentId=" + said
	}
	ev.Sent = s.now
	if wait, err := strconv.Atoi(args["sent"]); err == nil {
		ev.Sent = time.Date(2026, 11, 18, 14, 0, wait, 0, time.UTC)
	}
	ev.Echo = args["echo"] == "yes"
}

func source(args map[string]string) string {
	if args["in"] != "" {
		return args["in"]
	}
	return "slack"
}

// files reads "brief.pdf:3,plan.zip:31,board:figma,brief.pdf@2:3": a size in MB, or where it lives instead; after an @ its
// key where that is not its name.
func files(system, list string) []File {
	var out []File
	for word := range strings.SplitSeq(list, ",") {
		name, what, _ := strings.Cut(word, ":")
		if name == "" {
			continue
		}
		name, key, other := strings.Cut(name, "@")
		if !other {
			key = name
		}
		f := File{Ref: Ref{system, "file", key}, Name: name, URL: "https://" + system + ".example/" + name}
		switch n, err := strconv.Atoi(what); {
		case err == nil:
			f.Size = int64(n) << 20
		case what == "gone":
			f.Gone = "the free plan hides it"
		default:
			f.Ref, f.External = Ref{}, true
		}
		out = append(out, f)
	}
	return out
}

func (s *stage) step(ev Event, args map[string]string) string {
	var f Facts
	if ev.Kind == RequestSubmitted || ev.Kind == DraftConfirmed {
		f = Facts{New: "CR-142", Places: Places{Chat: "slack", Tracker: "jira"}, Routing: &Routing{
			Rule: "Banners", Title: "Spring banner", Project: "DES", Workflow: "standard", Assignee: args["assignee"], StartNow: args["start"] == "now",
		}}
		if args["workflow"] == "none" {
			f.Routing.Workflow = ""
		}
		if args["title"] != "" {
			f.Routing.Title = args["title"]
		}
		if args["brand"] != "" {
			f.Routing.Fields = map[string][]string{"brand": {args["brand"]}}
		}
		f.Routing.Template, f.Muted = args["type"], args["muted"] == "yes"
		if args["mail"] == "yes" {
			f.Places.Mail = "email"
		}
		if args["tracker"] == "no" {
			f.Places.Tracker = ""
		}
		if args["chat"] == "no" {
			f.Places.Chat = ""
		}
	}
	f.Triager = args["by"] == "dana" || args["by"] == "olga"
	if f.Routing != nil && args["triage"] != "" {
		f.Routing.Triage, f.Triage = args["triage"], []string{"#creative-ops"}
		if args["triagers"] != "" {
			f.Triage = strings.Split(args["triagers"], ",")
		}
	}
	if args["into"] != "" || args["from"] != "" {
		f.Other = &Joint{ID: RequestID(args["into"] + args["from"]), Title: "Spring ad", Status: Status(args["as"]), Requester: s.person("chloe")}
		f.Other.Ticket = Link{Ref: Ref{"jira", "issue", "10002"}, Label: "DES-2", URL: "https://jira.example/browse/DES-2"}
		if f.Other.Status == "" {
			f.Other.Status = InReview
		}
	}
	f.Away = s.away
	f.Attach, f.Bypass = args["attach"] == "yes", args["bypass"]
	o := Step(s.p, s.r, ev, f)
	s.r = o.Request
	s.pending = append(s.pending, o.Effects...)
	return s.print(o)
}

// done lets every pending effect (or those of one purpose) become true outside.
func (s *stage) done(purpose string) string {
	var b strings.Builder
	for i := 0; i < len(s.pending); i++ {
		e := s.pending[i]
		if e.Show == nil || (purpose != "" && e.Show.Purpose != purpose) {
			continue
		}
		s.pending = slices.Delete(s.pending, i, i+1)
		i--
		before := len(s.pending)
		o := Step(s.p, s.r, receipt(e, s.now), Facts{Away: s.away})
		s.r = o.Request
		s.pending = append(s.pending, o.Effects...)
		for _, x := range s.pending[before:] {
			b.WriteString(printEffect(x))
		}
	}
	return b.String()
}

// absent says who is away from now on, until=2026-11-21 and with whose cover; cover tells the request of it.
func (s *stage) absent(verb string, args map[string]string) {
	s.away = slices.DeleteFunc(slices.Clone(s.away), func(a Absence) bool { return a.Person == args["person"] })
	if verb == "back" {
		return
	}
	until, err := time.ParseInLocation(time.DateOnly, args["until"], s.p.zone)
	if err != nil {
		s.t.Fatalf("away %v: %v", args, err)
	}
	s.away = append(s.away, Absence{Person: args["person"], Cover: args["cover"], Until: until.AddDate(0, 0, 1).UTC()})
	slices.SortFunc(s.away, func(a, b Absence) int { return strings.Compare(a.Person, b.Person) })
}

// receipt is what the outside answers to a Show.
func receipt(e Effect, at time.Time) Event {
	l := Link{Ref: Ref{e.Target, "message", e.Show.Purpose}, Purpose: e.Show.Purpose}
	if e.Show.Purpose == "ticket" && e.Show.Again > 0 {
		l = Link{Ref: Ref{"jira", "issue", "10042"}, Purpose: "ticket", Label: "DES-42", URL: "https://jira.example/browse/DES-42"}
	} else if e.Show.Purpose == "ticket" {
		l = Link{Ref: Ref{"jira", "issue", "10007"}, Purpose: "ticket", Label: "DES-7", URL: "https://jira.example/browse/DES-7"}
	}
	return Event{
		ID: "done/" + e.ID, Kind: EffectDone, At: at, Links: []Link{l}, Fields: map[string][]string{
			"effect": {e.ID}, "purpose": {e.Show.Purpose}, "digest": {e.Show.Digest}, "version": {strconv.FormatInt(e.Show.Version, 10)},
		},
	}
}

// quoted splits a line into words; double quotes keep spaces together.
func quoted(line string) []string {
	var words []string
	var word strings.Builder
	in := false
	for _, c := range strings.TrimSpace(line) + " " {
		switch {
		case c == '"':
			in = !in
		case c == ' ' && !in:
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(c)
		}
	}
	return words
}

// assets reads "KEY:Spring banner,KEY2": Figma files that were linked to.
func assets(list string) []Asset {
	var out []Asset
	for word := range strings.SplitSeq(list, ",") {
		key, label, _ := strings.Cut(word, ":")
		if key == "" {
			continue
		}
		out = append(out, Asset{Ref: figmaFile(key), Label: label, URL: "https://www.figma.com/design/" + key})
	}
	return out
}

func figmaFile(key string) Ref {
	if key == "" {
		key = "KEY"
	}
	return Ref{"figma", "file", key}
}

// version is a version id=3 name="v3 - legal copy", saved now, or that long ago.
func (s *stage) version(args map[string]string, by Actor) Version {
	ago, _ := time.ParseDuration(args["ago"])
	at := s.now.Add(-ago)
	v := Version{ID: args["id"], Name: args["name"], By: by, At: at, Seq: args["seq"], URL: "https://www.figma.com/design/KEY?version-id=" + args["id"]}
	if args["thumb"] != "" {
		v.Thumb = File{Ref: Ref{"figma", "thumb", args["thumb"]}, Name: "thumb.png"}
	}
	return v
}
