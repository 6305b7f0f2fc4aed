package workfront

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

const (
	answerTime = 5 * time.Second
	maxToken   = 255
	maxList    = 1000
	version2   = "v2"
)

type subscription struct {
	id          string
	code        string // kind of object
	object      string // "" = all of them
	event       string
	url         string
	token       string
	filters     []filter
	any         bool // one filter is enough
	base64      bool
	createdDate time.Time
}

// filter compares one member of an object.
type filter struct {
	field, comparison, state string
	value                    any
}

// codes are the kinds of object that can be subscribed to.
func codes() []string {
	return strings.Fields("approval approval_stage approval_stage_participant ASSGN CMPY DOCU DOCV EXPNS HOUR NOTE OPTASK PORT PRGM PROJ PRFAPL TASK TMPL TSHET USER")
}

func (s *Site) subscription(id string) *subscription {
	i := slices.IndexFunc(s.subscriptions, func(one *subscription) bool { return one.id == id })
	if i < 0 {
		return nil
	}
	return s.subscriptions[i]
}

func (one *subscription) bean() object {
	o := object{
		"id": one.id, "customerId": CustomerID, "objId": nil, "objCode": one.code, "eventType": one.event, "url": one.url, "authToken": strings.Repeat("*", 8), "version": version2,
	}
	if one.object != "" {
		o["objId"] = one.object
	}
	return o
}

func (s *Site) listSubscriptions(c *site.Call) *site.Reply {
	page, limit := 1, 100
	for key, into := range map[string]*int{"page": &page, "limit": &limit} {
		if text := c.URL.Query().Get(key); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || key == "limit" && n > maxList {
				return problem(http.StatusBadRequest, key+" is out of range")
			}
			*into = n
		}
	}
	all := []object{}
	from := min((page-1)*limit, len(s.subscriptions))
	for _, one := range s.subscriptions[from:min(from+limit, len(s.subscriptions))] {
		all = append(all, one.bean())
	}
	return site.Answer(http.StatusOK, object{"subscriptions": all, "meta": object{
		"page": page, "limit": limit, "page_count": (len(s.subscriptions) + limit - 1) / limit, "total_count": len(s.subscriptions),
	}})
}

func (s *Site) showSubscription(c *site.Call) *site.Reply {
	one := s.subscription(c.PathValue("subscription"))
	if one == nil {
		return problem(http.StatusNotFound, "")
	}
	return site.Answer(http.StatusOK, one.bean())
}

func (s *Site) deleteSubscription(c *site.Call) *site.Reply {
	one := s.subscription(c.PathValue("subscription"))
	if one == nil {
		return problem(http.StatusNotFound, "")
	}
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(other *subscription) bool { return other == one })
	s.Wake()
	return site.Answer(http.StatusOK, nil)
}

func (s *Site) createSubscription(c *site.Call) *site.Reply {
	one, bad := readSubscription(c.Body)
	if bad != nil {
		return bad
	}
	same := func(other *subscription) bool {
		return other.code == one.code && other.object == one.object && other.event == one.event && other.url == one.url && reflect.DeepEqual(other.filters, one.filters)
	}
	if slices.ContainsFunc(s.subscriptions, same) {
		return problem(http.StatusConflict, "The subscription already exists")
	}
	one.id, one.createdDate = site.UUID(), s.Now()
	s.Hide(one.token)
	s.subscriptions = append(s.subscriptions, one)
	s.Wake()
	return site.Answer(http.StatusCreated, object{"id": one.id, "version": version2}).With("Location", s.BaseURL+"/attask/eventsubscription/api/v1/subscriptions/"+one.id)
}

func readSubscription(body []byte) (*subscription, *site.Reply) {
	in, err := site.ParseObject(body, "objCode", "objId", "eventType", "url", "authToken", "filters", "filterConnector", "base64Encoding")
	if err != nil {
		return nil, problem(http.StatusBadRequest, err.Error())
	}
	one := &subscription{}
	var filters []json.RawMessage
	connector := "AND"
	for key, into := range map[string]any{
		"objCode": &one.code, "objId": &one.object, "eventType": &one.event, "url": &one.url, "authToken": &one.token, "filters": &filters, "filterConnector": &connector,
		"base64Encoding": &one.base64,
	} {
		if err := in.Into(key, into); err != nil {
			return nil, problem(http.StatusBadRequest, err.Error())
		}
	}
	one.any = connector == "OR"
	u, err := url.Parse(one.url)
	switch {
	case !slices.Contains(codes(), one.code):
		return nil, problem(http.StatusBadRequest, "objCode is invalid")
	case !slices.Contains([]string{"CREATE", "UPDATE", "DELETE", "SHARE"}, one.event):
		return nil, problem(http.StatusBadRequest, "eventType is invalid")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, problem(http.StatusBadRequest, "url is invalid")
	case one.token == "" || len(one.token) > maxToken:
		return nil, problem(http.StatusBadRequest, "authToken is missing or too long")
	case connector != "AND" && connector != "OR":
		return nil, problem(http.StatusBadRequest, "filterConnector is invalid")
	}
	for _, raw := range filters {
		f, err := readFilter(raw)
		if err != nil {
			return nil, problem(http.StatusBadRequest, err.Error())
		}
		one.filters = append(one.filters, f)
	}
	return one, nil
}

// readFilter reads a filter. Of the comparisons this Workfront knows "eq", "ne" and "changed".
func readFilter(raw json.RawMessage) (filter, error) {
	f := filter{comparison: "eq", state: "newState"}
	in, err := site.ParseObject(raw, "fieldName", "fieldValue", "comparison", "state")
	if err != nil {
		return f, err
	}
	for key, into := range map[string]any{"fieldName": &f.field, "fieldValue": &f.value, "comparison": &f.comparison, "state": &f.state} {
		if err := in.Into(key, into); err != nil {
			return f, err
		}
	}
	if f.field == "" || !slices.Contains([]string{"eq", "ne", "changed"}, f.comparison) || f.state != "newState" && f.state != "oldState" {
		return f, fmt.Errorf("the filter of %q cannot be used", f.field)
	}
	return f, nil
}

func (f filter) fits(now, was object) bool {
	o := now
	if f.state == "oldState" {
		o = was
	}
	switch f.comparison {
	case "changed":
		return fmt.Sprint(now[f.field]) != fmt.Sprint(was[f.field])
	case "ne":
		return fmt.Sprint(o[f.field]) != fmt.Sprint(f.value)
	}
	return fmt.Sprint(o[f.field]) == fmt.Sprint(f.value)
}

func (one *subscription) wants(event string, now, was object) bool {
	about := now
	if len(now) == 0 {
		about = was
	}
	if one.event != event || one.code != about["objCode"] || one.object != "" && one.object != about["ID"] {
		return false
	}
	fits := 0
	for _, f := range one.filters {
		if f.fits(now, was) {
			fits++
		}
	}
	return fits == len(one.filters) || one.any && fits > 0
}

// announce tells every subscriber who wants to hear of it. The caller holds the lock.
func (s *Site) announce(event string, now, was object) {
	at := s.Now()
	for _, one := range s.subscriptions {
		if !one.wants(event, now, was) {
			continue
		}
		raw, err := json.Marshal(object{
			"eventType": event, "subscriptionId": one.id, "customerId": CustomerID, "eventTime": object{"epochSecond": at.Unix(), "nano": at.Nanosecond()}, "eventVersion": version2,
			"subscriptionVersion": version2, "newState": one.packed(now), "oldState": one.packed(was),
		})
		if err != nil {
			panic(fmt.Sprintf("event: %v", err)) // made of texts and numbers
		}
		s.Post.Send(site.Parcel{
			Service: Service, Event: one.code + " " + event, Lane: "workfront/" + one.id, URL: one.url, Body: raw, Header: s.header(one), Timeout: answerTime, Waits: s.opt.Retry,
		})
	}
	s.Wake()
}

// packed is a state as the subscriber wants it: as it is, or as a text in base64.
func (one *subscription) packed(o object) any {
	if !one.base64 {
		return o
	}
	raw, _ := json.Marshal(o) // made of texts and numbers
	return raw                // which JSON writes in base64
}

func (s *Site) header(one *subscription) func(int) http.Header {
	token := "Bearer " + one.token
	if s.opt.BareToken {
		token = one.token
	}
	return func(int) http.Header {
		return http.Header{"Content-Type": {"application/json;charset=UTF-8"}, "User-Agent": {"Workfront"}, "Authorization": {token}}
	}
}

// Subscription is a subscription as tests and pages see it; its token is not shown.
type Subscription struct{ ID, Code, Event, URL string }

// Subscriptions lists the subscriptions.
func (s *Site) Subscriptions() []Subscription {
	s.Lock()
	defer s.Unlock()
	var out []Subscription
	for _, one := range s.subscriptions {
		out = append(out, Subscription{one.id, one.code, one.event, one.url})
	}
	return out
}
