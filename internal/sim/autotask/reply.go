package autotask

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// failure is an answer other than success. An empty message list means an empty body; html means a web-server page.
type failure struct {
	status   int
	messages []string
	html     bool
}

func (f *failure) Error() string { return fmt.Sprintf("%d %v", f.status, f.messages) }

// refuse is Autotask's answer to validation, business and permission problems: HTTP 500 with texts (Autotask sheet §3.2).
func refuse(format string, args ...any) *failure {
	return &failure{status: http.StatusInternalServerError, messages: []string{fmt.Sprintf(format, args...)}}
}

func failWith(status int, format string, args ...any) *failure {
	return &failure{status: status, messages: []string{fmt.Sprintf(format, args...)}}
}

func notFoundPage() *failure { return &failure{status: http.StatusNotFound, html: true} }

// Texts that clients match fragments of (Autotask sheet §3.3).
const (
	textPosted    = "Unable to make changes as it would result in the deletion/modification of an already approved and posted contract period"
	textDuplicate = "Cannot insert duplicate data into contract_service_period: an adjustment with this effective date exists already."
	textNegative  = "The adjustment would result in a negative number of units."
	textThreads   = "API thread threshold of 3 threads has been exceeded"
	textNoRecord  = "No message. No matching records found. The logged in Resource may not have the required permissions to delete the data."
	textWindow    = "ContractServiceAdjustment effectiveDate must be between the start date and end date of the Contract referenced by contractID."
)

// answer is what goes out: status, content type, body and headers of one response.
type answer struct {
	status int
	kind   string
	body   []byte
	header http.Header
}

const (
	typeJSON = "application/json; charset=utf-8"
	typeHTML = "text/html; charset=utf-8"
)

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return failureAnswer(refuse("cannot encode the answer: %v", err))
	}
	return answer{status: status, kind: typeJSON, body: body}
}

func failureAnswer(f *failure) answer {
	switch {
	case f.html:
		page := fmt.Sprintf("<!DOCTYPE html><html><head><title>%d - %s</title></head><body><h2>%d - %s</h2></body></html>",
			f.status, http.StatusText(f.status), f.status, http.StatusText(f.status))
		return answer{status: f.status, kind: typeHTML, body: []byte(page)}
	case len(f.messages) == 0:
		return answer{status: f.status}
	}
	return jsonAnswer(f.status, map[string]any{"errors": f.messages})
}

func (a answer) write(rw http.ResponseWriter) {
	for name, values := range a.header {
		rw.Header()[name] = values
	}
	if a.kind != "" {
		rw.Header().Set("Content-Type", a.kind)
	}
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body) // the client may be gone; nothing to do about it
}
