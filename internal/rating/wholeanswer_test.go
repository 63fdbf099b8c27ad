package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestTheAnswerIsInOrder is law 4 for every list of the answer: lines and charges by key, contracts and services by mark, findings by identity, outcomes as the
// lines come on the invoices; over several months and many customers, too.
func TestTheAnswerIsInOrder(t *testing.T) {
	in := world()
	in.Mappings, in.Directory.Customers, in.Catalogue.Companies = billing.Mappings{}, nil, nil
	var july, august []billing.LineItem
	for i := range 12 {
		c, company := billing.CustomerID(fmt.Sprintf("c%02d", (i*7)%12)), billing.CompanyID(fmt.Sprint(i))
		in.Directory.Customers = append(in.Directory.Customers, billing.Customer{ID: c, Name: string(c)})
		in.Catalogue.Companies = append(in.Catalogue.Companies, billing.Company{ID: company, Active: true})
		in.Mappings.Companies = append(in.Mappings.Companies, billing.CompanyMapping{CustomerID: c, CompanyID: company})
		in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: c, On: true})
		in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: c, Managed: true})
		s := ours(billing.SubscriptionID(fmt.Sprint("s", i)), 3, "5", "4") // below cost: a finding each
		s.CustomerID, s.Offer.SKUID = c, fmt.Sprintf("%04d", (i*5)%12)
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, s)
		bill := func(key string, row int) billing.LineItem {
			return purchase(func(l *billing.LineItem) { l.CustomerID, l.Key, l.Row = c, key, row })
		}
		july, august = append(july, bill(fmt.Sprint("k", i), 99-i)), append(august, bill(fmt.Sprint("k", i), 99-i))
	}
	in.Lines = []billing.LineSet{monthlySet("2026-08", august...), monthlySet("2026-07", july...)}
	in.Month = "2026-08"
	d := RateMonths(in, []billing.Month{"2026-07"})
	if len(d.Lines) != 12 || len(d.Charges) != 24 || len(d.Contracts) != 12 || len(d.Services) != 12 || len(d.Findings) != 12 || len(d.Dispositions) != 24 {
		t.Fatalf("%d lines, %d charges, %d contracts, %d services, %d findings, %d outcomes", len(d.Lines), len(d.Charges), len(d.Contracts), len(d.Services), len(d.Findings), len(d.Dispositions))
	}
	sorted := map[string]bool{
		"lines":     slices.IsSortedFunc(d.Lines, func(a, b billing.DesiredLine) int { return strings.Compare(a.Key, b.Key) }),
		"charges":   slices.IsSortedFunc(d.Charges, func(a, b billing.DesiredCharge) int { return strings.Compare(a.Key, b.Key) }),
		"contracts": slices.IsSortedFunc(d.Contracts, func(a, b billing.DesiredContract) int { return strings.Compare(a.Mark, b.Mark) }),
		"services":  slices.IsSortedFunc(d.Services, func(a, b billing.DesiredService) int { return strings.Compare(a.Mark, b.Mark) }),
		"findings":  slices.IsSortedFunc(d.Findings, func(a, b billing.Finding) int { return strings.Compare(a.ID(), b.ID()) }),
		"outcomes":  slices.IsSortedFunc(d.Dispositions, compareDispositions),
	}
	for what, ok := range sorted {
		if !ok {
			t.Errorf("%s are not in order", what)
		}
	}
	if d.Day != in.Day || len(d.Months) != 2 || d.Months[0].Month != "2026-08" || d.Months[1].Month != "2026-07" {
		t.Errorf("day %s, months %+v", d.Day, d.Months)
	}
}

// TestNamesOfCustomers: a customer is called as the directory says, else as an invoice or the usage does, else by its id; who has none is nobody.
func TestNamesOfCustomers(t *testing.T) {
	line := func(c billing.CustomerID, name string) billing.LineItem {
		return change(bought("s", "1", "1"), func(l *billing.LineItem) { l.CustomerID, l.CustomerName = c, name })
	}
	group := func(c billing.CustomerID, name string) billing.UsageGroup {
		return billing.UsageGroup{CustomerID: c, CustomerName: name}
	}
	in := world()
	in.Directory.Customers = []billing.Customer{{ID: "c1", Name: "Directory"}, {ID: "c2"}, {ID: "c3", Name: "Zeta"}, {ID: "c3", Name: "Alpha"}}
	in.Lines = []billing.LineSet{billedSet(line("c1", "Aaa"), line("c2", "Invoice"), line("c4", "Beta"), line("c4", "Alder"), line("c5", ""))}
	in.Usage = []billing.UsageSet{usageSet(group("c6", "Usage"), group("c2", "Zzz"), group("c7", ""))}
	r := newRater(in)
	for id, want := range map[billing.CustomerID]string{"c1": "Directory", "c2": "Invoice", "c3": "Alpha", "c4": "Alder", "c5": "c5", "c6": "Usage", "c7": "c7", "c8": "c8", "": "no customer"} {
		if got := r.name(id); got != want {
			t.Errorf("customer %q is called %q, want %q", id, got, want)
		}
	}
}

// TestSharedNames: customers that share a name, whatever its case and wherever it comes from, are told apart by their domains, or by their ids
// where none is known, in findings, lines and charges alike.
func TestSharedNames(t *testing.T) {
	line := change(bought("s3", "1", "1"), func(l *billing.LineItem) { l.CustomerID, l.CustomerName = "birch-3", "BIRCH LTD" })
	in := Input{Directory: billing.Directory{Customers: []billing.Customer{
		{ID: "birch-1", Name: "Birch Ltd", Domain: "birch.example"}, {ID: "birch-2", Name: "Birch Ltd"}, {ID: "cedar", Name: "Cedar Ltd", Domain: "cedar.example"},
	}}, Lines: []billing.LineSet{billedSet(line)}}
	r := newRater(in)
	for id, want := range map[billing.CustomerID]string{"birch-1": "Birch Ltd (birch.example)", "birch-2": "Birch Ltd (birch-2)", "birch-3": "BIRCH LTD (birch-3)", "cedar": "Cedar Ltd"} {
		if got := r.name(id); got != want {
			t.Errorf("customer %q is called %q, want %q", id, got, want)
		}
	}
	world := world()
	for i := range world.Directory.Customers {
		world.Directory.Customers[i].Name, world.Directory.Customers[i].Domain = "Birch Ltd", string(world.Directory.Customers[i].ID)+".example"
	}
	world.Mappings.Companies = nil
	dunmores := seat("s2", 1)
	dunmores.CustomerID = dunmore
	world.Directory.Subscriptions = []billing.Subscription{seat("s1", 1), dunmores}
	told := map[string]bool{}
	for _, f := range Rate(world).Findings {
		if f.Kind == billing.FindingUnmapped {
			told[f.Customer] = true
			if !strings.Contains(f.Message, f.Customer) || !strings.HasSuffix(f.Customer, ".example)") {
				t.Errorf("%q is said of %q", f.Message, f.Customer)
			}
		}
	}
	if len(told) != len(world.Directory.Customers) {
		t.Errorf("%d customers of one name are called %v", len(world.Directory.Customers), told)
	}
}

// TestNobodyPaysForAnother is law 1 and law 6 between customers: a charge or a line of a customer holds no cent that Microsoft billed for one who does not share
// its contract.
func TestNobodyPaysForAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		d := Rate(in)
		type lineKey struct {
			set billing.SetID
			key string
		}
		customer := map[lineKey]billing.CustomerID{}
		for _, set := range in.Lines {
			for _, l := range set.Lines {
				customer[lineKey{set.ID, l.Key}] = l.CustomerID
			}
		}
		for _, set := range in.Usage {
			for i := range set.Groups {
				customer[lineKey{set.ID, UsageKey(&set.Groups[i])}] = set.Groups[i].CustomerID
			}
		}
		contracts := map[string]billing.Ref{}
		for _, c := range d.Charges {
			contracts[c.Key] = c.Contract
		}
		for _, l := range d.Lines {
			contracts[l.Key] = l.Contract
		}
		routed := func(c billing.CustomerID, contract billing.Ref) bool {
			return slices.ContainsFunc(in.Mappings.Routes, func(r billing.Route) bool {
				return r.CustomerID == c && (contract.Mark != "" && r.Managed || contract.ID != "" && string(r.ContractID) == contract.ID)
			})
		}
		for _, x := range d.Dispositions {
			if c := customer[lineKey{x.Set, x.LineKey}]; x.Outcome == billing.Billed && !routed(c, contracts[x.By]) {
				t.Fatalf("%s of customer %q is billed on contract %s, where no route of theirs leads", x.LineKey, c, contracts[x.By])
			}
		}
	})
}

// TestMoreMoneyNeverLessPrice: with markups alone, raising one line's cost never lowers what is charged for the month, per contract.
func TestMoreMoneyNeverLessPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		in.Mappings.Prices, in.Settings.KeepEarnedCredit = nil, false
		var at []*billing.LineItem
		for i := range in.Lines {
			for k := range in.Lines[i].Lines {
				at = append(at, &in.Lines[i].Lines[k])
			}
		}
		if len(at) == 0 {
			return
		}
		before := chargedOf(Rate(in))
		l := at[rapid.IntRange(0, len(at)-1).Draw(t, "line")]
		more := money.New(rapid.Int64Range(1, 500).Draw(t, "more"), -2)
		l.Cost = money.Of(l.Cost.Value().Add(more), l.Cost.Currency())
		after := chargedOf(Rate(in))
		for _, a := range before.Amounts() {
			// Each of its pieces is rounded once: a step less for each charge that it is spread over.
			if after.In(a.Currency()).Value().Add(money.New(5, -2)).Cmp(a.Value()) < 0 {
				t.Fatalf("%s more on line %s: %s became %s", more, l.Key, before, after)
			}
		}
	})
}

// chargedOf adds the prices of all charges up.
func chargedOf(d billing.Desired) (sum money.Totals) {
	for _, c := range d.Charges {
		sum.Add(c.UnitPrice)
	}
	return sum
}
