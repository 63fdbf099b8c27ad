package rating

import (
	"fmt"
	"slices"
	"sort"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// candidate is a recurring subscription that may be billed, with everything decided for it.
type candidate struct {
	sub     billing.Subscription
	period  billing.PeriodType
	dest    destination
	service assigned
	cost    unitCost
	price   unitPrice
	blocks  []block
	ended   bool
}

// baseKey is the identity of the lines that a candidate may add to, without the price point (design §6.1).
func (c *candidate) baseKey() string {
	return c.dest.ref.String() + "|" + c.service.ref.String() + "|" + c.sub.Offer.String()
}

// rateSubscriptions turns recurring subscriptions into lines and remembers what becomes of the source lines of each.
func (r *rater) rateSubscriptions() {
	groups := make(map[string][]*candidate, len(r.recurring))
	for _, id := range r.recurring {
		c, v := r.candidate(r.subs[id])
		if !v.passes() {
			r.verdicts[id] = v
			continue
		}
		base := c.baseKey()
		groups[base] = append(groups[base], c)
	}
	r.lines = make([]billing.DesiredLine, 0, len(groups))
	for _, base := range sortedKeys(groups) {
		r.rateGroup(base, groups[base])
	}
	if !r.wantedOnly {
		r.markRepeats()
	}
}

// sortedSubscriptions gives the ids of the subscriptions that are recurring lines.
func (r *rater) sortedSubscriptions() []billing.SubscriptionID {
	var ids []billing.SubscriptionID
	for id, s := range r.subs {
		if s.Kind == billing.Licence || s.Kind == billing.CustomService {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// candidate decides everything about one subscription. When the verdict does not pass, it is what becomes of its source lines.
func (r *rater) candidate(s billing.Subscription) (*candidate, verdict) {
	c := &candidate{sub: s, ended: s.Status == billing.Ended}
	switch {
	case s.Trial:
		return c, excludedBy(RuleTrial)
	case s.Offer.Frequency == billing.Free:
		return c, excludedBy(RuleFree)
	case s.Status != billing.Active && s.Status != billing.Suspended && !c.ended:
		return c, heldBy(r.finding(billing.FindingUnknownSub, s, "Microsoft bills it although it is "+string(s.Status),
			"wait until it is active, or ask Microsoft"))
	}
	var recurring bool
	if c.period, recurring = periodOf(s.Offer.Frequency); !recurring {
		return c, r.notRecurring(s)
	}
	a, v := r.admit(s.CustomerID, s.ID, billing.MonthOf(r.in.Day))
	if !v.passes() {
		r.atStakeMonthly(s, v)
		return c, v
	}
	if c.dest, v = r.destination(place{customer: s.CustomerID, subscription: s.ID}, a); !v.passes() {
		r.atStakeMonthly(s, v)
		return c, v
	}
	c.service = r.service(s, c.period)
	c.blocks = concat(a.blocks, c.dest.blocks, c.service.blocks)
	if c.ended {
		return c, billedBy("")
	}
	c.cost = r.costs.of(s)
	c.price = r.priceOf(s, c.cost, a)
	c.blocks = concat(c.blocks, c.price.blocks)
	return c, billedBy("")
}

func concat(lists ...[]block) []block {
	var all []block
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// notRecurring says what becomes of a licence the target has no period for. Its lines become charges (see oneoff.go), which a
// custom service without lines of its own cannot.
func (r *rater) notRecurring(s billing.Subscription) verdict {
	if s.Kind == billing.Licence {
		return verdict{}
	}
	f := r.finding(billing.FindingPeriodMismatch, s, fmt.Sprintf("a custom service cannot be billed %s", s.Offer.Frequency),
		"bill it monthly or annually, or enter it in Autotask by hand")
	if s.Status != billing.Ended {
		r.findings.about(f, "", money.Amount{})
	}
	return heldBy(f)
}

// atStakeMonthly tells a finding about a subscription that it keeps from being billed, with what it costs per charge cycle.
func (r *rater) atStakeMonthly(s billing.Subscription, v verdict) {
	if v.outcome != billing.HeldBack || s.Status == billing.Ended || r.wantedOnly {
		return
	}
	var cost money.Amount
	if unit := r.costs.of(s); unit.amount != nil {
		cost = unit.amount.Mul(money.Int(units(&candidate{sub: s})))
	}
	r.findings.about(*v.finding, r.plainName(s), cost)
}

// rateGroup makes the lines of one contract, service and offer: one per price point.
func (r *rater) rateGroup(base string, group []*candidate) {
	var active, ended []*candidate
	for _, c := range group {
		if c.ended {
			ended = append(ended, c)
		} else {
			active = append(active, c)
		}
	}
	if len(active) == 0 {
		r.rateEnded(base, group)
		return
	}
	if len(group) == 1 && len(r.applied[base]) == 0 { // most: one price point, without a line yet
		if line := r.addLine(base, group); line != nil && !r.wantedOnly {
			r.giveSteps(line, group)
		}
		return
	}
	points := pricePoints(active)
	main := r.mainPoint(base, points)
	for _, text := range sortedKeys(points) {
		key := base
		if text != main {
			key += "@" + text
		}
		line := r.addLine(key, points[text])
		switch {
		case line == nil || r.wantedOnly || len(points) > 1 && len(ended) > 0: // which of the lines had what has ended?
		default:
			r.giveSteps(line, slices.Concat(points[text], ended))
		}
	}
	for _, c := range ended {
		key, point := base, main
		if main == "" {
			point = sortedKeys(points)[0]
			key += "@" + point
		}
		blocks := c.blocks
		for _, running := range points[point] {
			blocks = concat(blocks, running.blocks)
		}
		r.verdicts[c.sub.ID] = verdictOf(key, blocks)
	}
}

// noPoint is the price point of lines whose price is not ours to say, or not known.
const noPoint = "none"

// pricePoints groups candidates by their unit price.
func pricePoints(active []*candidate) map[string][]*candidate {
	points := map[string][]*candidate{}
	for _, c := range active {
		text := noPoint
		if c.price.amount != nil {
			text = c.price.amount.Number()
		}
		points[text] = append(points[text], c)
	}
	return points
}

// mainPoint picks the price point that has the plain key: the one applied last; else the largest that has no line of its own yet,
// ties to the lowest subscription. "" when every point has a line of its own.
func (r *rater) mainPoint(base string, points map[string][]*candidate) string {
	if last, known := r.in.LinePrices[base]; known {
		for text, group := range points {
			if price := group[0].price.amount; price != nil && price.Value().Equal(last) {
				return text
			}
		}
	}
	best := ""
	for _, text := range sortedKeys(points) {
		if _, own := r.in.LinePrices[base+"@"+text]; own {
			continue
		}
		if best == "" || larger(points[text], points[best]) {
			best = text
		}
	}
	return best
}

func larger(a, b []*candidate) bool {
	if qa, qb := quantity(a), quantity(b); qa != qb {
		return qa > qb
	}
	return a[0].sub.ID < b[0].sub.ID // candidates come in order of id
}

func quantity(group []*candidate) int64 {
	var sum int64
	for _, c := range group {
		sum += units(c)
	}
	return sum
}

func units(c *candidate) int64 { return max(c.sub.Quantity, 0) }

// addLine makes the line of one price point; nil when nothing can be planned. Candidates come in order of subscription id.
func (r *rater) addLine(key string, group []*candidate) *billing.DesiredLine {
	first := group[0]
	line := r.newLine(key, first)
	line.UnitPrice, line.PriceRule = first.price.amount, first.price.rule
	line.UnitCost, line.CostBasis = averageCost(group)
	if r.wantedOnly {
		line.CostBasis = ""
	}
	rules := map[string]bool{}
	var blocks []block
	for _, c := range group {
		line.Units += units(c)
		line.Shares = append(line.Shares, billing.Share{SubscriptionID: c.sub.ID, Units: units(c)})
		if since := r.costs.since(c.sub, r.in.Day); line.Since.IsZero() || !since.IsZero() && since.Before(line.Since) {
			line.Since = since
		}
		// Of several first months the latest: nobody pays for a month too many.
		line.BillFrom = billing.Later(line.BillFrom, r.billFrom(c.sub.CustomerID, c.sub.ID))
		rules[c.price.rule] = true
		blocks = append(blocks, c.blocks...)
		if !r.wantedOnly {
			r.report(c)
		}
	}
	line.PriceRule = joinRules(rules)
	line.Holds = holdsOf(blocks)
	for _, c := range group { // what blocks one of them blocks the line, and so the money of all
		r.verdicts[c.sub.ID] = verdictOf(key, concat(c.blocks, blocks))
	}
	if first.dest.gone || first.service.gone {
		return nil // the findings say why
	}
	if first.dest.new != nil {
		first.dest.new.needed = true
	}
	if first.service.new {
		r.wantService(first.sub, first.period, first.cost)
	}
	r.lines = append(r.lines, line)
	return &r.lines[len(r.lines)-1]
}

func (r *rater) newLine(key string, c *candidate) billing.DesiredLine {
	policy := r.in.Settings.EffectivePolicy
	if policy == "" {
		policy = billing.UpNowDownNext
	}
	return billing.DesiredLine{
		Key: key, Mark: billing.LineMark(r.in.Organization, key), CustomerID: c.sub.CustomerID, Customer: r.name(c.sub.CustomerID),
		Contract: c.dest.ref, Service: c.service.ref, Offer: c.sub.Offer, Name: r.offerName(c.sub), PeriodType: c.period, Policy: policy,
	}
}

// report registers the findings of a candidate's blocks with what it costs per cycle.
func (r *rater) report(c *candidate) {
	var cost money.Amount
	if c.cost.amount != nil {
		cost = c.cost.amount.Mul(money.Int(units(c)))
	}
	for _, b := range c.blocks {
		r.findings.about(b.finding, "", cost)
	}
}

// verdictOf gives what becomes of source lines behind a line or charge with blocks. A price below cost is a policy that a person may
// wave through; everything else keeps the money from being billed.
func verdictOf(key string, blocks []block) verdict {
	for _, b := range blocks {
		if b.hold.Blocks {
			return heldBy(b.finding)
		}
	}
	return billedBy(key)
}

// holdsOf gives each different hold once, in order.
func holdsOf(blocks []block) []billing.Hold {
	if len(blocks) == 0 {
		return nil
	}
	seen := map[billing.Hold]bool{}
	var holds []billing.Hold
	for _, b := range blocks {
		if !seen[b.hold] {
			seen[b.hold] = true
			holds = append(holds, b.hold)
		}
	}
	sort.Slice(holds, func(i, j int) bool {
		if holds[i].Policy != holds[j].Policy {
			return holds[i].Policy < holds[j].Policy
		}
		return holds[i].Why < holds[j].Why
	})
	return holds
}

// averageCost gives the cost of one unit of a line: the same for all, or the average weighed by units. Unknown when any is unknown.
func averageCost(group []*candidate) (*money.Amount, string) {
	first := group[0].cost
	same := true
	for _, c := range group {
		if c.cost.amount == nil || c.cost.amount.Currency() != first.amount.Currency() {
			return nil, "the cost of subscription " + string(c.sub.ID) + " is not known: " + c.cost.basis
		}
		same = same && c.cost.amount.Equal(*first.amount)
	}
	if same {
		return first.amount, first.basis
	}
	var sum money.Decimal
	var count int64
	for _, c := range group {
		sum = sum.Add(c.cost.amount.Value().Mul(money.Int(units(c))))
		count += units(c)
	}
	average, ok := sum.Div(money.Int(count), costPlaces, money.HalfAwayFromZero)
	if !ok {
		return first.amount, first.basis
	}
	amount := money.Of(average, first.amount.Currency())
	return &amount, fmt.Sprintf("average of %d subscriptions with different costs", len(group))
}

// rateEnded ends the line whose every subscription has ended. Lines that were never applied have nothing to end; what Microsoft
// billed for them meanwhile needs a person.
func (r *rater) rateEnded(base string, group []*candidate) {
	keys := r.applied[base]
	for _, c := range group {
		if len(keys) > 0 {
			r.verdicts[c.sub.ID] = billedBy(keys[0])
			continue
		}
		r.verdicts[c.sub.ID] = heldBy(r.finding(billing.FindingUnknownSub, c.sub,
			"it ended before it was ever on the contract, so no line bills what Microsoft charged for it",
			"bill the difference by hand if the customer should pay it"))
	}
	first := group[0]
	for _, key := range keys {
		line := r.newLine(key, first)
		for _, c := range group {
			line.EndedOn = billing.Later(line.EndedOn, r.costs.endedOn(c.sub, r.in.Day))
			line.Shares = append(line.Shares, billing.Share{SubscriptionID: c.sub.ID})
		}
		if len(keys) == 1 && !r.wantedOnly {
			r.giveSteps(&line, group)
		}
		r.lines = append(r.lines, line)
	}
}

// markRepeats finds lines that share contract and service: the first is the plain instance, the others are repeat instances. A line
// that was applied before goes first, because it stands already.
func (r *rater) markRepeats() {
	type pair struct{ contract, service billing.Ref }
	instances := map[pair][]int{}
	for i, l := range r.lines {
		instances[pair{l.Contract, l.Service}] = append(instances[pair{l.Contract, l.Service}], i)
	}
	for _, at := range instances {
		sort.Slice(at, func(i, j int) bool {
			a, b := r.lines[at[i]].Key, r.lines[at[j]].Key
			_, standsA := r.in.LinePrices[a]
			_, standsB := r.in.LinePrices[b]
			if standsA != standsB {
				return standsA
			}
			return a < b
		})
		for _, i := range at[1:] {
			r.lines[i].Repeat = true
		}
	}
}
