package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// deliveriesData is the body of the list of deliveries.
type deliveriesData struct {
	Tabs   []countTab
	State  string
	Rows   []deliveryRow
	Parked []effectData
	Next   string
	Empty  emptyState
	Back   string // this page's address, to come back to
}

type countTab struct {
	Label, Path string
	Here        bool
	Count       int
	Counted     bool
}

type deliveryRow struct {
	ID, Path, Kind, Instance string
	At                       *moment
	State                    chip
	Why                      string
	Request, RequestPath     string
	Again                    bool // may be decided again
	Failed                   bool // and should be
	Held                     bool // until somebody says what becomes of it
}

func (s *Server) deliveriesPage(w http.ResponseWriter, r *http.Request, c caller) {
	q := r.URL.Query()
	p, refused := pageOf(q.Get("page"))
	if refused == nil {
		refused = oneOf("state", q.Get("state"), deliveryStates())
	}
	if refused != nil {
		s.refuse(w, r, c, *refused)
		return
	}
	state := flow.DeliveryState(q.Get("state"))
	page, next, err := walk(p, s.deliveryPages(r, store.DeliveryQuery{State: state, Instance: q.Get("instance")}))
	if err != nil {
		s.refuse(w, r, c, s.judge(r, "list deliveries", err))
		return
	}
	clock := s.clock(c)
	data := deliveriesData{Tabs: deliveryTabs(s.health(r), state), State: string(state), Empty: emptyDeliveries(state), Back: r.URL.RequestURI()}
	if state == flow.Dead || state == "" && p == (place{}) {
		parked, err := s.o.Hub.Parked(r.Context())
		if err != nil {
			s.refuse(w, r, c, s.judge(r, "list parked effects", err))
			return
		}
		data.Parked = s.items().effectLines(parked, clock)
	}
	for _, d := range page {
		data.Rows = append(data.Rows, rowOfDelivery(d, clock))
	}
	if next != "" {
		q.Set("page", nextPage(next))
		data.Next = "/deliveries?" + q.Encode()
	}
	s.pages.show(w, r, c, view{status: http.StatusOK, name: "deliveries", title: "Deliveries", notice: doneNotice(q.Get("done")), body: data})
}

func rowOfDelivery(d flow.Delivery, clock clock) deliveryRow {
	row := deliveryRow{
		ID: d.ID, Path: pathTo("deliveries", d.ID), Kind: kindWords(d.Kind), Instance: d.Instance, At: clock.at(d.At), State: deliveryChip(d.State), Why: d.Why,
		Held: d.State == flow.Held, Again: d.Request == "" && d.State != flow.Held && d.State != flow.Waiting && d.State != flow.Done,
	}
	row.Failed = row.Again && (d.State == flow.Dead || d.State == flow.Malformed)
	if d.Request != "" {
		row.Request, row.RequestPath = string(d.Request), pathTo("requests", string(d.Request))
	}
	return row
}

func deliveryTabs(h engine.Health, here flow.DeliveryState) []countTab {
	tabs := []countTab{{Label: "All", Path: "/deliveries", Here: here == ""}}
	for _, word := range deliveryStates() {
		state := flow.DeliveryState(word)
		n := h.Inbox[state]
		if state == flow.Dead {
			n += h.Queue[store.JobParked]
		}
		tabs = append(tabs, countTab{Label: capital(word), Path: "/deliveries?state=" + word, Here: here == state, Count: n, Counted: true})
	}
	return tabs
}

func emptyDeliveries(state flow.DeliveryState) emptyState {
	switch state {
	case "":
		return emptyState{"Nothing has arrived yet", "Every message that reaches signoff is kept here as it came. Check with signoff doctor that the services know this address."}
	case flow.Dead:
		return emptyState{"Nothing is dead", "Deliveries that could not be worked on and effects that were given up show here, with a button to try again."}
	case flow.Held:
		return emptyState{"Nothing is held back", "A mail whose sender nobody knows waits here until somebody says what becomes of it."}
	case flow.Waiting:
		return emptyState{"Nothing is waiting", "What arrives is worked on at once."}
	}
	return emptyState{"None is " + string(state), "All is well here."}
}

// deliveryData is the body of one delivery's page.
type deliveryData struct {
	Row    deliveryRow
	Body   string
	Size   int
	Type   string
	Events []eventData
	Back   string
}

func (s *Server) deliveryPage(w http.ResponseWriter, r *http.Request, c caller) {
	d, records, err := s.o.Hub.Delivery(r.Context(), r.PathValue("id"))
	if err != nil {
		why := s.judge(r, "read delivery", err)
		if errors.Is(err, engine.ErrUnknown) {
			why.message = "There is no such delivery. Deliveries are kept for a while and then forgotten."
		}
		s.refuse(w, r, c, why)
		return
	}
	clock := s.clock(c)
	s.pages.show(w, r, c, view{
		status: http.StatusOK, name: "delivery", title: d.ID, notice: doneNotice(r.URL.Query().Get("done")),
		body: deliveryData{
			Row: rowOfDelivery(d, clock), Body: readable(d), Size: len(d.Body), Type: d.Type, Events: s.items().eventLines(records, clock),
			Back: pathTo("deliveries", d.ID),
		},
	})
}

// readable is a delivery's body laid out for reading, masked.
func readable(d flow.Delivery) string {
	body := d.Body
	if kind, _, _ := mime.ParseMediaType(d.Type); kind == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil {
			return readableForm(form)
		}
	}
	return masked(indented(body))
}

func readableForm(form url.Values) string {
	var b strings.Builder
	for _, name := range sortedKeys(form) {
		for _, v := range form[name] {
			if name == "response_url" || name == "token" {
				v = mask
			}
			b.WriteString(name + " = " + masked(indented([]byte(v))) + "\n")
		}
	}
	return b.String()
}

func indented(b []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return b
	}
	return out.Bytes()
}

// replayForm gives a delivery or a parked effect another try.
func (s *Server) replayForm(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	id := r.PostForm.Get("id")
	if err := s.o.Hub.Replay(r.Context(), id); err != nil {
		s.refuse(w, r, c, s.judge(r, "replay", err))
		return
	}
	s.o.Log.Info("replayed", "id", id, "by", c.who.ID())
	back, err := url.Parse(safeNext(r.PostForm.Get("back")))
	if err != nil {
		back = &url.URL{Path: "/deliveries"}
	}
	q := back.Query()
	q.Set("done", "replay")
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// heldForm says what becomes of a delivery that is held back.
func (s *Server) heldForm(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	id, answer := r.PostForm.Get("id"), r.PostForm.Get("answer")
	if oneOf("answer", answer, heldAnswers()) != nil || answer == "" {
		s.refuse(w, r, c, refusal{http.StatusBadRequest, "bad_request", "Please choose what becomes of it."})
		return
	}
	if err := s.o.Hub.Answer(r.Context(), id, answer, c.who); err != nil {
		s.refuse(w, r, c, s.judge(r, "answer a held delivery", err))
		return
	}
	http.Redirect(w, r, pathTo("deliveries", id)+"?done=held_"+answer, http.StatusSeeOther)
}

// kindWords says what a delivery is: "comment created" for event:comment_created.
func kindWords(kind string) string {
	return spoken(kind[strings.LastIndex(kind, ":")+1:])
}
