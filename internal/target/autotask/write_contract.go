package autotask

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// nameMax is how long a service name may surely be (Autotask sheet §12).
const nameMax = 100

// incomplete is a change that lacks what its write needs: a defect of whoever made it.
func incomplete(c plan.Change, what string) error {
	return fault.Newf(fault.KindInternal, "change %s (%s) has no %s", c.ID, c.Kind, what)
}

// refID gives the id of a reference that must be resolved.
func refID(c plan.Change, what string, ref billing.Ref) (json.Number, error) {
	if ref.ID == "" {
		return "", incomplete(c, what+" id")
	}
	id, err := idNumber(ref.ID)
	if err != nil {
		return "", fault.Invalidf("change %s: %s %w", c.ID, what, err)
	}
	return id, nil
}

// fit cuts a text to its field and says so in the log: Autotask refuses longer ones (Autotask sheet §8.2).
func (t *Target) fit(m *entityMeta, field, text string, limit int) string {
	fitted, cut := m.fit(field, text, limit)
	if cut {
		t.log.Warn("text cut to the field's length", "entity", m.name, "field", field, "length", utf8.RuneCountInString(fitted))
	}
	return fitted
}

func (t *Target) createContract(ctx context.Context, c plan.Change) (write, error) {
	d := c.NewContract
	if d == nil || d.Mark == "" {
		return write{}, incomplete(c, "new contract with a mark")
	}
	company, err := idNumber(string(d.CompanyID))
	if err != nil {
		return write{}, fault.Invalidf("change %s: company %w", c.ID, err)
	}
	m, err := t.fields(ctx, "Contracts")
	if err != nil {
		return write{}, err
	}
	period, err := periodValue(m, "contractPeriodType", d.PeriodType)
	if err != nil {
		return write{}, err
	}
	return write{method: http.MethodPost, path: "Contracts", entity: "Contracts", creates: true, body: map[string]any{
		"companyID":                              company,
		"contractName":                           t.fit(m, "contractName", d.Name, 0),
		"contractNumber":                         d.Mark,
		"contractType":                           json.Number(recurringType(m)),
		"status":                                 json.Number(inEffect(m)),
		"startDate":                              d.Start.String(),
		"endDate":                                d.End.String(),
		"contractPeriodType":                     json.Number(period),
		"timeReportingRequiresStartAndStopTimes": 0, // an integer, not a boolean (Autotask sheet §5.2)
		"description":                            "Managed by Spindle. Please leave the external contract number as it is: it marks the contract.",
	}}, nil
}

func (t *Target) extendContract(_ context.Context, c plan.Change) (write, error) {
	id, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	if c.After.End.IsZero() {
		return write{}, incomplete(c, "new last day")
	}
	return write{method: http.MethodPatch, path: "Contracts", entity: "Contracts", id: id.String(),
		body: map[string]any{"id": id, "endDate": c.After.End.String()}}, nil
}

func (t *Target) createService(ctx context.Context, c plan.Change) (write, error) {
	d := c.NewService
	if d == nil || d.Mark == "" {
		return write{}, incomplete(c, "new service with a mark")
	}
	m, err := t.fields(ctx, "Services")
	if err != nil {
		return write{}, err
	}
	code, err := idNumber(string(d.BillingCodeID))
	if err != nil {
		return write{}, fault.Invalidf("the billing code for services is not set").WithField("service billing code").
			Do("choose a recurring contract service billing code in the service settings")
	}
	if err := t.internalCurrency(d.UnitPrice, d.UnitCost); err != nil {
		return write{}, err
	}
	period, err := periodValue(m, "periodType", d.PeriodType)
	if err != nil {
		return write{}, err
	}
	body := map[string]any{
		"name":               t.fit(m, "name", d.Name, nameMax),
		"description":        t.fit(m, "description", d.Description, 0),
		"periodType":         json.Number(period),
		"billingCodeID":      code,
		"unitPrice":          number(d.UnitPrice.Value()),
		"unitCost":           number(d.UnitCost.Value()),
		"invoiceDescription": t.fit(m, "invoiceDescription", d.Name, 0),
		"isActive":           true,
	}
	if d.VendorCompanyID != "" {
		if body["vendorCompanyID"], err = idNumber(string(d.VendorCompanyID)); err != nil {
			return write{}, fault.Invalidf("change %s: vendor company %w", c.ID, err)
		}
	}
	t.markService(m, body, d.Mark)
	return write{method: http.MethodPost, path: "Services", entity: "Services", creates: true, body: body}, nil
}

// markService puts the mark where the tenant has a field for it; a description carries it on a first line of its own.
func (t *Target) markService(m *entityMeta, body map[string]any, mark string) {
	field := markField(m, mark)
	if field == "description" {
		mark = t.fit(m, field, strings.TrimSpace(mark+"\n"+fmt.Sprint(body[field])), 0)
	}
	body[field] = mark
}

// internalCurrency refuses catalogue prices in another currency than the tenant's own (Autotask sheet §6.8, law 9).
func (t *Target) internalCurrency(amounts ...money.Amount) error {
	own := t.cfg.Settings.Currency
	for _, a := range amounts {
		if own != "" && a.Currency() != "" && a.Currency() != own {
			return fault.Invalidf("a catalogue price of %s cannot be written: Autotask's internal currency is %s", a, own).
				Do("price the service in " + string(own))
		}
	}
	return nil
}

func (t *Target) attachService(_ context.Context, c plan.Change) (write, error) {
	contract, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	service, err := refID(c, "service", c.Service)
	if err != nil {
		return write{}, err
	}
	if c.Line.Mark == "" {
		return write{}, incomplete(c, "line mark")
	}
	return write{method: http.MethodPost, path: "Contracts/" + contract.String() + "/Services", entity: "ContractServices", creates: true,
		// No price: whether one sent here is kept differs (Autotask sheet §5.4); the adjustment that follows sets it.
		body: map[string]any{"contractID": contract, "serviceID": service, "internalDescription": c.Line.Mark}}, nil
}

func (t *Target) markLine(ctx context.Context, c plan.Change) (write, error) {
	contract, err := refID(c, "contract", c.Contract)
	if err != nil {
		return write{}, err
	}
	line, err := refID(c, "contract service", c.Line)
	if err != nil {
		return write{}, err
	}
	if c.Line.Mark == "" {
		return write{}, incomplete(c, "line mark")
	}
	var row wireLine
	found, err := t.get(ctx, "ContractServices", line.String(), &row)
	switch {
	case err != nil:
		return write{}, err
	case !found || row.Contract.String() != contract.String():
		return write{}, fault.NotFoundf("contract service %s is not on contract %s any more", line, contract).Do("plan again")
	}
	m, err := t.fields(ctx, "ContractServices")
	if err != nil {
		return write{}, err
	}
	text := withMark(row.InternalDescription, c.Line.Mark)
	if _, cut := m.fit("internalDescription", text, 0); cut {
		return write{}, fault.Invalidf("the internal description of contract service %s is too long to take Spindle's mark: %q", line, row.InternalDescription).
			Dof("shorten it in Autotask by %d characters: the contract > Services > the service > Internal Description", utf8.RuneCountInString(c.Line.Mark)+1)
	}
	return write{method: http.MethodPatch, path: "Contracts/" + contract.String() + "/Services", entity: "ContractServices", id: line.String(),
		body: map[string]any{"id": line, "internalDescription": text}}, nil
}

// withMark puts a mark into a text and keeps what people wrote around it. A mark that is already there is replaced.
func withMark(text, mark string) string {
	old := billing.MarkIn(text)
	switch {
	case old == mark:
		return text
	case old != "":
		return strings.Replace(text, old, mark, 1)
	}
	return strings.TrimSpace(text + " " + mark)
}
