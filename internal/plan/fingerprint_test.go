package plan

import (
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// seen is a small target with one of everything.
func seen() billing.Observed {
	return billing.Observed{
		Contracts: []billing.Contract{{ID: "900", Mark: "SPN-m", Name: "Cloud", PeriodType: billing.PeriodMonth, Active: true, Recurring: true, Start: date("2026-01-15"), End: date("2027-01-14")}},
		Services:  []billing.Service{{ID: "800", Mark: "spindle:s", Name: "Premium", PeriodType: billing.PeriodMonth, UnitPrice: euros(1000), Active: true}},
		Lines: []billing.ContractService{{ID: "1", ContractID: "900", ServiceID: "800", Mark: "spindle:line", Rows: []billing.UnitRow{
			{ID: "11", Period: billing.Period{Start: date("2026-11-15"), End: date("2026-12-15")}, Units: 5, Price: euros(5000)},
			{ID: "12", Period: billing.Period{Start: date("2026-12-15"), End: date("2027-01-15")}, Units: 5, Price: euros(5000)}}}},
		Charges: []billing.Charge{{ID: "70", ContractID: "900", Mark: "SPN-c", Name: "Azure", Quantity: money.Int(1), UnitPrice: euros(1234)}},
	}
}

// What a plan depends on moves the fingerprint; what only people read does not, or every rename in Autotask would make a plan stale.
func TestWhatMovesTheFingerprint(t *testing.T) {
	of := func(change func(*billing.Observed)) string {
		o := seen()
		change(&o)
		var w scratch
		return w.fingerprint(&Plan{Day: date("2026-11-20"), Complete: true}, o)
	}
	first := of(func(*billing.Observed) {})
	for name, change := range map[string]func(*billing.Observed){
		"contract id":       func(o *billing.Observed) { o.Contracts[0].ID = "901" },
		"contract mark":     func(o *billing.Observed) { o.Contracts[0].Mark = "" },
		"contract inactive": func(o *billing.Observed) { o.Contracts[0].Active = false },
		"contract start":    func(o *billing.Observed) { o.Contracts[0].Start = date("2026-01-16") },
		"contract end":      func(o *billing.Observed) { o.Contracts[0].End = date("2027-01-15") },
		"contract gone":     func(o *billing.Observed) { o.Contracts = nil },
		"service mark":      func(o *billing.Observed) { o.Services[0].Mark = "x" },
		"service period":    func(o *billing.Observed) { o.Services[0].PeriodType = billing.PeriodYear },
		"service inactive":  func(o *billing.Observed) { o.Services[0].Active = false },
		"line id":           func(o *billing.Observed) { o.Lines[0].ID = "2" },
		"line contract":     func(o *billing.Observed) { o.Lines[0].ContractID = "901" },
		"line service":      func(o *billing.Observed) { o.Lines[0].ServiceID = "801" },
		"line mark":         func(o *billing.Observed) { o.Lines[0].Mark = "" },
		"row id":            func(o *billing.Observed) { o.Lines[0].Rows[1].ID = "13" },
		"row start":         func(o *billing.Observed) { o.Lines[0].Rows[1].Period.Start = date("2026-12-16") },
		"row end":           func(o *billing.Observed) { o.Lines[0].Rows[0].Period.End = date("2026-12-14") },
		"row units":         func(o *billing.Observed) { o.Lines[0].Rows[0].Units = 6 },
		"first row's price": func(o *billing.Observed) { o.Lines[0].Rows[0].Price = euros(5001) },
		"last row's price":  func(o *billing.Observed) { o.Lines[0].Rows[1].Price = euros(5001) },
		"row currency":      func(o *billing.Observed) { o.Lines[0].Rows[1].Price = money.Of(money.Int(50), "USD") },
		"row posted":        func(o *billing.Observed) { o.Lines[0].Rows[0].Posted = true },
		"row gone":          func(o *billing.Observed) { o.Lines[0].Rows = o.Lines[0].Rows[:1] },
		"charge id":         func(o *billing.Observed) { o.Charges[0].ID = "71" },
		"charge mark":       func(o *billing.Observed) { o.Charges[0].Mark = "" },
		"charge quantity":   func(o *billing.Observed) { o.Charges[0].Quantity = money.Int(2) },
		"charge price":      func(o *billing.Observed) { o.Charges[0].UnitPrice = euros(1235) },
		"charge billed":     func(o *billing.Observed) { o.Charges[0].Billed = true },
		"a letter moves from one field to the next": func(o *billing.Observed) {
			o.Lines[0].ContractID, o.Lines[0].ServiceID = "9008", "00"
		},
	} {
		if of(change) == first {
			t.Errorf("%s: the same fingerprint", name)
		}
	}
	for name, change := range map[string]func(*billing.Observed){
		"contract name":        func(o *billing.Observed) { o.Contracts[0].Name = "Renamed" },
		"service name":         func(o *billing.Observed) { o.Services[0].Name = "Renamed" },
		"invoice text":         func(o *billing.Observed) { o.Lines[0].InvoiceDescription = "Renamed" },
		"charge name":          func(o *billing.Observed) { o.Charges[0].Name = "Renamed" },
		"digits of the price":  func(o *billing.Observed) { o.Lines[0].Rows[1].Price = money.Of(money.Int(50), "EUR") },
		"digits of a quantity": func(o *billing.Observed) { o.Charges[0].Quantity = money.New(100, -2) },
	} {
		if of(change) != first {
			t.Errorf("%s: another fingerprint", name)
		}
	}
}

// What a change says is covered too: the stored plan cannot be altered unseen.
func TestTheFingerprintCoversWhatThePlanSays(t *testing.T) {
	one, two := euros(100), euros(200)
	of := func(change func(*Plan)) string {
		p := Plan{Day: date("2026-11-20"), Complete: true, Changes: []Change{{ID: "a1", Kind: Increase, Reason: "why", Requires: []string{"b", "c"}, Recurring: one,
			Adjust: &Adjustment{UnitChange: 2, UnitPrice: &one}, Proof: []string{"p", "q"}, Holds: []billing.Hold{{Policy: "x", Why: "y"}}}},
			Findings: []billing.Finding{{Kind: billing.FindingDrift, Subject: "s", Message: "m", Money: one}}}
		change(&p)
		var w scratch
		return w.fingerprint(&p, billing.Observed{})
	}
	first := of(func(*Plan) {})
	for name, change := range map[string]func(*Plan){
		"day":              func(p *Plan) { p.Day = date("2026-11-21") },
		"complete":         func(p *Plan) { p.Complete = false },
		"id":               func(p *Plan) { p.Changes[0].ID = "a2" },
		"kind":             func(p *Plan) { p.Changes[0].Kind = Decrease },
		"reason":           func(p *Plan) { p.Changes[0].Reason = "why not" },
		"requires":         func(p *Plan) { p.Changes[0].Requires = []string{"b c"} },
		"recurring":        func(p *Plan) { p.Changes[0].Recurring = two },
		"proration":        func(p *Plan) { p.Changes[0].Proration = two },
		"one-off":          func(p *Plan) { p.Changes[0].OneOff = two },
		"units":            func(p *Plan) { p.Changes[0].Adjust.UnitChange = 3 },
		"price":            func(p *Plan) { p.Changes[0].Adjust.UnitPrice = &two },
		"cost":             func(p *Plan) { p.Changes[0].Adjust.UnitCost = &two },
		"hold":             func(p *Plan) { p.Changes[0].Holds[0].Why = "z" },
		"hold that blocks": func(p *Plan) { p.Changes[0].Holds[0].Blocks = true },
		"no hold":          func(p *Plan) { p.Changes[0].Holds = nil },
		"together":         func(p *Plan) { p.Changes[0].Together = []string{"b"} },
		"subscriptions":    func(p *Plan) { p.Changes[0].Shares = []billing.Share{{SubscriptionID: "s", Units: 2}} },
		"what moves":       func(p *Plan) { p.Changes[0].Moves = []Move{{"s", 2, p.Day}} },
		"proof":            func(p *Plan) { p.Changes[0].Proof = p.Changes[0].Proof[:1] },
		"change gone":      func(p *Plan) { p.Changes = nil },
		"finding":          func(p *Plan) { p.Findings[0].Message = "n" },
		"its money":        func(p *Plan) { p.Findings[0].Money = two },
		"finding gone":     func(p *Plan) { p.Findings = nil },
	} {
		if of(change) == first {
			t.Errorf("%s: the same fingerprint", name)
		}
	}
}

// An approval is for what a change does: everything that is sent moves its id, what is only said does not.
func TestWhatMovesAChangeID(t *testing.T) {
	one, two := euros(100), euros(200)
	of := func(change func(*Change)) string {
		c := Change{Kind: Increase, CustomerID: "c1", Contract: billing.Ref{ID: "900"}, Service: billing.Ref{ID: "800"}, Line: billing.Ref{ID: "1", Mark: "m"}, LineKey: "line",
			Effective: date("2026-11-20"), Before: State{Exists: true, Units: 5, UnitPrice: &one}, After: State{Exists: true, Units: 7, UnitPrice: &one},
			Adjust: &Adjustment{UnitChange: 2}}
		change(&c)
		var w scratch
		return w.changeID(&c)
	}
	first := of(func(*Change) {})
	if raw, err := hex.DecodeString(first); err != nil || len(raw)*2 != idDigits {
		t.Errorf("id %q", first)
	}
	for name, change := range map[string]func(*Change){
		"kind":         func(c *Change) { c.Kind = AddRepeat },
		"customer":     func(c *Change) { c.CustomerID = "c2" },
		"contract":     func(c *Change) { c.Contract.ID = "901" },
		"service":      func(c *Change) { c.Service.ID = "801" },
		"line":         func(c *Change) { c.Line.ID = "2" },
		"line key":     func(c *Change) { c.LineKey = "line-2" },
		"charge":       func(c *Change) { c.Charge.Mark = "SPN-1" },
		"charge key":   func(c *Change) { c.ChargeKey = "azure" },
		"date":         func(c *Change) { c.Effective = date("2026-11-21") },
		"units before": func(c *Change) { c.Before.Units = 4 },
		"units after":  func(c *Change) { c.After.Units = 8 },
		"price before": func(c *Change) { c.Before.UnitPrice = nil },
		"price after":  func(c *Change) { c.After.UnitPrice = &two },
		"end":          func(c *Change) { c.After.End = date("2027-01-14") },
		"amount":       func(c *Change) { c.After.Amount = &two },
		"units sent":   func(c *Change) { c.Adjust.UnitChange = 3 },
		"price sent":   func(c *Change) { c.Adjust.UnitPrice = &one },
		"cost sent":    func(c *Change) { c.Adjust.UnitCost = &one },
		"contract made": func(c *Change) {
			c.NewContract = &billing.DesiredContract{Name: "Managed", Start: date("2026-11-15")}
		},
		"service made": func(c *Change) { c.NewService = &billing.DesiredService{Name: "X"} },
		"charge made":  func(c *Change) { c.NewCharge = &billing.DesiredCharge{Name: "Azure"} },
	} {
		if of(change) == first {
			t.Errorf("%s: the same id", name)
		}
	}
	for name, change := range map[string]func(*Change){
		"name":     func(c *Change) { c.What, c.Customer, c.ContractName = "Renamed", "Renamed", "Renamed" },
		"reason":   func(c *Change) { c.Reason = "other words" },
		"proof":    func(c *Change) { c.Proof = []string{"sub-1"} },
		"holds":    func(c *Change) { c.Holds = []billing.Hold{{Policy: "x"}} },
		"requires": func(c *Change) { c.Requires = []string{"x"} },
		"money":    func(c *Change) { c.Recurring, c.Proration = one, two },
	} {
		if of(change) != first {
			t.Errorf("%s: another id", name)
		}
	}
}

// The short way to write a date gives what the long one gives. Fails when a month is not padded.
func TestAppendDate(t *testing.T) {
	for _, d := range []billing.Date{{}, {Year: 1, Month: 1, Day: 1}, {Year: 12026, Month: 1, Day: 1}} {
		if got := string(appendDate(nil, d)); got != d.String() {
			t.Errorf("%q, want %q", got, d.String())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := date("0001-01-01").AddDays(rapid.IntRange(0, 3_600_000).Draw(t, "days"))
		if got := string(appendDate([]byte("x"), d)); got != "x"+d.String() {
			t.Fatalf("%q, want %q", got, d.String())
		}
	})
}

// The text of a price that is remembered from the row before is the text of this row's price.
func TestTheRememberedPriceTextIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w scratch
		for range 6 {
			a := money.Of(money.New(rapid.Int64Range(0, 3).Draw(t, "value")*10, -rapid.Int32Range(0, 5).Draw(t, "places")), pick(t, "currency", money.Currency("EUR"), "USD", ""))
			if got := w.rowPrice(a); got != a.String() {
				t.Fatalf("%q, want %q", got, a.String())
			}
		}
	})
}
