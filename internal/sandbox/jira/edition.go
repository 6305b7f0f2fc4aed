package jira

// cloud tells Cloud from the editions that people run themselves.
func (s *Server) cloud() bool { return true }
