package autotask

import (
	"time"

	"github.com/shopspring/decimal"
)

// world is one tenant's data. The server's lock guards it.
type world struct {
	d      dialects
	now    func() time.Time // virtual clock
	model  *model
	picks  map[string][]choice
	tables map[string]*table // by plural name
	lines  lineSet           // contract services
	bundle lineSet           // contract service bundles

	horizonDay time.Time // day for which unit rows were made

	version   int64 // grows when something changes that unit rows of all lines depend on
	actorID   int64 // resource recorded as creator
	rowSerial int64 // grows whenever any line's unit rows are made anew
}

func newWorld(d dialects, now func() time.Time) (*world, error) {
	m, err := newModel(d)
	if err != nil {
		return nil, err
	}
	w := &world{d: d, now: now, model: m, picks: picklists(d), tables: map[string]*table{}}
	for _, e := range m.entities {
		w.tables[e.name] = newTable(e)
	}
	w.lines = newLineSet(m.entity("ContractServiceUnits"), m.entity("ContractServiceAdjustments"))
	w.bundle = newLineSet(m.entity("ContractServiceBundleUnits"), m.entity("ContractServiceBundleAdjustments"))
	return w, nil
}

func (w *world) table(name string) *table { return w.tables[name] }

// find returns a stored row by id.
func (w *world) find(name string, id int64) (*record, bool) {
	r, ok := w.tables[name].rows[id]
	return r, ok
}

func (w *world) today() time.Time { return midnight(w.now()) }

// touch marks the unit rows of every line as out of date.
func (w *world) touch() { w.version++ }

// conversion turns internal amounts into a customer's and back (Autotask sheet §6.8).
type conversion struct {
	rate     decimal.Decimal
	divide   bool
	internal bool // the customer's currency is the internal one
	currency int64
}

// conversionFor finds the conversion of a company. A company without currency uses the internal one.
func (w *world) conversionFor(companyID int64) conversion {
	c := conversion{rate: decimal.NewFromInt(1), internal: true, divide: w.d.is("exchangeRate", "divide")}
	company, ok := w.find("Companies", companyID)
	if !ok {
		return c
	}
	id, ok := company.ref("currencyID")
	currency, known := w.find("Currencies", id)
	if !ok || !known || currency.flag("isInternalCurrency") {
		return c
	}
	c.internal, c.currency = false, id
	if rate := currency.amount("exchangeRate"); rate.Sign() > 0 {
		c.rate = rate
	}
	return c
}

func (c conversion) toCustomer(amount decimal.Decimal) decimal.Decimal {
	if c.internal {
		return amount
	}
	if c.divide {
		return amount.DivRound(c.rate, 4)
	}
	return amount.Mul(c.rate).Round(4)
}

func (c conversion) toInternal(amount decimal.Decimal) decimal.Decimal {
	if c.internal {
		return amount
	}
	if c.divide {
		return amount.Mul(c.rate).Round(4)
	}
	return amount.DivRound(c.rate, 4)
}

// internalValue is an internalCurrency… property: equal to the plain one or null where no conversion happens.
func (w *world) internalValue(c conversion, amount decimal.Decimal) any {
	if c.internal && w.d.is("internalCurrency", "null") {
		return nil
	}
	return c.toInternal(amount)
}

// contractConversion is the conversion of the company that owns a contract.
func (w *world) contractConversion(contractID int64) conversion {
	contract, ok := w.find("Contracts", contractID)
	if !ok {
		return w.conversionFor(-1)
	}
	return w.conversionFor(contract.num("companyID"))
}
