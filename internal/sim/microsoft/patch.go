package microsoft

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

const (
	refundWindow = 7 * 24 * time.Hour
	seatLimit    = 10_000
	updateLimit  = 1_200
)

// wanted is the body of an update: the whole resource; what is left out is reset (sheet §2.3).
type wantedSubscription struct {
	Quantity     *int   `json:"quantity"`
	Status       string `json:"status"`
	AutoRenew    bool   `json:"autoRenewEnabled"`
	FriendlyName string `json:"friendlyName"`
	BillingCycle string `json:"billingCycle"`
}

// patchSubscription changes quantity, status, renewal or nickname under the subscription's ETag.
func (s *Server) patchSubscription(c call) reply {
	cu, sub, problem := s.wantSubscription(c)
	if problem != nil {
		return *problem
	}
	var body wantedSubscription
	err := json.Unmarshal(c.body, &body)
	match := strings.Trim(c.r.Header.Get("If-Match"), `"`)
	switch {
	case err != nil || body.Quantity == nil || body.Status == "":
		return s.pcError(400, 3000, "The body must be the whole subscription.")
	case match == "":
		return s.pcError(400, 800002, "The header If-Match is required.")
	case match != sub.etag():
		status, _ := strconv.Atoi(s.dialect["etagMismatch"])
		return s.pcError(status, 2055, "The ETag is no longer valid. Get the subscription again.")
	case sub.renewing:
		return s.pcError(409, 900278, "There is a pending operation on this subscription.")
	case sub.revision > updateLimit:
		return s.pcError(400, 900311, "The subscription has been updated too many times.")
	case body.BillingCycle != "" && body.BillingCycle != sub.billingCycle:
		return s.pcError(400, 2054, "The billing cycle must be changed with an order update.")
	}
	if problem := s.patchQuantity(sub, *body.Quantity); problem != nil {
		return *problem
	}
	if problem := s.patchStatus(sub, body.Status); problem != nil {
		return *problem
	}
	sub.autoRenew = body.AutoRenew && sub.status != "suspended" // suspension turns auto-renew off
	if body.FriendlyName != "" {
		sub.friendlyName = body.FriendlyName
	}
	sub.revision++
	return s.pcJSON(s.subscriptionItem(cu, sub), false)
}

func (s *Server) patchQuantity(sub *subscription, want int) *reply {
	today := s.today()
	have := sub.quantityOn(today)
	var out reply
	switch {
	case want == have:
		return nil
	case sub.statusOn(today) != "active":
		out = s.pcError(400, 800091, "The quantity cannot be changed while the subscription is not active.")
	case want < 1 || want > seatLimit:
		out = s.pcError(400, 2002, "The quantity is outside of the allowed range.")
	case want < have && have-want > s.refundableSeats(sub):
		out = s.pcError(400, 800090, "The quantity can't be decreased outside of the cancellation window.")
	default:
		sub.change(today, want)
		return nil
	}
	return &out
}

// refundableSeats are the seats whose window is open: all of them right after purchase or renewal, else those just added.
func (s *Server) refundableSeats(sub *subscription) int {
	today := s.today()
	if cy, ok := sub.cycleAt(today); ok && s.now().Sub(cy.termStart) < refundWindow {
		return sub.quantityOn(today)
	}
	seats := 0
	for _, ch := range sub.changes {
		if added := ch.to - sub.quantityBefore(ch.day); added > 0 && !ch.day.After(today) && s.now().Sub(ch.day) < refundWindow {
			seats += added
		}
	}
	return seats
}

func (s *Server) patchStatus(sub *subscription, want string) *reply {
	today := s.today()
	have := sub.statusOn(today)
	var out reply
	switch want = strings.ToLower(want); {
	case want == have:
		return nil
	case want == "suspended" && have == "active":
		sub.status = "suspended"
		return nil
	case want == "active" && (have == "suspended" || have == "pending"):
		sub.status = ""
		return nil
	case want == "deleted" && (have == "active" || have == "suspended"):
		cy, ok := sub.cycleAt(today)
		if !ok || s.now().Sub(cy.termStart) >= refundWindow {
			out = s.pcError(400, 900117, "The subscription is past its cancellation window.")
			return &out
		}
		sub.cancelled, sub.status = today, "deleted"
		return nil
	}
	out = s.pcError(400, 3000, "The status cannot change from "+have+" to "+want+".")
	return &out
}
