package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
)

// shape writes the values of one of our fields as the Jira field takes them. known are accounts by person.
func (f field) shape(values []string, known map[string]flow.Ref) (any, error) {
	if len(values) == 0 || strings.TrimSpace(strings.Join(values, "")) == "" {
		return nil, nil
	}
	if f.Schema.Type == "array" {
		return f.list(values, known)
	}
	if f.Schema.Type == "timetracking" || f.ID == "timetracking" {
		return estimate(values[0])
	}
	if f.ID == "timeoriginalestimate" {
		minutes, err := workMinutes(values[0])
		return minutes * 60, err
	}
	return f.one(f.Schema.Type, strings.Join(values, ", "), known)
}

func (f field) list(values []string, known map[string]flow.Ref) (any, error) {
	if f.Schema.Items == "string" && f.ID == "labels" {
		return cleanLabels(values), nil
	}
	var out []any
	for _, v := range values {
		one, err := f.one(f.Schema.Items, v, known)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// one writes a single value of a schema type.
func (f field) one(kind, v string, known map[string]flow.Ref) (any, error) {
	v = strings.TrimSpace(v)
	switch kind {
	case "number":
		return number(v)
	case "date":
		return day(v)
	case "datetime":
		return instant(v)
	case "user":
		ref, ok := known[v]
		if !ok {
			return nil, fmt.Errorf("%q has no Jira account that is known", v)
		}
		return person(f.on, ref.Key), nil
	case "option", "priority", "resolution", "component", "version", "securitylevel":
		return f.choice(v)
	case "option-with-child":
		return f.cascade(v)
	case "issuelink":
		key, ok := keyIn(v)
		if !ok {
			return nil, fmt.Errorf("%q is not the key of a ticket", v)
		}
		return map[string]string{"key": key}, nil
	}
	if f.Schema.Custom == epicLink {
		key, ok := keyIn(v)
		if !ok {
			return nil, fmt.Errorf("%q is not the key of an epic", v)
		}
		return key, nil
	}
	if f.Schema.System == "summary" {
		return oneLine(v), nil
	}
	return cut(v, longestText, cutNote), nil
}

// choice finds an allowed value by id or by what people call it.
func (f field) choice(v string) (any, error) {
	if len(f.Allowed) == 0 {
		if f.Schema.Type == "option" || f.Schema.Items == "option" {
			return map[string]string{"value": v}, nil
		}
		return map[string]string{"name": v}, nil
	}
	for _, raw := range f.Allowed {
		a := readAllowed(raw)
		if a.ID != "" && a.ID == v || a.is(v) {
			return a.ref(), nil
		}
	}
	return nil, fmt.Errorf("%q is none of the values of %s: %s", v, f.Name, f.allowedNames())
}

// cascade writes "EMEA / France" as a value with a child.
func (f field) cascade(v string) (any, error) {
	parent, child, _ := strings.Cut(v, "/")
	parent, child = strings.TrimSpace(parent), strings.TrimSpace(child)
	if len(f.Allowed) > 0 {
		if _, err := f.choice(parent); err != nil {
			return nil, err
		}
	}
	out := map[string]any{"value": parent}
	if child != "" {
		out["child"] = map[string]string{"value": child}
	}
	return out, nil
}

// allowed is one entry of a closed list, which Jira writes in four forms.
type allowed struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Name  string `json:"name"`
	Label string `json:"label"`
}

func readAllowed(raw json.RawMessage) allowed {
	var a allowed
	if json.Unmarshal(raw, &a) != nil {
		_ = json.Unmarshal(raw, &a.Value) // a plain string; anything else matches nothing
	}
	return a
}

func (a allowed) is(v string) bool {
	for _, mine := range []string{a.Value, a.Name, a.Label} {
		if mine != "" && strings.EqualFold(mine, v) {
			return true
		}
	}
	return false
}

func (a allowed) shown() string {
	for _, s := range []string{a.Value, a.Name, a.Label, a.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}

func (a allowed) ref() any {
	if a.ID != "" {
		return map[string]string{"id": a.ID}
	}
	return a.Value
}

const namesShown = 12

func (f field) allowedNames() string {
	var out []string
	for i, raw := range f.Allowed {
		if i == namesShown {
			out = append(out, "…")
			break
		}
		out = append(out, readAllowed(raw).shown())
	}
	return strings.Join(out, ", ")
}

var errNumber = errors.New("this is not a number")

// number reads the first word of a value: "4.5", "1200 EUR".
func number(v string) (float64, error) {
	first, _, _ := strings.Cut(v, " ")
	n, err := strconv.ParseFloat(first, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("%q: %w", v, errNumber)
	}
	return n, nil
}

func readTime(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func day(v string) (string, error) {
	at, ok := readTime(v)
	if !ok {
		return "", fmt.Errorf("%q is not a date", v)
	}
	return at.Format(time.DateOnly), nil
}

const jiraTime = "2006-01-02T15:04:05.000-0700"

func instant(v string) (string, error) {
	at, ok := readTime(v)
	if !ok {
		return "", fmt.Errorf("%q is not a point in time", v)
	}
	return at.Format(jiraTime), nil
}

// workMinutes reads hours ("6", "6.5") or a written duration ("6h30m").
func workMinutes(v string) (int, error) {
	if d, err := time.ParseDuration(strings.ReplaceAll(v, " ", "")); err == nil && d >= 0 {
		return int(d.Minutes()), nil
	}
	hours, err := number(v)
	if err != nil || hours < 0 || hours > 1e6 {
		return 0, fmt.Errorf("%q is not a number of hours", v)
	}
	return int(math.Round(hours * 60)), nil
}

func estimate(v string) (any, error) {
	minutes, err := workMinutes(v)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%dh", minutes/60)
	if minutes%60 != 0 {
		text += fmt.Sprintf(" %dm", minutes%60)
	}
	return map[string]string{"originalEstimate": text}, nil
}

const (
	longestSummary = 255
	longestText    = 32767
	cutNote        = "\n\n(cut here: too long for Jira, the full text is in signoff)"
)

// oneLine makes a summary: Jira takes no line breaks in it.
func oneLine(s string) string {
	return cut(strings.Join(strings.Fields(s), " "), longestSummary, "…")
}
