package engine

import (
	"fmt"
	"slices"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// Some events are about no request: somebody opened their own page, chose a setting, said whose account one is, or what
// becomes of a mail that is held back.

const prefsTable = "prefs" // person -> pref by setting

// pref is what somebody chose for themselves.
type pref struct {
	Value string    `json:"value"`
	At    time.Time `json:"at"`
}

// settings are what people may choose, with their values; the first is what counts for who chose nothing.
func settings() map[string][]string { return map[string][]string{"drafts": {"on", "off"}} }

// personal reports whether an event belongs to a person and to no request.
func personal(k flow.Kind) bool {
	return k == flow.HomeOpened || k == flow.SettingChanged || k == flow.AccountAnswered || k == flow.HeldAnswered || k == flow.RuleAnswered ||
		k == flow.AwaySet || k == flow.AwayEnded
}

// person answers an event that belongs to a person.
func (d *decider) person(tx store.Tx, ev flow.Event) (decision, error) {
	dec := decision{Event: ev}
	if ev.Actor.ID() == "" {
		dec.Ignored = "nobody is known to have done it"
		return dec, nil
	}
	var err error
	switch ev.Kind {
	case flow.HomeOpened:
		dec.Why, err = d.home.opened(tx, ev)
	case flow.SettingChanged:
		dec.Why, err = d.choose(tx, ev)
	case flow.AccountAnswered:
		dec.Why, err = d.people.answered(tx, ev)
	case flow.AwaySet:
		dec.Why, err = d.awaySet(tx, ev)
	case flow.AwayEnded:
		dec.Why, err = d.awayEnded(tx, ev)
	case flow.HeldAnswered:
		dec.Why, err = d.heldAnswered(tx, ev)
	case flow.RuleAnswered:
		dec.Why, err = d.ruleAnswered(tx, ev)
	}
	return dec, err
}

// choose keeps a setting of a person.
func (d *decider) choose(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	name, value := ev.Field("name"), ev.Field("value")
	if !slices.Contains(settings()[name], value) {
		return []flow.Reason{{Code: flow.CodeNoted, Text: fmt.Sprintf("There is no setting %q with the value %q.", name, value)}}, nil
	}
	mine, err := prefs(tx, ev.Actor.ID())
	if err != nil {
		return nil, err
	}
	mine[name] = pref{Value: value, At: ev.At}
	if err := putRow(tx, prefsTable, ev.Actor.ID(), mine); err != nil {
		return nil, err
	}
	if err := d.home.touched(tx, ev.At, ev.Actor.ID()); err != nil {
		return nil, err
	}
	return []flow.Reason{{Code: flow.CodeRecorded, Text: fmt.Sprintf("%s is %s now.", name, value)}}, nil
}

// prefs are the settings somebody has chosen.
func prefs(tx store.Tx, person string) (map[string]pref, error) {
	mine := map[string]pref{}
	_, err := row(tx, prefsTable, person, &mine)
	return mine, err
}

// muted reports whether somebody wants no drafts made of what they write.
func muted(tx store.Tx, who flow.Actor) (bool, error) {
	mine, err := prefs(tx, who.ID())
	return mine["drafts"].Value == "off", err
}
