package partnercenter

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"spindle/internal/fault"
)

type link struct {
	URI     string `json:"uri"`
	Headers []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"headers"`
}

type collection struct {
	Items             []json.RawMessage `json:"items"`
	ContinuationToken string            `json:"continuationToken"`
	Links             struct {
		Next *link `json:"next"`
	} `json:"links"`
}

const pagesMax = 100_000

// pages reads a collection from the first address on, page by page. The continuation token goes back byte for byte as a header
// (Microsoft sheet §2.1). What was read before an error has been given to take.
func (c *Client) pages(ctx context.Context, target string, take func(json.RawMessage) error) error {
	header := http.Header{}
	seen := map[string]bool{}
	for range pagesMax {
		var page collection
		if err := c.getPartnerCenter(ctx, target, header, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := take(item); err != nil {
				return err
			}
		}
		next := page.Links.Next
		if next == nil || next.URI == "" {
			return nil
		}
		target, header = next.URI, http.Header{}
		for _, h := range next.Headers {
			header.Set(h.Key, h.Value)
		}
		if header.Get("MS-ContinuationToken") == "" && page.ContinuationToken != "" {
			header.Set("MS-ContinuationToken", page.ContinuationToken)
		}
		if place := target + "\n" + header.Get("MS-ContinuationToken"); seen[place] {
			break
		} else {
			seen[place] = true
		}
	}
	return fault.Transientf("Partner Center's list %s leads in a circle", strings.SplitN(target, "?", 2)[0]).Do("try again")
}
