package partnercenter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/transport"
)

const (
	exportRoot = "/v1.0/reports/partners/billing"
	// exportWaitMax is when an operation counts as stuck; 1 to 15 minutes are usual (Microsoft sheet §3.2).
	exportWaitMax = 2 * time.Hour
	// exportAttempts is how often an export is begun anew: operations expire, SAS run out, downloads break.
	exportAttempts = 3
)

// errAgain marks failures that a new export may heal.
var errAgain = errors.New("begin the export again")

// manifest lists the blobs of an export (Microsoft sheet §3.3).
type manifest struct {
	ETag          string `json:"eTag"`
	PartnerTenant string `json:"partnerTenantId"`
	RootDirectory string `json:"rootDirectory"`
	SASToken      string `json:"sasToken"`
	BlobCount     *int   `json:"blobCount"`
	Blobs         []struct {
		Name        string `json:"name"`
		SizeInBytes int64  `json:"sizeInBytes"`
	} `json:"blobs"`
}

// operation is a running or finished export (Microsoft sheet §3.2).
type operation struct {
	Status   string    `json:"status"`
	Inline   *manifest `json:"resourceLocation"`
	Link     string    `json:"resourceLocation@odata.navigationLink"`
	ErrorRaw struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// exportOf gives path and body of the export for a set (Microsoft sheet §3.1).
func (c *Client) exportOf(id billing.SetID) (path string, body []byte, err error) {
	if id.PartnerID != c.tenant {
		return "", nil, fault.NotFoundf("%s belongs to another partner tenant than %s", id, c.tenant).Do("use the connection of that partner")
	}
	ask := map[string]string{"attributeSet": "full"}
	subject, state := "reconciliation", "billed"
	switch id.Kind {
	case billing.BilledLines, billing.BilledUsage:
		if id.Invoice == "" || strings.HasPrefix(id.Invoice, "D") {
			return "", nil, fault.NotFoundf("%s: exports exist only for new-commerce invoices (G…)", id)
		}
		ask["invoiceId"] = id.Invoice
	case billing.UnbilledLines, billing.UnbilledUsage:
		state = "unbilled"
		if ask["billingPeriod"], err = c.billingPeriod(id); err != nil {
			return "", nil, err
		}
		ask["currencyCode"] = string(id.Currency)
	default:
		return "", nil, fault.NotFoundf("there is no set of kind %q", id.Kind)
	}
	if id.Kind == billing.BilledUsage || id.Kind == billing.UnbilledUsage {
		subject = "usage"
	}
	body, err = json.Marshal(ask)
	return exportRoot + "/" + subject + "/" + state + "/export", body, err
}

// billingPeriod names the open month, or the one before while its invoice is still to come. All days are UTC.
func (c *Client) billingPeriod(id billing.SetID) (string, error) {
	today := billing.DateOf(c.now().UTC())
	switch id.Month {
	case billing.MonthOf(today):
		return "current", nil
	case billing.MonthOf(today.MonthStart().AddDays(-1)):
		return "last", nil
	}
	return "", fault.NotFoundf("%s: unbilled rows exist only for this month and the last", id)
}

// export begins an export, waits for it and gives its manifest.
func (c *Client) export(ctx context.Context, id billing.SetID) (manifest, error) {
	path, body, err := c.exportOf(id)
	if err != nil {
		return manifest{}, err
	}
	// To begin an export twice does no harm, so the call may be repeated like a read.
	safe := transport.Safe(ctx)
	resp, _, err := c.call(c.graphHTTP, c.graphTokens, func() (*http.Request, error) {
		req, err := http.NewRequestWithContext(safe, http.MethodPost, c.graph.String()+path, bytes.NewReader(body))
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
		}
		return req, err
	})
	if err != nil {
		return manifest{}, err
	}
	location := resp.Header.Get("Location")
	if err := c.checkGraph(location); err != nil {
		return manifest{}, err
	}
	op, err := c.wait(ctx, id, location)
	if err != nil {
		return manifest{}, err
	}
	m, err := c.manifestOf(ctx, op)
	if err != nil {
		return manifest{}, err
	}
	return m, c.checkManifest(id, m)
}

func (c *Client) checkGraph(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fault.Transientf("Microsoft Graph gave no address for the export: %q", address).Do("try again")
	}
	return sameHost(u, c.graph)
}

func (c *Client) getGraph(ctx context.Context, address string, out any) (http.Header, error) {
	var header http.Header
	err := again(func() error {
		resp, body, err := c.call(c.graphHTTP, c.graphTokens, func() (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		})
		if err != nil {
			return err
		}
		header = resp.Header
		return decode(address, body, out)
	})
	if fault.Is(err, fault.KindNotFound) { // 404 and 410: it has expired
		return nil, fmt.Errorf("%w: %w", errAgain, fault.Transientf("the export has expired: %w", err).Do("try again later"))
	}
	return header, err
}

// wait polls the operation until it ends (Microsoft sheet §3.2).
func (c *Client) wait(ctx context.Context, id billing.SetID, location string) (operation, error) {
	var waited time.Duration
	for poll := 0; ; poll++ {
		var op operation
		header, err := c.getGraph(ctx, location, &op)
		if err != nil {
			return op, err
		}
		switch strings.ToLower(op.Status) {
		case "succeeded", "completed": // both are documented
			return op, nil
		case "notstarted", "running":
		case "failed":
			return op, failedExport(id, op)
		default:
			return op, fault.NeedsPersonf("the export of %s has the unknown state %q", id, op.Status).Do("report this: Spindle does not guess what it means")
		}
		pause, told := transport.RetryAfter(header, c.now())
		if !told {
			pause = pollPause(poll)
		}
		pause = max(pause, shortPause(poll)) // a server that asks for no wait is still not hammered
		if waited += pause; waited > exportWaitMax {
			return op, fault.Transientf("the export of %s is still not ready after %s", id, exportWaitMax).Do("try again later: the next attempt begins a new export")
		}
		if err := c.sleep(ctx, pause); err != nil {
			return op, err
		}
	}
}

func pollPause(poll int) time.Duration {
	steps := []time.Duration{10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}
	return steps[min(poll, len(steps)-1)]
}

// shortPause is the least wait: 0.1 s, doubling to half a minute.
func shortPause(poll int) time.Duration {
	return min(100*time.Millisecond<<min(poll, 20), 30*time.Second)
}

// failedExport explains a failed operation. Code 5000 means "no data yet" for fresh invoices (Microsoft sheet §3.2, Appendix D 6).
func failedExport(id billing.SetID, op operation) error {
	if op.ErrorRaw.Code == "5000" {
		return fault.Transientf("Microsoft has no data for %s yet: %s", id, shortText(op.ErrorRaw.Message)).
			Do("try again in some hours; in the first days of a month Microsoft prepares the billed rows first")
	}
	return fault.Transientf("Microsoft could not make the export of %s: %s %s", id, op.ErrorRaw.Code, shortText(op.ErrorRaw.Message)).Do("try again later")
}

func (c *Client) manifestOf(ctx context.Context, op operation) (manifest, error) {
	if op.Inline != nil {
		return *op.Inline, nil
	}
	var m manifest
	if err := c.checkGraph(op.Link); err != nil {
		return m, err
	}
	_, err := c.getGraph(ctx, op.Link, &m)
	return m, err
}

// checkManifest refuses a manifest that is not whole or not ours (Microsoft sheet §3.3, §3.4).
func (c *Client) checkManifest(id billing.SetID, m manifest) error {
	switch {
	case !strings.EqualFold(m.PartnerTenant, c.tenant):
		return fault.NeedsPersonf("the export of %s belongs to the partner tenant %s, not to %s", id, m.PartnerTenant, c.tenant).Do("check the tenant id of this connection")
	case m.BlobCount == nil || *m.BlobCount != len(m.Blobs):
		return fmt.Errorf("%w: %w", errAgain, fault.Transientf("the export of %s lists %d of its parts", id, len(m.Blobs)).Do("try again later"))
	}
	root, err := url.Parse(m.RootDirectory)
	if err != nil || root.Host == "" || root.Scheme != "https" && root.Scheme != c.graph.Scheme {
		return fault.NeedsPersonf("the export of %s points to storage that is not protected: %q", id, m.RootDirectory).Do("report this")
	}
	for _, b := range m.Blobs {
		if b.Name == "" || strings.ContainsAny(b.Name, "?#\\") || strings.Contains(b.Name, "..") {
			return fault.NeedsPersonf("the export of %s has a part with the impossible name %q", id, b.Name).Do("report this")
		}
	}
	return nil
}
