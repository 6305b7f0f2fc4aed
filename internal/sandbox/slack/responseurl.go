package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"signoff/internal/sandbox"
)

const (
	responseLife = 30 * time.Minute
	responseUses = 5
)

// responseURL lets the app answer one interaction a few times without a token.
type responseURL struct {
	user    string
	channel *channel
	source  *message // the message the interaction came from, if any
	expires time.Time
	uses    int
}

// newResponseURL returns a fresh address. kind is "actions" or "commands". The caller holds mu.
func (s *Server) newResponseURL(kind string, r responseURL) string {
	r.expires = s.opt.Now().Add(responseLife)
	path := fmt.Sprintf("/%s/%s/%d/%s", kind, s.opt.Team.ID, 1e11+s.random.Int64N(9e11), s.newSecret(24))
	s.replies[path] = &r
	return s.opt.Origin + path
}

// reply is what the app sends to a response address, or in the answer to a command.
type reply struct {
	content
	public, replace, remove bool
	thread                  string
}

// readReply decodes and checks an answer; the caller holds mu. Slack reports what is wrong as plain text.
func (s *Server) readReply(a args) (reply, *failure) {
	r := reply{
		public: a.str("response_type") == "in_channel", replace: a.flag("replace_original"),
		remove: a.flag("delete_original"), thread: a.str("thread_ts"),
	}
	if r.remove && a["text"] == nil && a["blocks"] == nil {
		return r, nil
	}
	if t := a.str("response_type"); t != "" && t != "ephemeral" && t != "in_channel" {
		return r, fail("invalid_payload")
	}
	said, failed := s.readContent(a, maxText)
	r.content = said
	return r, failed
}

func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	status, text, note := http.StatusBadRequest, "invalid_payload", "invalid_payload"
	if err == nil {
		status, text, note = s.respond(r.URL.Path, body)
	}
	if f := r.Header.Get(sandbox.FaultHeader); f != "" {
		note += ", then fault " + f
	}
	s.opt.Ledger.Add(sandbox.Entry{
		Service: service, Direction: sandbox.In, Method: r.Method, Path: masked("response_url " + r.URL.Path),
		Status: status, Note: note, Failed: r.Header.Get(sandbox.FaultHeader) != "", Body: masked(string(body)),
	})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the caller may be gone; the ledger has the entry
}

// respond plays one post to a response address.
func (s *Server) respond(path string, body []byte) (status int, text, note string) {
	a := args{}
	if err := json.Unmarshal(body, &a); err != nil {
		form, formErr := url.ParseQuery(string(body))
		if formErr != nil || json.Unmarshal([]byte(form.Get("payload")), &a) != nil {
			return http.StatusBadRequest, "invalid_payload", "invalid_payload"
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.replies[path]
	switch {
	case r == nil:
		return http.StatusNotFound, "no_service", "no_service"
	case s.opt.Now().After(r.expires):
		return http.StatusNotFound, "expired_url", "expired_url"
	case r.uses >= responseUses:
		return http.StatusNotFound, "used_url", "used_url"
	}
	said, failed := s.readReply(a)
	if failed != nil {
		l, _ := failed.extra["errors"].([]string)
		return http.StatusBadRequest, failed.code, fmt.Sprint(failed.code, " ", l)
	}
	r.uses++
	s.apply(r, said)
	return http.StatusOK, "ok", "ok"
}

// apply does what an answer asks for. The caller holds mu.
func (s *Server) apply(to *responseURL, said reply) {
	switch {
	case said.remove && to.source != nil:
		if to.source.ephemeralTo != "" {
			to.channel.remove(to.source)
			s.touch()
		} else {
			s.drop(to.source)
		}
	case said.replace && to.source != nil:
		s.replaceOriginal(to.source, said)
	case said.text == "" && len(said.blocks) == 0:
		return
	case said.public:
		m := &message{
			channel: to.channel, ts: s.newTS(), threadTS: said.thread, user: s.opt.Bot.UserID, byBot: true,
			text: said.text, blocks: s.settled(said.blocks), metadata: said.metadata,
		}
		s.add(m)
		s.sendMessageEvent(m)
	default:
		s.addEphemeral(to.channel, to.user, said.thread, said.content)
	}
}

func (s *Server) replaceOriginal(m *message, said reply) {
	before := clone(s.wire(m, true))
	m.text = said.text
	m.show(s.settled(said.blocks))
	if said.hasMeta {
		m.metadata = said.metadata
	}
	s.touch()
	if m.ephemeralTo == "" {
		m.edited = object{"user": s.opt.Bot.BotID, "ts": s.newTS()}
		s.sendChanged(m, before)
	}
}
