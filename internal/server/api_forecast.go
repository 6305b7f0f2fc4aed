package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// ForecastItem is something that time alone will bring.
type ForecastItem struct {
	At time.Time `json:"at"`
	// Was is when it would have come, had the recipient worked on that day.
	Was     *time.Time     `json:"was,omitempty"`
	Kind    string         `json:"kind"` // remind, escalate, timeout
	Request flow.RequestID `json:"request"`
	Title   string         `json:"title"`
	Stage   string         `json:"stage"`
	To      []Person       `json:"to"`
	Where   []string       `json:"where"` // dm, thread, email, #channel
	Zone    string         `json:"zone"`  // of whoever reads it alone, else the workspace's
}

// ForecastList answers GET /api/v1/forecast.
type ForecastList struct {
	SchemaVersion int            `json:"schema_version"`
	Until         time.Time      `json:"until"`
	Upcoming      []ForecastItem `json:"upcoming"`
}

const forecastDays, forecastMost = 14, 60

func (s *Server) forecastRoutes() []route {
	return []route{{"GET", "/api/v1/forecast", every, reader, s.forecast}}
}

// forecast answers GET /api/v1/forecast.
func (s *Server) forecast(w http.ResponseWriter, r *http.Request, _ caller) {
	q := r.URL.Query()
	if why := only(q, "days"); why != nil {
		s.problem(w, *why, nil)
		return
	}
	days := forecastDays
	if given := q.Get("days"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > forecastMost {
			s.problem(w, refusal{http.StatusBadRequest, "bad_request", "days is a number from 1 to 60."}, nil)
			return
		}
		days = n
	}
	until := s.o.Now().UTC().AddDate(0, 0, days)
	list, err := s.o.Hub.Forecast(r.Context(), until)
	if err != nil {
		s.fault(w, r, "forecast", err)
		return
	}
	set, it := s.o.Hub.Rules(), s.items()
	zone := set.Policy(set).Zone().String()
	out := ForecastList{SchemaVersion: SchemaVersion, Until: until, Upcoming: []ForecastItem{}}
	for _, f := range list {
		out.Upcoming = append(out.Upcoming, it.forecast(f, zone))
	}
	s.json(w, http.StatusOK, out)
}

func (it items) forecast(f engine.Forecast, zone string) ForecastItem {
	item := ForecastItem{
		At: f.At.UTC(), Kind: string(f.Kind), Request: f.Request, Title: f.Title, Stage: f.Stage, To: []Person{}, Where: f.Where, Zone: zone,
	}
	if !f.Was.IsZero() {
		was := f.Was.UTC()
		item.Was = &was
	}
	for _, who := range f.To {
		item.To = append(item.To, it.person(who))
	}
	if len(f.To) == 1 && f.To[0].Zone != "" && !strings.EqualFold(f.To[0].Zone, "Local") {
		item.Zone = f.To[0].Zone
	}
	if item.Where == nil {
		item.Where = []string{}
	}
	return item
}
