package microsoft

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sas is a user-delegation SAS for a directory below a container (sheet §3.3).
func (s *Server) sas(root string) string {
	life, _ := time.ParseDuration(s.dialect["sasLife"])
	start, end := s.now().Format(seconds), s.now().Add(life).Format(seconds)
	container, dir, _ := strings.Cut(root, "/")
	depth := strconv.Itoa(strings.Count(dir, "/") + 1)
	text := "skoid=" + guidOf("skoid") + "&sktid=" + guidOf("sktid") + "&skt=" + url.QueryEscape(start) + "&ske=" + url.QueryEscape(end) +
		"&sks=b&skv=2020-06-12&sv=2020-08-04&se=" + url.QueryEscape(end) + "&sr=d&sp=rl&sdd=" + depth + "&sig=" + url.QueryEscape(s.signature(container, dir, end, "rl", depth))
	if s.dialect["sasToken"] == "questionMark" {
		return "?" + text
	}
	return text
}

func (s *Server) signature(container, dir, end, permissions, depth string) string {
	return base64.StdEncoding.EncodeToString(s.mac(strings.Join([]string{"sas", container, dir, end, "d", permissions, depth}, "\n")))
}

// blobError is a storage error: always XML (sheet §3.4).
func blobError(status int, code, text string) reply {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a builder never fails
	body := `<?xml version="1.0" encoding="utf-8"?><Error><Code>` + code + `</Code><Message>` + escaped.String() + `</Message></Error>`
	return reply{status: status, body: []byte("\xef\xbb\xbf" + body)}.with("Content-Type", "application/xml").with("x-ms-error-code", code)
}

// blob serves reads of one blob under a directory SAS.
func (s *Server) blob(c call) reply {
	out := s.blobAnswer(c)
	if v := c.r.Header.Get("x-ms-version"); v != "" {
		out = out.with("x-ms-version", v)
	}
	if id := c.r.Header.Get("x-ms-client-request-id"); id != "" {
		out = out.with("x-ms-client-request-id", id)
	}
	return out.with("x-ms-request-id", s.nextID("storage")).with("Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0").with("Date", s.now().Format(http.TimeFormat))
}

func (s *Server) blobAnswer(c call) reply {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return blobError(405, "UnsupportedHttpVerb", "The resource doesn't support specified HTTP verb.")
	}
	if problem := s.checkSAS(c); problem != nil {
		return *problem
	}
	name, root := c.path[len(c.path)-1], strings.Join(c.path[1:len(c.path)-1], "/")
	for _, e := range s.exports {
		if body, ok := e.blobs[name]; ok && e.root == root {
			return s.serveBlob(c, name, body, e)
		}
	}
	return blobError(404, "BlobNotFound", "The specified blob does not exist.")
}

// checkSAS verifies signature, kind and end of the SAS. An Authorization header makes storage ignore it.
func (s *Server) checkSAS(c call) *reply {
	q := c.query
	depth, _ := strconv.Atoi(q.Get("sdd"))
	var out reply
	switch end, err := time.Parse(seconds, q.Get("se")); {
	case c.r.Header.Get("Authorization") != "":
		out = blobError(403, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.")
	case q.Get("sig") == "":
		out = blobError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
	case q.Get("sr") != "d" || err != nil || depth < 1 || len(c.path) < depth+3:
		out = blobError(403, "AuthenticationFailed", "The signed resource or its depth does not fit the request.")
	case !hmac.Equal([]byte(q.Get("sig")), []byte(s.signature(c.path[1], strings.Join(c.path[2:2+depth], "/"), q.Get("se"), q.Get("sp"), q.Get("sdd")))):
		out = blobError(403, "AuthenticationFailed", "Signature did not match.")
	case !s.now().Before(end):
		out = blobError(403, "AuthenticationFailed", "Signature not valid in the specified time frame: Start - Expiry ["+q.Get("se")+"] - Current ["+s.now().Format(seconds)+"]")
	case !strings.Contains(q.Get("sp"), "r"):
		out = blobError(403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
	default:
		return nil
	}
	return &out
}

func (s *Server) serveBlob(c call, name string, body []byte, e *export) reply {
	out := reply{status: 200, body: body}.with("Content-Type", "application/octet-stream").with("Accept-Ranges", "bytes").with("x-ms-blob-type", "BlockBlob").
		with("x-ms-creation-time", e.touched.Format(http.TimeFormat)).with("Last-Modified", e.touched.Format(http.TimeFormat)).
		with("ETag", `"0x`+strings.ToUpper(hexID(15, "blob", name))+`"`).with("x-ms-server-encrypted", "true").with("x-ms-lease-status", "unlocked").with("x-ms-lease-state", "available")
	if s.dialect["contentEncoding"] == "gzip" {
		out = out.with("Content-Encoding", "gzip")
	}
	if m := c.r.Header.Get("If-Match"); m != "" && m != "*" && m != out.header.Get("ETag") {
		return blobError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
	}
	wanted := c.r.Header.Get("x-ms-range")
	if wanted == "" {
		wanted = c.r.Header.Get("Range")
	}
	if wanted != "" && c.r.Method == http.MethodGet {
		from, to, ok := byteRange(wanted, len(body))
		if !ok {
			return blobError(416, "InvalidRange", "The range specified is invalid for the current size of the resource.").with("Content-Range", fmt.Sprintf("bytes */%d", len(body)))
		}
		out.status, out.body = http.StatusPartialContent, body[from:to+1]
		out = out.with("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(body)))
	}
	return out.with("Content-Length", strconv.Itoa(len(out.body)))
}

// byteRange reads bytes=from-to, bytes=from- and bytes=-last.
func byteRange(text string, size int) (from, to int, ok bool) {
	spec, found := strings.CutPrefix(text, "bytes=")
	a, b, dash := strings.Cut(spec, "-")
	if !found || !dash {
		return 0, 0, false
	}
	first, errA := strconv.Atoi(a)
	last, errB := strconv.Atoi(b)
	switch {
	case a == "" && errB == nil:
		first, last = max(0, size-last), size-1
	case errA != nil || b != "" && errB != nil:
		return 0, 0, false
	case b == "" || last >= size:
		last = size - 1
	}
	return first, last, first >= 0 && first < size && last >= first
}
