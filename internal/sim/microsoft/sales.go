package microsoft

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"strings"

	"spindle/internal/sim/scenario"
)

// sales are price sheets and exchange rates, for user tokens only (sheet §2.7).
func (s *Server) sales(c call) reply {
	token, ok := s.verify(c.r)
	switch {
	case !ok || token.Audience != audiencePricing:
		return s.pcError(401, 800001, "The partner token is missing, invalid or was issued for another audience.")
	case token.Kind == "app":
		return s.pcError(403, 900329, "The resource does not support app-only authentication.")
	case len(c.path) != 4 || c.path[3] != "$value":
		return s.pcError(404, 1000, "Resource not found.")
	}
	name, argument, _ := strings.Cut(c.path[2], "(")
	switch strings.ToLower(name) {
	case "fxrates":
		month := quoted(argument, "Month")
		return csvReply([][]string{{"CurrencyCode", "USDPerUnit", "Month"}, {"EUR", "1.1605", month}, {"GBP", "1.3320", month}, {"USD", "1", month}})
	case "pricesheets":
		return s.priceSheet(quoted(argument, "Market"))
	}
	return s.pcError(404, 1000, "Resource not found.")
}

func quoted(text, name string) string {
	_, rest, _ := strings.Cut(text, name+"='")
	value, _, _ := strings.Cut(rest, "'")
	return value
}

func csvReply(rows [][]string) reply {
	var b bytes.Buffer
	_ = csv.NewWriter(&b).WriteAll(rows) // into memory
	return reply{status: 200, body: b.Bytes()}.with("Content-Type", "text/csv")
}

// priceSheet is a ZIP with one CSV, whatever encoding was asked for.
func (s *Server) priceSheet(market string) reply {
	rows := [][]string{{
		"ProductTitle", "ProductId", "SkuId", "SkuTitle", "Publisher", "SkuDescription", "UnitOfMeasure", "TermDuration", "BillingPlan", "Market", "Currency", "UnitPrice",
		"PricingTierRangeMin", "PricingTierRangeMax", "EffectiveStartDate", "EffectiveEndDate", "Tags", "ERP Price", "Segment",
	}}
	for _, p := range scenario.Products() {
		for _, plan := range []struct{ term, billing, price string }{{"P1M", "Monthly", p.Monthly}, {"P1Y", "Monthly", p.AnnualMonthly}, {"P1Y", "Annual", p.Annual}} {
			rows = append(rows, []string{
				p.Name, p.ProductID, strings.TrimLeft(p.SKUID, "0"), p.Name, p.Publisher, p.Name, "1", plan.term, plan.billing, market, s.world.scenario.Currency, plan.price,
				"", "", "3/1/2018 12:00:00 AM", "11/30/9999 11:59:59 PM", "", plan.price, "Commercial",
			})
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if f, err := z.Create("pricesheet.csv"); err == nil {
		_, _ = f.Write(csvReply(rows).body)
	}
	_ = z.Close() // into memory
	return reply{status: 200, body: b.Bytes()}.with("Content-Type", "application/zip")
}
