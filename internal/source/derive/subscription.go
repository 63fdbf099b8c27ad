package derive

import (
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// renewalGrace is how many days a renewal may be late before a subscription without new charges counts as ended: renewals take up to
// 24 hours (Microsoft sheet §5.1).
const renewalGrace = 2

// subscription derives one subscription from all its lines. why is not empty when the lines do not tell its seats.
func subscription(lines []billing.LineItem, day, horizon billing.Date) (s billing.Subscription, why string) {
	offer := newestOffer(lines, day)
	last := newestLine(offer)
	s = billing.Subscription{
		ID: last.SubscriptionID, CustomerID: last.CustomerID, Kind: kindOf(last), Name: firstOf(last.SKUName, last.ProductName, last.SubscriptionName),
		Offer:     billing.Offer{ProductID: last.ProductID, SKUID: last.SKUID, Term: term(last.TermText), Frequency: last.Frequency},
		Publisher: last.Publisher, Status: billing.Active, Trial: last.Trial, Start: last.TermPeriod.Start, End: last.TermPeriod.End,
	}
	if s.Start.IsZero() {
		s.Start = firstDay(offer)
	}
	seats, known := seatsOn(offer, day)
	s.Quantity = seats
	covered := coverage(offer)
	switch {
	case !known:
		return s, "its lines undo charges of an earlier invoice that is not here; import the invoice before"
	case seats == 0:
		s.Status, s.End = billing.Ended, undoneOn(offer)
	case covered.IsZero(): // perpetual
	case day.Before(covered.Start):
		s.Status = billing.Pending
	case !covered.End.After(day) && (s.Trial || covered.End.AddDays(renewalGrace).Before(horizon)):
		s.Status, s.End = billing.Ended, covered.End
	}
	return s, ""
}

// newestOffer picks, of the products that a subscription has held, the one in force: a full upgrade keeps the subscription id and
// changes the product (Microsoft sheet §7.14).
func newestOffer(lines []billing.LineItem, day billing.Date) []billing.LineItem {
	type key struct{ product, sku string }
	groups := map[key][]billing.LineItem{}
	var order []key
	for _, line := range lines {
		k := key{line.ProductID, line.SKUID}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], line)
	}
	best := order[0]
	for _, k := range order[1:] {
		if better(groups[k], groups[best], day) {
			best = k
		}
	}
	return groups[best]
}

// better prefers a product with seats over one without, then the one whose cover lasts longer, then the one charged last.
func better(a, b []billing.LineItem, day billing.Date) bool {
	seatsA, knownA := seatsOn(a, day)
	seatsB, knownB := seatsOn(b, day)
	hasA, hasB := knownA && seatsA > 0, knownB && seatsB > 0
	if hasA != hasB {
		return hasA
	}
	if n := coverage(a).End.Compare(coverage(b).End); n != 0 {
		return n > 0
	}
	return newestLine(a).OrderDate.After(newestLine(b).OrderDate)
}

// kindOf tells licences from other purchases. A reservation order id alone proves nothing: plain licence lines carry one too
// (Microsoft sheet §4.2 #40).
func kindOf(line billing.LineItem) billing.SubscriptionKind {
	reserved := line.ReservationOrderID != "" && !strings.HasPrefix(line.ProductID, "CFQ")
	if reserved || line.Frequency == billing.OneTime || line.IsUsage() {
		return billing.OtherPurchase
	}
	return billing.Licence
}

// term reads the length of the commitment from the text that names the plans a SKU supports (Microsoft sheet §4.2 #30).
func term(text string) billing.Term {
	switch folded := strings.ToLower(text); {
	case strings.HasPrefix(folded, "one-month"):
		return "P1M"
	case strings.HasPrefix(folded, "one-year"):
		return "P1Y"
	case strings.HasPrefix(folded, "three-"):
		return "P3Y"
	case strings.HasPrefix(folded, "five-"):
		return "P5Y"
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// direction says whether a line adds seats (+1), takes them away (−1) or says nothing about them. Refunds carry their minus in the
// price or in the quantity; the amount is what counts (Microsoft sheet §4.4, sign rule). Free lines add seats when they open a cycle.
func direction(line billing.LineItem) int {
	if sign := line.Cost.Sign(); sign != 0 {
		return sign
	}
	if opensCycle(line) {
		return 1
	}
	return 0
}

func opensCycle(line billing.LineItem) bool {
	switch line.Kind {
	case billing.ChargeNew, billing.ChargeRenew, billing.ChargeCycle:
		return true
	}
	return false
}

func newestLine(lines []billing.LineItem) billing.LineItem {
	newest := lines[0]
	for _, line := range lines[1:] {
		n := line.OrderDate.Compare(newest.OrderDate)
		if n > 0 || n == 0 && direction(line) > direction(newest) {
			newest = line
		}
	}
	return newest
}

// coverage spans all days the lines have charged for.
func coverage(lines []billing.LineItem) billing.Period {
	var p billing.Period
	for _, line := range lines {
		if line.Charged.IsZero() {
			continue
		}
		if p.IsZero() || line.Charged.Start.Before(p.Start) {
			p.Start = line.Charged.Start
		}
		p.End = billing.Later(p.End, line.Charged.End)
	}
	return p
}

func firstDay(lines []billing.LineItem) billing.Date {
	if c := coverage(lines); !c.IsZero() {
		return c.Start
	}
	return lines[0].OrderDate
}

// undoneOn gives the day from which the last refund took the seats away.
func undoneOn(lines []billing.LineItem) billing.Date {
	var on billing.Date
	for _, line := range lines {
		if direction(line) < 0 {
			on = billing.Later(on, line.Charged.Start)
		}
	}
	return on
}

// seatsOn counts the seats in force on the day, or on the last covered day when the lines end before it: Σ of the lines that add
// minus Σ of those that take away, of the lines whose window contains the day (Microsoft sheet §4.4). known is false when refunds
// undo charges that are not among the lines.
func seatsOn(lines []billing.LineItem, day billing.Date) (seats int64, known bool) {
	lines = withoutSplits(lines)
	c := coverage(lines)
	if !c.IsZero() {
		day = billing.Later(day, c.Start)
		if !day.Before(c.End) {
			day = c.LastDay()
		}
	}
	var added, taken []money.Decimal
	opened, cancelled := false, false
	for _, line := range lines {
		if !line.Charged.IsZero() && !line.Charged.Contains(day) {
			continue
		}
		switch direction(line) {
		case 1:
			added = append(added, line.BillableQuantity.Abs())
			opened = opened || opensCycle(line)
		case -1:
			taken = append(taken, line.BillableQuantity.Abs())
			cancelled = cancelled || line.Kind == billing.ChargeCancel || line.Kind == billing.ChargeCancelImmediate
		}
	}
	return balance(added, taken, opened, cancelled)
}

// balance subtracts what was taken. Without the line that opened the cycle, every change takes back one number of seats before it
// adds the next: the numbers that meet cancel out, the first one belongs to the missing line, and what is left is in force.
func balance(added, taken []money.Decimal, opened, cancelled bool) (int64, bool) {
	if opened || len(taken) == 0 {
		n, whole := money.Sum(added...).Sub(money.Sum(taken...)).Int64()
		return max(n, 0), whole && n >= 0
	}
	if len(added) == 0 {
		return 0, cancelled
	}
	left := append([]money.Decimal(nil), added...)
	for _, t := range taken {
		for i, a := range left {
			if a.Equal(t) && len(left) > 1 {
				left = append(left[:i], left[i+1:]...)
				break
			}
		}
	}
	if cancelled && len(taken) > len(added) {
		return 0, true
	}
	n, whole := money.Sum(left...).Int64()
	return n, whole
}

// withoutSplits keeps one of the lines that share an event, its seats and its days but differ in price: some products are billed in
// two parts for the same seats (Microsoft sheet §7.13).
func withoutSplits(lines []billing.LineItem) []billing.LineItem {
	type event struct {
		kind      billing.ChargeKind
		charged   billing.Period
		order     billing.Date
		reference string
		quantity  string
		direction int
	}
	prices := map[event]string{}
	var kept []billing.LineItem
	for _, line := range lines {
		e := event{line.Kind, line.Charged, line.OrderDate, line.ReferenceID, line.BillableQuantity.Abs().String(), direction(line)}
		price := line.EffectiveUnitCost.Abs().String()
		if first, seen := prices[e]; seen && first != price {
			continue
		}
		prices[e] = price
		kept = append(kept, line)
	}
	return kept
}
