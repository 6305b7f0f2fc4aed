package server

import (
	"net/http"

	"signoff/internal/flow"
)

// RecordsAnswer answers GET /records/{id} of the socket: a request with its journal as it is kept, for commands that read it
// as signoff itself does. It never leaves the machine.
type RecordsAnswer struct {
	SchemaVersion int           `json:"schema_version"`
	Request       flow.Request  `json:"request"`
	Records       []flow.Record `json:"records"`
}

// records answers GET /records/{id} of the socket.
func (s *Server) records(w http.ResponseWriter, r *http.Request, _ caller) {
	d, err := s.o.Hub.Request(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fault(w, r, "read records", err)
		return
	}
	s.json(w, http.StatusOK, RecordsAnswer{SchemaVersion: SchemaVersion, Request: d.Request, Records: list(d.Records)})
}
