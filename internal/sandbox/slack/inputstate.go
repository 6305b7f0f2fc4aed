package slack

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// slot says where an element keeps what people chose.
type slot struct {
	key     string // in state and in actions: "value", "selected_option", ...
	initial string
	many    bool
	options bool // the choice is an option object, not a string
}

// slotOf returns the slot of an element type; false for elements that keep nothing.
func slotOf(kind string) (slot, bool) {
	switch kind {
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		return slot{key: "value", initial: "initial_value"}, true
	case "static_select", "external_select", "radio_buttons":
		return slot{key: "selected_option", initial: "initial_option", options: true}, true
	case "multi_static_select", "multi_external_select", "checkboxes":
		return slot{key: "selected_options", initial: "initial_options", many: true, options: true}, true
	case "datepicker":
		return slot{key: "selected_date", initial: "initial_date"}, true
	case "timepicker":
		return slot{key: "selected_time", initial: "initial_time"}, true
	case "datetimepicker":
		return slot{key: "selected_date_time", initial: "initial_date_time"}, true
	}
	for _, what := range []string{"user", "conversation", "channel"} {
		switch kind {
		case what + "s_select":
			return slot{key: "selected_" + what, initial: "initial_" + what}, true
		case "multi_" + what + "s_select":
			return slot{key: "selected_" + what + "s", initial: "initial_" + what + "s", many: true}, true
		}
	}
	return slot{}, false
}

// initialState is what the elements of blocks hold before anybody touches them.
func initialState(blocks []any) map[string]object {
	out := map[string]object{}
	for _, b := range blocks {
		for _, e := range elementsOf(obj(b)) {
			sl, keeps := slotOf(str(e, "type"))
			if !keeps {
				continue
			}
			held := object{"type": e["type"], sl.key: e[sl.initial]}
			if sl.many && held[sl.key] == nil {
				held[sl.key] = []any{}
			}
			block := str(obj(b), "block_id")
			if out[block] == nil {
				out[block] = object{}
			}
			out[block][str(e, "action_id")] = held
		}
	}
	return out
}

// chosen turns what a person picked or typed into the state of an element.
func chosen(e object, values []string) (object, error) {
	sl, keeps := slotOf(str(e, "type"))
	if !keeps {
		return nil, fmt.Errorf("a %s holds no value", str(e, "type"))
	}
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	held := object{"type": e["type"]}
	var picked []any
	for _, v := range values {
		one, err := pick(e, sl, v)
		if err != nil {
			return nil, err
		}
		picked = append(picked, one)
	}
	switch {
	case sl.many && picked == nil:
		held[sl.key] = []any{}
	case sl.many:
		held[sl.key] = picked
	case len(picked) > 0:
		held[sl.key] = picked[0]
	default:
		held[sl.key] = nil
	}
	return held, nil
}

// pick reads one value for an element; options are found by value or by label.
func pick(e object, sl slot, v string) (any, error) {
	if str(e, "type") == "datetimepicker" {
		n, err := strconv.ParseFloat(v, 64)
		return n, err
	}
	if !sl.options {
		return v, nil
	}
	for _, byLabel := range []bool{false, true} {
		for _, o := range optionsOf(e) {
			if !byLabel && str(obj(o), "value") == v || byLabel && str(obj(obj(o)["text"]), "text") == v {
				return o, nil
			}
		}
	}
	return nil, fmt.Errorf("%q is not among the options of %s", v, str(e, "action_id"))
}

// complaint is what Slack's own client says about an input before it sends anything; empty when it is fine.
func complaint(block, held object) string {
	e := obj(block["element"])
	sl, _ := slotOf(str(e, "type"))
	v := held[sl.key]
	text, isText := v.(string)
	switch {
	case empty(v) && block["optional"] == true:
		return ""
	case empty(v):
		return "Please complete this required field."
	case isText:
		return complaintText(e, text)
	}
	return ""
}

func complaintText(e object, text string) string {
	n := utf8.RuneCountInString(text)
	least, _ := e["min_length"].(float64)
	most, _ := e["max_length"].(float64)
	if str(e, "type") == "plain_text_input" && most == 0 {
		most = 3000
	}
	switch {
	case n < int(least):
		return fmt.Sprintf("Please enter at least %d characters.", int(least))
	case most > 0 && n > int(most):
		return fmt.Sprintf("Please use no more than %d characters.", int(most))
	}
	switch str(e, "type") {
	case "email_text_input":
		if _, err := mail.ParseAddress(text); err != nil {
			return "Please enter a valid email address."
		}
	case "url_text_input":
		if u, err := url.Parse(text); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
			return "Please enter a valid URL."
		}
	case "number_input":
		return complaintNumber(e, text)
	case "datepicker":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "Please enter a valid date."
		}
	}
	return ""
}

func complaintNumber(e object, text string) string {
	n, err := strconv.ParseFloat(text, 64)
	least, noLeast := strconv.ParseFloat(str(e, "min_value"), 64)
	most, noMost := strconv.ParseFloat(str(e, "max_value"), 64)
	switch {
	case err != nil, e["is_decimal_allowed"] == false && n != float64(int64(n)):
		return "Please enter a valid number."
	case noLeast == nil && n < least:
		return "Please enter a number of at least " + str(e, "min_value") + "."
	case noMost == nil && n > most:
		return "Please enter a number of at most " + str(e, "max_value") + "."
	}
	return ""
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}
