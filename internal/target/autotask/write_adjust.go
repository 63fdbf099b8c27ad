package autotask

import (
	"context"
	"encoding/json"
	"net/http"

	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
)

const adjustments = "ContractServiceAdjustments"

// adjust is the one command for units, price and cost of a line (Autotask sheet §5.5). It names the line by its own id: with contract and
// service the choice among several instances is not documented.
func (t *Target) adjust(_ context.Context, c plan.Change) (write, error) {
	line, err := refID(c, "contract service", c.Line)
	if err != nil {
		return write{}, err
	}
	body, err := adjustment(c)
	if err != nil {
		return write{}, err
	}
	body["contractServiceID"] = line
	return write{method: http.MethodPost, path: adjustments, entity: adjustments, body: body}, nil
}

// addRepeat is an adjustment that adds a further instance of a service on the contract.
func (t *Target) addRepeat(_ context.Context, c plan.Change) (write, error) {
	contract, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	service, err := refID(c, "service", c.Service)
	if err != nil {
		return write{}, err
	}
	body, err := adjustment(c)
	if err != nil {
		return write{}, err
	}
	body["contractID"], body["serviceID"], body["allowRepeatService"] = contract, service, true
	return write{method: http.MethodPost, path: adjustments, entity: adjustments, body: body}, nil
}

// adjustment gives the fields that every adjustment has. A price that is not set keeps the one in force.
func adjustment(c plan.Change) (map[string]any, error) {
	a := c.Adjust
	switch {
	case a == nil:
		return nil, incomplete(c, "adjustment")
	case c.Effective.IsZero():
		return nil, incomplete(c, "effective date")
	case a.UnitChange == 0 && a.UnitPrice == nil && a.UnitCost == nil:
		return nil, fault.Newf(fault.KindInternal, "change %s (%s) adjusts nothing", c.ID, c.Kind)
	}
	// The date is sent as written: Autotask cuts it to its date part without converting zones.
	body := map[string]any{"effectiveDate": c.Effective.String(), "unitChange": a.UnitChange}
	for name, amount := range map[string]*money.Amount{"adjustedUnitPrice": a.UnitPrice, "adjustedUnitCost": a.UnitCost} {
		if amount != nil {
			body[name] = number(amount.Value())
		}
	}
	return body, nil
}

func (t *Target) createCharge(ctx context.Context, c plan.Change) (write, error) {
	contract, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	d := c.NewCharge
	if d == nil || d.Mark == "" {
		return write{}, incomplete(c, "new charge with a mark")
	}
	m, err := t.fields(ctx, "ContractCharges")
	if err != nil {
		return write{}, err
	}
	body := t.chargeText(m, c)
	if body["billingCodeID"], err = idNumber(string(d.BillingCodeID)); err != nil {
		return write{}, fault.Invalidf("the billing code for charges is not set").WithField("material billing code").
			Do("choose a material billing code in the service settings")
	}
	body["contractID"] = contract
	body["internalPurchaseOrderNumber"] = d.Mark
	body["isBillableToCompany"] = true
	body["chargeType"] = json.Number(chargeType(m))
	if status, ok := m.field("status"); ok && !status.IsReadOnly && m.defaultValue("status") != "" {
		body["status"] = json.Number(m.defaultValue("status"))
	}
	return write{method: http.MethodPost, path: "Contracts/" + contract.String() + "/Charges", entity: "ContractCharges", creates: true, body: body}, nil
}

// chargeText gives what a correction may change as well.
func (t *Target) chargeText(m *entityMeta, c plan.Change) map[string]any {
	d := c.NewCharge
	return map[string]any{
		"name":          t.fit(m, "name", d.Name, 0),
		"description":   t.fit(m, "description", d.Description, 0),
		"notes":         t.fit(m, "notes", d.Notes, 0),
		"datePurchased": d.Date.String(),
		"unitQuantity":  number(d.Quantity),
		"unitPrice":     number(d.UnitPrice.Value()),
		"unitCost":      number(d.UnitCost.Value()),
	}
}

func (t *Target) correctCharge(ctx context.Context, c plan.Change) (write, error) {
	contract, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	charge, err := refID(c, "charge", c.Charge)
	if err != nil {
		return write{}, err
	}
	if c.NewCharge == nil {
		return write{}, incomplete(c, "new charge")
	}
	m, err := t.fields(ctx, "ContractCharges")
	if err != nil {
		return write{}, err
	}
	body := t.chargeText(m, c)
	body["id"] = charge
	return write{method: http.MethodPatch, path: "Contracts/" + contract.String() + "/Charges", entity: "ContractCharges", id: charge.String(), body: body}, nil
}

func (t *Target) removeCharge(_ context.Context, c plan.Change) (write, error) {
	contract, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	charge, err := refID(c, "charge", c.Charge)
	if err != nil {
		return write{}, err
	}
	return write{method: http.MethodDelete, path: "Contracts/" + contract.String() + "/Charges/" + charge.String(), entity: "ContractCharges", id: charge.String()}, nil
}
