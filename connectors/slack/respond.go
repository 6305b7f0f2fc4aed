package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// What people read when something did not work.
const (
	sentenceNotSaved = "That was not saved, please press again."
	sentenceNotOpen  = "The form could not be opened, please press again."
	sentenceForged   = "This button is not valid any more. Use the newest message about the request, or type /signoff status with its number."
	sentenceOldForm  = "This form is not valid any more. Open it again from the newest message about the request."
	sentenceTrouble  = "I could not look that up just now, please try again."
)

const openTime = 2 * time.Second // Slack's trigger lives three

// Respond answers somebody who waits: a form is opened beside the commit, a form that was sent is judged before it is
// stored, a command is answered in the body.
func (c *Connector) Respond(ctx context.Context, in connectors.Inbound, acc connectors.Accepted, q connectors.Query) connectors.Reply {
	if acc.Type == typeJSON {
		return c.respondEvent(in, acc, q)
	}
	values, err := form(in.Body)
	if err != nil || acc.Malformed != "" {
		return acknowledged()
	}
	if values.Has("command") {
		return c.respondCommand(ctx, readCommand(values), acc, q)
	}
	i, err := readInteraction(values.Get("payload"))
	if err != nil {
		return acknowledged()
	}
	c.addresses.put(c.instance+"/"+acc.ID, i.ResponseURL, in.At)
	switch i.Type {
	case "message_action", "shortcut":
		if acc.Ignored == ignoredOpens {
			return c.startForm(ctx, i, q)
		}
	case "block_actions":
		return c.respondAction(ctx, i, acc, q)
	case "view_submission":
		return c.respondSubmission(ctx, i, acc, q)
	case "block_suggestion":
		r := jsonReply(map[string]any{"options": []any{}})
		r.Store = false
		return r
	}
	return acknowledged()
}

// acknowledged is the empty answer, given once the delivery is stored.
func acknowledged() connectors.Reply { return connectors.Reply{Status: http.StatusOK, Store: true} }

func jsonReply(v any) connectors.Reply {
	body, err := json.Marshal(v)
	if err != nil {
		return acknowledged() // our own structs always marshal
	}
	return connectors.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Store: true}
}

// person is who acts, with what is known of them without asking Slack.
func (c *Connector) person(ctx context.Context, team, userTeam, id string) flow.Actor {
	l := learned{Users: map[string]profile{}}
	var kept keptProfile
	if c.get(ctx, "user/"+id, &kept) {
		l.Users[id] = kept.profile
	}
	return source{c: c, learned: l}.actor(team, userTeam, id)
}

func (c *Connector) personOf(ctx context.Context, i interaction) flow.Actor {
	return c.person(ctx, i.Team.id(), i.User.TeamID, i.User.ID)
}

// respondAction answers a pressed button.
func (c *Connector) respondAction(ctx context.Context, i interaction, acc connectors.Accepted, q connectors.Query) connectors.Reply {
	if acc.Ignored == ignoredFilling {
		return c.retype(i, q)
	}
	reply := acknowledged()
	reply.Failed = c.notSaved(i)
	p, verdict := c.pressedIn(i.Actions[0])
	switch {
	case verdict == pressLink:
		reply.Store, reply.Failed = false, nil
	case verdict == pressForged:
		reply.Beside = c.privately(i, sentenceForged)
	case p.Action == actionWhy:
		why, known, err := q.Why(ctx, p.Request)
		reply.Beside = c.privateBlocks(i, c.whyBlocks(p.Request, why, known, err))
	case p.Action == actionNew:
		return c.startForm(ctx, i, q)
	case p.Action == actionEdit:
		return c.startDraft(ctx, i, p, q)
	case formOf(p) != "":
		return c.startDecision(ctx, i, p, q)
	default:
		reply.Beside = c.afterPress(ctx, i, p, q)
		if p.Action == actionConfirm || p.Action == actionReject || p.Action == actionMute {
			c.addresses.overwrites(c.instance + "/" + acc.ID)
		}
	}
	return reply
}

// formOf is the form a button opens, "" for none.
func formOf(p press) string {
	switch p.Action {
	case actionApprove:
		if p.carries(checklistValue) {
			return formApprove
		}
	case actionChanges:
		return formChanges
	case actionDecline:
		return formDecline
	case actionWithdraw:
		return formWithdraw
	case actionAnswer:
		return formAnswer
	case actionDelegate:
		return formDelegate
	case actionDetail:
		return formDetail
	}
	return triageForm(p.Action)
}

// startDecision opens the form of a button, after asking whether the act would count.
func (c *Connector) startDecision(ctx context.Context, i interaction, p press, q connectors.Query) connectors.Reply {
	reply := acknowledged()
	reply.Failed = c.notSaved(i)
	act := connectors.Action{
		Who: c.personOf(ctx, i), Request: flow.RequestID(p.Request), Do: p.Action, Stage: p.Stage, Round: p.Round, Version: p.Version,
	}
	if p.Action == actionAnswer {
		act.Do = actionSubmit
	}
	// Where it cannot be told the form opens all the same: what counts is judged when it is sent.
	if ok, why, err := q.May(ctx, act); err == nil && !ok {
		reply.Beside = c.privately(i, why)
		return reply
	}
	m := i.message()
	o := origin{
		Form: formOf(p), User: i.User.ID, Team: i.Team.id(), Channel: firstOf(i.Channel.id(), i.Container.ChannelID),
		Thread: firstOf(m.ThreadTS, i.Container.ThreadTS), Press: &p,
	}
	asks, why := c.asks(ctx, o, q)
	if why != "" {
		reply.Beside = c.privately(i, why)
		return reply
	}
	view := c.decideView(o, asks)
	reply.Beside = func(ctx context.Context) { c.openOrSay(ctx, i, view) }
	return reply
}

// asks are the inputs of a form that depend on the request: fields that are empty, points without an answer, lines to tick.
// Where the request cannot be read the form does without. why says that there is nothing to ask for.
func (c *Connector) asks(ctx context.Context, o origin, q connectors.Query) (blocks []slack.Block, why string) {
	switch {
	case o.Form == formMerge:
		return c.mergeInto(ctx, o, c.person(ctx, o.Team, "", o.User), q), ""
	case o.Form == formApprove:
		return c.askChecked(ctx, o, q), ""
	case o.Form == formDetail && o.Press.Value != "":
		return c.askMissing(ctx, o, q)
	case o.Form == formDetail, o.Form == formAnswer:
		return c.askOpen(ctx, o, q), ""
	}
	return nil, ""
}

// askOpen asks for fields that are empty, or for answers to points.
func (c *Connector) askOpen(ctx context.Context, o origin, q connectors.Query) []slack.Block {
	r, known, err := q.Request(ctx, o.Press.Request)
	switch {
	case err != nil || !known:
		return nil
	case o.Form == formDetail:
		return missing(r, q.Types())
	}
	return unanswered(r)
}

// openOrSay opens a modal with one try, and says so privately where that failed.
func (c *Connector) openOrSay(ctx context.Context, i interaction, view slack.ModalViewRequest) (*slack.ViewResponse, bool) {
	opened, err := c.openModal(ctx, i.Team.id(), i.TriggerID, view)
	if err != nil {
		c.log.Warn("form not opened", "form", view.CallbackID, "err", err)
		c.privately(i, sentenceNotOpen)(ctx)
		return nil, false
	}
	return opened, true
}

func (c *Connector) openModal(ctx context.Context, team, trigger string, view slack.ModalViewRequest) (*slack.ViewResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	opened, err := c.web(team).OpenViewContext(ctx, trigger, view)
	if err != nil {
		return nil, c.failed(call{op: opViewOpen, team: team}, err)
	}
	return opened, nil
}

// notSaved is the answer for when storing a press failed: Slack does not send it again.
func (c *Connector) notSaved(i interaction) *connectors.Reply {
	return &connectors.Reply{Status: http.StatusOK, Beside: c.privately(i, sentenceNotSaved)}
}

// privately says a sentence to the person who acted, and to nobody else.
func (c *Connector) privately(i interaction, sentence string) func(context.Context) {
	return c.privateBlocks(i, saying(sentence))
}

// spoken is a short message: text for notifications, blocks for the eye.
type spoken struct {
	text   string
	blocks []slack.Block
}

func saying(sentence string) spoken {
	return spoken{text: escape(sentence), blocks: []slack.Block{section(escape(sentence))}}
}

func section(mrkdwn string) slack.Block {
	return &slack.SectionBlock{Type: slack.MBTSection, Text: marked(firstOf(mrkdwn, "–"), maxSection)}
}

// privateBlocks is privately with a layout. Where there is no response address it falls back to an ephemeral message,
// and without a channel to a direct one.
func (c *Connector) privateBlocks(i interaction, s spoken) func(context.Context) {
	return func(ctx context.Context) {
		m := i.message()
		to := whisper{
			team: i.Team.id(), user: i.User.ID, channel: firstOf(i.Channel.id(), i.Container.ChannelID),
			thread: firstOf(m.ThreadTS, i.Container.ThreadTS), address: i.ResponseURL,
		}
		if err := c.whisper(ctx, to, s); err != nil {
			c.log.Warn("private answer not given", "err", err)
		}
	}
}
