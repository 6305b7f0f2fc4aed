package slack

import (
	"context"
	"strings"
	"unicode"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// verbs are what can be asked of signoff: behind /signoff, in a direct message, and behind a mention.
var verbs = [...]string{"new", "mine", "status", "why", "triage", "away", "back", "help"}

const (
	verbNew    = "new"
	verbMine   = "mine"
	verbStatus = "status"
	verbWhy    = "why"
	verbHelp   = "help"
)

// phrase is what somebody typed when it has the shape of a question to signoff.
type phrase struct{ verb, rest string }

// known reports whether it is a question rather than words that happen to begin like one.
func (a phrase) known() bool {
	switch a.verb {
	case verbHelp, verbMine, verbNew, verbTriage:
		return a.rest == ""
	case verbStatus, verbWhy:
		return a.rest == "" || linkKey.MatchString(a.rest)
	case verbAway, verbBack:
		return a.absent()
	}
	return false
}

// greetings are said to a person, and to signoff by whoever wonders what it does. They ask for no work.
const greetings = " hi hello hey hallo morning good afternoon evening moin bonjour hola there thanks thank thx cheers ta danke merci gracias you very much so a lot ok okay test ping signoff "

// greets reports whether the words are a greeting or a thank-you and nothing else.
func greets(typed string) bool {
	words := strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, w := range words {
		if !strings.Contains(greetings, " "+w+" ") {
			return false
		}
	}
	return len(words) > 0 && len(words) <= 4
}

// mistyped reports whether it is a question but for a typo in its verb.
func (a phrase) mistyped() bool {
	near := nearest(a.verb, verbs[:]...)
	return near != "" && !a.known() && (phrase{near, a.rest}).known() && (a.rest != "" || near == verbStatus || near == verbHelp)
}

// askedIn reads words as a question.
func askedIn(typed string) phrase {
	verb, rest, _ := strings.Cut(strings.TrimRight(strings.TrimSpace(typed), " ?!."), " ")
	return phrase{strings.ToLower(verb), strings.TrimSpace(rest)}
}

// verbIn is the question in a message, without the mention of ourselves.
func (c *Connector) verbIn(m said, e envelope) phrase {
	if len(m.Files) > 0 || len(m.Text) > 200 {
		return phrase{}
	}
	typed := m.Text
	for _, bot := range []string{e.botUser(), c.self(e.team()).User} {
		if bot != "" {
			typed = dropMention(typed, bot)
		}
	}
	asked := askedIn(typed)
	if m.direct() && (strings.TrimSpace(typed) == "" || greets(typed) && !asked.known()) {
		return phrase{verb: verbHelp}
	}
	return asked
}

// question is a verb with who asks and where.
type question struct {
	who        flow.Actor
	thread     flow.Ref // in which it was asked, if in any
	verb, rest string
}

// answer is what signoff says to a question.
func (c *Connector) answer(ctx context.Context, ask question, q connectors.Query) spoken {
	if ask.rest == "" && (ask.verb == verbStatus || ask.verb == verbWhy) && !ask.thread.Zero() {
		if r, ok, err := q.Touching(ctx, ask.thread); err == nil && ok {
			ask.rest = string(r.ID)
		}
	}
	switch ask.verb {
	case "", verbHelp:
		return c.help("")
	case verbMine:
		return c.mine(ctx, ask.who, q)
	case verbNew:
		return c.offerForm()
	case verbTriage:
		return c.queue(ctx, ask.who, q)
	case verbStatus:
		if ask.rest == "" {
			return c.mine(ctx, ask.who, q)
		}
		return c.status(ctx, ask.rest, q)
	case verbWhy:
		if ask.rest == "" {
			return saying("Which request? For example: " + verbCommand + " why CR-142")
		}
		why, known, err := q.Why(ctx, ask.rest)
		return c.whyBlocks(ask.rest, why, known, err)
	}
	switch ask.verb {
	case "approve", "approved", "reject", "decline", "changes":
		where := "You decide with the buttons of the message in which you were asked"
		if c.settings.home() {
			where += ", or in the app's Home tab under “Waiting for you”"
		}
		return c.help(where + ".")
	}
	if near := nearest(ask.verb, verbs[:]...); near != "" {
		return c.help("I do not know “" + clip(oneLine(ask.verb), 40) + "”. Did you mean " + near + "?")
	}
	return c.help("I do not know “" + clip(oneLine(ask.verb), 40) + "”.")
}

// offerForm is a button for the form: outside a command a form opens only by a press.
func (c *Connector) offerForm() spoken {
	words := "A new request begins with a form."
	return spoken{text: words, blocks: []slack.Block{section(words), c.formButton("actions/new")}}
}

// formButton opens the empty request form.
func (c *Connector) formButton(block string) slack.Block {
	return &slack.ActionBlock{Type: slack.MBTAction, BlockID: block, Elements: &slack.BlockElements{ElementSet: []slack.BlockElement{
		&slack.ButtonBlockElement{
			Type: slack.METButton, ActionID: actionNew, Text: plainText("New request", maxButton), AccessibilityLabel: "Open the form for a new request",
			Value: c.seal.value(press{Action: actionNew}),
		},
	}}}
}

// respondEvent answers a question that came as a message, once: in the conversation with the bot openly, elsewhere to
// the person alone.
func (c *Connector) respondEvent(in connectors.Inbound, acc connectors.Accepted, q connectors.Query) connectors.Reply {
	reply := acknowledged()
	s := source{c: c, d: flow.Delivery{Body: in.Body}}
	if err := s.readEvent(); err != nil || acc.Ignored != ignoredAnswered || !c.answered.add(acc.ID) {
		return reply
	}
	m, _ := s.env.spokenIn()
	if key := strings.Join([]string{s.env.team(), m.Channel, m.TS}, "/"); !c.answered.add(key) {
		return reply // the same message under its other event type
	}
	team, said := s.env.team(), c.verbIn(m, s.env)
	ask := question{verb: said.verb, rest: said.rest}
	if m.reply() {
		ask.thread = c.ref("thread", team, m.Channel, m.ThreadTS)
	}
	reply.Beside = func(ctx context.Context) {
		if _, err := c.profileOf(ctx, team, m.User); err != nil { // whose account it is may only be told by its address
			c.log.Info("who asks is not known better", "err", err)
		}
		ask.who = c.person(ctx, team, firstOf(m.UserTeam, m.Team), m.User)
		if err := c.answerAt(ctx, team, m, c.answer(ctx, ask, q)); err != nil {
			c.log.Warn("question not answered", "verb", said.verb, "err", err)
		}
	}
	return reply
}

func (c *Connector) answerAt(ctx context.Context, team string, m said, answer spoken) error {
	if m.direct() {
		_, err := c.post(ctx, outgoing{team: team, channel: m.Channel, user: m.User, spoken: answer})
		return err
	}
	return c.whisper(ctx, whisper{team: team, user: m.User, channel: m.Channel, thread: m.ThreadTS}, answer)
}
