package engine

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/mapping"
	"spindle/internal/money"
	"spindle/internal/store"
)

// Setting is one service setting as people see it.
type Setting struct {
	Key   string
	Help  string
	Value func(billing.Settings) string
	set   func(s *billing.Settings, value string, c billing.Catalogue) error
	// checked settings are validated against what exists in Autotask.
	checked bool
}

// Settings lists every setting in the order of the set-up (design §2, step 4).
func Settings() []Setting {
	return []Setting{
		boolSetting("sync", "synchronization on or off: whether the schedule runs by itself", func(s *billing.Settings) *bool { return &s.SyncOn }),
		{Key: "vendor", Help: "vendor company in Autotask, its exact name", checked: true,
			Value: func(s billing.Settings) string { return s.VendorName }, set: setVendor},
		percentSetting("product-markup", "global markup % on Azure consumption", func(s *billing.Settings) *money.Decimal { return &s.ProductMarkup }),
		percentSetting("service-markup", "global markup % on CSP subscriptions and custom services", func(s *billing.Settings) *money.Decimal { return &s.ServiceMarkup }),
		intSetting("start-day", "contract start day, the day Microsoft invoices: 1 to 31, clamped to the month's end", 1, 31, func(s *billing.Settings) *int { return &s.ContractStartDay }),
		{Key: "service-code", Help: "billing code of services that Spindle creates (use: recurring contract service)", checked: true,
			Value: func(s billing.Settings) string { return s.ServiceCodeName }, set: setServiceCode},
		{Key: "material-code", Help: "billing code of Azure usage charges (use: material)", checked: true,
			Value: func(s billing.Settings) string { return s.MaterialCodeName }, set: setMaterialCode},
		boolSetting("azure-bundled", "bundle a month's Azure usage into one line per contract", func(s *billing.Settings) *bool { return &s.AzureBundled }),
		{Key: "azure-bundle-name", Help: "name of the bundled Azure line",
			Value: func(s billing.Settings) string { return s.AzureBundleName }, set: setBundleName},
		{Key: "effective", Help: "when changes take effect: up-now-down-next, true-date, period-start or next-period",
			Value: func(s billing.Settings) string { return string(s.EffectivePolicy) }, set: setPolicy},
		{Key: "price-places", Help: "decimals of a unit price: 2 or 4",
			Value: func(s billing.Settings) string { return strconv.Itoa(int(s.PricePlaces)) }, set: setPlaces},
		boolSetting("keep-earned-credit", "keep Microsoft's partner earned credit: Azure is rated from the price before it", func(s *billing.Settings) *bool { return &s.KeepEarnedCredit }),
		amountSetting("hold-over", "hold changes with a money effect above this amount, such as 500 (0: no limit)", func(s *billing.Settings) *money.Amount { return &s.HoldOver }),
		amountSetting("approve-within", "approve by itself what stays within this amount per change, such as 25 (0: never)", func(s *billing.Settings) *money.Amount { return &s.ApproveWithin }),
		boolSetting("never-reduce", "hold every decrease and end", func(s *billing.Settings) *bool { return &s.NeverReduce }),
		boolSetting("hold-first-time", "hold the first changes of a customer", func(s *billing.Settings) *bool { return &s.HoldFirstTime }),
		boolSetting("four-eyes", "who made a plan may not approve it: another person must", func(s *billing.Settings) *bool { return &s.FourEyes }),
		{Key: "bill-from", Help: "first month that is billed for anybody, such as 2026-10; set by the first plan. Every customer has a month of its own besides",
			Value: func(s billing.Settings) string { return string(s.BillFrom) }, set: setBillFrom},
		boolSetting("bill-new-customers", "switch billing on for customers that appear, from the month they appear in", func(s *billing.Settings) *bool { return &s.BillNewCustomers }),
		{Key: "schedule", Help: `when the run happens by itself, as cron text such as "0 6 * * *", or "off"`,
			Value: func(s billing.Settings) string { return s.Schedule }, set: setSchedule},
	}
}

// ApplySettings changes settings, all or none. Values that name something in Autotask are checked against it at once; a wrong one is
// refused with the near matches. Every mistake is reported, not only the first.
func (e *Engine) ApplySettings(ctx context.Context, org store.Organization, values map[string]string, by string) (billing.Settings, error) {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return settings, err
	}
	chosen, needsTarget, err := chooseSettings(values)
	if err != nil {
		return settings, err
	}
	var catalogue billing.Catalogue
	if needsTarget {
		if catalogue, err = e.RefreshCatalogue(ctx, org); err != nil {
			return settings, err
		}
		settings.Currency = catalogue.Currency
	}
	var problems []error
	before, policy := settings.BillFrom, settings.EffectivePolicy
	for _, setting := range chosen {
		if err := setting.set(&settings, strings.TrimSpace(values[setting.Key]), catalogue); err != nil {
			problems = append(problems, fault.Invalidf("%w", err).WithField(setting.Key))
		}
	}
	if settings.BillFrom != before && len(problems) == 0 {
		if err := e.withinReach(settings.BillFrom); err != nil {
			problems = append(problems, fault.Invalidf("%w", err).WithField("bill-from"))
		}
	}
	if len(problems) > 0 {
		return settings, errors.Join(problems...)
	}
	if settings.EffectivePolicy != policy {
		settings.EffectiveSince = e.Today() // what happened before takes effect as the policy of its day says
	}
	if before != "" && settings.BillFrom < before {
		if err := e.keepMonths(ctx, org, before, by); err != nil {
			return settings, err
		}
	}
	return settings, e.Store.SaveSettings(ctx, org.ID, settings, by)
}

func chooseSettings(values map[string]string) (chosen []Setting, needsTarget bool, err error) {
	known := map[string]bool{}
	for _, s := range Settings() {
		known[s.Key] = true
		if _, wanted := values[s.Key]; wanted {
			chosen = append(chosen, s)
			needsTarget = needsTarget || s.checked
		}
	}
	var unknown []error
	for _, key := range sortedKeys(values) {
		if !known[key] {
			remedy := "spindle autotask settings lists them all"
			if near := mapping.Near(key, sortedKeys(known), 3); len(near) > 0 {
				remedy = fmt.Sprintf("did you mean %s?", strings.Join(near, ", "))
			}
			unknown = append(unknown, fault.Invalidf("there is no setting %q", key).Do(remedy))
		}
	}
	return chosen, needsTarget, errors.Join(unknown...)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func boolSetting(key, help string, field func(*billing.Settings) *bool) Setting {
	return Setting{Key: key, Help: help,
		Value: func(s billing.Settings) string {
			if *field(&s) {
				return "on"
			}
			return "off"
		},
		set: func(s *billing.Settings, value string, _ billing.Catalogue) error {
			switch strings.ToLower(value) {
			case "on", "yes", "true":
				*field(s) = true
			case "off", "no", "false":
				*field(s) = false
			default:
				return fault.Invalidf("%q is neither on nor off", value).Do("write on or off")
			}
			return nil
		}}
}

func percentSetting(key, help string, field func(*billing.Settings) *money.Decimal) Setting {
	return Setting{Key: key, Help: help,
		Value: func(s billing.Settings) string { return field(&s).String() },
		set: func(s *billing.Settings, value string, _ billing.Catalogue) error {
			d, err := money.Parse(strings.TrimSpace(strings.TrimSuffix(value, "%")))
			if err != nil || d.Cmp(money.Int(-100)) <= 0 || d.Cmp(money.Int(1000)) > 0 {
				return fault.Invalidf("%q is not a percentage", value).Do("write a number such as 15 or 12.5, above -100 and up to 1000")
			}
			*field(s) = d
			return nil
		}}
}

func intSetting(key, help string, low, high int, field func(*billing.Settings) *int) Setting {
	return Setting{Key: key, Help: help,
		Value: func(s billing.Settings) string { return strconv.Itoa(*field(&s)) },
		set: func(s *billing.Settings, value string, _ billing.Catalogue) error {
			n, err := strconv.Atoi(value)
			if err != nil || n < low || n > high {
				return fault.Invalidf("%q is not a whole number from %d to %d", value, low, high).Dof("write a number such as %d", low)
			}
			*field(s) = n
			return nil
		}}
}

func amountSetting(key, help string, field func(*billing.Settings) *money.Amount) Setting {
	return Setting{Key: key, Help: help,
		Value: func(s billing.Settings) string { return field(&s).String() },
		set: func(s *billing.Settings, value string, _ billing.Catalogue) error {
			number, code, withCurrency := strings.Cut(value, " ")
			d, err := money.Parse(number)
			if err != nil || d.Sign() < 0 {
				return fault.Invalidf("%q is not an amount", value).Do("write a number such as 500, or 500 EUR")
			}
			currency := s.Currency
			if withCurrency {
				if currency, err = money.ParseCurrency(code); err != nil {
					return err
				}
			}
			if currency == "" && !d.IsZero() {
				return fault.Invalidf("the currency is not known yet").Do("write it too: 500 EUR")
			}
			*field(s) = money.Of(d, currency)
			return nil
		}}
}

func setVendor(s *billing.Settings, value string, c billing.Catalogue) error {
	var matches []billing.Company
	var names []string
	for _, company := range c.Companies {
		if company.Name == value && company.Active {
			matches = append(matches, company)
		}
		if company.Active {
			names = append(names, company.Name)
		}
	}
	switch len(matches) {
	case 1:
		s.VendorCompanyID, s.VendorName = matches[0].ID, matches[0].Name
		return nil
	case 0:
		return fault.Invalidf("no active Autotask company has exactly the name %q", value).
			Dof("names that would do: %s", quoted(nearOrAll(value, names, namesShown)))
	}
	return fault.Conflictf("%d Autotask companies have the name %q", len(matches), value).Do("rename one of them in Autotask")
}

func setServiceCode(s *billing.Settings, value string, c billing.Catalogue) error {
	code, err := findCode(value, billing.RecurringServiceUse, c.Codes)
	if err == nil {
		s.ServiceCodeID, s.ServiceCodeName = code.ID, code.Name
	}
	return err
}

func setMaterialCode(s *billing.Settings, value string, c billing.Catalogue) error {
	code, err := findCode(value, billing.MaterialUse, c.Codes)
	if err == nil {
		s.MaterialCodeID, s.MaterialCodeName = code.ID, code.Name
	}
	return err
}

// findCode wants the exact name and the right use: a code of another use with the same name is refused with its use.
func findCode(name string, use billing.CodeUse, codes []billing.BillingCode) (billing.BillingCode, error) {
	var names []string
	var otherUse []string
	var found []billing.BillingCode
	for _, code := range codes {
		switch {
		case code.Use == use && code.Active && code.Name == name:
			found = append(found, code)
		case code.Name == name && code.Use != use:
			otherUse = append(otherUse, string(code.Use))
		case code.Name == name:
			otherUse = append(otherUse, string(code.Use)+", inactive")
		}
		if code.Use == use && code.Active {
			names = append(names, code.Name)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return billing.BillingCode{}, fault.Conflictf("%d active billing codes have the name %q", len(found), name).Do("rename one of them in Autotask")
	case len(otherUse) > 0:
		return billing.BillingCode{}, fault.Invalidf("billing code %q exists, but its use is %s; it must be an active %s code", name, strings.Join(otherUse, " and "), use).
			Dof("codes that would do: %s", quoted(nearOrAll(name, names, namesShown)))
	}
	return billing.BillingCode{}, fault.Invalidf("no active %s billing code has exactly the name %q", use, name).
		Dof("codes that would do: %s", quoted(nearOrAll(name, names, namesShown)))
}

// namesShown is how many names a message offers.
const namesShown = 5

// nearOrAll gives the names that resemble one, or the first n there are when none does.
func nearOrAll(wanted string, names []string, n int) []string {
	if near := mapping.Near(wanted, names, n); len(near) > 0 {
		return near
	}
	return names[:min(n, len(names))]
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "none exists yet; create one in Autotask"
	}
	for i, n := range names {
		names[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(names, ", ")
}

func setBundleName(s *billing.Settings, value string, _ billing.Catalogue) error {
	if value == "" || len([]rune(value)) > 80 {
		return fault.Invalidf("the name of the bundled line has %d characters", len([]rune(value))).Do("write 1 to 80 characters")
	}
	s.AzureBundleName = value
	return nil
}

func setPolicy(s *billing.Settings, value string, _ billing.Catalogue) error {
	for _, p := range billing.EffectivePolicies() {
		if string(p) == value {
			s.EffectivePolicy = p
			return nil
		}
	}
	return fault.Invalidf("%q is not a policy for effective dates", value).Do("write up-now-down-next, true-date, period-start or next-period")
}

func setPlaces(s *billing.Settings, value string, _ billing.Catalogue) error {
	switch value {
	case "2":
		s.PricePlaces = 2
	case "4":
		s.PricePlaces = 4
	default:
		return fault.Invalidf("%q decimals are not offered", value).Do("write 2 or 4")
	}
	return nil
}

func setBillFrom(s *billing.Settings, value string, _ billing.Catalogue) error {
	month, err := billing.ParseMonth(value)
	if err != nil {
		return fault.Invalidf("%w", err).Do("write the first month to be billed, such as 2026-10")
	}
	s.BillFrom = month
	return nil
}

func setSchedule(s *billing.Settings, value string, _ billing.Catalogue) error {
	if value == "off" || value == "" {
		s.Schedule = ""
		return nil
	}
	if _, err := job.ParseCron(value); err != nil {
		return err
	}
	s.Schedule = value
	return nil
}
