package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

var errCut = errors.New("the power went out")

// writes names one call of every method that writes, in an order in which all succeed. The world below gives what they need.
func writes(w world) []call {
	return []call{
		{"SetTargetEnabled", func(ctx context.Context) error { return w.SetTargetEnabled(ctx, w.org, true, "ann") }},
		{"SaveConnection", func(ctx context.Context) error {
			return w.SaveConnection(ctx, w.org, store.Connection{System: store.Autotask, Config: []byte(`{"zone":"1"}`), Sealed: []byte{1}}, "ann")
		}},
		{"SwapSealed", func(ctx context.Context) error {
			_, err := w.SwapSealed(ctx, w.org, store.Autotask, []byte{1}, []byte{2})
			return err
		}},
		{"DeleteConnection", func(ctx context.Context) error { return w.DeleteConnection(ctx, w.org, store.Autotask, "ann") }},
		{"JoinCalls", func(ctx context.Context) error { return w.JoinCalls(ctx, w.org, "zone/1") }},
		{"SaveSettings", func(ctx context.Context) error {
			return w.SaveSettings(ctx, w.org, billing.Settings{VendorName: "Microsoft"}, "ann")
		}},
		{"MapCustomer", func(ctx context.Context) error {
			return w.MapCustomer(ctx, w.org, billing.CompanyMapping{CustomerID: "c", CompanyID: "1"}, "ann")
		}},
		{"MapCustomers", func(ctx context.Context) error {
			return w.MapCustomers(ctx, w.org, []billing.CompanyMapping{{CustomerID: "c", CompanyID: "1"}, {CustomerID: "d", CompanyID: "2"}}, "ann")
		}},
		{"UnmapCustomer", func(ctx context.Context) error { return w.UnmapCustomer(ctx, w.org, "c", "ann") }},
		{"SetSwitch", func(ctx context.Context) error {
			return w.SetSwitch(ctx, w.org, billing.BillingSwitch{CustomerID: "c", On: true}, "ann")
		}},
		{"SetSwitches", func(ctx context.Context) error {
			return w.SetSwitches(ctx, w.org, []billing.BillingSwitch{{CustomerID: "c", SubscriptionID: "s", On: true, From: "2026-11"}, {CustomerID: "d"}}, "ann")
		}},
		{"ClearSwitch", func(ctx context.Context) error {
			return w.ClearSwitch(ctx, w.org, billing.BillingSwitch{CustomerID: "c"}, "ann")
		}},
		{"SaveRoute", func(ctx context.Context) error {
			return w.SaveRoute(ctx, w.org, billing.Route{CustomerID: "c", Managed: true}, "ann")
		}},
		{"SaveRoutes", func(ctx context.Context) error {
			return w.SaveRoutes(ctx, w.org, []billing.Route{{CustomerID: "c", Managed: true}, {CustomerID: "d", ContractID: "7"}}, "ann")
		}},
		{"DeleteRoute", func(ctx context.Context) error {
			return w.DeleteRoute(ctx, w.org, billing.Route{CustomerID: "c"}, "ann")
		}},
		{"MapService", func(ctx context.Context) error {
			return w.MapService(ctx, w.org, billing.ServiceMapping{Offer: billing.Offer{ProductID: "p"}, ServiceID: "5"}, "ann")
		}},
		{"UnmapService", func(ctx context.Context) error {
			return w.UnmapService(ctx, w.org, billing.Offer{ProductID: "p"}, "ann")
		}},
		{"SaveAuthority", func(ctx context.Context) error {
			return w.SaveAuthority(ctx, w.org, billing.AuthorityRule{Authority: billing.AutotaskPrices}, "ann")
		}},
		{"DeleteAuthority", func(ctx context.Context) error { return w.DeleteAuthority(ctx, w.org, billing.AuthorityRule{}, "ann") }},
		{"SaveAuthority", func(ctx context.Context) error {
			return w.SaveAuthority(ctx, w.org, billing.AuthorityRule{CustomerID: "c1", Authority: billing.AutotaskPrices}, "ann")
		}},
		{"SavePriceRule", func(ctx context.Context) error {
			_, err := w.SavePriceRule(ctx, w.org, billing.PriceRule{Kind: billing.MarkupRule, Value: money.Int(20)}, "ann")
			return err
		}},
		{"DeletePriceRule", func(ctx context.Context) error { return w.DeletePriceRule(ctx, w.org, "p1", "ann") }},
		{"SaveCatalogue", func(ctx context.Context) error {
			return w.SaveCatalogue(ctx, w.org, billing.Catalogue{Currency: "EUR"})
		}},
		{"SaveDirectory", func(ctx context.Context) error {
			return w.SaveDirectory(ctx, w.org, "partnercenter", billing.Directory{
				Customers:  []billing.Customer{{ID: "c2"}},
				Incomplete: []billing.Gap{{What: "subscriptions"}},
			})
		}},
		{"SaveCustomServices", func(ctx context.Context) error {
			return w.SaveCustomServices(ctx, w.org, store.CustomList{Origin: "list.csv",
				Services: []billing.Subscription{{ID: "s", Kind: billing.CustomService}, {ID: "s1", Kind: billing.CustomService, Quantity: 2}},
				Ended:    []billing.SubscriptionID{"s2"}}, "ann")
		}},
		{"SaveLineSet", func(ctx context.Context) error {
			_, err := w.SaveLineSet(ctx, w.org, lineSet("v2", 25), "file.csv")
			return err
		}},
		{"SaveUsageSet", func(ctx context.Context) error {
			_, err := w.SaveUsageSet(ctx, w.org, billing.UsageSet{
				ID: billing.SetID{Kind: billing.BilledUsage, Invoice: "G1"}, Version: "v2", Groups: make([]billing.UsageGroup, 11),
				Days: []billing.UsageDay{{CustomerID: "c1", Day: billing.NewDate(2026, 10, 1), Cost: money.Of(money.Int(3), "EUR")}},
			}, "file.jsonl")
			return err
		}},
		{"SaveInvoices", func(ctx context.Context) error {
			return w.SaveInvoices(ctx, w.org, []billing.Invoice{{ID: "G1"}, {ID: "G2"}}, "partnercenter")
		}},
		{"SaveImportReport", func(ctx context.Context) error {
			_, err := w.SaveImportReport(ctx, w.org, store.ImportReport{Origin: "file.csv"})
			return err
		}},
		{"CreateRun", func(ctx context.Context) error {
			_, err := w.CreateRun(ctx, w.org, "ann", store.Scope{})
			return err
		}},
		{"SavePlan", func(ctx context.Context) error {
			return w.SavePlan(ctx, w.org, "2", plan.Plan{
				Changes:     []plan.Change{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}},
				Findings:    []billing.Finding{{Kind: billing.FindingNoCost}},
				Fingerprint: "f-2",
			}, billing.Desired{Lines: []billing.DesiredLine{{Key: "k"}}, Dispositions: []billing.Disposition{{LineKey: "l", Outcome: billing.Excluded, By: "trial"}}})
		}},
		{"Approve", func(ctx context.Context) error {
			_, err := w.Approve(ctx, w.org, "2", store.Approval{ChangeIDs: []string{"a", "b", "c"}, Fingerprint: "f-2", By: "ann"})
			return err
		}},
		{"Reject", func(ctx context.Context) error {
			_, err := w.Reject(ctx, w.org, "2", store.Approval{ChangeIDs: []string{"d"}, Fingerprint: "f-2", By: "ann"})
			return err
		}},
		{"BeginApply", func(ctx context.Context) error { return w.BeginApply(ctx, w.org, "2", "ann") }},
		{"SaveProgress", func(ctx context.Context) error {
			return w.SaveProgress(ctx, w.org, "2", store.Progress{Phase: "sending", Done: 1, Total: 3})
		}},
		{"DecideFinding", func(ctx context.Context) error {
			return w.DecideFinding(ctx, w.org, "no-cost/", store.FindingDecision{State: store.FindingDone, Note: "seen"}, "ann")
		}},
		{"SetRunState", func(ctx context.Context) error { return w.SetRunState(ctx, w.org, "2", store.RunApplying, "") }},
		{"BeginSend", func(ctx context.Context) error {
			_, err := w.BeginSend(ctx, w.org, "2", "a", "{}")
			return err
		}},
		{"FinishSend", func(ctx context.Context) error {
			return w.FinishSend(ctx, w.org, "2", "a", store.Outcome{State: store.ChangeApplied, Memory: store.MemoryUpdate{
				Line: &plan.Applied{LineKey: "k", LineID: "7"}, Contract: store.Created{Mark: "m", ID: "1"},
				Service: store.Created{Mark: "m", ID: "2"}, Charge: &plan.Charged{Key: "m", ID: "3"},
			}})
		}},
		{"SkipChange", func(ctx context.Context) error {
			return w.SkipChange(ctx, w.org, "2", "b", store.Outcome{State: store.ChangeStale})
		}},
		{"SaveReadbacks", func(ctx context.Context) error {
			return w.SaveReadbacks(ctx, w.org, "2", []store.Readback{{ChangeID: "a", Verified: true}, {ChangeID: "b"}})
		}},
		{"AdoptLine", func(ctx context.Context) error { return w.AdoptLine(ctx, w.org, plan.Applied{LineKey: "k2"}, "ann") }},
		{"RememberShares", func(ctx context.Context) error {
			return w.RememberShares(ctx, w.org, map[string][]billing.Share{"k": {{SubscriptionID: "s"}}})
		}},
		{"Adopt", func(ctx context.Context) error {
			return w.Adopt(ctx, w.org, store.MemoryUpdate{Charge: &plan.Charged{Key: "k", ID: "9"}}, "ann")
		}},
		{"Lock", func(ctx context.Context) error {
			_, err := w.Lock(ctx, w.org, "worker", hour)
			return err
		}},
		{"ExtendLock", func(ctx context.Context) error { return w.ExtendLock(ctx, w.org, "worker", 2*hour) }},
		{"BreakLock", func(ctx context.Context) error { return w.BreakLock(ctx, w.org, "worker", "ann") }},
		{"CreateInvitation", w.invite}, {"AcceptInvitation", w.accept}, {"CreateInvitation", w.invite}, {"RevokeInvitation", w.revoke},
		{"SetMemberRole", func(ctx context.Context) error { return w.SetMemberRole(ctx, w.org, w.guest(ctx), "approver", "ann") }},
		{"RemoveMember", func(ctx context.Context) error { return w.RemoveMember(ctx, w.org, w.guest(ctx), "ann") }},
		{"AddMember", func(ctx context.Context) error { return w.AddMember(ctx, w.org, w.guest(ctx), "viewer", "ann") }},
		{"CreateInvitation", w.invite},
		{"CreateToken", func(ctx context.Context) error {
			_, err := w.CreateToken(ctx, w.org, store.APIToken{Name: "ci", Role: "viewer", TokenHash: rand.Text()}, "ann")
			return err
		}},
		{"TouchToken", func(ctx context.Context) error { return w.TouchToken(ctx, w.org, w.token(ctx)) }},
		{"RevokeToken", func(ctx context.Context) error { return w.RevokeToken(ctx, w.org, w.token(ctx), "ann") }},
		{"Remove", w.retain}, {"Remove", w.retain}, // the second finds nothing more and notes the day
		{"CreateDueRun", func(ctx context.Context) error {
			_, _, err := w.CreateDueRun(ctx, w.org, "schedule", store.Scope{Trigger: "schedule"}, time.Unix(0, 0))
			return err
		}},
	}
}

// retain removes the rows of superseded versions.
func (w world) retain(ctx context.Context) error {
	_, err := w.Remove(ctx, w.org, store.RetentionCut{Versions: farAway}, billing.NewDate(2026, 12, 1), "ann")
	return err
}

func (w world) invite(ctx context.Context) error {
	_, err := w.CreateInvitation(ctx, w.org, store.Link{TokenHash: rand.Text(), Email: w.guestEmail(), Role: "biller",
		ExpiresAt: time.Now().Add(hour)}, "ann")
	return err
}

func (w world) accept(ctx context.Context) error {
	_, _, err := w.AcceptInvitation(ctx, w.org, w.invitation(ctx), store.NewUser{Name: "Guest"})
	return err
}

func (w world) revoke(ctx context.Context) error {
	return w.RevokeInvitation(ctx, w.org, w.invitation(ctx), "ann")
}

func (w world) guestEmail() string { return "guest@" + string(w.org) + ".example" }

// guest, invitation and token find what the writes before have made; "" when they did not.
func (w world) guest(ctx context.Context) store.UserID {
	u, _ := w.UserByEmail(ctx, w.guestEmail())
	return u.ID
}

func (w world) invitation(ctx context.Context) string {
	if all, _ := w.Invitations(ctx, w.org); len(all) > 0 {
		return all[0].ID
	}
	return ""
}

func (w world) token(ctx context.Context) string {
	if all, _ := w.Tokens(ctx, w.org); len(all) > 0 {
		return all[0].ID
	}
	return ""
}

type call struct {
	method string
	do     func(ctx context.Context) error
}

// world is a store with an organization that has a little of everything.
type world struct {
	*store.Store
	org billing.OrganizationID
}

func newWorld(t testing.TB, s *store.Store, name string) world {
	t.Helper()
	ctx := t.Context()
	w := world{s, organization(t, s, name)}
	must(t, s.SaveDirectory(ctx, w.org, "partnercenter", billing.Directory{
		Customers:     []billing.Customer{{ID: "c1"}},
		Subscriptions: []billing.Subscription{{ID: "s1", CustomerID: "c1"}},
	}))
	must(t, s.SaveCustomServices(ctx, w.org, store.CustomList{Services: []billing.Subscription{{ID: "s2", Kind: billing.CustomService}}}, "ann"))
	_, err := s.SaveLineSet(ctx, w.org, lineSet("v1", 3), "file.csv")
	must(t, err)
	planned(t, s, w.org, store.Scope{}, plan.Change{ID: "old"})
	return w
}

func lineSet(version string, n int) billing.LineSet {
	set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1"}, Version: version}
	for i := range n {
		cost := money.Of(money.New(int64(i)*100+1, -2), "EUR")
		set.Lines = append(set.Lines, billing.LineItem{
			Key: version + string(rune('A'+i)), Row: i + 2, CustomerID: "c1", SubscriptionID: "s1", Cost: cost, Total: cost,
			OrderDate: billing.NewDate(2026, 10, 1+i),
		})
		set.Total.Add(cost)
	}
	return set
}

// TestCutAnywhereLeavesALegalState ends every write at each of its statements in turn. What is stored is then what was stored before,
// to the last row, and the same write succeeds when it is made again.
func TestCutAnywhereLeavesALegalState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "Northwind IT")
		for _, c := range writes(w) {
			before := dump(t, s, "")
			statements := 0
			for cutAt := 1; ; cutAt++ {
				statements = 0
				s.Cut(func(string) error {
					statements++
					if statements == cutAt {
						return errCut
					}
					return nil
				})
				err := c.do(t.Context())
				s.Cut(nil)
				if err == nil {
					break
				}
				if !errors.Is(err, errCut) {
					t.Fatalf("%s fails by itself: %v", c.method, err)
				}
				equal(t, dump(t, s, ""), before)
				must(t, s.VerifyAudit(t.Context(), w.org))
			}
			if statements < 2 && c.method != "SaveProgress" { // one statement is whole by itself
				t.Errorf("%s was cut at %d places only", c.method, statements)
			}
			must(t, s.VerifyAudit(t.Context(), w.org))
		}
	})
}

func TestCreateOrganizationIsWholeOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for cutAt, done := 1, false; !done; cutAt++ {
			n := 0
			s.Cut(func(string) error {
				if n++; n == cutAt {
					return errCut
				}
				return nil
			})
			_, err := s.CreateOrganization(t.Context(), "Northwind IT", "ann")
			s.Cut(nil)
			if done = err == nil; !done {
				equal(t, dump(t, s, ""), []string(nil))
			}
		}
	})
}
