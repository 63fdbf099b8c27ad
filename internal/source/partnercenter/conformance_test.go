package partnercenter

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/sim/microsoft"
	"spindle/internal/source"
	"spindle/internal/source/sourcetest"
)

const (
	customersPath = "/v1/customers"
	subsPath      = "/v1/customers/*/subscriptions"
	blobPath      = "/**/part-*"
	exportPath    = "/v1.0/reports/partners/billing/*/*/**"
)

func TestConformance(t *testing.T) {
	oneCustomer := "/v1/customers/" + demo(t).Customers[3].TenantID
	broken := func(faults ...microsoft.Fault) func(*testing.T) source.Source {
		return func(t *testing.T) source.Source {
			w := newWorld(t, nil)
			for _, f := range faults {
				w.fault(t, f)
			}
			return w.client(t)
		}
	}
	brokenSet := func(faults ...microsoft.Fault) func(*testing.T, billing.SetID) source.Source {
		return func(t *testing.T, _ billing.SetID) source.Source { return broken(faults...)(t) }
	}
	sourcetest.Run(t, sourcetest.Fixture{
		New: func(t *testing.T) source.Source { return newWorld(t, nil).client(t) },
		BrokenDirectories: map[string]func(*testing.T) source.Source{
			"customers down":              broken(microsoft.Fault{Kind: "503", Path: customersPath}),
			"one customer's list down":    broken(microsoft.Fault{Kind: "500json", Path: oneCustomer + "/subscriptions"}),
			"one customer's list cut":     broken(microsoft.Fault{Kind: "truncate", Path: oneCustomer + "/subscriptions"}),
			"entitlements down":           broken(microsoft.Fault{Kind: "500", Path: subsPath + "/*/azureEntitlements"}),
			"customers cut in the middle": broken(microsoft.Fault{Kind: "truncate", Path: customersPath}),
			"token refused":               broken(microsoft.Fault{Kind: "401", Path: "/v1/**"}),
			"sign-in down":                broken(microsoft.Fault{Kind: "500", Path: "/*/oauth2/v2.0/token"}),
			"throttled for good":          broken(microsoft.Fault{Kind: "429", Path: customersPath, RetryAfter: "3600"}),
		},
		BrokenSets: map[string]func(*testing.T, billing.SetID) source.Source{
			"truncated gzip":    brokenSet(microsoft.Fault{Kind: "truncate", Path: blobPath}),
			"missing blob":      brokenSet(microsoft.Fault{Kind: "missingBlob", Path: exportPath}),
			"foreign partner":   brokenSet(microsoft.Fault{Kind: "foreignPartner", Path: exportPath}),
			"failed export":     brokenSet(microsoft.Fault{Kind: "failExport", Path: exportPath}),
			"stuck export":      brokenSet(microsoft.Fault{Kind: "stuckExport", Path: exportPath}),
			"expired for good":  brokenSet(microsoft.Fault{Kind: "expireExport", Path: exportPath}),
			"blobs down":        brokenSet(microsoft.Fault{Kind: "503", Path: blobPath}),
			"blobs drop":        brokenSet(microsoft.Fault{Kind: "dropBody", Path: blobPath}),
			"exports throttled": brokenSet(microsoft.Fault{Kind: "429", Path: exportPath, RetryAfter: "3600"}),
		},
	})
}
