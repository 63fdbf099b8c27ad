package scenario

import (
	"reflect"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 10, 15, 0, 0, 0, time.UTC)

func TestNamedIsDeterministic(t *testing.T) {
	for _, name := range Names() {
		a, err := Named(name, day)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Named(name, day)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: two builds differ", name)
		}
		seen := map[string]bool{}
		for _, c := range a.Customers {
			ids := []string{c.TenantID, c.AzurePlanID}
			for _, s := range c.Subscriptions {
				ids = append(ids, s.ID)
			}
			for _, s := range c.Azure {
				ids = append(ids, s.ID)
			}
			for _, id := range ids {
				if id != "" && seen[id] {
					t.Errorf("%s: id %s twice", name, id)
				}
				seen[id] = true
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, tt := range []struct {
		name                                       string
		customers, subscriptions, azure, contracts int
	}{{"demo", 12, 60, 3, 7}, {"large", 1000, 8000, 0, 2000}} {
		s, err := Named(tt.name, day)
		if err != nil {
			t.Fatal(err)
		}
		subscriptions, azure, contracts := 0, 0, 0
		for _, c := range s.Customers {
			subscriptions += len(c.Subscriptions)
			contracts += len(c.Contracts)
			if c.AzurePlanID != "" {
				azure++
				subscriptions++
			}
		}
		if len(s.Customers) != tt.customers || subscriptions != tt.subscriptions || azure != tt.azure || contracts != tt.contracts {
			t.Errorf("%s: %d customers, %d subscriptions, %d Azure, %d contracts", tt.name, len(s.Customers), subscriptions, azure, contracts)
		}
	}
}

func TestUnknownName(t *testing.T) {
	if _, err := Named("moon", day); err == nil {
		t.Error("an unknown scenario must be an error")
	}
}
