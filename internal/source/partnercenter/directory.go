package partnercenter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/source/rows"
)

// Directory reads all customers, their subscriptions and Azure subscriptions. A customer that cannot be read is a Gap of that
// customer; a list of customers that breaks off is a Gap of the whole. When nothing at all can be read it is an error.
func (c *Client) Directory(ctx context.Context) (billing.Directory, error) {
	var d billing.Directory
	err := c.pages(ctx, "/v1/customers?size="+strconv.Itoa(customersPerPage), func(raw json.RawMessage) error {
		customer, kept, err := readCustomer(raw)
		if kept {
			d.Customers = append(d.Customers, customer)
		}
		return err
	})
	if err != nil {
		if len(d.Customers) == 0 || ctx.Err() != nil {
			return billing.Directory{}, err
		}
		d.Incomplete = append(d.Incomplete, billing.Gap{What: "list of customers", Why: err.Error()})
	}
	slices.SortFunc(d.Customers, func(a, b billing.Customer) int { return cmp.Compare(a.ID, b.ID) })
	d.Customers = slices.CompactFunc(d.Customers, func(a, b billing.Customer) bool { return a.ID == b.ID })
	if err := c.holdings(ctx, &d); err != nil {
		return billing.Directory{}, err
	}
	return d, nil
}

func readCustomer(raw json.RawMessage) (customer billing.Customer, kept bool, err error) {
	var item struct {
		ID      string `json:"id"`
		Profile struct {
			TenantID string `json:"tenantId"`
			Domain   string `json:"domain"`
			Name     string `json:"companyName"`
		} `json:"companyProfile"`
		Relationship string `json:"relationshipToPartner"`
	}
	if err := json.Unmarshal(raw, &item); err != nil {
		return customer, false, fault.Transientf("a customer in the list cannot be read: %w", err)
	}
	id := strings.ToLower(cmp.Or(item.Profile.TenantID, item.ID))
	if id == "" {
		return customer, false, fault.Transientf("a customer in the list has no id")
	}
	switch strings.ToLower(item.Relationship) {
	case "advisor", "none", "syndication", "microsoft_support": // not billed through us
		return customer, false, nil
	}
	return billing.Customer{ID: billing.CustomerID(id), Name: item.Profile.Name, Domain: item.Profile.Domain}, true, nil
}

// holding is what one customer holds, or why that is not known.
type holding struct {
	subscriptions []billing.Subscription
	azure         []billing.AzureSubscription
	gaps          []billing.Gap
	err           error
}

func (c *Client) holdings(ctx context.Context, d *billing.Directory) error {
	all := make([]holding, len(d.Customers))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(concurrentCustomers)
	for i, customer := range d.Customers {
		group.Go(func() error {
			all[i] = c.holding(inner, customer)
			return inner.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var errs []error
	for _, h := range all {
		d.Subscriptions = append(d.Subscriptions, h.subscriptions...)
		d.Azure = append(d.Azure, h.azure...)
		d.Incomplete = append(d.Incomplete, h.gaps...)
		if h.err != nil {
			errs = append(errs, h.err)
		}
	}
	if len(errs) > 0 && len(errs) == len(all) {
		return errors.Join(errs...)
	}
	return nil
}

func (c *Client) holding(ctx context.Context, customer billing.Customer) (h holding) {
	gap := func(what string, err error) {
		h.gaps = append(h.gaps, billing.Gap{CustomerID: customer.ID, What: what + " of " + cmp.Or(customer.Name, string(customer.ID)), Why: err.Error()})
	}
	base := "/v1/customers/" + url.PathEscape(string(customer.ID)) + "/subscriptions"
	err := c.pages(ctx, base, func(raw json.RawMessage) error {
		s, err := readSubscription(customer.ID, raw)
		if err != nil {
			gap("a subscription", err) // the others are good
			return nil
		}
		h.subscriptions = append(h.subscriptions, s)
		return nil
	})
	if err != nil {
		gap("subscriptions", err)
		h.err = err
		return h
	}
	slices.SortFunc(h.subscriptions, func(a, b billing.Subscription) int { return cmp.Compare(a.ID, b.ID) })
	for _, s := range h.subscriptions {
		if s.Kind != billing.AzurePlan {
			continue
		}
		azure, err := c.azureSubscriptions(ctx, s)
		if err != nil {
			gap(fmt.Sprintf("Azure subscriptions of plan %s", s.ID), err)
		}
		h.azure = append(h.azure, azure...)
	}
	return h
}

// azureSubscriptions reads the entitlements of an Azure plan (Microsoft sheet §2.4).
func (c *Client) azureSubscriptions(ctx context.Context, plan billing.Subscription) ([]billing.AzureSubscription, error) {
	var all []billing.AzureSubscription
	path := "/v1/customers/" + url.PathEscape(string(plan.CustomerID)) + "/subscriptions/" + url.PathEscape(string(plan.ID)) + "/azureEntitlements"
	err := c.pages(ctx, path, func(raw json.RawMessage) error {
		var item struct {
			ID           string `json:"id"`
			FriendlyName string `json:"friendlyName"`
			Status       string `json:"status"`
		}
		if err := json.Unmarshal(raw, &item); err != nil {
			return fault.Transientf("an Azure subscription cannot be read: %w", err)
		}
		all = append(all, billing.AzureSubscription{ID: billing.AzureSubscriptionID(strings.ToLower(item.ID)), CustomerID: plan.CustomerID,
			PlanID: plan.ID, Name: item.FriendlyName, Active: strings.EqualFold(item.Status, "active")})
		return nil
	})
	slices.SortFunc(all, func(a, b billing.AzureSubscription) int { return cmp.Compare(a.ID, b.ID) })
	return all, err
}

// wireSubscription holds the fields of a subscription that count (Microsoft sheet §2.3).
type wireSubscription struct {
	ID              string              `json:"id"`
	OfferID         string              `json:"offerId"`
	OfferName       string              `json:"offerName"`
	FriendlyName    string              `json:"friendlyName"`
	Quantity        flexible            `json:"quantity"`
	UnitType        string              `json:"unitType"`
	EffectiveStart  string              `json:"effectiveStartDate"`
	CommitmentEnd   string              `json:"commitmentEndDate"`
	Status          string              `json:"status"`
	AutoRenew       bool                `json:"autoRenewEnabled"`
	Trial           bool                `json:"isTrial"`
	BillingType     string              `json:"billingType"`
	BillingCycle    string              `json:"billingCycle"`
	Term            string              `json:"termDuration"`
	Publisher       string              `json:"publisherName"`
	ConsumptionType string              `json:"consumptionType"`
	ProductType     struct{ ID string } `json:"productType"`
}

func readSubscription(customer billing.CustomerID, raw json.RawMessage) (billing.Subscription, error) {
	var w wireSubscription
	if err := json.Unmarshal(raw, &w); err != nil {
		return billing.Subscription{}, fault.Transientf("it cannot be read: %w", err)
	}
	if w.ID == "" {
		return billing.Subscription{}, fault.Transientf("it has no id")
	}
	quantity, err := rows.ParseNumber(cmp.Or(string(w.Quantity), "0"))
	seats, whole := quantity.Int64()
	if err != nil || !whole {
		return billing.Subscription{}, fault.Transientf("subscription %s: %q is not a number of seats", w.ID, w.Quantity)
	}
	status, err := w.status()
	if err != nil {
		return billing.Subscription{}, err
	}
	s := billing.Subscription{ID: billing.SubscriptionID(strings.ToLower(w.ID)), CustomerID: customer, Kind: w.kind(), Offer: w.offer(),
		Name: cmp.Or(w.OfferName, w.FriendlyName), Publisher: w.Publisher, Quantity: seats, Status: status, Trial: w.Trial, AutoRenew: w.AutoRenew}
	if s.Start, err = rows.ParseDate(w.EffectiveStart); err != nil {
		return s, fault.Transientf("subscription %s: effectiveStartDate %q: %w", w.ID, w.EffectiveStart, err)
	}
	end, err := rows.ParseDate(w.CommitmentEnd)
	if err != nil {
		return s, fault.Transientf("subscription %s: commitmentEndDate %q: %w", w.ID, w.CommitmentEnd, err)
	}
	if !end.IsZero() {
		s.End = end.AddDays(1) // the day given is still covered
	}
	return s, nil
}

func (w wireSubscription) kind() billing.SubscriptionKind {
	usage := strings.EqualFold(w.BillingType, "usage") || strings.EqualFold(w.UnitType, "usage-based")
	switch {
	case usage && w.Term == "" && !strings.EqualFold(w.ConsumptionType, "overage"):
		return billing.AzurePlan
	case usage, strings.EqualFold(w.ConsumptionType, "overage"), strings.EqualFold(w.BillingType, "benefit"), strings.EqualFold(w.ProductType.ID, "Azure"),
		strings.EqualFold(w.ProductType.ID, "Software"), strings.EqualFold(w.BillingCycle, "one_time"):
		return billing.OtherPurchase
	}
	return billing.Licence
}

// offer reads product and SKU; the availability behind them changes over time and does not count (Microsoft sheet §2.3).
func (w wireSubscription) offer() billing.Offer {
	parts := strings.Split(w.OfferID, ":")
	o := billing.Offer{ProductID: parts[0], Term: billing.Term(w.Term), Frequency: w.frequency()}
	if len(parts) > 1 {
		o.SKUID = parts[1]
	}
	return o
}

func (w wireSubscription) frequency() billing.Frequency {
	switch cycle := strings.ToLower(w.BillingCycle); {
	case w.kind() == billing.AzurePlan:
		return billing.Metered
	case w.Trial:
		return billing.Free
	case cycle == "one_time", cycle == "onetime", cycle == "none", cycle == "unknown", cycle == "":
		return billing.OneTime
	default:
		return billing.Frequency(cycle)
	}
}

func (w wireSubscription) status() (billing.SubscriptionStatus, error) {
	switch strings.ToLower(w.Status) {
	case "active":
		return billing.Active, nil
	case "suspended":
		return billing.Suspended, nil
	case "pending", "none":
		return billing.Pending, nil
	case "expired", "disabled", "deleted":
		return billing.Ended, nil
	}
	return "", fault.NeedsPersonf("subscription %s has the unknown status %q", w.ID, w.Status).Do("report this: Spindle does not guess what it means")
}
