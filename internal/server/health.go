package server

import (
	"net/http"

	"signoff/internal/engine"
)

// HealthAnswer answers /healthz and /readyz.
type HealthAnswer struct {
	OK      bool     `json:"ok"`
	Status  string   `json:"status"`  // ready, degraded or unready
	Reasons []string `json:"reasons"` // why not ready, or what is degraded
	Rules   string   `json:"rules,omitempty"`
	Version string   `json:"version,omitempty"`
}

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request, _ caller) {
	s.signs(w, r)
	s.json(w, http.StatusOK, HealthAnswer{OK: true, Status: "ready", Reasons: []string{}, Version: s.o.Version})
}

// readyz says whether deliveries can be taken in. Services that are down do not matter here: their work waits.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ caller) {
	h := s.health(r)
	a := HealthAnswer{OK: h.Ready, Status: readiness(h), Reasons: append([]string{}, h.Reasons...), Rules: h.Rules, Version: s.o.Version}
	status := http.StatusOK
	if !h.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	s.json(w, status, a)
}

func readiness(h engine.Health) string {
	switch {
	case !h.Ready:
		return "unready"
	case len(h.Reasons) > 0:
		return "degraded"
	}
	return "ready"
}

func (s *Server) health(r *http.Request) engine.Health {
	h := s.o.Hub.Health(r.Context())
	if s.draining.Load() && h.Ready {
		h.Ready = false
		h.Reasons = append([]string{"shutting down"}, h.Reasons...)
	}
	return h
}
