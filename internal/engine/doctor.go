package engine

import (
	"context"
	"fmt"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/target"
)

// Doctor tests everything an organization needs and explains each row: connection, prerequisites, settings, sources, mappings, audit.
// It only reads.
func (e *Engine) Doctor(ctx context.Context, org store.Organization) (target.Report, error) {
	var report target.Report
	t, err := e.Target(ctx, org)
	switch {
	case err != nil:
		report.Items = append(report.Items, failed("Autotask", err))
	default:
		if report, err = t.Check(ctx); err != nil {
			report.Items = append(report.Items, failed("Autotask", err))
		}
	}
	report.Items = append(report.Items, enabledItem(org))
	if shared, found, err := e.sharedItem(ctx, org); err != nil {
		return report, err
	} else if found {
		report.Items = append(report.Items, shared)
	}
	settings, err := e.settingsItems(ctx, org)
	if err != nil {
		return report, err
	}
	report.Items = append(report.Items, settings...)
	report.Items = append(report.Items, e.microsoftItem(ctx, org))
	mapped, err := e.mappingItem(ctx, org)
	if err != nil {
		return report, err
	}
	report.Items = append(report.Items, mapped, e.auditItem(ctx, org))
	return report, nil
}

func failed(name string, err error) target.CheckItem {
	return target.CheckItem{Name: name, State: target.CheckFailed, Found: err.Error(), Remedy: fault.Remedy(err)}
}

func enabledItem(org store.Organization) target.CheckItem {
	if org.Enabled {
		return target.CheckItem{Name: "Writing to Autotask", State: target.CheckPassed, Found: "enabled"}
	}
	return target.CheckItem{Name: "Writing to Autotask", State: target.CheckWarned, Found: "disabled: plans can be made, nothing is written",
		Remedy: "spindle autotask enable"}
}

// sharedItem warns when another organization writes to the same Autotask: what both bill is billed twice, and neither sees it as the
// other's. Which one it is stays with those who may see it.
func (e *Engine) sharedItem(ctx context.Context, org store.Organization) (target.CheckItem, bool, error) {
	others, err := e.Store.SharedTenant(ctx, org.ID)
	return target.CheckItem{Name: "Autotask of its own", State: target.CheckWarned,
		Found:  countedIs(others, "other organization") + " of this installation connected to the same Autotask: a customer that two of them bill is billed twice",
		Remedy: "bill each customer in one organization only; spindle org list shows them to who runs the installation"}, others > 0, err
}

func (e *Engine) settingsItems(ctx context.Context, org store.Organization) ([]target.CheckItem, error) {
	s, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	var items []target.CheckItem
	for _, row := range []struct{ name, value, key string }{
		{"Vendor", s.VendorName, "vendor"},
		{"Billing code for services", s.ServiceCodeName, "service-code"},
		{"Billing code for Azure usage", s.MaterialCodeName, "material-code"},
	} {
		item := target.CheckItem{Name: "Setting: " + row.name, State: target.CheckPassed, Found: row.value}
		if row.value == "" {
			item.State, item.Found = target.CheckFailed, "not set"
			item.Remedy = fmt.Sprintf("spindle autotask settings %s='NAME'", row.key)
		}
		items = append(items, item)
	}
	return items, nil
}

func (e *Engine) microsoftItem(ctx context.Context, org store.Organization) target.CheckItem {
	s, found, err := e.Source(ctx, org)
	if err != nil {
		return failed("Microsoft", err)
	}
	if !found {
		infos, err := e.Store.LineSets(ctx, org.ID, store.SetFilter{})
		if err != nil {
			return failed("Microsoft", err)
		}
		if len(infos) == 0 {
			return target.CheckItem{Name: "Microsoft", State: target.CheckFailed, Found: "no connection and no imported file",
				Remedy: "spindle microsoft connect, or spindle microsoft import FILE"}
		}
		return target.CheckItem{Name: "Microsoft", State: target.CheckPassed, Found: "files: reconciliation documents imported: " + strconv.Itoa(len(infos))}
	}
	sets, err := s.Sets(ctx)
	if err != nil {
		return failed("Microsoft", err)
	}
	return target.CheckItem{Name: "Microsoft", State: target.CheckPassed, Found: fmt.Sprintf("Partner Center answers, %d sets of invoice data", len(sets))}
}

func (e *Engine) mappingItem(ctx context.Context, org store.Organization) (target.CheckItem, error) {
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return target.CheckItem{}, err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return target.CheckItem{}, err
	}
	mapped := map[billing.CustomerID]bool{}
	for _, c := range m.Companies {
		mapped[c.CustomerID] = true
	}
	n := 0
	for _, c := range d.Customers {
		if mapped[c.ID] {
			n++
		}
	}
	item := target.CheckItem{Name: "Customers mapped", State: target.CheckPassed, Found: fmt.Sprintf("%d of %d", n, len(d.Customers))}
	if n < len(d.Customers) || n == 0 {
		item.State, item.Remedy = target.CheckWarned, "spindle customers suggest"
	}
	return item, nil
}

func (e *Engine) auditItem(ctx context.Context, org store.Organization) target.CheckItem {
	if err := e.Store.VerifyAudit(ctx, org.ID); err != nil {
		return failed("Audit trail", err)
	}
	return target.CheckItem{Name: "Audit trail", State: target.CheckPassed, Found: "unbroken"}
}
