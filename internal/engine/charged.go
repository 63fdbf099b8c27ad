package engine

import (
	"context"
	"maps"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/target"
)

// planWithCharges reads the charges that matter and plans. A true-up that the plan would write may stand already without our ledger knowing
// it, because a person entered it or the ledger is older than Autotask: then its mark is there, and the plan is made again.
func planWithCharges(ctx context.Context, t target.Target, in plan.Input, marks []string) (plan.Plan, billing.Observed, error) {
	asked := map[string]bool{}
	for {
		marks = slices.DeleteFunc(marks, func(mark string) bool { return mark == "" || asked[mark] })
		if len(marks) > 0 {
			charges, err := t.Read(ctx, target.Scope{Day: in.Desired.Day, Charges: marks})
			if err != nil {
				return plan.Plan{}, in.Observed, err
			}
			in.Observed.Charges = append(in.Observed.Charges, charges.Charges...)
			in.Observed.Incomplete = append(in.Observed.Incomplete, charges.Incomplete...)
		}
		for _, mark := range marks {
			asked[mark] = true
		}
		made := plan.Make(in)
		if marks = trueUpMarks(made); !slices.ContainsFunc(marks, func(mark string) bool { return !asked[mark] }) {
			return made, in.Observed, nil
		}
	}
}

// trueUpMarks gives the marks of the true-ups that a plan would write.
func trueUpMarks(p plan.Plan) []string {
	var marks []string
	for _, c := range p.Changes {
		if c.Kind == plan.CreateCharge && c.NewCharge.TrueUp > 0 {
			marks = append(marks, c.Charge.Mark)
		}
	}
	return marks
}

// chargeMarks gives the marks of the charges that are wanted, and of those that were written for the months that were rated.
func chargeMarks(d billing.Desired, memory plan.Memory) []string {
	var marks []string
	months := map[billing.Month]bool{}
	for _, m := range d.Months {
		months[m.Month] = true
	}
	wanted := map[string]bool{}
	for _, c := range d.Charges {
		wanted[c.Key] = true
		marks = append(marks, c.Mark)
	}
	for _, paper := range memory.Charges {
		if paper.ID != "" && (months[paper.Month] || wanted[paper.Key]) {
			marks = append(marks, paper.Mark)
		}
	}
	slices.Sort(marks)
	return slices.Compact(marks)
}

// chargedContracts names the contracts that hold charges of ours for months that can still be rated.
func chargedContracts(day billing.Date, memory plan.Memory) []billing.ContractID {
	from := oldestRated(day)
	var ids []billing.ContractID
	for _, paper := range memory.Charges {
		if paper.ContractID != "" && paper.Month >= from {
			ids = append(ids, paper.ContractID)
		}
	}
	return ids
}

// unreadMonths says of every month what of its invoices is not here: what was just not read, and lines of invoices that the source lists.
// What stands for such a month is not taken back (law 2).
func unreadMonths(in rating.Input, gaps map[billing.Month][]string) map[billing.Month][]string {
	unread := map[billing.Month][]string{}
	for month, what := range gaps {
		unread[month] = append(unread[month], what...)
	}
	here := map[string]bool{}
	for _, set := range in.Lines {
		if set.ID.Kind == billing.BilledLines {
			here[set.ID.Invoice] = true
		}
	}
	for _, invoice := range slices.Sorted(maps.Keys(in.InvoiceMonths)) {
		if month := in.InvoiceMonths[invoice]; !here[invoice] {
			unread[month] = append(unread[month], "lines of invoice "+invoice)
		}
	}
	oldest := oldestRated(in.Day) // perhaps not all of it is loaded
	unread[oldest] = append(unread[oldest], "invoices of "+string(oldest)+", which lies too far back")
	return unread
}

func withUnread(months []billing.ChargedMonth, unread map[billing.Month][]string) []billing.ChargedMonth {
	months = slices.Clone(months)
	for i := range months {
		months[i].Unread = unread[months[i].Month]
	}
	return months
}

// sameMoney is what the keys of two charges have in common when they bill the same under other routes or groupings: for Azure the month and
// the currency, for a one-off line the line.
func sameMoney(key string) string {
	parts := strings.SplitN(key, "|", 3)
	if len(parts) < 3 {
		return key
	}
	if parts[0] != "azure" {
		return parts[0] + "|" + parts[2]
	}
	month, rest, _ := strings.Cut(parts[2], "|")
	return "azure|" + month + "|" + rest[strings.LastIndexByte(rest, '|')+1:]
}
