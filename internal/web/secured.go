package web

import "net/http"

// Secured serves pages that are not the console's own, such as the gallery's, with its security headers and compression.
func Secured(next http.Handler) http.Handler { return secured(compressed(next)) }
