package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
)

// printCustomServices lists the MSP's own services, each with the file that listed it last.
func (s *session) printCustomServices(d billing.Directory, all []store.CustomService) {
	if len(all) == 0 {
		return
	}
	names := map[billing.CustomerID]string{}
	for _, c := range d.Customers {
		names[c.ID] = c.Name
	}
	t := table{headers: []string{"custom service", "id", "customer", ">quantity", ">cost", ">price", "billed", "from file", "imported"}}
	for _, c := range all {
		price := "by the price rules"
		if c.UnitPrice != nil {
			price = c.UnitPrice.String()
		}
		cost := ""
		if c.UnitCost != nil {
			cost = c.UnitCost.String()
		}
		t.add(cut(c.Name, 30), c.Offer.SKUID, cut(orElse(names[c.CustomerID], string(c.CustomerID)), 30), strconv.FormatInt(c.Quantity, 10), cost, price,
			string(c.Offer.Frequency), c.Origin, c.SavedAt.UTC().Format(time.DateOnly))
	}
	s.printf("\n")
	t.write(s.Out)
}

type servicesImport struct {
	File    string `arg:"" type:"path" help:"CSV file; spindle services template prints one to start from."`
	Replace bool   `help:"The list is everything there is: end the services that are not in it, whichever file they came from."`
	Yes     bool   `help:"Do not ask before services end." short:"y"`
}

// Help implements kong.HelpProvider.
func (servicesImport) Help() string {
	return "A service is known by its customer and id, whatever the file is called: rows add services or change them. " +
		"What is stored and not in the list stays, unless --replace says that the list is complete. A list with broken rows never ends anything."
}

// Run imports custom services.
func (c *servicesImport) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	review, err := e.ReviewServices(ctx, org, c.File)
	if err != nil {
		return err
	}
	if c.Replace && len(review.Missing) > 0 && len(review.Problems) == 0 {
		effect, err := e.ReplaceServices(ctx, org, review)
		if err != nil {
			return err
		}
		if err := s.ask(effect, endQuestion(review), c.Yes); err != nil {
			return err
		}
	}
	imported, err := e.SaveServices(ctx, org, review, c.Replace, s.actor())
	if err != nil {
		return err
	}
	return s.printServiceImport(review, imported)
}

// namedMax is how many services are named one by one.
const namedMax = 12

// endQuestion asks whether the services that a list lacks are to end, and names them with the file each came from.
func endQuestion(r engine.ServiceReview) string {
	var text strings.Builder
	for i, end := range r.Ends() {
		if i == namedMax {
			fmt.Fprintf(&text, "  and %d more\n", len(r.Missing)-i)
			break
		}
		fmt.Fprintf(&text, "  ends: %s (from %s)\n", end, r.Missing[i].Origin)
	}
	return fmt.Sprintf("%sEnd %s that %s does not list?", text.String(), plural(len(r.Missing), "custom service"), r.File)
}

// printServiceImport says what a list added, changed and ended, and what stays although it is not in it.
func (s *session) printServiceImport(r engine.ServiceReview, i engine.Imported) error {
	if s.globals.JSON {
		return s.serviceImportJSON(r, i)
	}
	s.printf("%s: custom services, %s read, %d kept: %d added, %d changed, %d as before, %d ended\n", r.File, plural(int(i.Report.Rows), "row"), i.Report.Kept,
		len(r.Added), len(r.Changed), r.Same, len(i.Ended))
	for _, part := range []struct {
		word string
		all  []engine.ServiceChange
	}{{"added", r.Added}, {"changed", r.Changed}, {"ended", i.Ended}} {
		for n, change := range part.all {
			if n == namedMax {
				s.printf("  %s: %d more\n", part.word, len(part.all)-n)
				break
			}
			s.printf("  %s: %s\n", part.word, change)
		}
	}
	if stay := len(r.Missing) - len(i.Ended); stay > 0 {
		s.printf("  not in this list and unchanged: %s; end them with --replace when the list is complete\n", plural(stay, "service"))
	}
	for _, n := range i.Notices {
		s.printf("  note: %s\n", n)
	}
	for _, p := range i.Report.Problems {
		s.printf("  %s\n", problemLine(r.File, p))
	}
	return brokenRows(i.Report, "repair the rows named above and import the file again")
}

func (s *session) serviceImportJSON(r engine.ServiceReview, i engine.Imported) error {
	view := importView(i)
	for name, all := range map[string][]engine.ServiceChange{"added": r.Added, "changed_services": r.Changed, "ended": i.Ended, "not_listed": r.Ends()} {
		views := []map[string]any{}
		for _, c := range all {
			views = append(views, map[string]any{"id": c.Service.ID, "name": c.Service.Name, "customer_id": c.Service.CustomerID, "customer": c.Customer, "what": c.What})
		}
		view[name] = views
	}
	if err := s.printJSON([]map[string]any{view}); err != nil {
		return err
	}
	return brokenRows(i.Report, "repair the rows and import the file again")
}

// brokenRows makes an import with broken rows fail after everything good was kept.
func brokenRows(r store.ImportReport, remedy string) error {
	switch {
	case len(r.Problems) == 0:
		return nil
	case r.Kept == 0:
		return fault.Invalidf("nothing was imported").Do("start from the template: spindle services template")
	}
	return fault.Invalidf("%s; the good rows around them are kept, and nothing ends", plural(len(r.Problems), "problem")).Do(remedy)
}
