package autotask

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// pagesKept is how many newer pages a page URL survives (Autotask sheet §2.4).
const pagesKept = 50

// pageToken travels in the paging parameter. Its outer shape is the one seen on the wire (Autotask sheet §13.10).
type pageToken struct {
	PageSize    int     `json:"pageSize"`
	PreviousIDs []int64 `json:"previousIds"`
	NextIDs     []int64 `json:"nextIds"`
	Verb        string  `json:"verb"`
	Query       string  `json:"query"` // hash of the query
	Page        int64   `json:"page"`
	NoID        bool    `json:"noId,omitempty"` // includeFields left out id
}

// backward reports whether the token leads to earlier rows.
func (t pageToken) backward() bool { return len(t.NextIDs) == 1 && t.NextIDs[0] == -1 }

// hashJSON hashes a JSON text independent of white space and key order.
func hashJSON(text []byte) string {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	canonical := text
	if err := decoder.Decode(&v); err == nil {
		if b, err := json.Marshal(v); err == nil {
			canonical = b
		}
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:8])
}

// pageURL builds the absolute address of a neighbour page.
func (c *call) pageURL(t pageToken, search string) any {
	token, err := json.Marshal(t)
	if err != nil {
		return nil
	}
	u := c.base + "v1.0/" + c.entity.name + "/query/next?paging=" + url.QueryEscape(string(token))
	if t.Verb == "GET" {
		u += "&search=" + url.QueryEscape(search)
	}
	return u
}

// readToken checks a page URL: its verb, its query, its age.
func (c *call) readToken(search []byte) (pageToken, *failure) {
	var t pageToken
	if err := json.Unmarshal([]byte(c.request.URL.Query().Get("paging")), &t); err != nil || t.PageSize < 1 || t.PageSize > pageSizeMax {
		return t, refuse("Invalid paging information.")
	}
	switch {
	case t.Verb != c.request.Method:
		return t, wrongVerb(c.request.Method)
	case t.Query != hashJSON(search):
		return t, refuse("Invalid paging information: the query differs from the one of the first page.")
	case t.NoID:
		return t, refuse("Invalid paging information: id must be among includeFields.")
	case c.server.pageSerial-t.Page >= pagesKept:
		return t, refuse("The page has expired. Please run the query again.")
	}
	return t, nil
}
