package slack

import (
	"context"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// What stands in the place of a message whose buttons were used.
const (
	sentenceConfirmed = "The request is being made. Its card appears in a moment."
	sentenceDismissed = "Dismissed. Nothing was made of it."
	sentenceMuted     = "Dismissed, and messages of yours are not offered any more."
	sentenceUnmute    = " The app's Home tab switches that on again."
	sentenceAnswered  = "Thank you, that is noted."
)

// draftOf reads a draft that is still open; false where it is none any more or cannot be read.
func draftOf(ctx context.Context, q connectors.Query, id string) (flow.Request, bool) {
	r, known, err := q.Request(ctx, id)
	return r, err == nil && known && r.Status == flow.Draft
}

// afterPress replaces a message whose buttons are of no use once one of them was pressed. What counts is decided by the
// core; an answer that says otherwise comes from there.
func (c *Connector) afterPress(ctx context.Context, i interaction, p press, q connectors.Query) func(context.Context) {
	var sentence string
	switch p.Action {
	case actionDismiss:
		return c.takeAway(i)
	case actionConfirm:
		sentence = sentenceConfirmed
	case actionReject:
		sentence = sentenceDismissed
	case actionMute:
		sentence = sentenceMuted
		if c.settings.home() {
			sentence += sentenceUnmute
		}
	case actionYes, actionNo:
		sentence = sentenceAnswered
	case actionApprove:
		return c.afterOffer(i)
	default:
		return nil
	}
	if i.atHome() {
		return nil // the page is drawn anew
	}
	if _, open := draftOf(ctx, q, p.Request); p.Request != "" && !open {
		return c.takeAway(i)
	}
	return c.replaced(i, saying(sentence))
}

// afterOffer takes the offer to record an approval away once it was accepted. A card or an ask keeps its buttons: it is
// drawn anew.
func (c *Connector) afterOffer(i interaction) func(context.Context) {
	if !i.Container.Ephemeral {
		return nil
	}
	return c.takeAway(i)
}

// replaced puts an answer in the place of the message that was pressed.
func (c *Connector) replaced(i interaction, s spoken) func(context.Context) {
	return c.overwrite(i.ResponseURL, map[string]any{"replace_original": true, "text": s.text, "blocks": s.blocks})
}

// takeAway deletes the message that was pressed.
func (c *Connector) takeAway(i interaction) func(context.Context) {
	return c.overwrite(i.ResponseURL, map[string]any{"delete_original": true})
}

// overwrite posts to a response address; where there is none the message stays as it is.
func (c *Connector) overwrite(address string, answer map[string]any) func(context.Context) {
	if address == "" || !c.answerable(address) {
		return nil
	}
	return func(ctx context.Context) {
		if err := c.respondAt(ctx, address, answer); err != nil {
			c.log.Info("message not replaced", "err", err)
		}
	}
}

// startDraft opens the form with what a draft says.
func (c *Connector) startDraft(ctx context.Context, i interaction, p press, q connectors.Query) connectors.Reply {
	reply := acknowledged()
	reply.Failed = c.notSaved(i)
	r, open := draftOf(ctx, q, p.Request)
	if !open {
		reply.Beside = c.takeAway(i)
		return reply
	}
	c.addresses.put(draftAddress(p.Request, i.User.ID), i.ResponseURL, c.now())
	m := i.message()
	f := draftForm{types: q.Types(), origin: origin{
		Form: formDraft, User: i.User.ID, Team: i.Team.id(), Channel: firstOf(i.Channel.id(), i.Container.ChannelID),
		Thread: firstOf(m.ThreadTS, i.Container.ThreadTS), Press: &p,
	}}
	f.sheet.values = map[string][]string{inputTitle: {clip(oneLine(r.Title), maxTitle)}, inputType: {r.Template}}
	if words := r.Body.String(); strings.TrimSpace(words) != "" {
		f.sheet.values[inputText] = []string{clip(clean(words), maxInput)}
	}
	if chosen, ok := typeNamed(f.types, r.Template); ok {
		for _, field := range chosen.Fields {
			f.sheet.values[inputName(field)] = r.Fields[field.Name]
		}
	}
	for _, name := range []string{inputDue, inputLink} {
		f.sheet.values[name] = r.Fields[name]
	}
	f = f.filled(f.read(q, c.personOf(ctx, i)), "0")
	reply.Beside = func(ctx context.Context) { c.openOrSay(ctx, i, c.requestView(f)) }
	return reply
}

// draftAddress is under what a draft's response address is remembered while its form is open.
func draftAddress(request, user string) string { return "draft/" + request + "/" + user }

// draftSent replaces the draft's message once its form was sent, and lets what the core says to it stand there.
func (c *Connector) draftSent(i interaction, o origin, delivery string) func(context.Context) {
	address := c.addresses.take(draftAddress(o.Press.Request, i.User.ID), c.now())
	c.addresses.put(delivery, address, c.now())
	c.addresses.overwrites(delivery)
	return c.replaced(interaction{ResponseURL: address}, saying(sentenceConfirmed))
}
