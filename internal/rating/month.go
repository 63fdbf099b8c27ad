package rating

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// MonthOf gives the month whose invoice a set of lines is: the set's own month when it names one, else the month in which most of
// its billing events fell (an invoice covers the events of a calendar month, whatever days they charge for; Microsoft sheet §5.1). "" for
// an empty set.
func MonthOf(set billing.LineSet) billing.Month {
	if set.ID.Month != "" {
		return set.ID.Month
	}
	votes := map[billing.Month]int64{}
	for _, l := range set.Lines {
		if day := cmp.Or(l.OrderDate, l.Charged.Start); !day.IsZero() {
			votes[billing.MonthOf(day)]++
		}
	}
	return mostVoted(votes)
}

// UsageMonth gives the month of a usage set like MonthOf, counting rows.
func UsageMonth(set billing.UsageSet) billing.Month {
	if set.ID.Month != "" {
		return set.ID.Month
	}
	votes := map[billing.Month]int64{}
	for _, g := range set.Groups {
		if !g.FirstDay.IsZero() {
			votes[billing.MonthOf(g.FirstDay)] += max(g.Rows, 1)
		} else if !g.Charged.Start.IsZero() {
			votes[billing.MonthOf(g.Charged.Start)] += max(g.Rows, 1)
		}
	}
	return mostVoted(votes)
}

// SetMonths gives the month of every set of the input: what is known of the set goes before what its invoice says of itself, and that before
// what its lines look like.
func SetMonths(in Input) map[billing.SetID]billing.Month {
	months := map[billing.SetID]billing.Month{}
	month := func(id billing.SetID, guess func() billing.Month) {
		switch known, found := in.SetMonths[id]; {
		case found:
			months[id] = known
		case in.InvoiceMonths[id.Invoice] != "":
			months[id] = in.InvoiceMonths[id.Invoice]
		default:
			months[id] = guess()
		}
	}
	for _, set := range in.Lines {
		month(set.ID, func() billing.Month { return MonthOf(set) })
	}
	for _, set := range in.Usage {
		month(set.ID, func() billing.Month { return UsageMonth(set) })
	}
	return months
}

// KnowsMonths reports whether the month of every set is known without its lines. Otherwise none of them may be left out of the input.
func KnowsMonths(in Input) bool {
	known := func(id billing.SetID) bool {
		_, found := in.SetMonths[id]
		return found || id.Month != "" || in.InvoiceMonths[id.Invoice] != ""
	}
	return !slices.ContainsFunc(in.Lines, func(s billing.LineSet) bool { return !known(s.ID) }) &&
		!slices.ContainsFunc(in.Usage, func(s billing.UsageSet) bool { return !known(s.ID) })
}

func mostVoted(votes map[billing.Month]int64) billing.Month {
	var best billing.Month
	for month, n := range votes {
		if n > votes[best] || n == votes[best] && month > best {
			best = month
		}
	}
	return best
}

// sourceLine is one source line, or one usage group where no lines exist, on its way to an outcome.
type sourceLine struct {
	set  billing.SetID
	key  string
	row  int
	what string // as findings name it
	cost money.Amount
}

// document names the invoice that sets of lines and usage share.
type document struct{ partner, invoice string }

func documentOf(id billing.SetID) document { return document{id.PartnerID, id.Invoice} }

// month collects the outcome of every source line of the closed month.
type month struct {
	r        *rater
	usage    *usageIndex
	builders map[string]*chargeBuilder
	outcomes map[billing.Disposition]money.Decimal // by the disposition at no cost, in its currency: two lines with one key may have two
	source   money.Totals
	held     map[billing.CustomerID]bool // something of theirs is held by a finding
	off      map[billing.CustomerID]bool // something of theirs is switched off
	settings []block                     // what keeps charges from being made at all
	lastDay  billing.Date
	first    int // of its dispositions among those of all months
}

// rateMonth turns the sets of the closed month into charges and dispositions (law 6).
func (r *rater) rateMonth() {
	period := r.in.Month.Period()
	if period.IsZero() {
		return
	}
	sets := r.monthSets()
	usage, alone := r.monthUsage(sets)
	m := &month{
		r: r, usage: newUsageIndex(usage), builders: map[string]*chargeBuilder{}, outcomes: map[billing.Disposition]money.Decimal{},
		held: map[billing.CustomerID]bool{}, off: map[billing.CustomerID]bool{},
		lastDay: period.LastDay(), first: len(r.dispositions),
		settings: settingsBlock("Azure and one-off charges", "a material billing code (Azure material code)", r.in.Settings.MaterialCodeID),
	}
	for _, set := range sets {
		m.addSet(set)
	}
	for _, set := range alone {
		m.addUsageOnly(set)
	}
	if !r.wantedOnly {
		r.checkInvoiceTotals(sets)
		m.usage.reportDifferences(r)
	}
	m.finish()
	if len(sets)+len(alone) > 0 {
		r.months = append(r.months, billing.ChargedMonth{Month: r.in.Month, Lines: len(sets) > 0, Held: sortedIDs(m.held), Off: sortedIDs(m.off)})
	}
	if !r.wantedOnly {
		m.checkTotals()
	}
}

// newestSets gives each set once, in order of id. Of two versions of one set the one that sorts last counts, for costs as for charges.
func newestSets(sets []billing.LineSet) []billing.LineSet {
	return newest(sets, func(s billing.LineSet) (billing.SetID, string) { return s.ID, s.Version })
}

func newestUsage(sets []billing.UsageSet) []billing.UsageSet {
	return newest(sets, func(s billing.UsageSet) (billing.SetID, string) { return s.ID, s.Version })
}

func newest[S any](sets []S, version func(S) (billing.SetID, string)) []S {
	found := map[string]S{}
	for _, set := range sets {
		id, number := version(set)
		old, twice := found[id.String()]
		if _, known := version(old); !twice || number > known {
			found[id.String()] = set
		}
	}
	list := make([]S, 0, len(found))
	for _, key := range sortedKeys(found) {
		list = append(list, found[key])
	}
	return list
}

// monthSets gives the billed sets of the month.
func (r *rater) monthSets() []billing.LineSet {
	var sets []billing.LineSet
	for _, set := range r.in.Lines {
		if set.ID.Kind != billing.UnbilledLines && r.monthOf[set.ID] == r.in.Month {
			sets = append(sets, set)
		}
	}
	return sets
}

// monthUsage gives the usage sets of the invoices of the month, and those of the month whose invoice has no lines here, in whatever month:
// lines and usage of one invoice may lean to different months, and the lines are what is charged.
func (r *rater) monthUsage(lines []billing.LineSet) (with, alone []billing.UsageSet) {
	documents, all := documentsOf(lines), documentsOf(r.in.Lines)
	for _, set := range r.in.Usage {
		switch {
		case set.ID.Kind == billing.UnbilledUsage:
		case documents[documentOf(set.ID)]:
			with = append(with, set)
		case !all[documentOf(set.ID)] && r.monthOf[set.ID] == r.in.Month:
			alone = append(alone, set)
		}
	}
	return with, alone
}

// documentsOf lists the invoices of sets; an estimate is of none.
func documentsOf(sets []billing.LineSet) map[document]bool {
	documents := map[document]bool{}
	for _, set := range sets {
		if set.ID.Kind != billing.UnbilledLines {
			documents[documentOf(set.ID)] = true
		}
	}
	return documents
}

// UsageOf gives the sets of usage that are looked at when some months are rated. The months of all sets must be known without their usage.
func UsageOf(in Input, months ...billing.Month) map[billing.SetID]bool {
	in.Lines, in.Usage = newestSets(in.Lines), newestUsage(in.Usage)
	r := &rater{in: in, monthOf: SetMonths(in)}
	looked := map[billing.SetID]bool{}
	for _, month := range months {
		r.in.Month = month
		with, alone := r.monthUsage(r.monthSets())
		for _, set := range slices.Concat(with, alone) {
			looked[set.ID] = true
		}
	}
	return looked
}

func (m *month) addSet(set billing.LineSet) {
	var total money.Totals
	lines := make([]*billing.LineItem, len(set.Lines))
	for i := range set.Lines {
		lines[i] = &set.Lines[i]
	}
	slices.SortFunc(lines, func(a, b *billing.LineItem) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Key, b.Key)) })
	for _, l := range lines {
		total.Add(l.Total)
		m.addLine(set.ID, l)
	}
	if len(set.Total.Amounts()) > 0 && !total.Equal(set.Total) {
		m.r.findings.about(billing.Finding{
			Kind: billing.FindingTotals, Subject: set.ID.String(),
			Message: fmt.Sprintf("the lines of invoice %s add up to %s, but its total is %s", set.ID.Invoice, total, set.Total),
			Remedy:  "read or import the invoice again",
		}, "", money.Amount{})
	}
}

// addLine sends one source line to its outcome.
func (m *month) addLine(set billing.SetID, l *billing.LineItem) {
	if m.r.wantedOnly {
		m.addWanted(set, l)
		return
	}
	line := sourceLine{set: set, key: l.Key, row: l.Row, what: m.nameOf(l), cost: l.Cost}
	m.source.Add(l.Cost)
	m.noticeUnknownKind(l)
	if l.IsUsage() && l.Kind != billing.ChargeCustomerCredit {
		m.usage.billedByLine(set, l)
	}
	switch {
	case l.Cost.IsZero() && l.Trial:
		m.dispose(line, excludedBy(RuleTrial))
	case l.Cost.IsZero():
		m.dispose(line, excludedBy(RuleZeroAmount))
	case m.isAzure(set, l):
		m.addAzure(line, l)
	case m.isLicence(l):
		m.dispose(line, m.licenceVerdict(l))
	default:
		m.addOneOff(line, l)
	}
}

// addWanted is addLine for who only asks for charges.
func (m *month) addWanted(set billing.SetID, l *billing.LineItem) {
	line := sourceLine{set: set, key: l.Key, row: l.Row, cost: l.Cost}
	switch {
	case l.Cost.IsZero():
	case m.isAzure(set, l):
		m.addAzure(line, l)
	case m.isLicence(l):
	default:
		m.addOneOff(line, l)
	}
}

// nameOf names a line as findings list it: a subscription's product has one name, whichever line or list it comes from.
func (m *month) nameOf(l *billing.LineItem) string {
	if s, known := m.r.subscriptionOf(l); known && s.Offer.ProductID == l.ProductID && s.Offer.SKUID == l.SKUID {
		return m.r.plainName(s)
	}
	return whatOf(l)
}

func whatOf(l *billing.LineItem) string {
	switch {
	case l.SKUName != "":
		return l.SKUName
	case l.ProductName != "":
		return l.ProductName
	}
	return l.ProductID
}

// isAzure finds consumption, and credits on it (Microsoft sheet §4.4). What other publishers meter is consumption only when it is of an
// Azure plan or stands in the daily usage: else it is a service of the marketplace, of which daily usage never speaks (§4.3).
func (m *month) isAzure(set billing.SetID, l *billing.LineItem) bool {
	if !l.IsUsage() && l.Kind != billing.ChargeCustomerCredit {
		return false
	}
	sub, known := m.r.subscriptionOf(l)
	onPlan := known && sub.Kind == billing.AzurePlan
	if !l.IsUsage() {
		return onPlan
	}
	return onPlan || isMicrosoft(l.Publisher) || len(m.usage.of(set, l)) > 0
}

// isMicrosoft tells Microsoft from the other publishers of the marketplace; a line that names nobody is Microsoft's.
func isMicrosoft(publisher string) bool {
	return publisher == "" || strings.HasPrefix(strings.ToLower(publisher), "microsoft")
}

// subscriptionOf gives the subscription that a line bills. One that the directory lists for another customer is none: the money of one
// customer is never billed by the line of another.
func (r *rater) subscriptionOf(l *billing.LineItem) (billing.Subscription, bool) {
	s, known := r.subs[l.SubscriptionID]
	return s, known && s.CustomerID == l.CustomerID
}

// licenceProduct begins the product ids of seat-based offers.
const licenceProduct = "CFQ7"

// isLicence finds lines that a recurring line answers for: of known licences that the target has a period for, and lines that look
// like licences of subscriptions nobody knows. Credits and what is metered are never part of a recurring price.
func (m *month) isLicence(l *billing.LineItem) bool {
	if l.Kind == billing.ChargeCustomerCredit || l.IsUsage() {
		return false
	}
	if sub, known := m.r.subscriptionOf(l); known {
		return m.r.verdicts[sub.ID].outcome != "" // none: charged line by line
	}
	return strings.HasPrefix(l.ProductID, licenceProduct) && (l.Frequency == billing.Monthly || l.Frequency == billing.Annual)
}

func (m *month) licenceVerdict(l *billing.LineItem) verdict {
	if m.r.beforeFirst(l.CustomerID, l.SubscriptionID, m.r.in.Month) {
		return excludedBy(RuleBeforeFirst)
	}
	if sub, known := m.r.subscriptionOf(l); known {
		v := m.r.verdicts[sub.ID]
		if v.outcome == billing.Excluded && v.by != RuleBillingOff {
			return heldBy(m.r.finding(billing.FindingUnknownSub, sub, "Microsoft charges it although the directory calls it "+v.by,
				"read the subscriptions again; when it stays, ask Microsoft"))
		}
		return v
	}
	if _, v := m.r.admit(l.CustomerID, l.SubscriptionID, m.r.in.Month); !v.passes() {
		return v
	}
	if l.SubscriptionID == "" {
		return heldBy(billing.Finding{
			Kind: billing.FindingUnknownSub, Subject: "none/" + string(l.CustomerID), CustomerID: l.CustomerID, Customer: m.r.name(l.CustomerID),
			Message: fmt.Sprintf("invoice %s bills licences of %s without naming a subscription, so no line bills them", l.Invoice, m.r.name(l.CustomerID)),
			Remedy:  "read or import the invoice again; when it stays so, bill the difference by hand",
		})
	}
	return heldBy(billing.Finding{
		Kind: billing.FindingUnknownSub, Subject: string(l.SubscriptionID), CustomerID: l.CustomerID, Customer: m.r.name(l.CustomerID),
		Message: fmt.Sprintf("invoice %s bills subscription %s of %s, which is not among the customer's subscriptions, so no line bills it",
			l.Invoice, l.SubscriptionID, m.r.name(l.CustomerID)),
		Remedy: "read the subscriptions again; when it is gone at Microsoft, bill or credit the difference by hand",
	})
}

func (m *month) noticeUnknownKind(l *billing.LineItem) {
	if l.Kind.Known() || l.Cost.IsZero() {
		return
	}
	m.r.findings.atStake(billing.Finding{
		Kind: billing.FindingUnknownCharge, Subject: string(l.Kind),
		Message: fmt.Sprintf("Microsoft used the charge type %q, which is not known; its amount counts as stated", l.Kind),
		Remedy:  "check the lines of this charge type on the invoice",
	}, "", l.Cost)
}

// dispose records the outcome of a source line, or of a part of it, and tells a holding finding what it keeps back.
func (m *month) dispose(l sourceLine, v verdict) {
	if m.r.wantedOnly {
		return
	}
	key := billing.Disposition{Set: l.set, LineKey: l.key, Row: l.row, Outcome: v.outcome, By: v.by, Cost: money.Of(money.Decimal{}, l.cost.Currency())}
	m.outcomes[key] = m.outcomes[key].Add(l.cost.Value())
	if v.finding != nil {
		m.r.findings.atStake(*v.finding, l.what, l.cost)
	}
}

// finish makes the charges and writes the dispositions.
func (m *month) finish() {
	for _, key := range sortedKeys(m.builders) {
		m.builders[key].finish(m)
	}
	for d, cost := range m.outcomes {
		d.Cost = money.Of(cost, d.Cost.Currency())
		m.r.dispositions = append(m.r.dispositions, d)
	}
}

// checkTotals proves law 6 for the month: the outcomes add up to the source.
func (m *month) checkTotals() {
	var sum money.Totals
	for _, d := range m.r.dispositions[m.first:] {
		sum.Add(d.Cost)
	}
	if sum.Equal(m.source) {
		return
	}
	m.r.findings.about(billing.Finding{
		Kind: billing.FindingTotals, Subject: "month/" + string(m.r.in.Month),
		Message: fmt.Sprintf("the outcomes of %s add up to %s but Microsoft billed %s", m.r.in.Month, sum, m.source),
		Remedy:  "do not close the month; report this as a defect",
	}, "", money.Amount{})
}
