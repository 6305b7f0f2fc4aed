package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/strictjson"
	"signoff/internal/text"
)

// Parse turns a stored delivery into events. It does no I/O: what had to be asked of Slack is in d.Learned.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	s, err := c.source(d)
	if err != nil {
		return nil, err
	}
	switch {
	case d.Type == typeJSON:
		return s.told(), nil
	case s.act == nil:
		return s.commanded(), nil
	case s.act.Type == "block_actions":
		return s.pressedOnes()
	case s.act.Type == "view_submission" && s.act.View != nil:
		return s.submission()
	}
	return nil, nil
}

// source is a delivery read again: an event, or something a person did.
type source struct {
	c       *Connector
	d       flow.Delivery
	learned learned
	env     envelope
	act     *interaction
	cmd     *command
}

// source reads a delivery by its media type. What is not an interaction leaves act nil, what is no command cmd.
func (c *Connector) source(d flow.Delivery) (source, error) {
	s := source{c: c, d: d}
	if len(d.Learned) > 0 {
		if err := json.Unmarshal(d.Learned, &s.learned); err != nil {
			return s, fmt.Errorf("read what was learned: %w", err)
		}
	}
	if d.Type == typeJSON {
		return s, s.readEvent()
	}
	values, err := form(d.Body)
	if err != nil {
		return s, err
	}
	if !values.Has("payload") {
		cmd := readCommand(values)
		s.cmd = &cmd
		return s, nil
	}
	i, err := readInteraction(values.Get("payload"))
	s.act = &i
	return s, err
}

func (s *source) readEvent() error { return strictjson.Decode(s.d.Body, &s.env, strictjson.Limits{}) }

// event starts an event of this delivery.
func (s source) event(kind flow.Kind) flow.Event {
	return flow.Event{ID: s.d.ID, Kind: kind, At: s.d.At, Delivery: s.d.ID, Fields: map[string][]string{}}
}

// actor is somebody by their account. An account of another workspace keeps that workspace in its key, so that it is
// nobody of ours; e-mail is passed on only where Slack vouches for it.
func (s source) actor(team, userTeam, id string) flow.Actor {
	p := s.learned.Users[id]
	if userTeam == "" && (p.Stranger || s.c.self(team).Enterprise == "") {
		userTeam = p.Team // within an organization people of its other workspaces are members all the same
	}
	away := userTeam != "" && userTeam != team
	a := flow.Actor{Ref: s.c.ref("user", firstOf(userTeam, team), id), Shown: p.Name, Zone: p.Zone, Bot: p.Bot}
	if !away && p.trusted() {
		a.Email = p.Email
	}
	return a
}

// words reads mrkdwn without the mention of ourselves.
func (s source) words(mrkdwn string) text.Doc {
	for _, bot := range []string{s.env.botUser(), s.c.self(s.env.team()).User} {
		if bot != "" {
			mrkdwn = dropMention(mrkdwn, bot)
		}
	}
	return parseMrkdwn(strings.TrimSpace(mrkdwn), s.name)
}

// name is how an account is called, as far as it was learned.
func (s source) name(id string) string { return s.learned.Users[id].Name }

// dropMention takes every mention of an account out of a text.
func dropMention(mrkdwn, id string) string {
	for {
		at := strings.Index(mrkdwn, "<@"+id)
		if at < 0 {
			return mrkdwn
		}
		end := strings.IndexByte(mrkdwn[at:], '>')
		if next := at + len("<@"+id); end < 0 || mrkdwn[next] != '>' && mrkdwn[next] != '|' {
			return mrkdwn
		}
		mrkdwn = mrkdwn[:at] + strings.TrimPrefix(mrkdwn[at+end+1:], " ")
	}
}

// Bounds of what is taken over from a thread.
const (
	threadMessages = 50
	threadRunes    = 8000
)

// threadWords are the messages before the mention, each under its author's name.
func (s source) threadWords(mention string) text.Doc {
	var doc text.Doc
	in, runes := s.c.self(s.env.team()), 0
	for i, p := range s.learned.Thread {
		if p.TS == mention || p.BotID != "" && p.BotID == in.Bot || p.User != "" && p.User == in.User {
			continue
		}
		words := s.words(p.Text)
		if runes += len(p.Text); i >= threadMessages || runes > threadRunes {
			return append(doc, text.P(text.T("The thread goes on in Slack.")))
		}
		if !words.Empty() {
			doc = append(doc, text.P(text.B(firstOf(s.name(p.User), "Somebody")+":")), text.Node{Kind: text.Quote, Kids: words})
		}
	}
	return doc
}

// pressed reads a button that acts by itself.
func (s source) pressed() ([]flow.Event, error) {
	if len(s.act.Actions) == 0 {
		return nil, errors.New("there is no action in it")
	}
	a := s.act.Actions[0]
	p, verdict := s.c.pressedIn(a)
	if verdict != pressOurs {
		return nil, nil
	}
	ev, ok := s.acted(p)
	if !ok {
		return nil, nil
	}
	m := s.act.message()
	ev.Where = s.where(firstOf(s.act.Channel.id(), s.act.Container.ChannelID), firstOf(m.ThreadTS, s.act.Container.ThreadTS))
	ev.Sent = tsTime(a.ActionTS)
	return []flow.Event{ev}, nil
}

// acted is the event of a button that needs no form.
func (s source) acted(p press) (flow.Event, bool) {
	var kind flow.Kind
	switch p.Action {
	case actionApprove, actionDecline, actionChanges:
		kind = flow.VoteCast
	case actionUndo:
		kind = flow.VoteUndone
	case actionSubmit, actionAnswer:
		kind = flow.WorkSubmitted
	case actionWithdraw:
		kind = flow.RequestWithdrawn
	case actionDelegate:
		kind = flow.StageDelegated
	case actionDetail:
		kind = flow.RequestEdited
	case actionConfirm, actionEdit:
		kind = flow.DraftConfirmed
	case actionReject, actionMute:
		kind = flow.DraftDismissed
	case actionYes, actionNo:
		kind = flow.AccountAnswered
	case actionAccept, actionFresh, actionSpam:
		kind = flow.HeldAnswered
	case actionResume, actionDrop:
		kind = flow.RuleAnswered
	case actionHome:
		kind = flow.HomeOpened
	case actionSet:
		kind = flow.SettingChanged
	default:
		var ok bool
		if kind, ok = triageKind(p.Action); !ok {
			return flow.Event{}, false
		}
	}
	ev := s.event(kind)
	team := s.act.Team.id()
	ev.Actor = s.actor(team, s.act.User.TeamID, s.act.User.ID)
	ev.Request = flow.RequestID(p.Request)
	set(ev.Fields, "stage", p.Stage)
	set(ev.Fields, "version", p.Version)
	if p.Round > 0 {
		set(ev.Fields, "round", strconv.Itoa(p.Round))
	}
	carried(&ev, p)
	return ev, true
}

// confirmedValue is what the button of an approval carries that was asked for once more, because change requests are open.
const confirmedValue = "confirmed"

// carried reads what a button means besides its action.
func carried(ev *flow.Event, p press) {
	switch ev.Kind {
	case flow.VoteCast:
		set(ev.Fields, "verdict", p.Action)
		if p.carries(confirmedValue) {
			set(ev.Fields, "confirmed", "yes")
		}
	case flow.AccountAnswered:
		set(ev.Fields, "account", p.Value)
		set(ev.Fields, "answer", strings.TrimPrefix(p.Action, "account_"))
	case flow.HeldAnswered:
		set(ev.Fields, "delivery", p.Value)
		set(ev.Fields, "answer", strings.TrimPrefix(p.Action, "held_"))
	case flow.RuleAnswered:
		set(ev.Fields, "rule", p.Value)
		set(ev.Fields, "answer", strings.TrimPrefix(p.Action, "rule_"))
	case flow.HomeOpened:
		section, page, _ := strings.Cut(p.Value, "/")
		set(ev.Fields, "section", section)
		set(ev.Fields, "page", page)
	case flow.SettingChanged:
		name, value, _ := strings.Cut(p.Value, "=")
		set(ev.Fields, "name", name)
		set(ev.Fields, "value", value)
	}
}

// pressedOnes are the events of a press: who wants no more drafts also does not want this one.
func (s source) pressedOnes() ([]flow.Event, error) {
	events, err := s.pressed()
	if err != nil || len(events) != 1 || len(s.act.Actions) == 0 {
		return events, err
	}
	if p, _ := s.c.pressedIn(s.act.Actions[0]); p.Action == actionMute {
		mute := s.event(flow.SettingChanged)
		mute.ID = "" // the engine numbers them
		mute.Actor, mute.Where, mute.Sent = events[0].Actor, events[0].Where, events[0].Sent
		set(mute.Fields, "name", "drafts")
		set(mute.Fields, "value", "off")
		events = append(events, mute)
	}
	return events, nil
}

// where is the place a private answer goes to: the thread or channel in which the person acted.
func (s source) where(channel, thread string) flow.Ref {
	team := s.act.Team.id()
	switch {
	case channel == "":
		return s.c.ref("user", firstOf(s.act.User.TeamID, team), s.act.User.ID)
	case thread == "":
		return s.c.ref("channel", team, channel)
	}
	return s.c.ref("thread", team, channel, thread)
}

// set gives a field its value unless that is empty.
func set(fields map[string][]string, name string, values ...string) {
	var kept []string
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			kept = append(kept, v)
		}
	}
	if len(kept) > 0 {
		fields[name] = kept
	}
}

// tsTime is the instant of a message id, zero when it is none.
func tsTime(ts string) time.Time {
	seconds, fraction, _ := strings.Cut(ts, ".")
	whole, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(seconds) > 11 {
		return time.Time{}
	}
	micro, err := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	if err != nil {
		micro = 0
	}
	return time.Unix(whole, micro*1000).UTC()
}
