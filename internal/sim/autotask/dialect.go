package autotask

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dialect is one choice among the documented-but-unverified readings of Autotask's behaviour. The first value is the default.
type Dialect struct {
	Name    string   `json:"name"`
	Values  []string `json:"values"`
	Meaning string   `json:"meaning"`
	Section string   `json:"section"` // where the Autotask sheet leaves the question open
	AtSeed  bool     `json:"atSeed"`  // takes effect with the next reset or seed, because stored values depend on it
}

// Dialects lists every switch, ordered by name. Tests flip them one at a time.
func Dialects() []Dialect {
	list := slices.Concat(engineDialects(), readDialects(), writeDialects(), limitDialects(), seedDialects())
	slices.SortFunc(list, func(a, b Dialect) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func engineDialects() []Dialect {
	return []Dialect{
		{Name: "split", Values: []string{"truncate", "overlap"}, Section: "10.5", Meaning: "after a mid-period change the earlier unit row of the period ends the day before, or keeps its end"},
		{Name: "partialPrice", Values: []string{"prorated", "full"}, Section: "10.5", Meaning: "price and cost of a unit row that covers part of a period: by days, or in full"},
		{Name: "rowSpan", Values: []string{"service", "contract"}, Section: "6.2", Meaning: "whose period type a unit row spans"},
		{Name: "clippedPeriod", Values: []string{"full", "prorated"}, Section: "6.2", Meaning: "a last period cut by the contract's end counts as a whole period, or is charged by days"},
		{Name: "monthEnd", Values: []string{"clamp", "drift"}, Section: "12", Meaning: "contract start on the 29th to 31st: clamp each month from the original day, or continue from the clamped day"},
		{Name: "postedPeriod", Values: []string{"difference", "reject"}, Section: "6.3", Meaning: "adjustment effective in a posted period: pending difference line, or refusal"},
		{Name: "zeroUnits", Values: []string{"allow", "reject"}, Section: "6.3", Meaning: "whether an adjustment may bring a line to exactly 0 units"},
		{Name: "repeatTarget", Values: []string{"first", "last"}, Section: "5.5", Meaning: "instance hit by (contractID, serviceID) when the service is on the contract several times"},
		{Name: "catalogPriceFollows", Values: []string{"yes", "no"}, Section: "5.3", Meaning: "a catalogue price change moves lines that have no adjusted price"},
		{Name: "adjustedPriceShown", Values: []string{"inForce", "latest"}, Section: "5.4", Meaning: "internalCurrencyAdjustedPrice shows the price in force today, or the last one entered for any date"},
		{Name: "postRounding", Values: []string{"2", "4"}, Section: "6.7", Meaning: "decimals of posted amounts"},
		{Name: "voidReleases", Values: []string{"yes", "no"}, Section: "5.12", Meaning: "items of a voided invoice can be invoiced again"},
		{Name: "uninvoiced", Values: []string{"mixed", "null", "zero"}, Section: "5.13", Meaning: "invoiceID of a posted item without invoice"},
		{Name: "exchangeRate", Values: []string{"multiply", "divide"}, Section: "5.14", Meaning: "customer amount = internal amount times, or divided by, the exchange rate"},
		{Name: "catalogCurrency", Values: []string{"internal", "customer"}, Section: "6.8", Meaning: "currency of Services.unitPrice: converted to the customer's, or taken as it stands"},
		{Name: "internalCurrency", Values: []string{"equal", "null"}, Section: "6.8", Meaning: "internalCurrency… properties where the customer's currency is the internal one"},
	}
}

func readDialects() []Dialect {
	return []Dialect{
		{Name: "missingID", Values: []string{"null", "404"}, Section: "13.4", Meaning: "GET of an id that does not exist: 200 with item null, or 404"},
		{Name: "boolFilter", Values: []string{"json", "numeric"}, Section: "13.13", Meaning: "filters on booleans work with JSON false, or find nothing with it and need 0"},
		{Name: "dateFormat", Values: []string{"mixed", "z", "plain"}, Section: "8.1", Meaning: "datetimes on the wire: with and without Z and fraction in turn, always Z, never Z"},
		{Name: "emptyFilter", Values: []string{"all", "error"}, Section: "2.2", Meaning: "an empty filter array matches everything, or is refused"},
		{Name: "includeFieldsUnknown", Values: []string{"500", "400"}, Section: "13.11", Meaning: "status for an unknown name in includeFields"},
		{Name: "queryKeys", Values: []string{"any", "exact"}, Section: "2.2", Meaning: "MaxRecords and IncludeFields work in any letter case, or are ignored when capitalised"},
		{Name: "noteqNull", Values: []string{"exclude", "include"}, Section: "2.3", Meaning: "whether noteq and notIn match rows whose field is null"},
		{Name: "udfPerQuery", Values: []string{"5", "1"}, Section: "2.3", Meaning: "most user-defined fields in one query"},
		{Name: "childGet", Values: []string{"item", "items"}, Section: "2.1", Meaning: "envelope of GET /Parent/{id}/Child/{id}"},
		{Name: "hiddenCost", Values: []string{"null", "zero"}, Section: "1.2", Meaning: "how costs look to a user who may not read them"},
		{Name: "restrictedQuery", Values: []string{"empty", "error"}, Section: "1.2", Meaning: "queries on entities a user may not see: no rows, or a permission error"},
		{Name: "accessLevel", Values: []string{"text", "number"}, Section: "4.1", Meaning: "userAccessFor… in entityInformation"},
		{Name: "metadataNames", Values: []string{"camel", "pascal"}, Section: "4.2", Meaning: "letter case of field names in entityInformation/fields"},
		{Name: "udfRoute", Values: []string{"empty", "404"}, Section: "4.3", Meaning: "userDefinedFields of an entity without any: empty list, or 404"},
	}
}

func writeDialects() []Dialect {
	return []Dialect{
		{Name: "adjustedPricePatch", Values: []string{"ignore", "store"}, Section: "10.4", Meaning: "adjustedPrice in PATCH and PUT of a contract service"},
		{Name: "adjustedPricePost", Values: []string{"store", "ignore"}, Section: "10.4", Meaning: "adjustedPrice in POST of a contract service"},
		{Name: "contractServiceCost", Values: []string{"store", "ignore"}, Section: "5.4", Meaning: "unitCost in PATCH and PUT of a contract service"},
		{Name: "immutable", Values: []string{"ignore", "reject"}, Section: "2.6", Meaning: "a changed value for a field that is fixed after creation"},
		{Name: "itemIdType", Values: []string{"number", "string"}, Section: "2.1", Meaning: "JSON type of itemId"},
		{Name: "chargeRounding", Values: []string{"4", "2"}, Section: "5.9", Meaning: "decimals of quantity, cost and price of charges"},
		{Name: "companyCurrency", Values: []string{"writable", "fixed"}, Section: "5.1", Meaning: "currencyID of a company after creation"},
		{Name: "malformedJSON", Values: []string{"400", "500"}, Section: "3.2", Meaning: "status for a body that is not JSON"},
		{Name: "numericStrings", Values: []string{"accept", "reject"}, Section: "2.6", Meaning: "numbers sent as strings in bodies"},
		{Name: "parentMismatch", Values: []string{"reject", "parentWins"}, Section: "2.8", Meaning: "nested write whose body names another parent"},
		{Name: "collectionPatch", Values: []string{"works", "404"}, Section: "2.1", Meaning: "PATCH on collections, or the 404 page reported from the German zone (PUT works)"},
	}
}

func limitDialects() []Dialect {
	return []Dialect{
		{Name: "overThreshold", Values: []string{"429", "500"}, Section: "3.4", Meaning: "status beyond the hourly threshold"},
		{Name: "threadLimit", Values: []string{"429", "500"}, Section: "13.14", Meaning: "status of the fourth simultaneous call"},
		{Name: "threadRelease", Values: []string{"immediate", "late"}, Section: "13.14", Meaning: "a thread is free with the answer, or 25 ms later"},
		{Name: "lockout", Values: []string{"off", "on"}, Section: "1.2", Meaning: "ten failed logins in a row lock the user"},
	}
}

func seedDialects() []Dialect {
	return []Dialect{
		{Name: "picklistLabels", Values: []string{"standard", "renamed"}, AtSeed: true, Section: "4.2", Meaning: "labels as delivered, or renamed by the tenant (the traps scenario is renamed unless told otherwise)"},
		{Name: "companyTypeValues", Values: []string{"gap", "dense"}, AtSeed: true, Section: "5.1", Meaning: "company types 1 2 3 4 6 7 8, or 1 to 7"},
		{Name: "useTypeValues", Values: []string{"order", "other"}, AtSeed: true, Section: "5.10", Meaning: "billing code use types in label order, or with Material 6 and Milestone 4"},
		{Name: "chargeTypeValues", Values: []string{"order", "swapped"}, AtSeed: true, Section: "5.9", Meaning: "Operational 1 and Capitalized 2, or the reverse"},
		{Name: "billingItemTypeValues", Values: []string{"order", "other"}, AtSeed: true, Section: "5.13", Meaning: "billing item types 1 to 8 in label order, or shifted by ten except Labor"},
		{Name: "serviceNameLength", Values: []string{"150", "100"}, AtSeed: true, Section: "5.3", Meaning: "longest service name"},
		{Name: "postalCodeLength", Values: []string{"10", "20"}, AtSeed: true, Section: "5.1", Meaning: "longest postal code"},
	}
}

// dialects holds the current value of every switch.
type dialects map[string]string

func defaultDialects() dialects {
	d := dialects{}
	for _, entry := range Dialects() {
		d[entry.Name] = entry.Values[0]
	}
	return d
}

// with returns a copy with changes applied. An unknown name or value is an error that lists what is allowed.
func (d dialects) with(changes map[string]string) (dialects, error) {
	known := map[string][]string{}
	for _, entry := range Dialects() {
		known[entry.Name] = entry.Values
	}
	out := maps.Clone(d)
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		values, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("unknown dialect %q: use one of %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if !slices.Contains(values, changes[name]) {
			return nil, fmt.Errorf("dialect %s: unknown value %q: use one of %s", name, changes[name], strings.Join(values, ", "))
		}
		out[name] = changes[name]
	}
	return out, nil
}

// is reports whether a switch has a value.
func (d dialects) is(name, value string) bool { return d[name] == value }
