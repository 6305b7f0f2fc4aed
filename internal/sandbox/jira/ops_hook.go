package jira

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// filterKey is the part of "filters" that holds the JQL.
const filterKey = "issue-related-events-section"

// fillHook reads the body of a create or an edit into sub.
func (s *Server) fillHook(sub *subscription, c call) *reply {
	allowed := []string{"name", "description", "url", "events", "filters", "excludeBody", "secret", "enabled",
		"self", "lastUpdated", "lastUpdatedUser", "lastUpdatedDisplayName", "isSigned"} // the second line is read-only and ignored
	if s.newHooks() {
		allowed = nil   // what it does not know it ignores in silence
		sub.secret = "" // an edit replaces everything
	}
	m, err := members(c.body, allowed...)
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	for name, into := range map[string]any{"name": &sub.Name, "description": &sub.Description, "url": &sub.URL, "events": &sub.Events,
		"excludeBody": &sub.ExcludeBody, "enabled": &sub.Enabled, "active": &sub.Enabled, "secret": &sub.secret} {
		if s.newHooks() && (name == "secret" || name == "enabled") {
			continue
		}
		if m[name] != nil && json.Unmarshal(m[name], into) != nil {
			return badField(name, "The value of "+name+" has the wrong type.")
		}
	}
	if rep := s.fillFilter(sub, m["filters"], c.by); rep != nil {
		return rep
	}
	if s.newHooks() {
		if rep := s.configure(sub, m["configuration"], c.by); rep != nil {
			return rep
		}
	}
	s.hide(sub.secret)
	sub.Signed, sub.by, sub.updated = sub.secret != "", c.by, s.opt.Now()
	return s.checkHook(sub)
}

func (s *Server) checkHook(sub *subscription) *reply {
	u, err := url.Parse(sub.URL)
	switch {
	case sub.Name == "":
		return badField("name", "The name of a webhook cannot be empty.")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return badField("url", "The URL of a webhook must be an address with http or https.")
	case len(sub.Events) == 0:
		return badField("events", "Choose at least one event.")
	}
	for _, e := range sub.Events {
		if !slices.Contains(hookEvents(), e) {
			return badField("events", "There is no event "+e+".")
		}
	}
	if s.hooks.twin(sub) {
		return problem(http.StatusConflict, "A webhook with the same URL, events and filters is registered already.")
	}
	return nil
}

func (s *Server) fillFilter(sub *subscription, raw json.RawMessage, by *User) *reply {
	if raw == nil {
		return nil
	}
	m, err := members(raw, filterKey)
	jql, _ := str(m[filterKey])
	if err == nil && jql != "" {
		sub.filter, err = s.parseJQL(jql, by)
	}
	if err != nil {
		return badField("filters", err.Error())
	}
	sub.Filter = jql
	return nil
}

// configure reads what Data Center 10 keeps apart. The secret counts in configuration.SECRET only: one that stands
// elsewhere, or in small letters, is ignored in silence and the webhooks arrive unsigned.
func (s *Server) configure(sub *subscription, raw json.RawMessage, by *User) *reply {
	if raw == nil || null(raw) {
		return nil
	}
	var c map[string]string
	if json.Unmarshal(raw, &c) != nil {
		return badField("configuration", "The configuration is an object of texts.")
	}
	sub.secret = c["SECRET"]
	if v := c["FILTERS"]; v != "" {
		if rep := s.fillFilter(sub, json.RawMessage(v), by); rep != nil {
			return rep
		}
	}
	if v, ok := c["EXCLUDE_BODY"]; ok {
		exclude, err := strconv.ParseBool(v)
		if err != nil {
			return badField("configuration", "EXCLUDE_BODY is true or false.")
		}
		sub.ExcludeBody = exclude
	}
	return nil
}

// hookBean shows a hook without its secret.
func (s *Server) hookBean(sub *subscription) object {
	events := sub.Events
	if events == nil {
		events = hookEvents()
	}
	filters := object{}
	if sub.Filter != "" {
		filters[filterKey] = sub.Filter
	}
	if s.newHooks() {
		return object{"id": sub.ID, "name": sub.Name, "url": sub.URL, "events": events, "active": sub.Enabled, "scopeType": "global",
			"sslVerificationRequired": true, "createdDate": sub.updated.UnixMilli(), "updatedDate": sub.updated.UnixMilli(),
			"configuration": object{"EXCLUDE_BODY": strconv.FormatBool(sub.ExcludeBody), "FILTERS": string(raw(filters))}}
	}
	b := object{"name": sub.Name, "description": sub.Description, "url": sub.URL, "events": events, "filters": filters,
		"excludeBody": sub.ExcludeBody, "enabled": sub.Enabled, "isSigned": sub.Signed,
		"self": s.opt.BaseURL + "/rest/webhooks/1.0/webhook/" + strconv.Itoa(sub.ID), "lastUpdated": sub.updated.UnixMilli()}
	if sub.by != nil {
		b["lastUpdatedUser"], b["lastUpdatedDisplayName"] = s.idOf(sub.by), sub.by.Name
	}
	return b
}
