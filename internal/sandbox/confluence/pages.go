package confluence

import "net/http"

func (s *Server) Pages() http.Handler { return http.NotFoundHandler() }
