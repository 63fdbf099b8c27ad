package autotask

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"spindle/internal/fault"
	"spindle/internal/transport"
)

// Waits when Autotask names none (Autotask sheet §3.4).
const (
	threadWait    = time.Second
	thresholdWait = time.Minute
)

const settleRemedy = "nothing is sent again: Spindle reads whether it happened"

// errorTexts reads {"errors":["…"]}, also with objects in the list (Autotask sheet §3.1).
func errorTexts(body []byte) []string {
	var envelope struct {
		Errors []json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &envelope) != nil {
		return nil
	}
	var texts []string
	for _, raw := range envelope.Errors {
		var text string
		var object struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &object) == nil {
			text = object.Message
		}
		if text = strings.TrimSpace(text); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func (r reply) errors() []string { return errorTexts(r.body) }

// threadLimit and threshold recognise refusals that come before Autotask looks at a request; they arrive as 429 or as 500
// (Autotask sheet §3.3, §13 row 14).
func threadLimit(text string) bool { return strings.Contains(text, "thread threshold") }

func threshold(text string) bool {
	return strings.Contains(text, "threshold") && strings.Contains(text, "exceeded") && !threadLimit(text)
}

// judge says what the transport may do about an answer (Autotask sheet §3.2): 429 and the limit texts were refused unseen, 500 with an
// errors list is final, other 5xx are platform trouble.
func judge(status int, _ http.Header, body []byte) transport.Verdict {
	texts := errorTexts(body)
	words := strings.ToLower(strings.Join(texts, " "))
	switch {
	case threadLimit(words):
		return transport.Verdict{Temporary: true, NotDone: true, After: threadWait}
	case threshold(words), status == http.StatusTooManyRequests:
		return transport.Verdict{Temporary: true, NotDone: true, After: thresholdWait}
	}
	return transport.Verdict{Temporary: len(texts) == 0}
}

// failure gives nil for a success, which is a 2xx without errors, and a fault that says who acts next for everything else.
func (t *Target) failure(r reply) error {
	texts := r.errors()
	said := t.scrub(strings.Join(texts, "; "))
	words := strings.ToLower(said)
	switch {
	case r.status >= 200 && r.status < 300 && len(texts) == 0:
		return nil
	case r.status == http.StatusUnauthorized:
		return fault.Unauthorizedf("Autotask refuses the API user: wrong user name or secret, or the user is locked or inactive").
			Do("check Username (Key) and Password (Secret) of the API user in Autotask: Admin > Resources/Users; then enter them again")
	case strings.Contains(words, "integrationcode is invalid"):
		return fault.Unauthorizedf("Autotask refuses the integration code: %s", said).WithField("integration code").
			Do("copy the tracking identifier on the API user's page in Autotask")
	case threadLimit(words):
		return fault.Transientf("%s: %s", r.what, said).Do("try again")
	case r.status == http.StatusTooManyRequests, threshold(words):
		return t.tooMany(r, said)
	case r.status == http.StatusForbidden, strings.Contains(words, "adequate permissions to"):
		return fault.Unauthorizedf("%s: Autotask refuses: %s", r.what, orText(said, "no permission")).Do(permissionRemedy)
	case r.status == http.StatusNotFound:
		return fault.NotFoundf("%s: Autotask does not find it: %s", r.what, orText(said, "no such row or path"))
	case len(texts) > 0:
		return fault.Invalidf("Autotask refuses: %s", said).Do(remedyFor(words))
	case r.safe:
		return fault.Transientf("%s: Autotask answers %d without saying why", r.what, r.status).Do("try again in some minutes")
	case r.status >= 500 || r.status < 300:
		return fault.UnknownOutcomef("%s: Autotask answers %d without saying why", r.what, r.status).Do(settleRemedy)
	}
	return fault.Invalidf("%s: Autotask refuses with status %d and does not say why", r.what, r.status).Do("report this with the request from the log")
}

func (t *Target) tooMany(r reply, said string) error {
	now := t.cfg.Now()
	wait, told := transport.RetryAfter(r.header, now)
	if !told {
		wait = thresholdWait
	}
	return fault.WaitUntilf(now.Add(wait), "Autotask wants fewer calls: %s", orText(said, "status 429")).
		Do("nothing to do: Spindle goes on by itself; other integrations share the same 10,000 calls an hour")
}

const permissionRemedy = "give the API user the security level API User (system) in Autotask: Admin > Resources/Users > the API user > Security Level"

// remedyFor turns Autotask's words into what to do (Autotask sheet §3.3). Texts are not contractual: fragments only.
func remedyFor(words string) string {
	for _, known := range []struct{ fragment, remedy string }{
		{"effectivedate must be between", "extend the contract's end date in Autotask, or map the line to the contract that follows, then plan again"},
		{"contract_service_period", "another adjustment of this line already counts from that day: plan again, Spindle then takes another day"},
		{"negative", "somebody reduced the line meanwhile: plan again"},
		{"approved and posted", "the period is posted: plan again so that the change counts from the next period, or un-post it in Autotask: Admin > Contracts & Un-Posting"},
		{"required field", "fill the field that Autotask names, or make it optional for the API user, then plan again"},
		{"picklist value", "the list was changed in Autotask: run the settings check, then plan again"},
		{"recurring contract service", "choose an active recurring contract service billing code in the service settings"},
		{"material cost code", "choose an active material billing code in the service settings"},
		{"already exists", "remove or rename the double in Autotask, then plan again"},
		{"does not exist or is invalid", "what the change refers to is gone or inactive in Autotask: run the settings check, then plan again"},
	} {
		if strings.Contains(words, known.fragment) {
			return known.remedy
		}
	}
	return "correct in Autotask what it names, then plan again"
}

func orText(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
