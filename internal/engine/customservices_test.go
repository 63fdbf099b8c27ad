package engine

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/store"
)

// TestServiceReview compares a list with what is stored: by customer and id, whatever file a row came from.
func TestServiceReview(t *testing.T) {
	service := func(id string, edit ...func(*billing.Subscription)) billing.Subscription {
		s := billing.Subscription{ID: billing.SubscriptionID(id), CustomerID: "c", Name: "Backup", Quantity: 12, Offer: billing.Offer{Frequency: billing.Monthly},
			UnitCost: euro(450), Start: day(t, "2026-10-01")}
		for _, e := range edit {
			e(&s)
		}
		return s
	}
	stored := []store.CustomService{{Subscription: service("same"), Origin: "a.csv"}, {Subscription: service("changed"), Origin: "a.csv"},
		{Subscription: service("gone"), Origin: "b.csv"}}
	r := ServiceReview{names: map[billing.CustomerID]string{"c": "Alder"}, Services: []billing.Subscription{
		service("same"), service("new"), service("changed", func(s *billing.Subscription) {
			s.Name, s.Quantity, s.UnitPrice, s.UnitCost, s.Offer.Frequency = "Backup plus", 14, euro(790), euro(500), billing.Annual
			s.Start, s.End = day(t, "2026-11-01"), day(t, "2027-11-01")
		})}}
	r.compare(stored)
	got := fmt.Sprint(r.Same, " ", r.Added, " ", r.Changed, " ", r.Ends())
	want := "1 [Backup of Alder] [Backup plus of Alder: name Backup → Backup plus, quantity 12 → 14, cost 4.50 EUR → 5.00 EUR, price by the price rules → 7.90 EUR, " +
		"billed monthly → annual, start 2026-10-01 → 2026-11-01, end open → 2027-11-01] [Backup of Alder]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSaveServicesEndsOnlyWhenAsked: a list ends what it lacks only as a replacement, and never while one of its rows is broken (law 2).
func TestSaveServicesEndsOnlyWhenAsked(t *testing.T) {
	o := newOffice(t)
	service := func(id string) billing.Subscription {
		return billing.Subscription{ID: billing.SubscriptionID(id), CustomerID: "alder", Kind: billing.CustomService, Name: id}
	}
	for _, step := range []struct {
		file    string
		ids     string
		broken  bool
		replace bool
		want    string // ids and files afterwards
		ended   int
	}{
		{"a.csv", "x y", false, false, "x a.csv, y a.csv", 0},
		{"b.csv", "y z", false, false, "x a.csv, y b.csv, z b.csv", 0},
		{"c.csv", "z", true, true, "x a.csv, y b.csv, z c.csv", 0},
		{"d.csv", "z", false, true, "z d.csv", 2},
		{"empty.csv", "", false, false, "z d.csv", 0},
		{"empty.csv", "", false, true, "", 1},
		{"empty.csv", "", false, true, "", 0},
	} {
		r := ServiceReview{File: step.file}
		for _, id := range strings.Fields(step.ids) {
			r.Services = append(r.Services, service(id))
		}
		if step.broken {
			r.Problems = []store.ImportProblem{{Line: 3, Message: "broken"}}
		}
		stored, err := o.Store.CustomServices(t.Context(), o.org.ID)
		o.check(err)
		r.compare(stored)
		imported, err := o.SaveServices(t.Context(), o.org, r, step.replace, "ann")
		o.check(err)
		if len(imported.Ended) != step.ended {
			t.Errorf("%s: %d ended, want %d", step.file, len(imported.Ended), step.ended)
		}
		stored, err = o.Store.CustomServices(t.Context(), o.org.ID)
		o.check(err)
		var texts []string
		for _, c := range stored {
			texts = append(texts, string(c.ID)+" "+c.Origin)
		}
		if got := strings.Join(texts, ", "); got != step.want {
			t.Errorf("%s: %s, want %s", step.file, got, step.want)
		}
	}
}
