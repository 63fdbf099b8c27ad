package plan

import (
	"fmt"

	"spindle/internal/billing"
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
		switch contract.End {
		case c.Before.End:
			return Due, ""
		case c.After.End:
			return Done, "the contract already ends on " + contract.End.String()
		}
		return Moved, fmt.Sprintf("the contract now ends on %s, the plan saw %s", contract.End, c.Before.End)
	}
	return Moved, "the contract is not there any more"
}

func chargeStands(c Change, o billing.Observed) (Standing, string) {
	var found []billing.Charge
	for _, charge := range o.Charges {
		if charge.Mark == c.Charge.Mark {
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
	case c.After.Amount != nil && stands.Equal(*c.After.Amount):
		return Done, "the charge already bills " + stands.String()
	case found[0].Billed:
		return Moved, "the charge was posted"
	case c.Before.Amount != nil && stands.Equal(*c.Before.Amount):
		return Due, ""
	}
	return Moved, "the charge now bills " + stands.String()
}

func lineStands(c Change, o billing.Observed, earlier bool) (Standing, string) {
	line, found := findLine(c, o)
	switch {
	case c.Kind == AttachService && found:
		return Done, "the service is on the contract"
	case c.Kind == AttachService || c.Kind == AddRepeat && !found:
		return Due, ""
	case c.Kind == AddRepeat:
		return Done, "the instance is on the contract"
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
	return adjustmentStands(c, line)
}

// adjustmentStands compares quantities. A pure change of price cannot be told from rows alone and counts as due while the quantity is
// the one the plan saw.
func adjustmentStands(c Change, line billing.ContractService) (Standing, string) {
	units, _ := line.UnitsOn(c.Effective)
	switch {
	case units == c.Before.Units:
		return Due, ""
	case units == c.After.Units:
		return Done, fmt.Sprintf("%d units stand on %s already", units, c.Effective)
	}
	return Moved, fmt.Sprintf("%d units stand on %s, the plan saw %d", units, c.Effective, c.Before.Units)
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
