package store_test

import (
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func customs(ids ...billing.SubscriptionID) []billing.Subscription {
	subs := subscriptions(ids...).Subscriptions
	for i := range subs {
		subs[i].Kind = billing.CustomService
	}
	return subs
}

// TestCustomServicesHaveAKeyOfTheirOwn imports the same services under several file names: what a list does not name stays, whichever file
// it came from, and only what is named as ended ends (law 2).
func TestCustomServicesHaveAKeyOfTheirOwn(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		for _, step := range []struct {
			list store.CustomList
			want string // ids and files of what there is then
		}{
			{store.CustomList{Origin: "october.csv", Services: customs("a", "b")}, "a october.csv, b october.csv, "},
			{store.CustomList{Origin: "november.csv", Services: customs("b", "c")}, "a october.csv, b november.csv, c november.csv, "},
			{store.CustomList{Origin: "december.csv", Ended: []billing.SubscriptionID{"a"}}, "b november.csv, c november.csv, "},
			{store.CustomList{Origin: "january.csv", Services: customs("a"), Ended: []billing.SubscriptionID{"b", "c"}}, "a january.csv, "},
		} {
			now = now.AddDate(0, 1, 0)
			must(t, s.SaveCustomServices(ctx, org, step.list, "ann"))
			all, err := s.CustomServices(ctx, org)
			must(t, err)
			got := ""
			for _, c := range all {
				got += string(c.ID) + " " + c.Origin + ", "
				if listed := c.Origin == step.list.Origin; listed != c.SavedAt.Equal(now) {
					t.Errorf("%s of %s is of %s, and the import was at %s", c.ID, c.Origin, c.SavedAt, now)
				}
			}
			equal(t, got, step.want)
		}
		gone, err := s.Gone(ctx, org)
		must(t, err)
		equal(t, len(gone.Subscriptions), 2) // ended, never deleted

		before := dump(t, s, "")
		wantKind(t, s.SaveCustomServices(ctx, org, store.CustomList{Services: subscriptions("s").Subscriptions}, "ann"), fault.KindInvalid)
		wantKind(t, s.SaveCustomServices(ctx, org, store.CustomList{Services: customs("z"), Ended: []billing.SubscriptionID{"b"}}, "ann"), fault.KindNotFound)
		wantKind(t, s.SaveCustomServices(ctx, org, store.CustomList{Services: customs("")}, "ann"), fault.KindInvalid)
		equal(t, dump(t, s, ""), before)
	})
}

// TestMigrationOfCustomListsAndFirstMonths starts from a database of version 2: lists by file name become one list whose rows know their
// file, and what was billed keeps the month of its organization.
func TestMigrationOfCustomListsAndFirstMonths(t *testing.T) {
	storetest.EachNew(t, func(t *testing.T, address string) {
		entry := func(list, id, body, gone string) string {
			return `INSERT INTO directory_entry (organization_id, kind, source, id, customer_id, body, gone_at)
				VALUES ('o', 'subscription', '` + list + `', '` + id + `', 'c', '{"ID":"` + id + `","Name":"` + body + `"}', ` + gone + `)`
		}
		must(t, store.MigrateTo(t.Context(), store.Options{URL: address}, 2,
			`INSERT INTO organization (id, name, name_key, enabled, created_at, created_by, writes, audit_seq, audit_hash)
				VALUES ('o', 'O', 'o', TRUE, 1, 'ann', 0, 0, ''), ('p', 'P', 'p', TRUE, 1, 'ann', 0, 0, '')`,
			`INSERT INTO settings (organization_id, body, updated_at, updated_by) VALUES ('o', '{"BillFrom":"2026-08"}', 1, 'ann')`,
			`INSERT INTO billing_switch (organization_id, customer_id, subscription_id, enabled)
				VALUES ('o', 'c', '', TRUE), ('o', 'c', 's', FALSE), ('p', 'c', '', TRUE)`,
			`INSERT INTO source (organization_id, name, saved_at, complete) VALUES ('o', 'custom/a.csv', 2000000, TRUE),
				('o', 'custom/b.csv', 3000000, TRUE), ('o', 'partnercenter', 4000000, TRUE)`,
			entry("custom/a.csv", "both", "old", "0"), entry("custom/b.csv", "both", "new", "0"),
			entry("custom/a.csv", "here", "kept", "0"), entry("custom/b.csv", "here", "ended", "2500000"),
			entry("custom/a.csv", "gone", "first", "1000000"), entry("custom/b.csv", "gone", "last", "1500000"),
			entry("partnercenter", "ms", "untouched", "0")))
		s := storetest.Open(t, store.Options{URL: address})
		for org, want := range map[billing.OrganizationID][]billing.BillingSwitch{
			"o": {{CustomerID: "c", On: true, From: "2026-08"}, {CustomerID: "c", SubscriptionID: "s"}},
			"p": {{CustomerID: "c", On: true}}, // no settings: no month yet
		} {
			m, err := s.Mappings(t.Context(), org)
			must(t, err)
			equal(t, m.Switches, want)
		}
		all, err := s.CustomServices(t.Context(), "o")
		must(t, err)
		sub := func(id billing.SubscriptionID, name, file string, at int64) store.CustomService {
			return store.CustomService{Subscription: billing.Subscription{ID: id, Name: name}, Origin: file, SavedAt: time.UnixMicro(at).UTC()}
		}
		equal(t, all, []store.CustomService{sub("both", "new", "b.csv", 3_000_000), sub("here", "kept", "a.csv", 2_000_000)})
		gone, err := s.Gone(t.Context(), "o")
		must(t, err)
		equal(t, gone.Subscriptions, []store.GoneSubscription{{Subscription: billing.Subscription{ID: "gone", Name: "last"}, At: time.UnixMicro(1_500_000).UTC()}})
		d, err := s.Directory(t.Context(), "o")
		must(t, err)
		equal(t, subscriptionIDs(d), "both here ms ")
		sources, err := s.Sources(t.Context(), "o")
		must(t, err)
		equal(t, len(sources), 2)
	})
}
