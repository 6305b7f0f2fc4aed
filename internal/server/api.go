package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"signoff/internal/engine"
	"signoff/internal/source"
	"signoff/internal/store"
	"signoff/internal/strictjson"
)

const jsonMost = 1 << 20

func (s *Server) apiRoutes() []route {
	return append(append(s.ruleRoutes(), s.forecastRoutes()...), []route{
		{"GET", "/api/v1/requests", every, reader, s.listRequests},
		{"POST", "/api/v1/requests", every, reader, s.submit},
		{"GET", "/api/v1/requests/{id}", every, reader, s.showRequest},
		{"POST", "/api/v1/requests/{id}/votes", every, reader, s.vote},
		{"POST", "/api/v1/requests/{id}/details", every, reader, s.addDetails},
		{"POST", "/api/v1/requests/{id}/ticket", every, reader, s.wantTicket},
		{"POST", "/api/v1/requests/{id}/triage", every, reader, s.triageRequest},
		{"GET", "/api/v1/pauses", every, reader, s.listPauses},
		{"POST", "/api/v1/pauses", every, reader, s.pauseRule},
		{"POST", "/api/v1/pauses/end", every, reader, s.resumeRule},
		{"GET", "/api/v1/people", every, reader, s.listPeople},
		{"PUT", "/api/v1/people/{name}/away", every, reader, s.setAway},
		{"DELETE", "/api/v1/people/{name}/away", every, reader, s.endAway},
		{"GET", "/api/v1/deliveries", every, reader, s.listDeliveries},
		{"GET", "/api/v1/deliveries/{id...}", every, reader, s.showDelivery},
		{"POST", "/api/v1/deliveries/{id...}", every, reader, s.posted},
	}...)
}

// json answers with v.
func (s *Server) json(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.o.Log.Error("answer not written", "error", err)
		status, b = http.StatusInternalServerError, []byte(`{"schema_version":1,"error":"internal","message":"The answer could not be written."}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}

// problem answers with a refusal as JSON.
func (s *Server) problem(w http.ResponseWriter, why refusal, fields map[string]string) {
	if why.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="signoff"`)
	}
	s.json(w, why.status, Problem{SchemaVersion: SchemaVersion, Error: why.code, Message: why.message, Fields: fields})
}

// invalid answers that fields of a body are wrong.
func (s *Server) invalid(w http.ResponseWriter, fields map[string]string) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		parts = append(parts, name+": "+fields[name])
	}
	s.problem(w, refusal{http.StatusUnprocessableEntity, "invalid", strings.Join(parts, " ")}, fields)
}

// fault answers an error of the engine: unknown things, what cannot be replayed, and our own faults.
func (s *Server) fault(w http.ResponseWriter, r *http.Request, doing string, err error) {
	s.refuse(w, r, caller{}, s.judge(r, doing, err))
}

// judge turns an error of the engine into a refusal, and logs what is our own fault.
func (s *Server) judge(r *http.Request, doing string, err error) refusal {
	var replay *engine.ReplayError
	var ignored *engine.IgnoredError
	switch {
	case errors.Is(err, engine.ErrUnknown):
		return refusal{http.StatusNotFound, "not_found", "There is nothing of that name."}
	case errors.As(err, &replay):
		return refusal{http.StatusConflict, "not_replayable", sentence(replay.Why)}
	case errors.As(err, &ignored):
		return refusal{http.StatusUnprocessableEntity, "ignored", sentence("no request was made: " + ignored.Why)}
	case errors.Is(err, engine.ErrStopping):
		return stopping
	case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrClosed):
		s.o.Log.Error("store takes nothing", "doing", doing, "error", err)
		return stopping
	case r.Context().Err() != nil:
		return stopping
	}
	s.o.Log.Error("engine did not answer", "doing", doing, "error", err)
	return broken
}

// sentence gives words a capital and a full stop.
func sentence(words string) string {
	if words == "" {
		return ""
	}
	words = strings.ToUpper(words[:1]) + words[1:]
	if !strings.HasSuffix(words, ".") {
		words += "."
	}
	return words
}

// read decodes a JSON body strictly into a struct. It answers itself and returns false when that is not possible.
func (s *Server) read(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		s.problem(w, refusal{http.StatusUnsupportedMediaType, "content_type", "Send JSON with Content-Type: application/json."}, nil)
		return false
	}
	body, refused := body(w, r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return false
	}
	fields, err := decode(body, into)
	switch {
	case err != nil:
		s.problem(w, refusal{http.StatusBadRequest, "bad_request", sentence(err.Error())}, nil)
		return false
	case len(fields) > 0:
		s.invalid(w, fields)
		return false
	}
	return true
}

func body(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	defer deadline(w)()
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, jsonMost))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, &refusal{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("The body is longer than %d bytes.", jsonMost)}
	case err != nil:
		return nil, &refusal{unread(err), "bad_request", "The body did not arrive whole."}
	}
	return b, nil
}

// decode fills a struct from one strict JSON object. fields names what the struct does not have.
func decode(body []byte, into any) (fields map[string]string, err error) {
	if err := strictjson.Decode(body, into, strictjson.Limits{}); err != nil {
		return nil, err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil || given == nil {
		return nil, errors.New("the body is not a JSON object")
	}
	known := names(into)
	for name := range given {
		if slices.Contains(known, name) {
			continue
		}
		if fields == nil {
			fields = map[string]string{}
		}
		fields[name] = unknownField(name, known)
	}
	return fields, nil
}

func unknownField(name string, known []string) string {
	if near, ok := source.Nearest(name, known); ok {
		return fmt.Sprintf("There is no field of this name; did you mean %q?", near)
	}
	if len(known) == 0 {
		return "There is no field of this name."
	}
	return fmt.Sprintf("There is no field of this name; there are %s.", strings.Join(known, ", "))
}

// names lists the JSON names of a struct's fields.
func names(v any) []string {
	t := reflect.TypeOf(v).Elem()
	var list []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		list = append(list, name)
	}
	return list
}

// nobody says that somebody is not in the directory, with the nearest name.
func (s *Server) nobody(name string) string {
	var known []string
	for _, p := range s.o.Hub.Rules().People() {
		known = append(known, p.Name)
	}
	if near, ok := source.Nearest(name, known); ok {
		return fmt.Sprintf("Nobody called %q is in the directory; did you mean %q?", name, near)
	}
	return fmt.Sprintf("Nobody called %q is in the directory. People stand under people: in the rule files.", name)
}
