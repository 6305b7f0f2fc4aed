package slack

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretAddress finds response addresses: whoever has one may post.
var secretAddress = regexp.MustCompile(`((?:actions|commands)(?:/|%2F)[A-Z0-9]+(?:/|%2F)[0-9]+(?:/|%2F))[A-Za-z0-9]+`)

// masked hides response addresses in what goes to the ledger.
func masked(body string) string { return secretAddress.ReplaceAllString(body, "${1}•••") }

// readable writes a form body the way people read it: without the token, one decoded field a line.
func readable(r *http.Request, body []byte) string {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return string(body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return string(body)
	}
	form.Del("token")
	return formLines(form)
}

// markOf finds the product's mark in the metadata of a call.
func markOf(a args) string {
	v, _, _ := a.value("metadata")
	return str(obj(obj(v)["event_payload"]), "mark")
}

// markIn finds the mark in a body that was not decoded because a fault refused the call.
func markIn(body []byte) string {
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("metadata") != "" {
		return markOf(args{"metadata": form.Get("metadata")})
	}
	a := args{}
	if json.Unmarshal(body, &a) != nil {
		return ""
	}
	return markOf(a)
}
func formLines(form url.Values) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(form)) {
		for _, v := range form[key] {
			b.WriteString(key + "=" + v + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
