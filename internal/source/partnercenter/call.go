package partnercenter

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/transport"
)

// call sends a request with a token, once more with a fresh token when that is refused, and gives the answer if it is a success.
func (c *Client) call(client *http.Client, t *tokens, build func() (*http.Request, error)) (*http.Response, []byte, error) {
	for attempt := 1; ; attempt++ {
		req, err := build()
		if err != nil {
			return nil, nil, err
		}
		token, err := t.get(req.Context())
		if err != nil {
			return nil, nil, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Accept", "application/json")
		resp, err := transport.Do(client, req)
		if err != nil {
			return nil, nil, err
		}
		body, err := readAll(resp)
		if err != nil {
			return nil, nil, err
		}
		if resp.StatusCode == http.StatusUnauthorized && attempt == 1 {
			t.drop(token)
			continue
		}
		if resp.StatusCode >= 300 {
			return resp, nil, c.answerFault(req, resp, body)
		}
		return resp, body, nil
	}
}

// readAll reads a JSON answer without its byte-order mark (Microsoft sheet §1.6).
func readAll(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		if fault.Find(err) != nil {
			return nil, err
		}
		return nil, fault.Transientf("the answer of %s broke off: %w", resp.Request.URL.Host, err).Do("try again")
	}
	return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), nil
}

// readRetries is how often a read is repeated when its answer breaks off: the transport repeats only what fails before the answer.
const readRetries = 3

// getPartnerCenter reads a JSON answer of Partner Center into out.
func (c *Client) getPartnerCenter(ctx context.Context, target string, header http.Header, out any) error {
	address, err := c.resolve(target)
	if err != nil {
		return err
	}
	return again(func() error {
		_, body, err := c.call(c.pcHTTP, c.pcTokens, func() (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err == nil {
				req.Header = header.Clone()
				if req.Header == nil {
					req.Header = http.Header{}
				}
				req.Header.Set("MS-Contract-Version", "v1")
			}
			return req, err
		})
		if err != nil {
			return err
		}
		return decode(address, body, out)
	})
}

// again repeats a read whose answer broke off.
func again(read func() error) error {
	var err error
	for range readRetries {
		if err = read(); err == nil || !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
	}
	return err
}

func decode(address string, body []byte, out any) error {
	if err := json.Unmarshal(body, out); err != nil {
		u, _ := url.Parse(address)
		return fault.Transientf("%s%s answered something that is not the expected JSON: %w", u.Host, u.Path, err).
			Do("try again; if it stays, check the address of the connection")
	}
	return nil
}

// resolve joins a relative address, with or without the version prefix, to the configured host. Absolute addresses must stay on it:
// the token goes nowhere else (Microsoft sheet §2.1).
func (c *Client) resolve(target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", fault.Transientf("Partner Center gave an address that cannot be read: %w", err)
	}
	if u.Host != "" {
		return target, sameHost(u, c.partnerCenter)
	}
	path := "/" + strings.TrimPrefix(target, "/")
	if !strings.HasPrefix(path, "/v1/") {
		path = "/v1" + path
	}
	return c.partnerCenter.String() + path, nil
}

func sameHost(u, base *url.URL) error {
	if u.Host == base.Host && u.Scheme == base.Scheme {
		return nil
	}
	return fault.NeedsPersonf("Microsoft's answer points to another host, %s instead of %s; credentials are not sent there", u.Host, base.Host).
		Do("check the base URLs of this connection")
}

// answerFault turns any of the error shapes into a fault (Microsoft sheet §1.7).
func (c *Client) answerFault(req *http.Request, resp *http.Response, body []byte) error {
	code, text := errorText(body)
	message := fmt.Sprintf("%s %s%s answered %d", req.Method, req.URL.Host, req.URL.Path, resp.StatusCode)
	if code != "" || text != "" {
		message += ": " + strings.TrimSpace(code+" "+text)
	}
	graph := req.URL.Host == c.graph.Host && strings.Contains(req.URL.Path, "/reports/partners/billing")
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		return fault.Unauthorizedf("%s", message).Do(unauthorizedRemedy(code))
	case status == http.StatusForbidden && graph:
		return fault.Unauthorizedf("%s", message).
			Do("give the application the Microsoft Graph permission PartnerBilling.Read.All and grant admin consent; the application must live in the partner tenant")
	case status == http.StatusForbidden:
		return fault.Unauthorizedf("%s", message).Do(forbiddenRemedy(code))
	case status == http.StatusNotFound, status == http.StatusGone:
		return fault.NotFoundf("%s", message)
	case status == http.StatusConflict:
		return fault.Conflictf("%s", message).Do("try again later")
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		if wait, told := transport.RetryAfter(resp.Header, c.now()); told {
			return fault.WaitUntilf(c.now().Add(wait), "%s", message).Do("Spindle goes on by itself after the time Microsoft asks for")
		}
		return fault.Transientf("%s", message).Do("try again in some minutes")
	case status >= 500 || status == http.StatusRequestTimeout:
		return fault.Transientf("%s", message).Do("try again in some minutes")
	}
	return fault.Invalidf("%s", message).Do("report this as a defect: Microsoft does not accept the request")
}

func unauthorizedRemedy(code string) string {
	switch code {
	case "900421":
		return "the user signed in without multi-factor authentication: " + signInAgain
	case "900420":
		return "the token is for a retired audience: check the base URLs of this connection"
	}
	return "check tenant id, application id and secret, and that the application is registered in Partner Center under App management"
}

func forbiddenRemedy(code string) string {
	switch code {
	case "20002":
		return "there is no reseller relationship with this customer any more"
	case "900329":
		return "this needs a sign-in in the name of a user: spindle microsoft connect --user"
	case "900308", "900150":
		return "the role of the application or user does not allow this: add it in Partner Center"
	}
	return "add the application in Partner Center, Settings, Account settings, App management, and grant consent"
}

func errorText(body []byte) (code, text string) {
	var shape struct {
		Code        flexible `json:"code"`
		Description string   `json:"description"`
		Message     string   `json:"message"`
		Error       struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &shape) == nil {
		if shape.Error.Code != "" || shape.Error.Message != "" {
			return shape.Error.Code, shortText(shape.Error.Message)
		}
		return string(shape.Code), shortText(html.UnescapeString(shape.Description + shape.Message))
	}
	var storage struct {
		Code    string
		Message string
	}
	if xml.Unmarshal(body, &storage) == nil && storage.Code != "" {
		return storage.Code, shortText(storage.Message)
	}
	return "", ""
}

// flexible is a JSON value that comes as a number or as text (Microsoft sheet §1.7).
type flexible string

func (f *flexible) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(f))
	}
	if string(b) != "null" {
		*f = flexible(b)
	}
	return nil
}

const shortTextMax = 300

func shortText(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > shortTextMax {
		return string(r[:shortTextMax]) + "…"
	}
	return s
}
