package jira

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// wordless is what the store holds of a webhook instead of all of it, nil where that is all: not the words of a comment that
// only some may read in Jira, and not the comments of before that Data Center sends along with every change.
func wordless(body []byte, restricted bool) []byte {
	if !restricted && !bytes.Contains(body, []byte(`"comments"`)) {
		return nil
	}
	var all members
	if json.Unmarshal(body, &all) != nil {
		return []byte("{}") // it was read before, so this cannot be
	}
	all.within("issue", func(issue members) {
		issue.within("fields", func(fields members) { delete(fields, "comment") })
	})
	if restricted {
		all.within("comment", func(comment members) {
			comment["body"] = json.RawMessage(`"(restricted)"`) // that something was said is known all the same
			delete(comment, "renderedBody")
		})
		all.within("changelog", members.withoutComments)
	}
	short, err := json.Marshal(all)
	if err != nil {
		return []byte("{}")
	}
	return short
}

// members is a JSON object whose values stay as they came.
type members map[string]json.RawMessage

// within changes a member that is an object itself.
func (m members) within(name string, change func(members)) {
	var inner members
	if json.Unmarshal(m[name], &inner) != nil || inner == nil {
		return
	}
	change(inner)
	if raw, err := json.Marshal(inner); err == nil {
		m[name] = raw
	}
}

// withoutComments drops the items of a change that quote a comment.
func (m members) withoutComments() {
	var items []members
	if json.Unmarshal(m["items"], &items) != nil {
		return
	}
	items = slices.DeleteFunc(items, func(item members) bool {
		return strings.EqualFold(strings.Trim(string(item["field"]), `"`), "comment")
	})
	if raw, err := json.Marshal(items); err == nil {
		m["items"] = raw
	}
}
