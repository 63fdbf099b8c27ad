package partnercenter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"spindle/internal/fault"
)

// Check is the outcome of one question about the connection.
type Check struct {
	Name   string
	OK     bool
	Detail string // what was found, or what is wrong
	Remedy string // when it is not OK
}

// errEnough ends a listing that has shown what was asked.
var errEnough = errors.New("enough")

// Test asks everything the connection needs, one question after the other, and goes on after failures. It changes nothing.
func (c *Client) Test(ctx context.Context) []Check {
	var checks []Check
	ask := func(name string, question func() (string, error)) bool {
		detail, err := question()
		check := Check{Name: name, OK: err == nil, Detail: detail}
		if err != nil {
			check.Detail, check.Remedy = err.Error(), fault.Remedy(err)
		}
		checks = append(checks, check)
		return err == nil
	}
	signedIn := ask("sign-in", func() (string, error) {
		_, err := c.pcTokens.get(ctx)
		return "Microsoft accepts the credentials", err
	})
	if !signedIn {
		return checks
	}
	ask("customers", func() (string, error) {
		err := c.pages(ctx, "/v1/customers?size=1", func(raw json.RawMessage) error {
			if _, _, err := readCustomer(raw); err != nil {
				return err
			}
			return errEnough
		})
		if errors.Is(err, errEnough) {
			return "customers can be read", nil
		}
		return "there are no customers", err
	})
	ask("invoices", func() (string, error) {
		docs, err := c.documents(ctx)
		if err != nil || len(docs.invoices) == 0 {
			return "there are no new-commerce invoices yet", err
		}
		return fmt.Sprintf("%d new-commerce invoices, the newest is %s", len(docs.invoices), docs.invoices[0].ID), nil
	})
	ask("billing exports", func() (string, error) {
		// An operation that does not exist: whoever may not read exports is told so before.
		var op operation
		_, err := c.getGraph(ctx, c.graph.String()+exportRoot+"/operations/00000000-0000-0000-0000-000000000000", &op)
		if errors.Is(err, errAgain) {
			err = nil
		}
		return "the permission PartnerBilling.Read.All is granted", err
	})
	return checks
}
