package rating

import (
	"sort"

	"spindle/internal/billing"
)

// history is what billed lines and the snapshot prove of the quantity of one subscription.
type history struct {
	steps []billing.Step
	to    billing.Date // first day that nothing proves yet
}

// at gives the quantity on a day, 0 before the first step.
func (h history) at(day billing.Date) int64 {
	var units int64
	for _, s := range h.steps {
		if !s.From.After(day) {
			units = s.Units
		}
	}
	return units
}

// historyOf reads the dated quantities of a subscription out of its billed lines (Microsoft sheet §4.4): on a change of quantity Microsoft
// takes the old quantity back and charges the new one from the same day, so that what is charged and not taken back on a day is the
// quantity from that day on. ok is false when nothing is proven.
func (r *rater) historyOf(c *candidate) (h history, ok bool) {
	h.to = r.billedTo[c.sub.CustomerID]
	if c.sub.Kind != billing.Licence || h.to.IsZero() {
		return h, false
	}
	days := map[billing.Date]*dayOfLines{}
	for _, l := range r.costs.bySubscription[c.sub.ID] {
		if !tellsQuantity(l, c.sub.Offer) {
			continue
		}
		seats, whole := l.BillableQuantity.Abs().Int64()
		if !whole {
			return h, false
		}
		from := l.Charged.Start
		if days[from] == nil {
			days[from] = &dayOfLines{charged: map[eventOfLine]int64{}, refunded: map[eventOfLine]int64{}, proof: "invoice " + l.Invoice}
		}
		days[from].add(l, seats)
	}
	if len(days) == 0 {
		ok = c.ended || h.startOnly(c) // what ended before the oldest invoice adds nothing to the days that are known
		return h, ok
	}
	h.steps = stepsOf(days, c.sub.Start)
	if end := c.sub.End; c.ended && !end.IsZero() && !end.After(r.in.Day) {
		h.set(billing.Step{From: end, Proof: "the end of the subscription"})
	}
	return h, true
}

// startOnly lets the snapshot prove the beginning of a subscription that is too young for an invoice.
func (h *history) startOnly(c *candidate) bool {
	if c.sub.Start.Before(h.to) { // or no day at all
		return false
	}
	h.steps = []billing.Step{{From: c.sub.Start, Units: units(c), Proof: "the start of the subscription"}}
	return true
}

// set changes the quantity from a day on.
func (h *history) set(s billing.Step) {
	kept := h.steps[:0]
	for _, old := range h.steps {
		if old.From.Before(s.From) {
			kept = append(kept, old)
		}
	}
	if h.steps = kept; h.at(s.From) != s.Units {
		h.steps = append(h.steps, s)
	}
}

// tellsQuantity reports whether a line says how many seats of an offer are charged for.
func tellsQuantity(l costLine, o billing.Offer) bool {
	return l.set.Kind != billing.UnbilledLines && !l.Trial && l.Kind != billing.ChargeCustomerCredit && !l.Charged.IsZero() && direction(l.LineItem) != 0 &&
		l.ProductID == o.ProductID && l.SKUID == o.SKUID && l.Frequency == o.Frequency && termMatches(l.LineItem, o.Term)
}

// direction is 1 for a charge and -1 for a refund: the sign of the amount, because refunds carry their minus in different columns
// (Microsoft sheet §4.4). 0 for a line without money.
func direction(l *billing.LineItem) int {
	if l.Cost.Sign() != 0 {
		return l.Cost.Sign()
	}
	return l.EffectiveUnitCost.Sign()
}

// dayOfLines are the lines of one subscription that start on one day, by what they charge or refund.
type dayOfLines struct {
	charged, refunded map[eventOfLine]int64
	begins            bool // the subscription begins on this day
	cancelled         bool // it is cancelled on this day
	proof             string
}

// eventOfLine tells events of one day apart; a product that is split over two lines is one event (Microsoft sheet §7, 13).
type eventOfLine struct {
	kind      billing.ChargeKind
	reference string
	seats     int64
}

func (d *dayOfLines) add(l costLine, seats int64) {
	event := eventOfLine{l.Kind, l.ReferenceID, seats}
	switch l.Kind {
	case billing.ChargeAddQuantity, billing.ChargeRemoveQuantity:
	case billing.ChargeNew, billing.ChargeConvert, billing.ChargeMoveQuantity, billing.ChargeChangeBillingPlan:
		event.reference, d.begins = "", true
	default:
		event.reference = "" // a whole cycle is charged once
	}
	if direction(l.LineItem) > 0 {
		d.charged[event] = seats
		return
	}
	d.refunded[event] = seats
	d.cancelled = d.cancelled || l.Kind == billing.ChargeCancel || l.Kind == billing.ChargeCancelImmediate
}

// after gives the quantity that the lines leave: what is charged and not taken back on the same day. found is false when all is taken back.
func (d *dayOfLines) after() (units int64, found bool) { return unmatched(d.charged, d.refunded) }

// before gives the quantity that stood until the day: what is taken back and was not charged on the same day.
func (d *dayOfLines) before() (units int64, found bool) { return unmatched(d.refunded, d.charged) }

// unmatched adds up the quantities of one side that the other side does not have; lines of equal quantity count once.
func unmatched(side, other map[eventOfLine]int64) (sum int64, found bool) {
	count := map[int64]int{}
	for _, seats := range side {
		count[seats]++
	}
	for _, seats := range other {
		count[seats]--
	}
	for seats, n := range count {
		if n > 0 {
			sum, found = sum+seats, true
		}
	}
	return sum, found
}

// stepsOf puts the days in order and keeps those on which the quantity changes. A history that begins in the middle of a subscription is
// taken back to its start.
func stepsOf(days map[billing.Date]*dayOfLines, start billing.Date) []billing.Step {
	order := make([]billing.Date, 0, len(days))
	for day := range days {
		order = append(order, day)
	}
	sort.Slice(order, func(i, j int) bool { return order[i].Before(order[j]) })
	var h history
	first := days[order[0]]
	stood, found := first.before()
	if !found && !first.begins {
		stood, found = first.after()
	}
	if found && !start.IsZero() && start.Before(order[0]) {
		h.steps = append(h.steps, billing.Step{From: start, Units: stood, Proof: first.proof})
	}
	for _, day := range order {
		units, charged := days[day].after()
		if before, refunded := days[day].before(); !charged && refunded {
			units = max(h.at(day)-before, 0)
		} else if !charged && !days[day].cancelled {
			continue // forth and back on one day; what is charged and cancelled on one day leaves nothing (Microsoft sheet §5.3)
		}
		h.set(billing.Step{From: day, Units: units, Proof: days[day].proof})
	}
	return h.steps
}

// readBilledTo finds for every customer the first day that no invoice of those who bill him speaks of: invoices cover calendar months
// (Microsoft sheet §5.1).
func (r *rater) readBilledTo() {
	newest := map[string]billing.Date{} // by partner tenant
	for _, set := range r.in.Lines {
		if set.ID.Kind == billing.UnbilledLines {
			continue
		}
		newest[set.ID.PartnerID] = billing.Later(newest[set.ID.PartnerID], r.monthOf[set.ID].Period().End)
	}
	r.billedTo = map[billing.CustomerID]billing.Date{}
	for customer, partners := range r.costs.partners {
		for partner := range partners {
			to := newest[partner]
			if known, several := r.billedTo[customer]; !several || to.Before(known) {
				r.billedTo[customer] = to
			}
		}
	}
}

// giveSteps adds up the histories of everything on a line; it gets none when the history of any of them is not known. What stood on another
// line on earlier days is for the plan to know: it remembers what it wrote where.
func (r *rater) giveSteps(line *billing.DesiredLine, group []*candidate) {
	histories := make([]history, 0, len(group))
	changes := map[billing.Date]string{}
	for _, c := range group {
		h, ok := r.historyOf(c)
		if !ok {
			return
		}
		for _, s := range h.steps {
			if proof, twice := changes[s.From]; !twice || s.Proof < proof {
				changes[s.From] = s.Proof
			}
		}
		if line.ProvenTo.IsZero() || h.to.Before(line.ProvenTo) {
			line.ProvenTo = h.to
		}
		histories = append(histories, h)
	}
	var sum history
	for _, day := range sortedDays(changes) {
		step := billing.Step{From: day, Proof: changes[day]}
		for _, h := range histories {
			step.Units += h.at(day)
		}
		sum.set(step)
	}
	if line.Steps = sum.steps; len(line.Steps) == 0 {
		line.ProvenTo = billing.Date{}
	}
}

func sortedDays(m map[billing.Date]string) []billing.Date {
	days := make([]billing.Date, 0, len(m))
	for day := range m {
		days = append(days, day)
	}
	sort.Slice(days, func(i, j int) bool { return days[i].Before(days[j]) })
	return days
}
