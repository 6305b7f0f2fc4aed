package slack

import (
	"net/http"
	"slices"

	"signoff/connectors"
)

// Buttons by what pressing them does.
const (
	actionApprove  = "approve"
	actionChanges  = "request_changes"
	actionDecline  = "decline"
	actionDelegate = "delegate"
	actionUndo     = "undo"
	actionSubmit   = "submit_work"
	actionAnswer   = "answer_points"
	actionDetail   = "add_detail"
	actionWithdraw = "withdraw"
	actionOpen     = "open"
	actionWhy      = "why"

	actionConfirm = "confirm_draft"
	actionEdit    = "edit_draft"
	actionReject  = "dismiss_draft"
	actionMute    = "mute_drafts"
	actionDismiss = "dismiss" // takes the message away
	actionYes     = "account_yes"
	actionNo      = "account_no"
	actionAccept  = "held_accept"
	actionFresh   = "held_new"
	actionSpam    = "held_spam"
	actionResume  = "rule_resume"
	actionDrop    = "rule_drop"
	actionHome    = "home" // turns a page over
	actionNew     = "new"  // opens the empty form
	actionSet     = "set"  // chooses a setting

	actionMore = "more" // the menu that holds the minor ones
)

// Why a delivery of a person is kept without an event of its own.
const (
	ignoredOpens    = "opened a form"
	ignoredAnswered = "answered at once"
	ignoredUnknown  = "nothing of signoff's"
	ignoredFilling  = "a form is being filled in"
	ignoredForged   = "the value is not signoff's own or was altered"
	ignoredLink     = "followed a link"
)

const alarmForged = "a button or form came back with a value that signoff did not make"

func (c *Connector) acceptForm(body []byte) (connectors.Accepted, *connectors.Refusal) {
	values, err := form(body)
	if err != nil {
		return malformed(body, "form:unreadable", err.Error()), nil
	}
	switch {
	case values.Get("ssl_check") == "1":
		return connectors.Accepted{ID: "ssl_check", Kind: "ssl_check", Answer: &connectors.Reply{Status: http.StatusOK}}, nil
	case values.Has("payload"):
		return c.acceptInteraction(body, values.Get("payload"))
	case values.Has("command"):
		return c.acceptCommand(readCommand(values), body)
	}
	return malformed(body, "form:unreadable", "it is neither a payload nor a command"), nil
}

func (c *Connector) acceptCommand(cmd command, body []byte) (connectors.Accepted, *connectors.Refusal) {
	switch c.belongs(cmd.AppID, cmd.EnterpriseID, cmd.TeamID) {
	case tenantForeign:
		return connectors.Accepted{}, foreign()
	case tenantUnnamed:
		return malformed(body, "command", whyUnnamed), nil
	}
	acc := connectors.Accepted{ID: triggerID(cmd.TriggerID, body), Kind: "command", Ignored: ignoredAnswered, Waits: true}
	switch {
	case c.opensForm(cmd):
		acc.Ignored = ignoredOpens
	case cmd.absents():
		acc.Ignored, acc.Enrich = "", true
	}
	if cmd.UserID == "" {
		acc.Ignored, acc.Malformed = "", "the command names no user"
	}
	return acc, nil
}

// triggerID names a delivery for which Slack has no id of its own.
func triggerID(trigger string, body []byte) string {
	if trigger == "" {
		return "body/" + hash(string(body))
	}
	return "trigger/" + hash(trigger)
}

func (c *Connector) acceptInteraction(body []byte, payload string) (connectors.Accepted, *connectors.Refusal) {
	i, err := readInteraction(payload)
	if err != nil {
		return malformed(body, "interaction:unreadable", err.Error()), nil
	}
	switch c.belongs(i.AppID, i.Enterprise.id(), i.teams()...) {
	case tenantForeign:
		return connectors.Accepted{}, foreign()
	case tenantUnnamed:
		return malformed(body, "interaction:unreadable", whyUnnamed), nil
	}
	acc := connectors.Accepted{ID: triggerID(i.TriggerID, body), Kind: i.Type, Waits: true}
	if i.User.ID == "" {
		acc.Kind, acc.Malformed = "interaction:unreadable", "it names no user"
		return acc, nil
	}
	switch i.Type {
	case "message_action", "shortcut":
		acc.Ignored = ignoredUnknown
		if i.CallbackID == shortcutMessage || i.CallbackID == shortcutGlobal {
			acc.Ignored = ignoredOpens
		}
	case "block_actions":
		return c.acceptAction(acc, i), nil
	case "view_submission":
		return c.acceptSubmission(acc, i), nil
	case "view_closed", "block_suggestion":
		acc.Ignored = ignoredUnknown
	default:
		acc.Kind, acc.Ignored = "interaction:other", "signoff does not use interactions of type "+shown(i.Type)
	}
	return acc, nil
}

// teams are the workspaces an interaction names as the one it happened in.
func (i interaction) teams() []string {
	teams := []string{i.Team.id()}
	if i.View != nil {
		teams = append(teams, i.View.TeamID)
	}
	return teams
}

func (c *Connector) acceptAction(acc connectors.Accepted, i interaction) connectors.Accepted {
	if len(i.Actions) == 0 {
		acc.Malformed = "there is no action in it"
		return acc
	}
	a := i.Actions[0]
	at := i.Container.ChannelID + ":" + i.Container.MessageTS
	if i.Container.ViewID != "" {
		at = i.Container.ViewID
	}
	acc.ID = id("action", i.Team.id(), i.User.ID, at, a.ActionID, a.ActionTS)
	if i.Container.Type == "view" && !i.atHome() {
		acc.Ignored = ignoredFilling
		return acc
	}
	p, verdict := c.pressedIn(a)
	switch verdict {
	case pressLink:
		acc.Ignored = ignoredLink
	case pressForged:
		acc.Ignored, acc.Alarm = ignoredForged, alarmForged
	default:
		if p.Action == actionApprove && p.carries(checklistValue) {
			acc.Ignored = ignoredOpens
			return acc
		}
		switch p.Action {
		case actionApprove, actionUndo, actionSubmit, actionConfirm, actionReject, actionMute, actionYes, actionNo, actionAccept, actionFresh, actionSpam, actionResume, actionDrop, actionHome, actionSet:
			acc.Enrich = true
		case actionWhy, actionDismiss:
			acc.Ignored = ignoredAnswered
		default:
			acc.Ignored = ignoredOpens
		}
	}
	return acc
}

// atHome reports whether somebody acted on their own page.
func (i interaction) atHome() bool {
	return i.Container.Type == "view" && i.View != nil && i.View.Type == "home"
}

// pressVerdict says what to make of a pressed element.
type pressVerdict int

const (
	pressOurs pressVerdict = iota
	pressLink
	pressForged
)

// pressedIn reads which button was pressed. The action id repeats the action; it must agree with the sealed value.
func (c *Connector) pressedIn(a action) (press, pressVerdict) {
	name := actionName(a.ActionID)
	value := a.value()
	if name == actionOpen || name == actionMore && value == actionOpen {
		return press{}, pressLink
	}
	p, ok := c.seal.pressed(value)
	if !ok || name != actionMore && name != p.Action {
		return press{}, pressForged
	}
	return p, pressOurs
}

func (c *Connector) acceptSubmission(acc connectors.Accepted, i interaction) connectors.Accepted {
	if i.View == nil {
		acc.Malformed = "there is no view in it"
		return acc
	}
	acc.ID = id("view", i.View.ID, i.View.Hash)
	if !slices.Contains([]string{formRequest, formChanges, formDecline, formWithdraw, formAnswer, formDelegate, formDetail, formApprove, formDraft, formTake, formMerge, formSnooze, formTurnDown}, i.View.Callback) {
		acc.Ignored = ignoredUnknown
		return acc
	}
	if _, ok := c.originOf(i); !ok {
		acc.Ignored, acc.Alarm = ignoredForged, alarmForged
		return acc
	}
	acc.Enrich = true
	return acc
}

// originOf reads what the modal carried along; false when it was altered, is another form's or another person's.
func (c *Connector) originOf(i interaction) (origin, bool) {
	o, ok := c.seal.open(i.View.Metadata)
	if !ok || o.Form != i.View.Callback || o.User != i.User.ID || o.Form != formRequest && o.Press == nil {
		return origin{}, false
	}
	return o, true
}
