package autotask

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/target"
)

// Check tests the connection and every prerequisite (design §2, step 1). Each item says what was found and what to click. It fails as a
// whole only when the caller gives up; a connection that does not work is an item.
func (t *Target) Check(ctx context.Context) (target.Report, error) {
	c := &checking{t: t}
	if !c.connection(ctx) {
		return c.report, ctx.Err()
	}
	c.permissions(ctx)
	c.costs(ctx)
	c.currency(ctx)
	c.billingCodes(ctx)
	c.vendor(ctx)
	return c.report, ctx.Err()
}

// checking collects the items.
type checking struct {
	t      *Target
	report target.Report
}

func (c *checking) add(name string, state target.CheckState, found, remedy string) {
	if state == target.CheckPassed || state == target.CheckSkipped {
		remedy = ""
	}
	c.report.Items = append(c.report.Items, target.CheckItem{Name: name, State: state, Found: found, Remedy: remedy})
}

// failed adds an item for an error and reports whether there was one.
func (c *checking) failed(name string, err error) bool {
	if err != nil {
		c.add(name, target.CheckFailed, err.Error(), orText(fault.Remedy(err), "try again; if it stays, look at Service health"))
		c.report.Items[len(c.report.Items)-1].Fault = fault.KindOf(err)
	}
	return err != nil
}

// connection looks up the zone and reads the threshold counter, which needs valid credentials (Autotask sheet §1.4, §3.4).
func (c *checking) connection(ctx context.Context) bool {
	base, err := c.t.base(ctx)
	if c.failed("Zone", err) {
		return false
	}
	c.add("Zone", target.CheckPassed, fmt.Sprintf("%s, %s", c.t.zoneName(), base.Host), "")
	calls, err := c.t.Threshold(ctx)
	if c.failed("Credentials", err) {
		return false
	}
	c.add("Credentials", target.CheckPassed, "Autotask accepts the API user and the integration code", "")
	c.report.Calls = calls
	state := target.CheckPassed
	if calls.Limit > 0 && calls.Used*100 >= calls.Limit*50 {
		state = target.CheckWarned
	}
	c.add("API calls", state, fmt.Sprintf("%d of %d calls in the last %d minutes, all integrations together", calls.Used, calls.Limit, calls.Window),
		"other integrations use up the tenant's calls: run Spindle at another hour, or slow them down")
	return true
}

// need is what Spindle does with an entity.
type need struct {
	entity, name           string
	create, update, remove bool
	probe                  bool // it can be queried
}

func needs() []need {
	return []need{
		{entity: "Companies", name: "Companies", probe: true},
		{entity: "Contracts", name: "Contracts", probe: true, create: true, update: true},
		{entity: "Services", name: "Services", probe: true, create: true},
		{entity: "ContractServices", name: "Contract services", probe: true, create: true, update: true},
		{entity: "ContractServiceAdjustments", name: "Contract service adjustments", create: true},
		{entity: "ContractServiceUnits", name: "Contract service units", probe: true},
		{entity: "ContractCharges", name: "Contract charges", probe: true, create: true, update: true, remove: true},
		{entity: "BillingCodes", name: "Billing codes", probe: true},
		{entity: "Currencies", name: "Currencies", probe: true},
	}
}

// anyRow is a row of which only the id matters.
type anyRow struct {
	ID wireID `json:"id"`
}

func (r anyRow) key() int64 { return r.ID.n }

// permissions tests each entity by the user's stated access and by a query.
func (c *checking) permissions(ctx context.Context) {
	for _, n := range needs() {
		name := "Access to " + strings.ToLower(n.name)
		access, err := c.t.access(ctx, n.entity)
		if c.failed(name, err) {
			continue
		}
		if missing := missingRights(n, access); len(missing) > 0 {
			c.add(name, target.CheckFailed, "the API user may not "+strings.Join(missing, ", "), permissionRemedy)
			continue
		}
		if n.probe {
			if _, err := peek[anyRow](ctx, c.t, n.entity, 1, []string{"id"}); c.failed(name, err) {
				continue
			}
		}
		c.add(name, target.CheckPassed, "allowed", "")
	}
}

func missingRights(n need, a wireAccess) []string {
	var missing []string
	for _, right := range []struct {
		word   string
		needed bool
		level  wireText
	}{{"read", n.probe, a.Query}, {"create", n.create, a.Create}, {"change", n.update, a.Update}, {"delete", n.remove, a.Delete}} {
		if right.needed && !full(right.level) {
			missing = append(missing, right.word)
		}
	}
	return missing
}

// costs tests whether cost fields are readable: without the right they come back null or zero, never as an error
// (Autotask sheet §1.2).
func (c *checking) costs(ctx context.Context) {
	const name = "Cost visibility"
	rows, err := peek[wireService](ctx, c.t, "Services", 200, []string{"id", "unitCost", "unitPrice"})
	if c.failed(name, err) {
		return
	}
	visible := 0
	for _, row := range rows {
		if row.UnitCost.set && !row.UnitCost.value.IsZero() {
			visible++
		}
	}
	switch {
	case len(rows) == 0:
		c.add(name, target.CheckSkipped, "there is no service yet to look at", "")
	case visible == 0:
		c.add(name, target.CheckWarned, fmt.Sprintf("none of %d services shows a cost: costs seem to be hidden, margins will look wrong", len(rows)),
			"give the API user the security level API User (system), not the one that says Can't Read Costs")
	default:
		c.add(name, target.CheckPassed, fmt.Sprintf("%d of %d services show a cost", visible, len(rows)), "")
	}
}

func (c *checking) currency(ctx context.Context) {
	const name = "Currencies"
	found, err := c.t.currencies(ctx)
	if c.failed(name, err) {
		return
	}
	configured := c.t.cfg.Settings.Currency
	if configured != "" && configured != found.internal {
		c.add(name, target.CheckFailed, fmt.Sprintf("Autotask's internal currency is %s, the settings say %s", found.internal, configured),
			"set the currency to "+string(found.internal)+" in the service settings")
		return
	}
	var codes []string
	for _, code := range found.codes {
		codes = append(codes, string(code))
	}
	slices.Sort(codes)
	c.add(name, target.CheckPassed, fmt.Sprintf("internal currency %s; in use: %s", found.internal, strings.Join(codes, ", ")), "")
}

// billingCodes looks for the two kinds of billing code that Spindle needs (Autotask sheet §5.10).
func (c *checking) billingCodes(ctx context.Context) {
	codes, err := c.t.codes(ctx)
	if c.failed("Billing codes", err) {
		return
	}
	m, err := c.t.fields(ctx, "BillingCodes")
	if c.failed("Billing codes", err) {
		return
	}
	s := c.t.cfg.Settings
	c.billingCode("Recurring service billing code", codes, m, codeWish{billing.RecurringServiceUse, s.ServiceCodeID, s.ServiceCodeName, "Recurring Contract Service Codes"})
	c.billingCode("Material billing code", codes, m, codeWish{billing.MaterialUse, s.MaterialCodeID, s.MaterialCodeName, "Material Codes"})
}

// codeWish is the billing code that the settings name, and where Autotask keeps its kind.
type codeWish struct {
	use  billing.CodeUse
	id   billing.BillingCodeID
	name string
	menu string
}

func (c *checking) billingCode(item string, codes []wireCode, m *entityMeta, wish codeWish) {
	var names []string
	var chosen *wireCode
	for i, code := range codes {
		fits := bool(code.Active) && codeUse(m, string(code.Use)) == wish.use
		if fits {
			names = append(names, code.Name)
		}
		if wish.id != "" && code.ID.String() == string(wish.id) || wish.id == "" && wish.name != "" && strings.EqualFold(code.Name, wish.name) && fits {
			chosen = &codes[i]
		}
	}
	menu := "Autotask: Admin > Finance, Accounting & Invoicing > Billing Codes > " + wish.menu
	wanted := orText(wish.name, string(wish.id))
	switch {
	case len(names) == 0:
		c.add(item, target.CheckFailed, fmt.Sprintf("no active billing code is for %s", wish.use), "create one in "+menu)
	case wanted == "":
		c.add(item, target.CheckPassed, "to choose from: "+listed(names), "")
	case chosen == nil:
		c.add(item, target.CheckFailed, fmt.Sprintf("%q is not there; these are: %s", wanted, listed(names)), "choose one of them in the service settings, or create it in "+menu)
	case !bool(chosen.Active):
		c.add(item, target.CheckFailed, fmt.Sprintf("%q is inactive", chosen.Name), "activate it in "+menu)
	case codeUse(m, string(chosen.Use)) != wish.use:
		c.add(item, target.CheckFailed, fmt.Sprintf("%q is for %s, needed is %s; these would do: %s", chosen.Name, codeUse(m, string(chosen.Use)), wish.use, listed(names)),
			"choose one of them in the service settings")
	default:
		c.add(item, target.CheckPassed, chosen.Name, "")
	}
}

const listedMax = 8

func listed(names []string) string {
	if len(names) > listedMax {
		return strings.Join(names[:listedMax], "; ") + fmt.Sprintf("; and %d more", len(names)-listedMax)
	}
	return strings.Join(names, "; ")
}
