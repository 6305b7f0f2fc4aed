package server

import (
	"net/http"
	"strings"

	"signoff/internal/flow"
	"signoff/internal/store"
)

func deliveryStates() []string {
	var list []string
	for _, s := range []flow.DeliveryState{flow.Waiting, flow.Held, flow.Done, flow.Ignored, flow.Malformed, flow.Superseded, flow.Dead} {
		list = append(list, string(s))
	}
	return list
}

func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request, _ caller) {
	q := r.URL.Query()
	p, refused := pageOf(q.Get("page"))
	limit, wrong := limitOf(q.Get("limit"))
	for _, why := range []*refusal{only(q, "state", "instance", "page", "limit"), oneOf("state", q.Get("state"), deliveryStates()), refused, wrong} {
		if why != nil {
			s.problem(w, *why, nil)
			return
		}
	}
	page, next, err := walk(p, s.deliveryPages(r, store.DeliveryQuery{State: flow.DeliveryState(q.Get("state")), Instance: q.Get("instance"), Limit: limit}))
	if err != nil {
		s.fault(w, r, "list deliveries", err)
		return
	}
	out := DeliveryList{SchemaVersion: SchemaVersion, Deliveries: []DeliveryItem{}, Next: nextPage(next)}
	for _, d := range page {
		out.Deliveries = append(out.Deliveries, deliveryItem(d))
	}
	if q.Get("state") == string(flow.Dead) && p == (place{}) {
		parked, err := s.o.Hub.Parked(r.Context())
		if err != nil {
			s.fault(w, r, "list parked effects", err)
			return
		}
		out.Effects = effectItems(parked)
	}
	s.json(w, http.StatusOK, out)
}

func (s *Server) deliveryPages(r *http.Request, q store.DeliveryQuery) func(string) ([]flow.Delivery, string, error) {
	return func(after string) ([]flow.Delivery, string, error) {
		q.After = after
		return s.o.Hub.Deliveries(r.Context(), q)
	}
}

func (s *Server) showDelivery(w http.ResponseWriter, r *http.Request, _ caller) {
	d, records, err := s.o.Hub.Delivery(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fault(w, r, "read delivery", err)
		return
	}
	item := s.items().wholeDelivery(d, records)
	if len(records) == 0 {
		explained, err := s.o.Hub.ExplainDelivery(r.Context(), d)
		if err != nil {
			s.fault(w, r, "explain delivery", err)
			return
		}
		for _, x := range explained {
			item.Rules = append(item.Rules, ExplainedItem{Kind: x.Kind, Ruleset: x.Ruleset, Read: x.Read, Rules: x.Rules, Do: x.Do})
		}
	}
	s.json(w, http.StatusOK, DeliveryAnswer{SchemaVersion: SchemaVersion, Delivery: item})
}

// posted answers what is posted below a delivery, whose id holds slashes.
func (s *Server) posted(w http.ResponseWriter, r *http.Request, c caller) {
	path := r.PathValue("id")
	if id, ok := strings.CutSuffix(path, "/replay"); ok {
		s.replay(w, r, id)
		return
	}
	if id, ok := strings.CutSuffix(path, "/answer"); ok {
		s.answerHeld(w, r, c, id)
		return
	}
	w.Header().Set("Allow", "GET, HEAD")
	s.problem(w, refusal{http.StatusMethodNotAllowed, "method_not_allowed", "A delivery is replayed by POST to its address with /replay, and one that is held back is answered with /answer."}, nil)
}

// heldAnswers are what may become of a delivery that is held back.
func heldAnswers() []string { return []string{"accept", "new", "spam"} }

// answerHeld answers POST /api/v1/deliveries/{id}/answer.
func (s *Server) answerHeld(w http.ResponseWriter, r *http.Request, c caller, id string) {
	var in struct {
		Answer string `json:"answer"`
	}
	if !s.read(w, r, &in) {
		return
	}
	if why := oneOf("answer", in.Answer, heldAnswers()); why != nil || in.Answer == "" {
		s.invalid(w, map[string]string{"answer": "The answer is one of " + strings.Join(heldAnswers(), ", ") + "."})
		return
	}
	if err := s.o.Hub.Answer(r.Context(), id, in.Answer, c.who); err != nil {
		s.fault(w, r, "answer a held delivery", err)
		return
	}
	d, _, err := s.o.Hub.Delivery(r.Context(), id)
	if err != nil {
		s.fault(w, r, "read delivery", err)
		return
	}
	s.json(w, http.StatusOK, HeldAnswer{SchemaVersion: SchemaVersion, ID: id, State: string(d.State), Request: string(d.Request)})
}

// replay answers POST /api/v1/deliveries/{id}/replay; the id may also be that of a parked job.
func (s *Server) replay(w http.ResponseWriter, r *http.Request, id string) {
	if err := s.o.Hub.Replay(r.Context(), id); err != nil {
		s.fault(w, r, "replay", err)
		return
	}
	s.o.Log.Info("replayed", "id", id)
	s.json(w, http.StatusAccepted, ReplayAnswer{SchemaVersion: SchemaVersion, ID: id, State: string(flow.Waiting)})
}
