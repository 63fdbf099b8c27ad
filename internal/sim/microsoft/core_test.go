package microsoft

import (
	"testing"

	"github.com/shopspring/decimal"
)

// TestWholePath reads everything a rebiller reads, in the demo and in the traps, and ties the sums.
func TestWholePath(t *testing.T) {
	for _, name := range []string{"demo", "traps"} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, name, nil)
			if name == "demo" {
				seen := 0
				for _, item := range c.pc("/customers?size=500").json(t)["items"].([]any) {
					id := item.(map[string]any)["id"].(string)
					seen += len(c.pc("/customers/" + id + "/subscriptions").json(t)["items"].([]any))
				}
				if seen != 60 {
					t.Errorf("%d subscriptions are listed, want the 60 of the scenario", seen)
				}
			}
			ids := c.sim.InvoiceIDs()
			if name == "demo" {
				ids = ids[:1]
			}
			for _, id := range ids {
				checkInvoice(t, c, id)
			}
		})
	}
}

func checkInvoice(t *testing.T, c *client, id string) {
	t.Helper()
	invoice := c.pc("/invoices/" + id).json(t)
	recon := c.rows("reconciliation/billed/export", `{"invoiceId":"`+id+`","attributeSet":"full"}`)
	usage := c.rows("usage/billed/export", `{"invoiceId":"`+id+`"}`)
	if got, want := sum(t, recon, "Total"), num(t, invoice["totalCharges"]); !got.Equal(want) || !want.IsPositive() {
		t.Errorf("%s: recon sums to %s, invoice says %s", id, got, want)
	}
	type group struct{ rated, billed decimal.Decimal }
	groups := map[string]*group{}
	at := func(r map[string]any) *group {
		key := r["CustomerId"].(string) + r["SubscriptionId"].(string) + r["ProductId"].(string) + r["SkuId"].(string) + r["AvailabilityId"].(string) + r["ChargeStartDate"].(string)
		if groups[key] == nil {
			groups[key] = &group{}
		}
		return groups[key]
	}
	for _, r := range usage {
		if r["BenefitType"] == "" {
			g := at(r)
			g.rated = g.rated.Add(num(t, r["BillingPreTaxTotal"]))
		}
	}
	for _, r := range recon {
		if r["MeterDescription"] != "" && r["ChargeType"] == "new" {
			g := at(r)
			g.billed = g.billed.Add(num(t, r["Subtotal"]))
		}
	}
	for key, g := range groups {
		if diff := g.rated.Sub(g.billed); diff.IsNegative() || diff.GreaterThanOrEqual(decimal.New(2, -2)) {
			t.Errorf("%s %s: usage %s, recon %s", id, key, g.rated, g.billed)
		}
	}
	if len(groups) == 0 {
		t.Errorf("%s: no usage", id)
	}
}
