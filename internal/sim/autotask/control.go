package autotask

import "net/http"

// ControlHandler serves the control surface.
func (s *Server) ControlHandler() http.Handler { return http.NewServeMux() }
