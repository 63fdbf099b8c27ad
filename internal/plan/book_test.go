package plan

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// entryOf writes an item of a book: "want 30 cost 20, billed 25 cost 15, #1, guest". Amounts are euros; "open" stands and is not billed,
// "gone" is in the ledger only.
func entryOf(t *testing.T, text string) *item {
	t.Helper()
	e := &item{kind: "azure", key: text}
	amount := func(s string) money.Amount {
		d, err := money.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return money.Of(d, "EUR")
	}
	for part := range strings.SplitSeq(text, ", ") {
		words := strings.Fields(part)
		value, cost := amount("0"), amount("0")
		if len(words) > 1 {
			value = amount(words[1])
		}
		if len(words) > 3 {
			cost = amount(words[3])
		}
		switch words[0] {
		case "want":
			e.want = &billing.DesiredCharge{Key: text, Name: "Azure", Quantity: money.Int(1), UnitPrice: value, UnitCost: cost}
		case "billed", "open":
			e.found = []billing.Charge{{ID: "1", Quantity: money.Int(1), UnitPrice: value, Billed: words[0] == "billed"}}
			e.paper = &Charged{Key: text, ID: "1", Amount: value, Cost: cost}
		case "gone":
			e.paper = &Charged{Key: text, ID: "1", Amount: value, Cost: cost}
		case "guest":
			e.guest = true
		default:
			if _, err := fmt.Sscanf(words[0], "#%d", &e.number); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

func bookOf(t *testing.T, entries ...string) *book {
	t.Helper()
	b := &book{contract: "900", company: "1"}
	for _, text := range entries {
		if text == "" {
			continue
		}
		e := entryOf(t, text)
		if e.number > 0 {
			b.trueUps = append(b.trueUps, e)
		} else {
			b.originals = append(b.originals, e)
		}
		if e.guest {
			b.guests = append(b.guests, e)
		}
	}
	return b
}

// What a book holds too much, by hand: what was billed and what true-ups brought, less all that is wanted there. An open original can still be
// corrected and an open true-up too, so neither counts.
func TestTheSurplusOfABook(t *testing.T) {
	for _, tc := range []struct {
		book    string // entries separated by semicolons
		surplus string
		outlive bool
		charged string
	}{
		{"want 30, billed 30", "0", false, "30"},
		{"want 20, billed 30", "10", false, "30"},
		{"want 40, billed 30", "-10", false, "30"},
		{"billed 30", "30", true, "30"},
		{"open 30", "0", false, "30"},
		{"want 30", "-30", false, "0"},
		{"want 30, billed 30; billed 5", "5", true, "35"},
		{"want 30, billed 30; want 7, open 9", "-7", false, "39"},
		{"want 30, billed 30; billed 4, #1", "4", false, "34"},
		{"want 30, billed 30; open 4, #1", "0", false, "34"},
		{"want 30, billed 30; gone 4, #1", "4", false, "34"}, // a person deleted it: it keeps counting
		{"want 30, billed 30; billed -6, #1; billed 2, #2", "-4", false, "26"},
	} {
		b := bookOf(t, strings.Split(tc.book, "; ")...)
		if got := b.surplus().String(); got != tc.surplus {
			t.Errorf("%s: surplus %s, want %s", tc.book, got, tc.surplus)
		}
		if got := b.outlived() != nil; got != tc.outlive {
			t.Errorf("%s: a billed charge that nobody asks for: %t", tc.book, got)
		}
		if got := b.charged().String(); got != tc.charged {
			t.Errorf("%s: charged %s, want %s", tc.book, got, tc.charged)
		}
	}
}

// What a true-up costs: the cost of what is wanted and was billed or moved here, less the cost of what was charged; the open true-up that is
// corrected does not count against itself. Costs are known as soon as one wanted charge has one.
func TestTheCostThatIsLeft(t *testing.T) {
	for _, tc := range []struct {
		book  string
		leave int // the true-up that is left out; 0: none
		rest  string
		known bool
	}{
		{"want 30 cost 20, billed 25 cost 15", 0, "5", true},
		{"want 30 cost 20, billed 30 cost 20", 0, "0", true},
		{"want 30 cost 0, billed 30 cost 20", 0, "-20", false},
		{"billed 30 cost 20", 0, "-20", false},
		{"want 30 cost 20, open 25 cost 15", 0, "0", true}, // corrected in place
		{"want 30 cost 20", 0, "0", true},                  // created
		{"want 30 cost 20, billed 25 cost 15; open 3 cost 2, #1", 0, "3", true},
		{"want 30 cost 20, billed 25 cost 15; open 3 cost 2, #1", 1, "5", true},
		{"want 30 cost 20, billed 25 cost 15; billed 3 cost 2, #1; open 1 cost 1, #2", 2, "3", true},
		{"billed 30 cost 20; want 28 cost 21, guest", 0, "1", true},
		{"billed 30 cost 20; want 28 cost 21, guest; open 4 cost 3", 0, "-2", true}, // stays, because guests hold its money
		{"want 30 cost 20, billed 25 cost 15; want 5 cost 0, billed 5", 0, "5", true},
		{"billed 30 cost 20; want 28 cost 21, guest; want 5 cost 4, open 4 cost 3", 0, "1", true}, // that is corrected in place
		{"billed 30 cost 20; open 4 cost 3", 0, "-20", false},                                     // taken back
	} {
		b := bookOf(t, strings.Split(tc.book, "; ")...)
		var open *item
		if tc.leave > 0 {
			open = b.trueUps[tc.leave-1]
		}
		rest, known := b.costRest(open)
		if rest.String() != tc.rest || known != tc.known {
			t.Errorf("%s, without true-up %d: %s, known %t; want %s, %t", tc.book, tc.leave, rest, known, tc.rest, tc.known)
		}
	}
}

// Which book holds the money of a charge that was never written: its own when a billed charge there is not asked for any more, else one that
// was billed for more than is wanted there, of the same company before another one.
func TestWhoHoldsTheMoney(t *testing.T) {
	at := func(contract string, company billing.CompanyID, entries ...string) *book {
		b := bookOf(t, entries...)
		b.contract, b.company = contract, company
		return b
	}
	mine, full := at("900", "1", "want 30"), at("910", "1", "want 30, billed 30")
	more, other := at("920", "1", "want 20, billed 30"), at("930", "2", "billed 30")
	unbilled := at("940", "1", "open 30", "billed 9, #1") // has too much, but no original of it was billed
	outlived := at("950", "1", "want 30", "billed 12")
	for _, tc := range []struct {
		name  string
		b     *book
		among []*book
		want  *book
	}{
		{"nobody", mine, []*book{mine}, nil},
		{"one that is billed as wanted", mine, []*book{mine, full}, nil},
		{"one that has too much", mine, []*book{mine, full, more}, more},
		{"another company", mine, []*book{mine, other}, other},
		{"the same company first", mine, []*book{mine, other, more}, more},
		{"the same company first, in whatever order", mine, []*book{more, other, mine}, more},
		{"too much by a true-up alone", mine, []*book{mine, unbilled}, nil},
		{"its own", outlived, []*book{more, outlived}, outlived},
	} {
		if got := tc.b.host(tc.among); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// Cents that another grouping of the same cost rounds to are no difference: a cent for each charge on either side, and only when the cost is
// the same.
func TestCentsOfAnotherGrouping(t *testing.T) {
	for _, tc := range []struct {
		book string
		rest string
		want bool
	}{
		{"billed 30 cost 20; want 30.02 cost 20, guest", "0.02", true},
		{"billed 30 cost 20; want 30.02 cost 20, guest", "0.03", true}, // one wanted, two originals
		{"billed 30 cost 20; want 30.02 cost 20, guest", "0.04", false},
		{"billed 30 cost 20; want 30.02 cost 20, guest", "-0.03", true},
		{"billed 30 cost 20; want 30.02 cost 20.04, guest", "0.02", false}, // Microsoft bills another cost
		{"billed 30 cost 20; want 30.02 cost 0, guest", "0.02", false},     // nobody knows the cost
		{"want 30.02 cost 20, billed 30 cost 20", "0.02", false},           // the same grouping
		{"billed 30 cost 0; want 30.02 cost 0, guest", "0.02", false},      // nobody knows any cost
		{"billed 30 cost 20; want 30.02 cost 20.03, guest", "0.02", true},  // the cost rounds otherwise, too
		{"billed 30 cost 20; want 30.02 cost 19, guest", "0.02", false},    // Microsoft bills less
		{"billed 30 cost 20; want 25 cost 20, guest", "-5", false},         // the price rules give less
	} {
		rest, err := money.Parse(tc.rest)
		if err != nil {
			t.Fatal(err)
		}
		if got := bookOf(t, strings.Split(tc.book, "; ")...).isRounding(rest); got != tc.want {
			t.Errorf("%s, %s left: %t, want %t", tc.book, tc.rest, got, tc.want)
		}
	}
}
