package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
)

// args are the arguments of one Web API call. Form fields arrive as strings, JSON fields as what they are.
type args map[string]any

var errForm = errors.New("invalid_form_data")

// readArgs decodes the body as its content type says and returns the token beside the arguments.
func readArgs(r *http.Request, body []byte) (args, string, error) {
	token := bearer(r)
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && len(body) > 0 {
		return nil, token, errors.New("invalid_post_type")
	}
	switch kind {
	case "application/json":
		a := args{}
		if len(body) > 0 && json.Unmarshal(body, &a) != nil { // no body at all is no arguments
			return nil, token, errors.New("invalid_json")
		}
		return a, token, nil // a token inside JSON does not count
	case "application/x-www-form-urlencoded", "":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, token, errForm
		}
		return fromForm(form, r), firstOf(token, form.Get("token")), nil
	case "multipart/form-data":
		form, err := readMultipart(body, params["boundary"])
		if err != nil {
			return nil, token, errForm
		}
		return fromForm(form, r), firstOf(token, form.Get("token")), nil
	}
	return nil, token, errors.New("invalid_post_type")
}

// fromForm takes the first value of each field, and of the query for fields the body lacks.
func fromForm(form url.Values, r *http.Request) args {
	a := args{}
	for key, values := range r.URL.Query() {
		if key != "token" {
			a[key] = values[0]
		}
	}
	for key, values := range form {
		if key != "token" {
			a[key] = values[0]
		}
	}
	return a
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func bearer(r *http.Request) string {
	const prefix = "Bearer "
	if h := r.Header.Get("Authorization"); len(h) > len(prefix) && h[:len(prefix)] == prefix {
		return h[len(prefix):]
	}
	return ""
}

func (a args) str(key string) string {
	switch v := a[key].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (a args) flag(key string) bool {
	switch v := a[key].(type) {
	case bool:
		return v
	case string:
		return v == "true" || v == "1"
	}
	return false
}

// number returns the value of key, or fallback when it is absent or no number.
func (a args) number(key string, fallback int) int {
	if n, err := strconv.Atoi(a.str(key)); err == nil {
		return n
	}
	return fallback
}

// value returns a structured argument, decoded when it came as a string; false when it is not JSON.
func (a args) value(key string) (v any, given, ok bool) {
	raw, given := a[key]
	s, isString := raw.(string)
	if !given || isString && s == "" {
		return nil, false, true
	}
	if !isString {
		return raw, true, true
	}
	ok = json.Unmarshal([]byte(s), &v) == nil
	return v, true, ok
}
func readMultipart(body []byte, boundary string) (url.Values, error) {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(maxRequest)
	if err != nil {
		return nil, err
	}
	return form.Value, nil
}
