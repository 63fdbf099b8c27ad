package web

import (
	"net/http"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/web/view"
)

// setAuthority says who decides the prices of a customer.
func setAuthority(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	c, err := r.knownCustomer()
	if err != nil {
		return err
	}
	back := r.path("customers", string(c.ID))
	authority := billing.PriceAuthority(r.text("authority"))
	if authority != billing.SpindlePrices && authority != billing.AutotaskPrices {
		return fault.Invalidf("prices are decided by spindle or autotask, not by %q", authority)
	}
	rule := billing.AuthorityRule{CustomerID: c.ID, Authority: authority}
	effect, err := r.s.Engine.ReviewAuthority(r.Context(), r.org, rule)
	if err != nil {
		return r.refused(w, back, err)
	}
	if effect.Touches() && !r.confirmed() {
		return r.ask(w, view.AuthorityQuestion(authority, c.Name), "Change it", false, back, effect)
	}
	if err := r.s.Store.SaveAuthority(r.Context(), r.org.ID, rule, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	if authority == billing.AutotaskPrices {
		return r.done(w, back, "Autotask decides the prices of "+c.Name+". Spindle writes none and reports the margin.")
	}
	return r.done(w, back, "Spindle decides the prices of "+c.Name+". The next plan proposes them.")
}

// setProductAuthority says who decides the price of a product, for all customers or one; "remove" takes such an exception back.
func setProductAuthority(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	offer, err := r.offer()
	if err != nil {
		return err
	}
	rule := billing.AuthorityRule{ProductID: offer.Offer.ProductID + ":" + offer.Offer.SKUID, Authority: billing.PriceAuthority(r.text("authority"))}
	if text := r.text("customer"); text != "" {
		c, err := r.s.Engine.FindCustomer(r.Context(), r.org, text)
		if err != nil {
			return r.productAgain(w, offer, "customer", fault.Invalidf("%w", err).Do(fault.Remedy(err)))
		}
		rule.CustomerID = c.ID
	}
	if rule.Authority == "remove" {
		return r.removeAuthority(w, offer, rule)
	}
	if rule.Authority != billing.SpindlePrices && rule.Authority != billing.AutotaskPrices {
		return fault.Invalidf("prices are decided by spindle or autotask, not by %q", rule.Authority)
	}
	back := r.path("products", offer.Offer.String())
	effect, err := r.s.Engine.ReviewAuthority(r.Context(), r.org, rule)
	if err != nil {
		return err
	}
	if effect.Touches() && !r.confirmed() {
		return r.ask(w, view.AuthorityQuestion(rule.Authority, offer.Name), "Change it", false, back, effect)
	}
	if err := r.s.Store.SaveAuthority(r.Context(), r.org.ID, rule, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, "The decision about the prices of "+offer.Name+" is saved.", effect.Sentences()...)
}

// removeAuthority takes an exception back: of the SKU, or of the product as a whole, as the form says.
func (r *request) removeAuthority(w http.ResponseWriter, offer engine.OfferService, rule billing.AuthorityRule) error {
	if r.text("product") == offer.Offer.ProductID {
		rule.ProductID = offer.Offer.ProductID
	}
	back := r.path("products", offer.Offer.String())
	effect, err := r.s.Engine.ReviewAuthorityRemoval(r.Context(), r.org, rule)
	if err != nil {
		return r.refused(w, back, err)
	}
	if !r.confirmed() {
		return r.ask(w, "Take the exception back?", "Take it back", true, back, effect)
	}
	if err := r.s.Store.DeleteAuthority(r.Context(), r.org.ID, rule, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, "The exception is taken back.", effect.Sentences()...)
}
