package microsoft

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const billingRoot = "reports/partners/billing/"

// graphRoutes are the partner billing exports, without version (sheet §3). The last segment of an export may be qualified
// with the namespace, as Microsoft's SDKs send it (D1).
func graphRoutes() []endpoint {
	return []endpoint{
		{method: "POST", pattern: billingRoot + "reconciliation/billed/export", serve: (*Server).exportBilled},
		{method: "POST", pattern: billingRoot + "usage/billed/export", serve: (*Server).exportBilled},
		{method: "POST", pattern: billingRoot + "aggregatedUsage/billed/export", serve: (*Server).exportBilled},
		{method: "POST", pattern: billingRoot + "reconciliation/unbilled/export", serve: (*Server).exportUnbilled},
		{method: "POST", pattern: billingRoot + "usage/unbilled/export", serve: (*Server).exportUnbilled},
		{method: "GET", pattern: billingRoot + "operations/{id}", serve: (*Server).operation},
		{method: "GET", pattern: billingRoot + "manifests/{id}", serve: (*Server).manifest},
	}
}

func (s *Server) graph(c call) reply {
	out := s.graphAnswer(c)
	if id := c.r.Header.Get("client-request-id"); id != "" {
		out = out.with("client-request-id", id)
	}
	return out.with("request-id", s.nextID("request")).with("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Simulator"}}`).with("Date", s.now().Format(http.TimeFormat))
}

func (s *Server) graphAnswer(c call) reply {
	if len(c.path) > 1 && strings.EqualFold(c.path[1], "sales") {
		return s.sales(c)
	}
	token, ok := s.verify(c.r)
	switch {
	case !ok:
		return s.graphError(401, "InvalidAuthenticationToken", "Access token is empty, malformed or has expired.")
	case token.Audience != audienceGraph:
		return s.graphError(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
	case s.dialect["graphPermission"] == "missing":
		return s.graphError(403, "Forbidden", "The application does not have the permission PartnerBilling.Read.All.")
	}
	c.token = token
	path := slices.Clone(c.path[1:])
	for i := range path {
		if name, ok := strings.CutPrefix(path[i], "microsoft.graph.partners.billing."); ok {
			path[i] = name
		}
	}
	found, known := match(graphRoutes(), &c, path)
	switch {
	case found == nil && known:
		return s.graphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	case found == nil || strings.EqualFold(path[min(3, len(path)-1)], "aggregatedUsage") && c.path[0] != "beta":
		return s.graphError(404, "ResourceNotFound", "Resource not found for the segment '"+path[len(path)-1]+"'.")
	}
	return found.serve(s, c)
}

func graphCode(status int) string {
	switch status {
	case 401:
		return "InvalidAuthenticationToken"
	case 429:
		return "TooManyRequests"
	case 503:
		return "ServiceUnavailable"
	case 504:
		return "GatewayTimeout"
	}
	return "InternalServerError"
}

func (s *Server) graphError(status int, code, text string) reply {
	out := jsonReply(status, map[string]any{"error": map[string]any{"code": code, "message": text, "innerError": map[string]any{
		"date": s.now().Format("2006-01-02T15:04:05"), "request-id": s.nextID("inner"), "client-request-id": s.nextID("client"),
	}}})
	if status == 401 {
		out = out.with("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
	}
	return out
}

// export is one export from its request to the end of its life.
type export struct {
	id, manifestID   string
	version          string // v1.0 or beta
	subject          string // reconciliation, usage or aggregatedUsage
	invoice, basic   string // invoice id, "" when unbilled; attributeSet
	month            time.Time
	created, touched time.Time
	polls            int
	fault            string
	noData           bool

	built    bool
	failure  string
	manifest map[string]any
	root     string // directory below /blob
	blobs    map[string][]byte
}

type exportBody struct {
	InvoiceID     string `json:"invoiceId"`
	AttributeSet  string `json:"attributeSet"`
	CurrencyCode  string `json:"currencyCode"`
	BillingPeriod string `json:"billingPeriod"`
}

func (s *Server) readExport(c call) (exportBody, *reply) {
	var body exportBody
	var out reply
	media, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	switch {
	case !strings.EqualFold(strings.TrimSpace(media), "application/json"):
		out = s.graphError(415, "UnsupportedMediaType", "Content-Type must be application/json.")
	case json.Unmarshal(c.body, &body) != nil:
		out = s.graphError(400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	case body.AttributeSet != "" && body.AttributeSet != "full" && body.AttributeSet != "basic":
		out = s.graphError(400, "BadRequest", "Requested value '"+body.AttributeSet+"' was not found: attributeSet is full or basic.")
	default:
		return body, nil
	}
	return body, &out
}

// exportBilled starts the export of an invoice. An unknown or legacy invoice only fails later, in the operation (sheet §3.1).
func (s *Server) exportBilled(c call) reply {
	body, problem := s.readExport(c)
	if problem != nil {
		return *problem
	}
	if body.InvoiceID == "" {
		return s.graphError(400, "BadRequest", "The property invoiceId is required.")
	}
	inv := s.world.invoice(body.InvoiceID)
	e := &export{invoice: body.InvoiceID, basic: body.AttributeSet, noData: inv == nil || inv.legacy}
	if inv != nil {
		e.month = inv.month
	}
	return s.start(c, e)
}

func (s *Server) exportUnbilled(c call) reply {
	body, problem := s.readExport(c)
	switch {
	case problem != nil:
		return *problem
	case body.CurrencyCode == "":
		return s.graphError(400, "BadRequest", "The property currencyCode is required.")
	case body.BillingPeriod != "current" && body.BillingPeriod != "last":
		return s.graphError(400, "BadRequest", "Requested value '"+body.BillingPeriod+"' was not found: billingPeriod is current or last.")
	}
	e := &export{basic: body.AttributeSet, month: monthOf(s.today()), noData: body.CurrencyCode != s.world.scenario.Currency}
	if body.BillingPeriod == "last" {
		e.month = e.month.AddDate(0, -1, 0)
	}
	return s.start(c, e)
}

// start answers 202 with an absolute Location and an empty body (D6).
func (s *Server) start(c call, e *export) reply {
	e.id, e.manifestID = s.nextID("operation"), s.nextID("manifest")
	e.version, e.subject = strings.ToLower(c.path[0]), strings.ToLower(c.path[4])
	e.created, e.touched, e.blobs = s.now(), s.now(), map[string][]byte{}
	if c.fault != nil {
		e.fault = c.fault.Kind
	}
	s.exports[e.id] = e
	return reply{status: 202}.with("Location", c.base()+"/"+e.version+"/"+billingRoot+"operations/"+e.id)
}

func (s *Server) find(c call, matches func(*export) bool) (*export, *reply) {
	for _, e := range s.exports {
		if !matches(e) {
			continue
		}
		life, _ := time.ParseDuration(strings.Replace(s.dialect["operationLife"], "7d", "168h", 1))
		if s.now().Sub(e.created) >= life || e.fault == "expireExport" && e.polls > 0 {
			status, _ := strconv.Atoi(s.dialect["expiredStatus"])
			out := s.graphError(status, map[int]string{404: "NotFound", 410: "Gone"}[status], "The resource has expired. Start a new export.")
			return nil, &out
		}
		return e, nil
	}
	out := s.graphError(404, "NotFound", "Resource '"+c.vars["id"]+"' does not exist.")
	return nil, &out
}

// operation answers 200 in every state; the type and the status tell them apart (sheet §3.2).
func (s *Server) operation(c call) reply {
	e, problem := s.find(c, func(e *export) bool { return strings.EqualFold(e.id, c.vars["id"]) })
	if problem != nil {
		return *problem
	}
	e.polls++
	wait, _ := strconv.Atoi(s.dialect["runningPolls"])
	if e.polls <= wait || e.fault == "stuckExport" {
		e.touched = s.now()
		state := "running"
		if e.polls < wait {
			state = "notStarted"
		}
		out := jsonReply(200, s.operationBody(c, e, "runningOperation", state))
		if after := s.dialect["retryAfter"]; after != "absent" {
			out = out.with("Retry-After", after)
		}
		return out
	}
	s.finish(c, e)
	if e.failure != "" {
		body := s.operationBody(c, e, "failedOperation", "failed")
		body["error"] = map[string]any{"code": "5000", "message": e.failure}
		return jsonReply(200, body)
	}
	body := s.operationBody(c, e, "exportSuccessOperation", s.dialect["exportStatus"])
	if form := s.dialect["manifestForm"]; form != "link" {
		body["resourceLocation"] = e.manifest
	}
	if form := s.dialect["manifestForm"]; form != "inline" {
		body["resourceLocation@odata.navigationLink"] = c.base() + "/" + e.version + "/" + billingRoot + "manifests/" + e.manifestID
	}
	return jsonReply(200, body)
}

func (s *Server) operationBody(c call, e *export, kind, status string) map[string]any {
	if s.dialect["statusCase"] == "pascal" {
		status = strings.ToUpper(status[:1]) + status[1:]
	}
	created := e.created.Format("2006-01-02T15:04:05")
	if s.dialect["createdZ"] == "present" {
		created += "Z"
	}
	return map[string]any{
		"@odata.context": c.base() + "/" + e.version + "/$metadata#reports/partners/billing/operations/$entity",
		"@odata.type":    "#microsoft.graph.partners.billing." + kind, "id": e.id, "status": status,
		"createdDateTime": created, "lastActionDateTime": e.touched.Format(fraction7),
	}
}

func (s *Server) manifest(c call) reply {
	e, problem := s.find(c, func(e *export) bool { return strings.EqualFold(e.manifestID, c.vars["id"]) })
	if problem != nil {
		return *problem
	}
	if !e.built || e.failure != "" {
		return s.graphError(404, "NotFound", "The manifest does not exist.")
	}
	body := map[string]any{"@odata.context": c.base() + "/" + e.version + "/$metadata#reports/partners/billing/manifests/$entity"}
	for name, value := range e.manifest {
		body[name] = value
	}
	return jsonReply(200, body)
}
