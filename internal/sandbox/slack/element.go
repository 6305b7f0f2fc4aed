package slack

import (
	"reflect"
)

// Limits of Block Kit, in code points and items.
const (
	maxID      = 255
	maxValue   = 2000
	maxURL     = 3000
	maxOptions = 100
)

func id() check { return words(1, maxID) }

// element starts the shape of an interactive element.
func element() shape {
	return shape{
		"type":      must(words(1, 50)),
		"action_id": may(id()),
	}
}

func focusable() shape { return element().with(shape{"focus_on_load": may(boolean)}) }

func confirmable(s shape) shape { return s.with(shape{"confirm": may(confirm())}) }

func confirm() check {
	return shape{
		"title": must(plain(100)), "text": must(anyText(300)),
		"confirm": must(plain(30)), "deny": must(plain(30)),
		"style": may(oneOf("primary", "danger")),
	}.check
}

func option(label check) check {
	return shape{
		"text": must(label), "value": must(words(1, 75)),
		"description": may(plain(75)),
	}.check
}

func overflowOption() check {
	return shape{
		"text": must(plain(75)), "value": must(words(1, 75)),
		"description": may(plain(75)), "url": may(link(maxURL)),
	}.check
}

func optionGroup() check {
	return shape{
		"label":   must(plain(75)),
		"options": must(items(1, maxOptions, option(plain(75)))),
	}.check
}

func button() check {
	return confirmable(element()).with(shape{
		"text": must(plain(75)), "value": may(words(1, maxValue)), "url": may(link(maxURL)),
		"style": may(oneOf("primary", "danger")), "accessibility_label": may(words(1, 75)),
	}).check
}

func overflow() check {
	return confirmable(element()).with(shape{"options": must(items(1, 5, overflowOption()))}).check
}

// menu is a select of any kind.
func menu(more shape) check {
	return confirmable(focusable()).with(shape{"placeholder": may(plain(150))}).with(more).check
}

func multi(more shape) check {
	return menu(more.with(shape{"max_selected_items": may(number(1, 1000))}))
}

func choices() shape {
	return shape{
		"options":       may(items(1, maxOptions, option(plain(75)))),
		"option_groups": may(items(1, maxOptions, optionGroup())),
	}
}

func staticSelect() check {
	return both(
		menu(choices().with(shape{"initial_option": may(option(plain(75)))})),
		exactlyOne("options", "option_groups"), known("initial_option"),
	)
}

func multiStaticSelect() check {
	return both(
		multi(choices().with(shape{"initial_options": may(items(1, maxOptions, option(plain(75))))})),
		exactlyOne("options", "option_groups"), known("initial_options"),
	)
}

func boxes(initial string) check {
	first := may(option(anyText(75)))
	if initial == "initial_options" {
		first = may(items(1, 10, option(anyText(75))))
	}
	return both(
		confirmable(focusable()).with(shape{
			"options": must(items(1, 10, option(anyText(75)))), initial: first,
		}).check,
		known(initial),
	)
}

func conversationFilter() check {
	return shape{
		"include":                          may(items(1, 4, oneOf("im", "mpim", "private", "public"))),
		"exclude_external_shared_channels": may(boolean), "exclude_bot_users": may(boolean),
	}.check
}

func conversations() shape {
	return shape{"default_to_current_conversation": may(boolean), "filter": may(conversationFilter())}
}

func datePicker() check {
	return confirmable(focusable()).with(shape{
		"initial_date": may(pattern(`\d{4}-\d\d-\d\d`, "must be a valid date in the format YYYY-MM-DD")),
		"placeholder":  may(plain(150)),
	}).check
}

func timePicker() check {
	return confirmable(focusable()).with(shape{
		"initial_time": may(pattern(`([01]\d|2[0-3]):[0-5]\d`, "must be a valid time in the format HH:mm")),
		"placeholder":  may(plain(150)), "timezone": may(words(1, 100)),
	}).check
}

func dispatchConfig() check {
	return shape{
		"trigger_actions_on": may(items(1, 2, oneOf("on_enter_pressed", "on_character_entered"))),
	}.check
}

// typing is an input of characters.
func typing(most int, more shape) check {
	return focusable().with(shape{
		"placeholder": may(plain(150)), "initial_value": may(words(0, most)),
		"dispatch_action_config": may(dispatchConfig()),
	}).with(more).check
}

func image() check {
	return both(shape{
		"type": must(oneOf("image")), "image_url": may(link(maxURL)), "alt_text": must(words(1, 2000)), "slack_file": may(slackFile()),
	}.check, exactlyOne("image_url", "slack_file"))
}

// menus are the elements that sections and actions share with inputs.
func menus() map[string]check {
	return map[string]check{
		"static_select":        staticSelect(),
		"external_select":      menu(shape{"min_query_length": may(number(0, 1000)), "initial_option": may(option(plain(75)))}),
		"users_select":         menu(shape{"initial_user": may(id())}),
		"conversations_select": menu(conversations().with(shape{"initial_conversation": may(id()), "response_url_enabled": may(boolean)})),
		"channels_select":      menu(shape{"initial_channel": may(id()), "response_url_enabled": may(boolean)}),
		"datepicker":           datePicker(),
		"timepicker":           timePicker(),
		"datetimepicker":       confirmable(focusable()).with(shape{"initial_date_time": may(number(0, 1e11))}).check,
		"checkboxes":           boxes("initial_options"),
		"radio_buttons":        boxes("initial_option"),
	}
}

func multiMenus() map[string]check {
	return map[string]check{
		"multi_static_select":        multiStaticSelect(),
		"multi_external_select":      multi(shape{"min_query_length": may(number(0, 1000))}),
		"multi_users_select":         multi(shape{"initial_users": may(items(1, 100, id()))}),
		"multi_conversations_select": multi(conversations().with(shape{"initial_conversations": may(items(1, 100, id()))})),
		"multi_channels_select":      multi(shape{"initial_channels": may(items(1, 100, id()))}),
	}
}

// typed inputs live in input blocks only.
func inputs() map[string]check {
	length := shape{"min_length": may(number(0, 3000)), "max_length": may(number(1, 3000))}
	return map[string]check{
		"plain_text_input": typing(3000, length.with(shape{"multiline": may(boolean)})),
		"email_text_input": typing(3000, shape{}),
		"url_text_input":   typing(3000, shape{}),
		"number_input": typing(3000, shape{
			"is_decimal_allowed": must(boolean), "min_value": may(words(1, 100)), "max_value": may(words(1, 100)),
		}),
	}
}

// exactlyOne wants one of two properties.
func exactlyOne(a, b string) check {
	return func(l *lint, at string, v any) {
		_, hasA := obj(v)[a]
		_, hasB := obj(v)[b]
		if hasA == hasB {
			l.add(at, "must define either `%s` or `%s`", a, b)
		}
	}
}

// known wants the initial choice to be among the options, exactly as it stands there.
func known(initial string) check {
	return func(l *lint, at string, v any) {
		o := obj(v)
		first, given := o[initial]
		if !given {
			return
		}
		wanted, many := first.([]any)
		if !many {
			wanted = []any{first}
		}
		for _, w := range wanted {
			if !offered(o, w) {
				l.add(at+"/"+initial, "%s must match one of the options", initial)
			}
		}
	}
}

func offered(element object, option any) bool {
	for _, o := range optionsOf(element) {
		if reflect.DeepEqual(o, option) {
			return true
		}
	}
	return false
}

// optionsOf lists the options of an element, those of groups included.
func optionsOf(element object) []any {
	out := list(element["options"])
	for _, g := range list(element["option_groups"]) {
		out = append(out[:len(out):len(out)], list(obj(g)["options"])...)
	}
	return out
}
