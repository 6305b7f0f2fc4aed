package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Do carries out an effect. A Show that was already shown in this or a newer version is left alone, a Tell is said to
// each person once, whatever was lost in between.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	switch {
	case e.Show != nil:
		return c.show(ctx, e)
	case e.Tell != nil:
		return c.tell(ctx, e)
	}
	return nil, &connectors.Error{Op: "do", Class: connectors.Rejected, Err: errors.New("the effect is neither shown nor told")}
}

// receipt is what we remember of a message that shows something: where it is and what it shows.
type receipt struct {
	Channel string   `json:"channel"`
	TS      string   `json:"ts"`
	More    []string `json:"more,omitempty"` // the messages in which a long comment goes on
	URL     string   `json:"url,omitempty"`
	Version int64    `json:"version"`
	Digest  string   `json:"digest,omitempty"`
}

func keyShown(e flow.Effect) string { return "shown/" + e.Mark() }

// show makes one message look like the view.
func (c *Connector) show(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	in, err := c.installed(ctx, c.teamOf(e))
	if err != nil {
		return nil, err
	}
	r, known := c.shown(ctx, e)
	if e.Show.View.Kind == flow.CommentView && (!known || r.Version < e.Show.Version || r.Version == e.Show.Version && r.Digest != e.Show.Digest) {
		return c.showComment(ctx, in, e, r)
	}
	if known && r.TS != "" && (r.Version > e.Show.Version || r.Version == e.Show.Version && r.Digest == e.Show.Digest) {
		return c.links(in, e, r), nil
	}
	file := c.picture(ctx, e)
	if !known || r.TS == "" {
		return c.create(ctx, in, e, file)
	}
	err = c.update(ctx, e, r, file)
	if gone(err) {
		return c.create(ctx, in, e, file)
	}
	if err != nil {
		return nil, err
	}
	r.Version, r.Digest = e.Show.Version, e.Show.Digest
	c.note(keyShown(e), r)
	return c.links(in, e, r), nil
}

// shown finds the message of a Show: by our own receipt, else by the link the effect names. The newer one counts.
func (c *Connector) shown(ctx context.Context, e flow.Effect) (receipt, bool) {
	var r receipt
	known := c.get(ctx, keyShown(e), &r)
	l := e.Show.Link
	if l == nil {
		return r, known
	}
	key, ok := c.keyed(l.Ref, "message")
	if !ok || known && r.Version >= l.Version {
		return r, known
	}
	return receipt{Channel: key[1], TS: key[2], URL: l.URL, Version: l.Version, Digest: l.Shown}, true
}

// links are what now exists.
func (c *Connector) links(in install, e flow.Effect, r receipt) []flow.Link {
	links := []flow.Link{{
		Ref: c.ref("message", in.Team, r.Channel, r.TS), Purpose: e.Show.Purpose, URL: r.URL, Shown: r.Digest, Version: r.Version,
	}}
	if c.begins(e, r) { // people answer below it
		links = append(links, flow.Link{Ref: c.ref("thread", in.Team, r.Channel, r.TS), Purpose: e.Show.Purpose + "/thread"})
	}
	return links
}

// begins reports whether the message of a Show stands by itself, so that replies to it are a thread of their own.
func (c *Connector) begins(e flow.Effect, r receipt) bool {
	if e.Show.At.Zero() {
		return true
	}
	out, err := c.place(e.Show.At)
	return err == nil && (out.thread == "" || out.channel != r.Channel && strings.HasPrefix(r.Channel, "D"))
}

// create posts the message of a Show.
func (c *Connector) create(ctx context.Context, in install, e flow.Effect, file fileID) ([]flow.Link, error) {
	var sent posted
	err := c.pictured(e, file, func(file fileID) (err error) {
		sent, err = c.createWith(ctx, e, file)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := receipt{Channel: sent.channel, TS: sent.ts, Version: e.Show.Version, Digest: e.Show.Digest}
	r.URL = c.addressOf(ctx, e, r)
	c.note(keyShown(e), r)
	return c.links(in, e, r), nil
}

// createWith posts the message of a Show at its place, else to the person it is for.
func (c *Connector) createWith(ctx context.Context, e flow.Effect, file fileID) (posted, error) {
	out, err := c.placeOf(ctx, e)
	if err != nil {
		return posted{}, err
	}
	out.spoken, out.mark = c.renderWith(e, file), e
	sent, err := c.post(ctx, out)
	if outside(err) && e.Show.To.ID() != "" {
		return c.createAway(ctx, e, file)
	}
	if err == nil {
		c.nameKnown(ctx, out.channel, sent.channel)
	}
	return sent, err
}

// createAway posts what cannot be shown at its place to the person it is for.
func (c *Connector) createAway(ctx context.Context, e flow.Effect, file fileID) (posted, error) {
	out, err := c.away(ctx, e)
	if err != nil {
		return posted{}, err
	}
	out.spoken, out.mark = c.renderIn(e, out.channel, file), e
	return c.post(ctx, out)
}

// away is where a Show goes that has no access to its place.
func (c *Connector) away(ctx context.Context, e flow.Effect) (outgoing, error) {
	who, err := c.accountOf(e, e.Show.To)
	if err != nil {
		return outgoing{}, err
	}
	channel, err := c.direct(ctx, who)
	return outgoing{team: who.team, channel: channel, user: who.id}, err
}

// renderIn is renderWith, with a word on how to get it to its place where it stands in a direct message instead.
func (c *Connector) renderIn(e flow.Effect, channel string, file fileID) spoken {
	s := c.renderWith(e, file)
	place, err := c.place(e.Show.At)
	if err != nil || !strings.HasPrefix(channel, "D") || strings.HasPrefix(place.channel, "D") {
		return s
	}
	name := escape(place.channel)
	if !strings.HasPrefix(place.channel, "#") {
		name = "<#" + name + ">"
	}
	s.blocks = append(s.blocks, note("This is for you alone because signoff is not in "+name+". To have the next request answered there, type `/invite @signoff` in that channel."))
	return s
}

// addressOf is where a browser opens a new message. Of those that a single person sees only what is asked of them has one:
// they are led there from older ones.
func (c *Connector) addressOf(ctx context.Context, e flow.Effect, r receipt) string {
	if e.Show.At.Zero() || strings.HasPrefix(r.Channel, "D") {
		if k := e.Show.View.Kind; k != flow.AskView && k != flow.WorkView && k != flow.TriageView {
			return ""
		}
		return composed(c.self(c.teamOf(e)).URL, r.Channel, r.TS, "")
	}
	var thread string
	if place, err := c.place(e.Show.At); err == nil && place.channel == r.Channel {
		thread = place.thread
	}
	return c.permalink(ctx, c.teamOf(e), r.Channel, r.TS, thread)
}

// update changes a message that exists.
func (c *Connector) update(ctx context.Context, e flow.Effect, r receipt, file fileID) error {
	return c.pictured(e, file, func(file fileID) error { return c.redraw(ctx, e, r, file) })
}

func (c *Connector) redraw(ctx context.Context, e flow.Effect, r receipt, file fileID) error {
	s := c.renderIn(e, r.Channel, file)
	c.changed(c.teamOf(e), r.Channel, r.TS)
	_, _, _, err := c.web(c.teamOf(e)).UpdateMessageContext(ctx, r.Channel, r.TS,
		slack.MsgOptionText(s.text, false), slack.MsgOptionBlocks(s.blocks...), slack.MsgOptionLinkNames(false), c.metadata(e, e.Mark()))
	if err != nil {
		return c.failed(call{op: opUpdate, team: c.teamOf(e), channel: r.Channel, repeatable: true}, err)
	}
	return nil
}

// eventType is the type of our message metadata; mark is what Find looks for.
const eventType = "signoff_card"

func (c *Connector) metadata(e flow.Effect, mark string) slack.MsgOption {
	payload := map[string]any{"request": string(e.Request), "mark": mark}
	if c.storeID != "" {
		payload["store"] = c.storeID
	}
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: eventType, EventPayload: payload})
}

// outgoing is a message about to be posted.
type outgoing struct {
	team, channel, thread string
	user                  string // whom the channel belongs to, when it is a direct one
	spoken                spoken
	mark                  flow.Effect // whose mark it carries; zero for answers that are said at once
	part                  int         // which of several messages that show one thing, from 0
}

type posted struct{ channel, ts string }

// post sends one message, once. When the answer is lost it is Unsure: the message may be there.
func (c *Connector) post(ctx context.Context, out outgoing) (posted, error) {
	options := []slack.MsgOption{
		slack.MsgOptionText(out.spoken.text, false), slack.MsgOptionBlocks(out.spoken.blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionLinkNames(false),
	}
	if out.thread != "" {
		options = append(options, slack.MsgOptionTS(out.thread))
	}
	if out.mark.Show != nil || out.mark.Tell != nil {
		options = append(options, c.metadata(out.mark, partMark(out.mark.Mark(), out.part)))
	}
	channel, ts, err := c.web(out.team).PostMessageContext(ctx, out.channel, options...)
	what := call{op: opPost, team: out.team, channel: firstOf(out.user, out.channel)}
	if err != nil {
		return posted{}, c.failed(what, err)
	}
	if ts == "" {
		return posted{}, c.failed(what, errNotJSON)
	}
	sent := posted{channel: firstOf(channel, out.channel), ts: ts}
	c.wrote(ctx, out.team, sent.channel, sent.ts)
	return sent, nil
}

// placeOf is where a Show goes when it is new.
func (c *Connector) placeOf(ctx context.Context, e flow.Effect) (outgoing, error) {
	if !e.Show.At.Zero() {
		return c.place(e.Show.At)
	}
	return c.away(ctx, e)
}

// place reads a Ref as a place for messages.
func (c *Connector) place(at flow.Ref) (outgoing, error) {
	if key, ok := c.keyed(at, "thread", "message"); ok {
		return outgoing{team: key[0], channel: key[1], thread: key[2]}, nil
	}
	if key, ok := c.keyed(at, "channel"); ok {
		return outgoing{team: key[0], channel: key[1]}, nil
	}
	if at.System == c.instance && at.Type == "channel" && at.Key != "" {
		return outgoing{channel: at.Key}, nil // a name, or an id by itself
	}
	return outgoing{}, &connectors.Error{
		Op: opPost, Class: connectors.Rejected, Err: fmt.Errorf("%s is no place in this Slack workspace", at.Type),
		Person: "Slack cannot be written to at that place.",
	}
}

// member is somebody's account.
type member struct{ team, id string }

// teamOf is the workspace that an effect is for, "" where it does not say.
func (c *Connector) teamOf(e flow.Effect) string {
	var refs []flow.Ref
	switch {
	case e.Show != nil:
		if e.Show.Link != nil {
			refs = append(refs, e.Show.Link.Ref)
		}
		refs = append(refs, e.Show.At, e.Known[e.Show.To.ID()], e.Show.To.Ref)
	case e.Tell != nil:
		refs = append(refs, e.Tell.Where)
		for _, a := range e.Tell.To {
			refs = append(refs, e.Known[a.ID()], a.Ref)
		}
	case e.Copy != nil:
		refs = append(refs, e.Copy.To)
	}
	for _, r := range refs {
		if key, ok := c.keyed(r, "thread", "message", "channel", "user"); ok {
			return key[0]
		}
	}
	return ""
}

// accountOf is the account of somebody an effect goes to.
func (c *Connector) accountOf(e flow.Effect, a flow.Actor) (member, error) {
	p := printer{instance: c.instance}
	for _, ref := range []flow.Ref{e.Known[a.ID()], a.Ref} {
		if id, ok := p.account(ref); ok {
			team, _, _ := strings.Cut(ref.Key, "/")
			return member{team, id}, nil
		}
	}
	who := firstOf(a.Shown, a.Name, "this person")
	return member{}, &connectors.Error{
		Op: opOpenDM, Class: connectors.Rejected, Err: errors.New("no Slack account is known"),
		Person: "No Slack account of " + who + " is known. Pin it in the rules: people, slack: U….",
	}
}

// direct opens the conversation with one person, or knows it already.
func (c *Connector) direct(ctx context.Context, who member) (string, error) {
	key := "dm/" + who.id
	var kept string
	if c.get(ctx, key, &kept) && kept != "" {
		return kept, nil
	}
	channel, _, _, err := c.web(who.team).OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{who.id}})
	what := call{op: opOpenDM, team: who.team, repeatable: true}
	if err != nil {
		return "", c.failed(what, err)
	}
	if channel == nil || channel.ID == "" {
		return "", c.failed(what, errNotJSON)
	}
	c.note(key, channel.ID)
	return channel.ID, nil
}
