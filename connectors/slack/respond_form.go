package slack

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/pattern"
)

// startForm opens the request form for a shortcut. The first view is usable as it is: it holds what the message in the
// payload says; the rest of the thread is read after it is open.
func (c *Connector) startForm(ctx context.Context, i interaction, q connectors.Query) connectors.Reply {
	m := i.message()
	f := draftForm{types: q.Types(), origin: origin{Form: formRequest, User: i.User.ID, Team: i.Team.id()}}
	f.sheet.values = map[string][]string{}
	if i.Type == "message_action" {
		f.origin.Channel, f.origin.TS = i.Channel.id(), firstOf(i.MessageTS, m.TS)
		f.origin.Thread, f.origin.Heard = m.ThreadTS, f.origin.TS
		if i.Channel != nil {
			f.origin.Name = i.Channel.Name
		}
		f.reading = m.ThreadTS != ""
		f.chosen = m.Text
		f.sheet.values[inputChannel] = []string{f.origin.Channel}
		f.belongs = c.belongsTo(ctx, i, m, q)
		f.write(c.readable(m.all(), c.kept(ctx, mentionedIn(m.all()))))
	}
	who := c.personOf(ctx, i)
	f = f.filled(f.read(q, who), "0")
	reply := acknowledged()
	reply.Failed = c.notSaved(i)
	reply.Beside = func(ctx context.Context) {
		opened, ok := c.openOrSay(ctx, i, c.requestView(f))
		if ok && f.origin.TS != "" {
			c.fillFromThread(ctx, f, opened, q, who)
		}
	}
	return reply
}

// belongsTo is the open request that a message's thread is already part of.
func (c *Connector) belongsTo(ctx context.Context, i interaction, m said, q connectors.Query) string {
	thread := c.ref("thread", i.Team.id(), i.Channel.id(), firstOf(m.ThreadTS, i.MessageTS))
	r, ok, err := q.Touching(ctx, thread)
	if err != nil || !ok {
		return "" // the hint is a courtesy
	}
	return string(r.ID)
}

// readable is a message's text as plain words, with the people it mentions by their names.
func (c *Connector) readable(mrkdwn string, people map[string]profile) string {
	return source{c: c, learned: learned{Users: people}}.words(mrkdwn).String()
}

const mentionsMost = 10 // people of a form's words who are called by their names

// mentionedIn lists the accounts that a text mentions, each once.
func mentionedIn(mrkdwn string) []string {
	var ids []string
	for _, part := range strings.Split(mrkdwn, "<@")[1:] {
		end := strings.IndexAny(part, "|>")
		if end > 0 && len(ids) < mentionsMost && !slices.Contains(ids, part[:end]) {
			ids = append(ids, part[:end])
		}
	}
	return ids
}

// kept is what is known of accounts without asking Slack.
func (c *Connector) kept(ctx context.Context, ids []string) map[string]profile {
	people := map[string]profile{}
	for _, id := range ids {
		var p keptProfile
		if c.get(ctx, "user/"+id, &p) {
			people[id] = p.profile
		}
	}
	return people
}

// named is what Slack says of accounts; who cannot be read is left out.
func (c *Connector) named(ctx context.Context, team string, ids []string) map[string]profile {
	people := map[string]profile{}
	for _, id := range ids {
		if p, err := c.profileOf(ctx, team, id); err == nil {
			people[id] = p
		}
	}
	return people
}

// write puts words into an empty form: the description, and their first line as the title.
func (f *draftForm) write(words string) {
	if strings.TrimSpace(words) == "" {
		return
	}
	f.sheet.values[inputText] = []string{clip(clean(words), maxInput)}
	f.sheet.values[inputTitle] = []string{titleOf(words)}
}

// addressRE is an address within a line, with what introduces it.
var addressRE = pattern.New(`(?i)[ \t]*[:,;–(-]*[ \t]*(?:\b(?:here|see|at|on|in|from|under)\b:?[ \t]*)?https?://[^\s<>"|]+`)

// titleOf is the first line that says something, without web addresses; an address alone is better than nothing.
func titleOf(words string) string {
	for line := range strings.Lines(words) {
		if line = oneLine(addressRE.ReplaceAllString(line, "")); line != "" {
			return clip(line, maxTitle)
		}
	}
	return clip(oneLine(words), maxTitle)
}

// read asks the rules what the words of the form say.
func (f draftForm) read(q connectors.Query, who flow.Actor) flow.Prefill {
	if d := f.asked(who); d.Text != "" {
		return q.Prefill(d)
	}
	return flow.Prefill{}
}

// suggested is read with all the help there is; the form is open already.
func (f draftForm) suggested(ctx context.Context, q connectors.Query, who flow.Actor) flow.Prefill {
	if d := f.asked(who); d.Text != "" {
		return q.Suggest(ctx, d)
	}
	return flow.Prefill{}
}

// asked is the form as it is read: its words, else its title.
func (f draftForm) asked(who flow.Actor) flow.Form {
	d := f.draft(firstOf(f.sheet.one(inputText), f.sheet.one(inputTitle)))
	d.Who = who
	return d
}

// fillFromThread reads the thread once and writes it into the open form, with the people it mentions by their names. A
// message is asked for its thread even where the payload names none: not every client says so of a thread's first message.
func (c *Connector) fillFromThread(ctx context.Context, f draftForm, opened *slack.ViewResponse, q connectors.Query, who flow.Actor) {
	posts := c.threadOf(ctx, f)
	var said strings.Builder
	for _, p := range posts {
		said.WriteString(p.Text)
	}
	people := c.named(ctx, f.origin.Team, mentionedIn(said.String()))
	words := c.threadText(f.origin.Team, posts, people)
	more := words != "" && clip(clean(words), maxInput) != f.sheet.one(inputText)
	if !more && !f.reading {
		return // the form says it all
	}
	next := f
	next.reading = false
	for _, p := range posts {
		if tsTime(p.TS).After(tsTime(next.origin.Heard)) {
			next.origin.Heard = p.TS
		}
	}
	if more {
		next.sheet.values = map[string][]string{inputChannel: f.sheet.values[inputChannel]}
		next.write(words)
		next.sheet.blocks = map[string]string{inputText: inputText + "#1"}
		if title := titleOf(c.readable(f.chosen, people)); title != "" {
			next.sheet.values[inputTitle] = []string{title} // the message that was chosen names the request
		}
		if next.sheet.one(inputTitle) != f.sheet.one(inputTitle) {
			next.sheet.blocks[inputTitle] = inputTitle + "#1"
		}
		next = next.filled(next.suggested(ctx, q, who), "1")
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if _, err := c.web(f.origin.Team).UpdateViewContext(ctx, c.requestView(next), "", opened.View.Hash, opened.View.ID); err != nil {
		// The form stays as it was opened. A changed hash means that the person has already gone on.
		c.log.Info("form not filled from the thread", "err", c.failed(call{op: opViewWrite, repeatable: true}, err))
	}
}

// threadOf reads the thread of the chosen message, or where that is not possible the message alone.
func (c *Connector) threadOf(ctx context.Context, f draftForm) []post {
	alone := []post{{Text: f.chosen, TS: f.origin.TS}}
	if !f.reading && c.settings.AppType == distributedApp {
		return alone // one thread a minute is all that Slack allows: it is kept for messages that are known to have one
	}
	posts, err := c.thread(ctx, f.origin.Team, f.origin.Channel, firstOf(f.origin.Thread, f.origin.TS))
	switch {
	case err != nil:
		c.log.Warn("thread not read for the form", "err", err)
		return alone
	case len(posts) == 0:
		return alone
	}
	return posts
}

// threadText joins what people wrote in a thread.
func (c *Connector) threadText(team string, posts []post, people map[string]profile) string {
	var parts []string
	in := c.self(team)
	for _, p := range posts {
		if p.BotID != "" && p.BotID == in.Bot {
			continue
		}
		if words := strings.TrimSpace(c.readable(p.Text, people)); words != "" {
			parts = append(parts, words)
		}
	}
	return strings.Join(parts, "\n\n")
}

// retype redraws the form when another type was chosen, with everything that was typed.
func (c *Connector) retype(i interaction, q connectors.Query) connectors.Reply {
	reply := acknowledged()
	reply.Store = false // nothing was said yet
	if i.View == nil || i.View.Callback != formRequest && i.View.Callback != formDraft || actionName(i.Actions[0].ActionID) != inputType {
		return reply
	}
	o, ok := c.originOf(i)
	if !ok {
		return reply
	}
	e := enteredIn(i.View)
	f := draftForm{origin: o, types: q.Types(), sheet: sheet{values: e.values, blocks: e.blocks}}
	f.sheet.values[inputType] = nil
	if chosen := i.Actions[0].value(); chosen != "" {
		f.sheet.values[inputType] = []string{chosen}
	}
	p := f.read(q, flow.Actor{})
	p.Type = f.sheet.one(inputType)
	f = f.filled(p, "0")
	maps.Copy(f.sheet.blocks, e.blocks) // what is on the screen keeps its blocks
	view, hash, id := c.requestView(f), i.View.Hash, i.View.ID
	reply.Beside = func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, openTime)
		defer cancel()
		if _, err := c.web(o.Team).UpdateViewContext(ctx, view, "", hash, id); err != nil {
			c.log.Warn("form not redrawn", "err", c.failed(call{op: opViewWrite, repeatable: true}, err))
		}
	}
	return reply
}

// respondSubmission judges a form before anything is stored: messages stand beside the inputs they are about.
func (c *Connector) respondSubmission(ctx context.Context, i interaction, acc connectors.Accepted, q connectors.Query) connectors.Reply {
	if i.View == nil || acc.Ignored == ignoredUnknown {
		return acknowledged()
	}
	o, ok := c.originOf(i)
	if !ok {
		return jsonReply(map[string]any{"response_action": "update", "view": c.closedView(sentenceOldForm)})
	}
	e := enteredIn(i.View)
	if wrong := c.judge(ctx, sentForm{interaction: i, origin: o, entered: e}, q); len(wrong) > 0 {
		r := formErrors(wrong, e)
		r.Store = false
		return r
	}
	reply := acknowledged()
	if o.Form == formDraft {
		reply.Beside = c.draftSent(i, o, c.instance+"/"+acc.ID)
	}
	failed := formErrors(map[string]string{firstInput(e): sentenceNotSaved}, e)
	reply.Failed = &failed
	return reply
}

// sentForm is a form as somebody sent it.
type sentForm struct {
	interaction
	origin  origin
	entered entered
}

// judge returns what is wrong with a form, by input name.
func (c *Connector) judge(ctx context.Context, s sentForm, q connectors.Query) map[string]string {
	wrong := c.judgeForm(ctx, s, q)
	if link := s.entered.one(inputLink); link != "" && !webAddress(link) {
		if wrong == nil {
			wrong = map[string]string{}
		}
		wrong[inputLink] = "This is not an address. It starts with https://."
	}
	return wrong
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsFunc(s, unicode.IsSpace)
}

func (c *Connector) judgeForm(ctx context.Context, s sentForm, q connectors.Query) map[string]string {
	switch s.origin.Form {
	case formRequest, formDraft:
		return c.judgeRequest(ctx, s, q)
	case formChanges:
		if strings.TrimSpace(s.entered.one(inputNote)) == "" {
			return map[string]string{inputNote: "Say what should change; one line is enough."}
		}
	case formDelegate:
		switch s.entered.one(inputTo) {
		case "":
			return map[string]string{inputTo: "Choose who should decide instead."}
		case s.User.ID:
			return map[string]string{inputTo: "That is you; choose somebody else."}
		}
	case formApprove:
		return c.judgeChecklist(ctx, s, q)
	case formDetail:
		return c.judgeDetail(ctx, s, q)
	case formMerge, formSnooze, formTurnDown:
		return c.judgeTriage(ctx, s, q)
	}
	return nil
}

func (c *Connector) judgeRequest(ctx context.Context, s sentForm, q connectors.Query) map[string]string {
	f := draftForm{origin: s.origin, sheet: sheet{values: s.entered.values}}
	d := f.draft(s.entered.one(inputText))
	d.Fields, d.Who = s.entered.extra(), c.personOf(ctx, s.interaction)
	wrong := map[string]string{}
	if strings.TrimSpace(d.Title) == "" {
		wrong[inputTitle] = "Give it a title."
	}
	for field, message := range q.Validate(d) {
		wrong[s.entered.input(field)] = message
	}
	return wrong
}

// judgeDetail checks only what was filled in.
func (c *Connector) judgeDetail(ctx context.Context, s sentForm, q connectors.Query) map[string]string {
	fields := s.entered.extra()
	if len(fields) == 0 && strings.TrimSpace(s.entered.one(inputNote)) == "" {
		return map[string]string{firstOf(s.entered.first(inputNote), firstInput(s.entered)): "There is nothing in it yet; fill in one of the fields."}
	}
	r, known, err := q.Request(ctx, s.origin.Press.Request)
	if err != nil || !known {
		return nil // the core judges it again
	}
	wrong := map[string]string{}
	all := q.Validate(flow.Form{Type: r.Template, Title: r.Title, Who: c.personOf(ctx, s.interaction), Fields: fields})
	for field := range fields {
		if message := all[field]; message != "" {
			wrong[s.entered.input(field)] = message
		}
	}
	return wrong
}

// first returns name when the form has such an input.
func (e entered) first(name string) string {
	if _, ok := e.blocks[name]; ok {
		return name
	}
	return ""
}

// input is the input in which a field of the rules' was entered; the first one when it was in none.
func (e entered) input(field string) string {
	if _, ok := e.blocks[field]; ok {
		return field
	}
	for name := range e.blocks {
		if own, _, ok := templateField(name); ok && own == field {
			return name
		}
	}
	return firstInput(e)
}

// firstInput is the input at which a message about the whole form is shown.
func firstInput(e entered) string {
	for _, name := range []string{inputTitle, inputNote, inputTo, inputInto, inputUntil} {
		if _, ok := e.blocks[name]; ok {
			return name
		}
	}
	names := make([]string, 0, len(e.blocks))
	for name := range e.blocks {
		names = append(names, name)
	}
	if len(names) == 0 {
		return inputTitle
	}
	return slices.Min(names)
}

// formErrors answers a form with messages keyed by the blocks of its inputs.
func formErrors(wrong map[string]string, e entered) connectors.Reply {
	errors := map[string]string{}
	for name, message := range wrong {
		block := e.blocks[name]
		if block == "" {
			block = name + "#0"
		}
		errors[block] = clip(message, maxHint)
	}
	return jsonReply(map[string]any{"response_action": "errors", "errors": errors})
}
