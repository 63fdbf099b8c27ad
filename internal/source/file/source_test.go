package file

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/source"
	"spindle/internal/source/sourcetest"
)

func sampleSource(t *testing.T, inputs ...Input) source.Source {
	t.Helper()
	custom := []billing.Subscription{{ID: "custom:backup:b81e8504-f0cc-4f67-b67d-ab32807ff65f", CustomerID: "b81e8504-f0cc-4f67-b67d-ab32807ff65f", Kind: billing.CustomService,
		Name: "Backup", Status: billing.Active, Quantity: 3, Offer: billing.Offer{ProductID: "custom", SKUID: "backup", Frequency: billing.Monthly}}}
	return New(billing.NewDate(2026, 10, 8), custom, mustRead(t, inputs...))
}

func TestConformance(t *testing.T) {
	recon, usage := sample(t, "recon-nce.csv"), sample(t, "daily-rated-usage.jsonl")
	damaged := func(t *testing.T) source.Source {
		return sampleSource(t, Bytes("r.csv.gz", gz(t, recon)[:4000]), Bytes("u", usage[:len(usage)-300]))
	}
	brokenRow := func(t *testing.T) source.Source {
		bad := append([]byte(nil), recon...)
		bad = append(bad, "one,two,three\r\n"...)
		badUsage := append([]byte("{oops}\n"), usage...)
		return sampleSource(t, Bytes("r.csv", bad), Bytes("u", badUsage))
	}
	sourcetest.Run(t, sourcetest.Fixture{
		New: func(t *testing.T) source.Source { return sampleSource(t, Bytes("r.csv", recon), Bytes("u", usage)) },
		BrokenDirectories: map[string]func(*testing.T) source.Source{
			"damaged gzip": damaged, "broken row": brokenRow,
		},
		BrokenSets: map[string]func(*testing.T, billing.SetID) source.Source{
			"damaged files": func(t *testing.T, _ billing.SetID) source.Source { return damaged(t) },
			"broken row":    func(t *testing.T, _ billing.SetID) source.Source { return brokenRow(t) },
		},
	})
}

func TestImportedAgainReplaces(t *testing.T) {
	a := mustRead(t, Bytes("a", sample(t, "recon-nce.csv")))
	half, _ := split(sample(t, "recon-nce.jsonl"), 10)
	b := mustRead(t, Bytes("b", half))
	s := New(billing.NewDate(2026, 10, 8), nil, a, b)
	set, err := s.Lines(t.Context(), a.Lines[0].ID)
	if err != nil || len(set.Lines) != 10 {
		t.Errorf("%d lines, %v", len(set.Lines), err)
	}
}
