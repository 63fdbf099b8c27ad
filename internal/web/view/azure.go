package view

import (
	"net/url"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/web/chart"
)

// AzurePage lists the months.
type AzurePage struct {
	Shell  Shell
	List   List
	Months []store.AzureMonth // newest first
	From   billing.Month      // the first that Spindle charges; "" before the first plan
}

// AzureMonthPage is one month of all customers.
type AzureMonthPage struct {
	Shell   Shell
	Month   store.AzureMonth
	Months  []store.AzureMonth // for the chart and to turn pages, newest first
	Bundled bool               // the setting of now
	Earned  bool               // likewise: priced before partner earned credit
	From    billing.Month      // as in AzurePage
	List    List
	Rows    []store.AzureRow
	Days    []store.AzureDay // what was used on which day, of all customers
	Waiting int              // customers whose charges wait for approval
}

// AzureCustomerPage is one month of one customer.
type AzureCustomerPage struct {
	Shell  Shell
	Detail store.AzureDetail
	From   billing.Month // as in AzurePage
	List   List          // of the usage
	Usage  []billing.UsageGroup
	Days   []store.AzureDay // what was used on which day
}

// mainCurrency is the one that most of the money is in; charts show one.
func mainCurrency(all ...money.Totals) money.Currency {
	var best money.Amount
	for _, t := range all {
		for _, a := range t.Amounts() {
			if best.Currency() == "" || a.Value().Abs().Cmp(best.Value().Abs()) > 0 {
				best = a
			}
		}
	}
	return best.Currency()
}

// chartMonths is how many months a chart shows.
const chartMonths = 13

func monthsChart(s Shell, months []store.AzureMonth) chart.Columns {
	var sums []money.Totals
	for _, m := range months {
		sums = append(sums, m.Usage, m.Price)
	}
	currency := mainCurrency(sums...)
	c := chart.Columns{ID: "azure-months", Unit: string(currency), Title: "Azure by month in " + string(currency) + ": usage at cost and what is charged"}
	usage, price := chart.Series{Name: "Usage at cost", Class: "b"}, chart.Series{Name: "Charged", Class: "a"}
	for i := min(len(months), chartMonths) - 1; i >= 0; i-- {
		m := months[i]
		c.Labels = append(c.Labels, string(m.Month))
		c.Href = append(c.Href, s.Path("azure", string(m.Month)))
		usage.Values = append(usage.Values, rounded(m.Usage.In(currency)))
		price.Values = append(price.Values, rounded(m.Price.In(currency)))
	}
	c.Series = []chart.Series{usage, price}
	return c
}

// customerChart shows a customer's month against the earlier ones.
func customerChart(s Shell, d store.AzureDetail) chart.Columns {
	rows := append([]store.AzureRow{d.AzureRow}, d.Earlier...)
	var sums []money.Totals
	for _, r := range rows {
		sums = append(sums, r.Usage, r.Price)
	}
	currency := mainCurrency(sums...)
	c := chart.Columns{ID: "azure-customer", Unit: string(currency), Title: "Azure of " + d.CustomerName + " by month in " + string(currency) + ": usage at cost and what is charged"}
	usage, price := chart.Series{Name: "Usage at cost", Class: "b"}, chart.Series{Name: "Charged", Class: "a"}
	for i := min(len(rows), chartMonths) - 1; i >= 0; i-- {
		c.Labels = append(c.Labels, string(rows[i].Month))
		c.Href = append(c.Href, s.Path("azure", string(rows[i].Month), string(d.CustomerID)))
		usage.Values = append(usage.Values, rounded(rows[i].Usage.In(currency)))
		price.Values = append(price.Values, rounded(rows[i].Price.In(currency)))
	}
	c.Series = []chart.Series{usage, price}
	return c
}

// daysChart shows what was used on each day of a month; what was used before it, and billed late, is told in words.
func daysChart(month billing.Month, of string, days []store.AzureDay) (c chart.Columns, late string) {
	var sums []money.Totals
	for _, d := range days {
		sums = append(sums, d.Cost)
	}
	currency := mainCurrency(sums...)
	c = chart.Columns{ID: "azure-days", Unit: string(currency), Of: "Day", Whole: true,
		Title: "Azure of " + of + " in " + MonthName(month) + " by day of use in " + string(currency) + ", at cost"}
	usage := chart.Series{Name: "Usage at cost by day", Class: "b"}
	period := month.Period()
	var before money.Totals
	for day, i := period.Start, 0; day.Before(period.End); day = day.AddDays(1) {
		cost := money.Of(money.Decimal{}, currency)
		for ; i < len(days) && !days[i].Day.After(day); i++ {
			if days[i].Day == day {
				cost = days[i].Cost.In(currency)
				continue
			}
			for _, a := range days[i].Cost.Amounts() {
				before.Add(a)
			}
		}
		c.Labels = append(c.Labels, DayOfMonth(day))
		usage.Values = append(usage.Values, rounded(cost))
	}
	c.Series = []chart.Series{usage}
	if !before.In(currency).IsZero() {
		late = "Besides, " + Figure(rounded(before.In(currency))) + " " + string(currency) + " of days before the month, which Microsoft billed late."
	}
	return c, late
}

// DayOfMonth is a day where its year is known: "7 Oct".
func DayOfMonth(d billing.Date) string {
	return strconv.Itoa(d.Day) + " " + d.Month.String()[:3]
}

// againstEarlier compares a sum with that of the month before; "" when there is none in the same currency.
func againstEarlier(now, before money.Totals) string {
	currency := mainCurrency(now)
	a, b := now.In(currency), before.In(currency)
	if currency == "" || b.IsZero() {
		return ""
	}
	share, ok := a.Value().Sub(b.Value()).Mul(money.Int(100)).Div(b.Value().Abs(), 1, money.HalfAwayFromZero)
	switch {
	case !ok:
		return ""
	case share.Sign() > 0:
		return "+" + Percent(share) + " against the month before"
	case share.IsZero():
		return "as in the month before"
	}
	return "−" + Percent(share.Abs()) + " against the month before"
}

// before gives the month before the one shown.
func (p AzureMonthPage) before() (store.AzureMonth, bool) {
	for i, m := range p.Months {
		if m.Month < p.Month.Month {
			return p.Months[i], true
		}
	}
	return store.AzureMonth{}, false
}

// after gives the month after the one shown.
func (p AzureMonthPage) after() (store.AzureMonth, bool) {
	for i := len(p.Months) - 1; i >= 0; i-- {
		if p.Months[i].Month > p.Month.Month {
			return p.Months[i], true
		}
	}
	return store.AzureMonth{}, false
}

// azureStatesText says how far the customers of a month are: "12 final, 3 charged".
func azureStatesText(m store.AzureMonth, from billing.Month) string {
	var parts []string
	for _, s := range store.AzureStates() {
		if n := m.States[s]; n > 0 {
			_, word := azureStatus(s, m.Month, from)
			parts = append(parts, Count(n)+" "+word)
		}
	}
	return strings.Join(parts, ", ")
}

// monthStatus is the dot of a month: that of the customer who is least far.
func monthStatus(m store.AzureMonth, from billing.Month) (Tone, string) {
	for _, s := range []store.AzureState{
		store.AzureUnbilled, store.AzureEstimated, store.AzureFinal, store.AzureApproved, store.AzureCharged, store.AzureCorrected,
	} {
		if m.States[s] > 0 {
			return azureStatus(s, m.Month, from)
		}
	}
	return Off, "nothing"
}

// bundledText says how usage is charged.
// chargedAsText says how a customer's month is charged; "" while nothing is.
func chargedAsText(d store.AzureDetail) string {
	if len(d.Lines) == 0 {
		return ""
	}
	return "Charged as " + bundledText(d.Bundled) + "."
}

// onSharedCharge reports whether a charge bills the usage of a customer whose months have no money of their own: it counts for another one.
func onSharedCharge(r store.AzureRow) bool {
	return r.Charges == 0 && r.State != store.AzureEstimated && r.State != store.AzureUnbilled
}

func bundledText(bundled bool) string {
	if bundled {
		return "one charge per contract"
	}
	return "one charge per meter category"
}

// groupHref chooses the usage of one resource group.
func (p AzureCustomerPage) groupHref(g store.ResourceGroupRow) string {
	values := url.Values{"group": {g.ResourceGroup}, "subscription": {string(g.AzureSubscriptionID)}}
	return p.List.Base + "?" + values.Encode() + "#usage"
}
