package figma

import "net/http"

func (s *Server) Pages() http.Handler { return http.NotFoundHandler() }
