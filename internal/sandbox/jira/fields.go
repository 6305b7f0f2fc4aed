package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxSummary = 255
	maxText    = 32767
	maxLabel   = 255
)

func offScreen(id string) string {
	return fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", id)
}

// edit collects what one request changes on an issue, and what is wrong with it.
type edit struct {
	s        *Server
	project  *Project
	facts    facts
	screen   func(id string) (Field, bool)
	errs     map[string]string
	comments []newComment // added by update.comment
}

// fields sets the members of "fields" one by one, in the order of their names.
func (e *edit) fields(raw map[string]json.RawMessage) {
	for _, id := range slices.Sorted(maps.Keys(raw)) {
		f, ok := e.screen(id)
		if !ok {
			e.errs[id] = offScreen(id)
			continue
		}
		if err := e.set(f, raw[id]); err != nil {
			e.errs[id] = err.Error()
		}
	}
}

// update applies the verbs of "update".
func (e *edit) update(raw, alsoSet map[string]json.RawMessage) {
	for _, id := range slices.Sorted(maps.Keys(raw)) {
		if _, twice := alsoSet[id]; twice {
			e.errs[id] = fmt.Sprintf("Field '%s' cannot appear in both 'fields' and 'update'", id)
			continue
		}
		var ops []json.RawMessage
		if json.Unmarshal(raw[id], &ops) != nil {
			e.errs[id] = "Operations of a field must be a list."
			continue
		}
		for _, op := range ops {
			if err := e.operation(id, op); err != nil {
				e.errs[id] = err.Error()
			}
		}
	}
}

func (e *edit) operation(id string, op json.RawMessage) error {
	verbs, err := members(op, "set", "add", "remove", "edit")
	if err != nil {
		return err
	}
	for verb, v := range verbs {
		if id == "comment" {
			return e.comment(verb, v)
		}
		f, ok := e.screen(id)
		switch {
		case !ok:
			return refused("%s", offScreen(id))
		case !slices.Contains(operations(f), verb):
			return refused("Field with id '%s' and name '%s' does not support operation '%s'. Supported operation(s) are: '%s'",
				f.ID, f.Name, verb, strings.Join(operations(f), ", "))
		case verb == "set" || verb == "edit":
			err = e.set(f, v)
		default:
			err = e.label(verb, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *edit) comment(verb string, v json.RawMessage) error {
	if verb != "add" {
		return refused("Operation '%s' is not supported for comments here", verb)
	}
	c, rep := parseComment(v)
	if rep != nil {
		return refused("Comment body is not valid")
	}
	e.comments = append(e.comments, c)
	return nil
}

// operations are the verbs that a field takes in "update".
func operations(f Field) []string {
	switch {
	case f.ID == "issuetype":
		return []string{}
	case f.Type == "array":
		return []string{"add", "set", "remove"}
	case f.Type == "timetracking":
		return []string{"set", "edit"}
	}
	return []string{"set"}
}

// set gives a field its value; null clears it.
func (e *edit) set(f Field, v json.RawMessage) error {
	switch f.ID {
	case "issuetype", "project":
		return nil // settled before the other fields; see createIssue
	case "summary":
		return e.setSummary(v)
	case "description":
		return setText(&e.facts.description, v)
	case "labels":
		return e.setLabels(v)
	case "priority":
		return setChoice(&e.facts.priority, priorities(), v, "priority")
	case "resolution":
		return setChoice(&e.facts.resolution, resolutions(), v, "resolution")
	case "assignee":
		return e.setAssignee(v)
	case "duedate":
		return setDate(&e.facts.due, v)
	case "timeoriginalestimate":
		return e.setSeconds(v)
	case "timetracking":
		return e.setTimeTracking(v)
	case "parent":
		return e.setParent(v)
	}
	return e.setCustom(f, v)
}

func (e *edit) setSummary(v json.RawMessage) error {
	s, ok := str(v)
	switch s = strings.TrimSpace(s); {
	case !ok && !null(v):
		return refused("Operation value must be a string")
	case s == "":
		return refused("You must specify a summary of the issue.")
	case strings.ContainsAny(s, "\r\n"):
		return refused("The summary is invalid because it contains newline characters.")
	case length(s) > maxSummary:
		return refused("Summary must be less than 255 characters.")
	}
	e.facts.summary = s
	return nil
}

func setText(into *string, v json.RawMessage) error {
	s, ok := str(v)
	switch {
	case !ok && !null(v):
		return refused("Operation value must be a string")
	case length(s) > maxText:
		return refused("The entered text is too long. It exceeds the allowed limit of 32,767 characters.")
	}
	*into = s
	return nil
}

func (e *edit) setLabels(v json.RawMessage) error {
	var labels []string
	if err := json.Unmarshal(v, &labels); err != nil {
		return refused("data was not an array of strings")
	}
	e.facts.labels = nil
	for _, l := range labels {
		if err := e.addLabel(l); err != nil {
			return err
		}
	}
	return nil
}

func (e *edit) label(verb string, v json.RawMessage) error {
	l, ok := str(v)
	if !ok {
		return refused("Operation value must be a string")
	}
	if verb == "add" {
		return e.addLabel(l)
	}
	e.facts.labels = slices.DeleteFunc(e.facts.labels, func(have string) bool { return have == l })
	return nil
}

func (e *edit) addLabel(l string) error {
	switch {
	case l == "":
		return refused("The label cannot be empty.")
	case strings.ContainsAny(l, " \t\r\n"):
		return refused("The label '%s' contains spaces which is invalid.", l)
	case length(l) > maxLabel:
		return refused("The label '%s' exceeds the maximum length for a single label of 255 characters.", l)
	}
	if !slices.Contains(e.facts.labels, l) {
		e.facts.labels = append(e.facts.labels, l)
		slices.Sort(e.facts.labels)
	}
	return nil
}

// setChoice takes {"id": …} or {"name": …} of a closed list.
func setChoice(into *string, list []Choice, v json.RawMessage, what string) error {
	if null(v) {
		*into = ""
		return nil
	}
	m, err := members(v, "id", "name", "self")
	if err != nil {
		return refused("data was not an object: specify the id or name of the %s", what)
	}
	for _, k := range []string{"id", "name"} {
		if m[k] == nil {
			continue
		}
		s, ok := str(m[k])
		if !ok {
			return refused("Specify the %s (%s) in string format", what, k)
		}
		c, ok := choice(list, s)
		if !ok || k == "id" && c.ID != s || k == "name" && c.Name != s {
			return refused("The %s selected is invalid.", what)
		}
		*into = c.ID
		return nil
	}
	return refused("Specify a valid id or name of the %s", what)
}

func (e *edit) setAssignee(v json.RawMessage) error {
	id, err := e.s.personRef(v)
	switch {
	case err != nil:
		return err
	case id == nil || *id == "":
		e.facts.assignee = ""
		return nil
	}
	u := e.s.assignable(*id)
	if u == nil {
		return refused("User '%s' cannot be assigned issues.", *id)
	}
	e.facts.assignee = u.AccountID
	return nil
}

// assignable returns the account that the wire identifies like this if issues can be assigned to it.
func (s *Server) assignable(id string) *User {
	u := s.byID(id)
	if u == nil || u.Inactive || u.NotAssignable {
		return nil
	}
	return u
}

func setDate(into *string, v json.RawMessage) error {
	if null(v) {
		*into = ""
		return nil
	}
	s, ok := str(v)
	if _, err := time.Parse(time.DateOnly, s); !ok || err != nil {
		return refused("Error parsing date string: %s", s)
	}
	*into = s
	return nil
}

func (e *edit) setSeconds(v json.RawMessage) error {
	if null(v) {
		e.facts.estimate = nil
		return nil
	}
	var n int
	if json.Unmarshal(v, &n) != nil || n < 0 {
		return refused("The original estimate must be a number of seconds.")
	}
	e.facts.estimate = &n
	return nil
}

func (e *edit) setTimeTracking(v json.RawMessage) error {
	m, err := members(v, "originalEstimate", "remainingEstimate")
	if err != nil {
		return refused("Expected Object containing time tracking values: %v", err)
	}
	for k, raw := range m {
		s, ok := str(raw)
		n, err := parseEstimate(s)
		if !ok || err != nil {
			return refused("%s: invalid time '%s': write it like '3w 4d 12h'", k, s)
		}
		if k == "originalEstimate" {
			e.facts.estimate = &n
		}
	}
	return nil
}

var estimatePart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([wdhm]?)$`)

// parseEstimate reads "1d 2h" with days of 8 hours and weeks of 5 days; a bare number is minutes.
func parseEstimate(s string) (int, error) {
	total, parts := 0.0, strings.Fields(s)
	if len(parts) == 0 {
		return 0, refused("empty time")
	}
	unit := map[string]float64{"w": 5 * 8 * 3600, "d": 8 * 3600, "h": 3600, "m": 60, "": 60}
	for _, p := range parts {
		m := estimatePart.FindStringSubmatch(p)
		if m == nil {
			return 0, refused("%q is not a time", p)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, err
		}
		total += n * unit[m[2]]
	}
	return int(total), nil
}

// prettyEstimate writes seconds as parseEstimate reads them.
func prettyEstimate(n int) string {
	var parts []string
	for _, u := range []struct {
		name string
		size int
	}{{"w", 5 * 8 * 3600}, {"d", 8 * 3600}, {"h", 3600}, {"m", 60}} {
		if k := n / u.size; k > 0 {
			parts = append(parts, strconv.Itoa(k)+u.name)
			n %= u.size
		}
	}
	if len(parts) == 0 {
		return "0m"
	}
	return strings.Join(parts, " ")
}

// setParent takes {"key": …} or {"id": …}: a task for a sub-task, an epic for the others.
func (e *edit) setParent(v json.RawMessage) error {
	if null(v) && !e.facts.typ.Subtask {
		e.facts.parent = 0
		return nil
	}
	m, err := members(v, "key", "id")
	if err != nil {
		return refused("data was not an object")
	}
	for _, k := range []string{"key", "id"} {
		name, ok := str(m[k])
		if !ok {
			continue
		}
		parent := e.s.find(name)
		switch {
		case parent == nil || parent.hidden || e.facts.typ.Subtask && parent.project != e.project:
			return refused("Could not find valid parent issue by the given key or id.")
		case parent.typ.level() != e.facts.typ.level()+1:
			return refused("Given parent work item does not belong to appropriate hierarchy.")
		}
		e.facts.parent = parent.id
		return nil
	}
	return refused("Specify the key or id of the parent in string format")
}

func (e *edit) setCustom(f Field, v json.RawMessage) error {
	value, err := customValue(f, v)
	if key, ok := value.(string); ok && f.Custom == epicLink {
		if epic := e.s.find(key); epic == nil || epic.hidden || !epic.typ.Epic {
			err = refused("Issue '%s' is not an epic.", key)
		}
	}
	if err != nil {
		return err
	}
	if e.facts.custom == nil {
		e.facts.custom = map[string]any{}
	}
	if value == nil {
		delete(e.facts.custom, f.ID)
		return nil
	}
	e.facts.custom[f.ID] = value
	return nil
}

// customValue checks a value by the field's schema. Selects are kept as the id of their option.
func customValue(f Field, v json.RawMessage) (any, error) {
	if null(v) {
		return nil, nil
	}
	switch f.Type {
	case "option":
		return optionValue(f, v)
	case "number":
		var n float64
		if json.Unmarshal(v, &n) != nil {
			return nil, refused("Operation value must be a number")
		}
		return n, nil
	case "date":
		var day string
		err := setDate(&day, v)
		return day, err
	}
	s, ok := str(v)
	if !ok {
		return nil, refused("Operation value must be a string")
	}
	if f.Custom == "url" {
		if u, err := url.Parse(s); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || length(s) > maxSummary {
			return nil, refused("Not a valid URL")
		}
	}
	if length(s) > maxSummary {
		return nil, refused("The entered text is too long. It exceeds the allowed limit of 255 characters.")
	}
	return s, nil
}

func optionValue(f Field, v json.RawMessage) (any, error) {
	m, err := members(v, "id", "value", "self")
	if err != nil {
		return nil, refused("Specify a valid 'id' or 'name' for %s", f.Name)
	}
	for _, k := range []string{"id", "value"} {
		s, ok := str(m[k])
		if !ok {
			continue
		}
		for _, c := range f.Choices {
			if k == "id" && c.ID == s || k == "value" && c.Name == s {
				return c.ID, nil
			}
		}
		return nil, refused("Option %s '%s' is not valid", k, s)
	}
	return nil, refused("Specify a valid 'id' or 'name' for %s", f.Name)
}
