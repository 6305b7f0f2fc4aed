package slack

import "time"

// toastFor is how long a toast stays, by the real clock.
const toastFor = 8 * time.Second

// toast is an error that a person sees for a moment.
type toast struct {
	text  string
	until time.Time
}

// toast shows an error on the pages of a user until it has been there for a while or the user does something else.
func (s *Server) toast(user, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show(user, text)
}

// show is toast for a caller that holds mu.
func (s *Server) show(user, text string) {
	s.toasts[user] = toast{text: text, until: s.opt.Real().Add(toastFor)}
	s.touch()
}

// toasted is the toast that a user sees now. The caller holds mu.
func (s *Server) toasted(user string) string {
	t := s.toasts[user]
	if s.opt.Real().After(t.until) {
		delete(s.toasts, user)
		return ""
	}
	return t.text
}

// dismiss takes the toast of a user away.
func (s *Server) dismiss(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.toasts, user)
}
