package slack

import (
	"context"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// opensForm reports whether a command opens the request form.
func (c *Connector) opensForm(cmd command) bool {
	verb, _ := cmd.verb()
	return cmd.Command == c.settings.Command || cmd.Command == verbCommand && verb == "new"
}

// verb parts the command's text into its first word and the rest.
func (c command) verb() (verb, rest string) {
	verb, rest, _ = strings.Cut(c.Text, " ")
	return strings.ToLower(verb), strings.TrimSpace(rest)
}

// respondCommand answers a slash command, in the body where there is something to say.
func (c *Connector) respondCommand(ctx context.Context, cmd command, acc connectors.Accepted, q connectors.Query) connectors.Reply {
	c.addresses.put(c.instance+"/"+acc.ID, cmd.ResponseURL, c.now())
	if c.opensForm(cmd) {
		return c.commandForm(ctx, cmd, q)
	}
	if cmd.absents() {
		return c.respondAbsence(ctx)
	}
	verb, rest := cmd.verb()
	reply := commandReply(c.answer(ctx, question{who: c.personOf(ctx, cmd.asInteraction()), verb: verb, rest: rest}, q))
	failed := reply // what was only read can be answered all the same
	failed.Store = false
	reply.Failed = &failed
	return reply
}

func commandReply(s spoken) connectors.Reply {
	return jsonReply(map[string]any{"response_type": "ephemeral", "text": s.text, "blocks": s.blocks})
}

// asInteraction makes a command look like what it stands in for: a shortcut pressed in a channel.
func (c command) asInteraction() interaction {
	return interaction{
		Type: "shortcut", CallbackID: shortcutGlobal, TriggerID: c.TriggerID, ResponseURL: c.ResponseURL, AppID: c.AppID,
		Team: &place{ID: c.TeamID}, User: account{ID: c.UserID}, Channel: &place{ID: c.Channel, Name: c.ChannelName},
	}
}

// commandForm opens the request form, filled from what was typed behind the command.
func (c *Connector) commandForm(ctx context.Context, cmd command, q connectors.Query) connectors.Reply {
	words := cmd.Text
	if cmd.Command == verbCommand {
		_, words = cmd.verb()
	}
	i := cmd.asInteraction()
	who := c.personOf(ctx, i)
	f := draftForm{types: q.Types(), origin: origin{
		Form: formRequest, User: cmd.UserID, Team: cmd.TeamID, Channel: cmd.Channel, Name: cmd.ChannelName,
	}}
	f.sheet.values = map[string][]string{inputChannel: {cmd.Channel}}
	f.write(c.readable(words, c.kept(ctx, mentionedIn(words))))
	f = f.filled(f.read(q, who), "0")
	failed := commandReply(saying(sentenceNotSaved))
	return connectors.Reply{
		Status: http.StatusOK, Store: true, Failed: &failed,
		Beside: func(ctx context.Context) { c.openOrSay(ctx, i, c.requestView(f)) },
	}
}

// help says what can be done; first comes before it, for somebody whose words were not understood.
func (c *Connector) help(first string) spoken {
	if first != "" {
		examples := []string{verbCommand + " status CR-142", verbCommand + " mine", verbCommand + " help"}
		return spoken{
			text:   escape(first) + " For example: " + strings.Join(examples, ", "),
			blocks: []slack.Block{section(escape(first) + "\nFor example:\n• `" + strings.Join(examples, "`\n• `") + "`")},
		}
	}
	lines := []string{
		"`" + c.settings.Command + " Spring banner by Friday` opens the request form with these words",
		"`" + verbCommand + " new` opens the empty form; the menu of a message does it with the message's words",
		"`" + verbCommand + " mine` lists what you asked for and what waits for you",
		"`" + verbCommand + " status CR-142` says where one stands",
		"`" + verbCommand + " why CR-142` explains which rule applied and who is waited on",
		"`" + verbCommand + " away 10-14 Mar cover @ana` moves what waits for you to Ana on these days; `" + verbCommand + " away` shows what is planned, `" + verbCommand + " back` ends it",
		"`" + verbCommand + " triage` lists what nobody has taken on yet",
		"The same words work in a direct message to me and behind a mention in a thread; anything else you write to me directly is offered as a request",
	}
	if c.settings.Emoji != "" {
		lines = append(lines, "React with "+c.settings.Emoji+" to a message to make a request of it")
	}
	plain := "signoff turns a message into a request and asks the right people for their approval."
	return spoken{text: escape(plain), blocks: []slack.Block{section(escape(plain) + "\n• " + strings.Join(lines, "\n• "))}}
}

// status says where one request stands.
func (c *Connector) status(ctx context.Context, id string, q connectors.Query) spoken {
	r, known, err := q.Request(ctx, id)
	switch {
	case err != nil:
		return saying(sentenceTrouble)
	case !known:
		return c.unknown(id)
	}
	return spoken{text: clipMarked(escape(c.standing(r)), maxText), blocks: []slack.Block{section(c.requestLine(r))}}
}

func (c *Connector) unknown(id string) spoken {
	return saying("There is no request " + clip(oneLine(id), 40) + ". Its number is on the card and in the ticket, for example CR-142 or DES-7.")
}

// standing is a request in one plain sentence.
func (c *Connector) standing(r flow.Request) string {
	s := string(r.ID) + " " + clip(oneLine(r.Title), 100) + stands(r)
	var stages []string
	for _, run := range r.Open() {
		stage := clip(oneLine(run.Name), 60)
		if people := waitedOn(run); people != "" {
			stage = people + " (" + stage + ")"
		}
		stages = append(stages, stage)
	}
	if len(stages) > 0 {
		s += ", waiting for " + strings.Join(stages, " and ")
	}
	return s + "."
}

// stands says the status as the end of a sentence, with whoever makes the revision.
func stands(r flow.Request) string {
	switch maker := firstOf(oneLine(r.Assignee.Shown), oneLine(r.Assignee.Name)); {
	case r.Status == flow.Draft:
		return " is a draft"
	case r.Status == flow.NeedsInfo:
		return " " + r.Status.Words()
	case r.Status == flow.InProgress && maker != "":
		return " is in progress with " + clip(maker, 60)
	}
	return " is " + r.Status.Words()
}

// waitedOn names those an open stage waits for.
func waitedOn(run flow.StageRun) string {
	if len(run.Waiting) == 0 {
		return ""
	}
	var names []string
	for _, id := range run.Waiting[len(run.Waiting)-1].On {
		for _, a := range run.Asked {
			if a.ID() == id {
				names = append(names, clip(firstOf(oneLine(a.Shown), oneLine(a.Name)), 60)+inPlace(run, a))
			}
		}
	}
	return strings.Join(names, " or ")
}

// inPlace says for whom somebody stands in: " for Ravi".
func inPlace(run flow.StageRun, who flow.Actor) string {
	for _, c := range run.Covers {
		if c.By.ID() == who.ID() {
			return " for " + clip(firstOf(oneLine(c.For.Shown), oneLine(c.For.Name)), 60)
		}
	}
	return ""
}

// requestLine is standing with links to the card, the ticket and the page.
func (c *Connector) requestLine(r flow.Request) string {
	line := clipMarked(escape(c.standing(r)), maxLine)
	if !r.Due.IsZero() && r.Closed.IsZero() {
		line += " Due " + date(r.Due, r.Due.UTC().Format("2 Jan 15:04 UTC")) + "."
	}
	var links []string
	if l, ok := r.Link("ticket"); ok && l.URL != "" {
		links = append(links, anchor(l.URL, clip(firstOf(oneLine(l.Label), "ticket"), 40)))
	}
	if l, ok := r.Link("card"); ok && l.URL != "" {
		links = append(links, anchor(l.URL, "card"))
	}
	if c.publicURL != "" {
		links = append(links, anchor(c.publicURL+"/requests/"+string(r.ID), "page"))
	}
	if len(links) > 0 {
		line += "  " + strings.Join(links, " · ")
	}
	return line
}

// mine lists what a person asked for and what waits for them.
func (c *Connector) mine(ctx context.Context, who flow.Actor, q connectors.Query) spoken {
	asked, waiting, err := q.Of(ctx, who)
	if err != nil {
		return saying(sentenceTrouble)
	}
	if len(asked)+len(waiting) == 0 {
		return saying("Nothing waits for you, and you have no open request.")
	}
	s := spoken{text: "What waits for you, and what you asked for"}
	for _, part := range []struct {
		title string
		list  []flow.Request
	}{{"Waiting for you", waiting}, {"You asked for", asked}} {
		if len(part.list) > 0 {
			s.blocks = append(s.blocks, c.bullets(part.title, part.list)...)
		}
	}
	return s
}

const (
	listed  = 10  // requests per list in an answer
	maxLine = 300 // of one of them
)

// bullets lists requests under a title, in as many sections as the lines need.
func (c *Connector) bullets(title string, list []flow.Request) []slack.Block {
	var blocks []slack.Block
	words := bold(escape(title))
	for i, r := range list {
		line := "• " + c.requestLine(r)
		if i == listed {
			line = "…and " + count(len(list)-listed, "more", "more")
		}
		if runes(words)+runes(line)+1 > maxSection {
			blocks, words = append(blocks, section(words)), ""
		}
		words = strings.TrimPrefix(words+"\n"+line, "\n")
		if i == listed {
			break
		}
	}
	return append(blocks, section(words))
}

// whyBlocks lays out an explanation.
func (c *Connector) whyBlocks(id string, why text.Doc, known bool, err error) spoken {
	switch {
	case err != nil:
		return saying(sentenceTrouble)
	case !known:
		return c.unknown(id)
	}
	words := firstOf(clipMarked(printer{}.doc(why), maxSection), "There is nothing to explain.")
	return spoken{text: clipMarked(words, maxText), blocks: []slack.Block{section(words)}}
}

// nearest is the word within two keystrokes of what was typed.
func nearest(typed string, words ...string) string {
	for _, w := range words {
		if len(typed) > 2 && len(typed) < 20 && distance(typed, w) <= 2 {
			return w
		}
	}
	return ""
}

// distance counts the keystrokes between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
