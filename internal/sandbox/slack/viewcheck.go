package slack

import "encoding/json"

const maxViewBytes = 250_000

// modalShape is a modal as views.open, views.push and views.update take it.
func modalShape() shape {
	return viewFields("modal").with(shape{
		"title": must(plain(24)), "submit": may(plain(24)), "close": may(plain(24)),
		"clear_on_close": may(boolean), "notify_on_close": may(boolean), "submit_disabled": may(boolean),
	})
}

func homeShape() shape { return viewFields("home") }

func viewFields(kind string) shape {
	return shape{
		"type":             must(oneOf(kind)),
		"blocks":           must(func(l *lint, at string, v any) { lintBlocks(l, at, v, surface(kind)) }),
		"private_metadata": may(words(0, 3000)), "callback_id": may(words(0, maxID)), "external_id": may(words(0, maxID)),
	}
}

// lintView checks a whole view. Slack opens the list with the view itself.
func lintView(v any, kind surface) *lint {
	var inner lint
	if o := obj(v); o != nil && o["type"] == nil {
		inner.add("/view", "missing required field: type")
	} else if kind == onHome {
		homeShape().check(&inner, "/view", v)
	} else {
		modalShape().check(&inner, "/view", v)
		wantSubmit(&inner, obj(v))
	}
	if len(inner.messages) == 0 {
		return &inner
	}
	var outer lint
	outer.add("/view", "failed to match all allowed schemas")
	outer.messages = append(outer.messages, inner.messages...)
	return &outer
}

// wantSubmit refuses a modal that asks for input and offers no way to send it.
func wantSubmit(l *lint, view object) {
	if view["submit"] != nil {
		return
	}
	for _, b := range list(view["blocks"]) {
		if obj(b)["type"] == "input" {
			l.add("/view", "missing required field: submit")
			return
		}
	}
}

func viewTooLarge(v object) bool {
	raw, err := json.Marshal(v)
	return err != nil || len(raw) > maxViewBytes
}
