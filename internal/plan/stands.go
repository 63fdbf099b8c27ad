package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Standing says how a change relates to the target as it is now.
type Standing string

// The standings. A change that moved is stale and is not sent (design §6.6).
const (
	Due   Standing = "due"   // the target still is as the plan saw it
	Done  Standing = "done"  // the target already is as the change wants it
	Moved Standing = "moved" // the target is neither
)

// Stands compares one change with a fresh read of the target. earlier reports whether a change that this one requires is itself an
// adjustment still to be sent: then the line's numbers cannot match yet and only its existence is checked.
func Stands(c Change, o billing.Observed, earlier bool) (Standing, string) {
	switch c.Kind {
	case CreateContract:
		return markStands(countContracts(o, c.Contract.Mark), "contract")
	case CreateService:
		return markStands(countServices(o, c.Service.Mark), "service")
	case ExtendContract:
		return extendStands(c, o)
	case CreateCharge, CorrectCharge, RemoveCharge:
		return chargeStands(c, o)
	}
	return lineStands(c, o, earlier)
}

func markStands(n int, what string) (Standing, string) {
	switch n {
	case 0:
		return Due, ""
	case 1:
		return Done, "a " + what + " with our mark is there"
	}
	return Moved, fmt.Sprintf("%d %ss carry our mark", n, what)
}

func countContracts(o billing.Observed, mark string) int {
	n := 0
	for _, c := range o.Contracts {
		if c.Mark == mark {
			n++
		}
	}
	return n
}

func countServices(o billing.Observed, mark string) int {
	n := 0
	for _, s := range o.Services {
		if s.Mark == mark {
			n++
		}
	}
	return n
}

func extendStands(c Change, o billing.Observed) (Standing, string) {
	for _, contract := range o.Contracts {
		if string(contract.ID) != c.Contract.ID {
			continue
		}
		switch {
		case contract.End == c.Before.End:
			return Due, ""
		case !contract.End.Before(c.After.End):
			return Done, "the contract already ends on " + contract.End.String()
		}
		return Moved, fmt.Sprintf("the contract now ends on %s, the plan saw %s", contract.End, c.Before.End)
	}
	return Moved, "the contract is not there any more"
}

func chargeStands(c Change, o billing.Observed) (Standing, string) {
	var found []billing.Charge
	for _, charge := range o.Charges {
		if charge.Mark == c.Charge.Mark || c.Charge.ID != "" && string(charge.ID) == c.Charge.ID {
			found = append(found, charge)
		}
	}
	switch {
	case len(found) > 1:
		return Moved, fmt.Sprintf("%d charges carry our mark", len(found))
	case len(found) == 0 && c.Kind == CreateCharge:
		return Due, ""
	case len(found) == 0 && c.Kind == RemoveCharge:
		return Done, "the charge is gone"
	case len(found) == 0:
		return Moved, "the charge is not there any more"
	}
	stands := amountOf(found[0].Quantity, found[0].UnitPrice)
	switch {
	case isBilledAs(stands, c.After.Amount):
		return Done, "the charge already bills " + stands.String()
	case found[0].Billed:
		return Moved, "the charge was posted"
	case isBilledAs(stands, c.Before.Amount):
		return Due, ""
	}
	return Moved, "the charge now bills " + stands.String()
}

// isBilledAs reports whether a charge bills an amount, or what the target made of it by rounding (Autotask sheet §5.9).
func isBilledAs(stands money.Amount, amount *money.Amount) bool {
	return amount != nil && (stands.Equal(*amount) || stands.Equal(amount.Round(roundedPlaces, money.HalfAwayFromZero)))
}

func lineStands(c Change, o billing.Observed, earlier bool) (Standing, string) {
	line, found := findLine(c, o)
	switch {
	case c.Kind == AttachService && found:
		return Done, "the service is on the contract"
	case c.Kind == AddRepeat && found:
		return Done, "the instance is on the contract"
	case c.Kind == AttachService, c.Kind == AddRepeat:
		return instanceStands(c, o)
	case !found && c.Line.ID == "":
		return Due, "" // an earlier change of the plan brings it
	case !found:
		return Moved, "the contract service is not there any more"
	case c.Kind == MarkLine && line.Mark == c.Line.Mark:
		return Done, "the mark is there"
	case c.Kind == MarkLine && line.Mark != "":
		return Moved, "another mark is there"
	case c.Kind == MarkLine || earlier:
		return Due, ""
	}
	if standing, why := adjustmentStands(c, line); standing != Due {
		return standing, why
	}
	return priceStands(c, line, o)
}

// instanceStands looks for an instance of the service that the plan did not see. One without a mark may be ours, with its mark still to
// be written, or somebody else's: either way a second one would bill twice.
func instanceStands(c Change, o billing.Observed) (Standing, string) {
	for _, line := range o.Lines {
		same := c.Contract.ID != "" && string(line.ContractID) == c.Contract.ID && string(line.ServiceID) == c.Service.ID
		if same && line.Mark == "" && !slices.Contains(c.Instances, line.ID) {
			return Moved, fmt.Sprintf("contract service %s with the same service appeared without a mark", line.ID)
		}
	}
	return Due, ""
}

// adjustmentStands compares quantities, and for a pure change of price what the rows after it bill.
func adjustmentStands(c Change, line billing.ContractService) (Standing, string) {
	units, _ := line.UnitsOn(c.Effective)
	switch {
	case c.Kind == Reprice && billsPrice(c, line):
		return Done, fmt.Sprintf("it already bills %s a unit", c.After.UnitPrice)
	case units == c.Before.Units:
		return Due, ""
	case units == c.After.Units:
		return Done, fmt.Sprintf("%d units stand on %s already", units, c.Effective)
	}
	return Moved, fmt.Sprintf("%d units stand on %s, the plan saw %d", units, c.Effective, c.Before.Units)
}

// priceStands compares the price per unit, where the rows tell it, when the change sets another one: what a hand wrote since the plan was made
// is not overwritten (law 7).
func priceStands(c Change, line billing.ContractService, o billing.Observed) (Standing, string) {
	contract := slices.IndexFunc(o.Contracts, func(x billing.Contract) bool { return x.ID == line.ContractID })
	service := slices.IndexFunc(o.Services, func(x billing.Service) bool { return x.ID == line.ServiceID })
	if c.Adjust == nil || c.Adjust.UnitPrice == nil || c.Before.UnitPrice == nil || contract < 0 || service < 0 {
		return Due, ""
	}
	days := make([]billing.Date, len(line.Rows)) // each may be one of an adjustment: then a part of a period is not taken for a whole one
	for i, r := range line.Rows {
		days[i] = r.Period.Start
	}
	s := subject{want: &billing.DesiredLine{}, line: &line, span: spanOf(&line, &o.Contracts[contract], &o.Services[service], days)}
	price := s.unitPriceAt(c.Effective)
	if price == nil || price.Equal(*c.Before.UnitPrice) || price.Equal(*c.After.UnitPrice) {
		return Due, ""
	}
	return Moved, fmt.Sprintf("a unit costs %s on %s, the plan saw %s", price, c.Effective, c.Before.UnitPrice)
}

// billsPrice reports whether a row from the effective date on bills its units at exactly the new price. Rows of a part of a period may
// be prorated and then prove nothing; the row of the next whole period does.
func billsPrice(c Change, line billing.ContractService) bool {
	if c.After.UnitPrice == nil || c.Before.UnitPrice != nil && c.Before.UnitPrice.Equal(*c.After.UnitPrice) {
		return false
	}
	for _, r := range line.Rows {
		if r.Units != 0 && !r.Period.Start.Before(c.Effective) && r.Price.Equal(worth(c.After.UnitPrice, r.Units)) {
			return true
		}
	}
	return false
}

func findLine(c Change, o billing.Observed) (billing.ContractService, bool) {
	for _, line := range o.Lines {
		if c.Line.ID != "" && string(line.ID) == c.Line.ID {
			return line, true
		}
	}
	for _, line := range o.Lines {
		if c.Line.ID == "" && c.Line.Mark != "" && line.Mark == c.Line.Mark && (c.Contract.ID == "" || string(line.ContractID) == c.Contract.ID) {
			return line, true
		}
	}
	return billing.ContractService{}, false
}
