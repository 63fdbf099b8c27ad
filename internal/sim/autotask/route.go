package autotask

import (
	"net/http"
	"strconv"
	"strings"
)

// handler answers a routed call under the server's lock.
type handler func(*call) (answer, *failure)

// route is where a path leads: the entity, ids in the path and one handler for each verb it knows.
type route struct {
	entity       *entity
	name         string // for the log and the thread counter
	parentID, id int64
	nested, open bool // open needs no credentials
	verbs        map[string]handler
}

// apiRoot is the prefix of the vendor surface, lower case.
const apiRoot = "atservicesrest"

// cleanPath splits a path without empty segments: //v1.0/ equals /v1.0/ (Autotask sheet §13.1).
func cleanPath(path string) []string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// resolve finds the route of a path. Paths match in any letter case, and 1.0 equals v1.0 (Autotask sheet §13.2).
func (w *world) resolve(path string) (route, bool) {
	parts := cleanPath(strings.ToLower(path))
	if len(parts) < 2 || parts[0] != apiRoot {
		return route{}, false
	}
	if parts[1] == "versioninformation" && len(parts) == 2 {
		return route{name: "versioninformation", open: true, verbs: only(http.MethodGet, handleVersionInformation)}, true
	}
	if (parts[1] != "v1.0" && parts[1] != "1.0") || len(parts) < 3 {
		return route{}, false
	}
	if r, ok := serviceRoute(parts[2:]); ok {
		return r, true
	}
	e, ok := w.model.byName[parts[2]]
	if !ok {
		return route{}, false
	}
	return w.entityRoute(e, parts[3:])
}

func only(verb string, h handler) map[string]handler { return map[string]handler{verb: h} }

func serviceRoute(parts []string) (route, bool) {
	if len(parts) != 1 {
		return route{}, false
	}
	switch parts[0] {
	case "zoneinformation":
		return route{name: "zoneInformation", open: true, verbs: only(http.MethodGet, handleZone)}, true
	case "version":
		return route{name: "Version", verbs: only(http.MethodGet, handleVersion)}, true
	case "thresholdinformation":
		return route{name: "ThresholdInformation", verbs: only(http.MethodGet, handleThreshold)}, true
	case "modules":
		return route{name: "Modules", verbs: only(http.MethodGet, handleModules)}, true
	case "entityinformation":
		return route{name: "EntityInformation", verbs: only(http.MethodGet, handleAllEntities)}, true
	}
	return route{}, false
}

// entityRoute resolves what follows /v1.0/<Entity>.
func (w *world) entityRoute(e *entity, rest []string) (route, bool) {
	r := route{entity: e, name: e.name}
	switch {
	case len(rest) == 0:
		r.verbs = rootVerbs(e)
	case rest[0] == "entityinformation":
		r.verbs = metadataVerbs(rest[1:])
	case rest[0] == "query" && !e.access.unreadable:
		r.verbs = queryVerbs(rest[1:])
	default:
		id, err := strconv.ParseInt(rest[0], 10, 64)
		if err != nil {
			return route{}, false
		}
		return w.idRoute(e, id, rest[1:])
	}
	return r, len(r.verbs) > 0
}

func rootVerbs(e *entity) map[string]handler {
	verbs := map[string]handler{}
	if e.access.rootCreate {
		verbs[http.MethodPost] = handleCreate
	}
	if e.access.rootUpdate {
		verbs[http.MethodPatch], verbs[http.MethodPut] = handlePatch, handlePut
	}
	return verbs
}

func metadataVerbs(rest []string) map[string]handler {
	switch strings.Join(rest, "/") {
	case "":
		return only(http.MethodGet, handleEntityInformation)
	case "fields":
		return only(http.MethodGet, handleFields)
	case "userdefinedfields":
		return only(http.MethodGet, handleUserDefinedFields)
	}
	return nil
}

func queryVerbs(rest []string) map[string]handler {
	both := func(h handler) map[string]handler { return map[string]handler{http.MethodGet: h, http.MethodPost: h} }
	switch strings.Join(rest, "/") {
	case "":
		return both(handleQuery)
	case "count":
		return both(handleCount)
	case "next":
		return both(handleNext)
	}
	return nil
}

// idRoute resolves /E/{id} and what hangs below it.
func (w *world) idRoute(e *entity, id int64, rest []string) (route, bool) {
	r := route{entity: e, name: e.name, id: id, verbs: map[string]handler{}}
	if len(rest) == 0 {
		if !e.access.unreadable {
			r.verbs[http.MethodGet] = handleGet
		}
		if e.access.rootDelete {
			r.verbs[http.MethodDelete] = handleDelete
		}
		return r, len(r.verbs) > 0
	}
	if extra := extraVerbs(e, rest); extra != nil {
		r.verbs = extra
		return r, true
	}
	child, ok := w.model.children[strings.ToLower(e.name)+"/"+rest[0]]
	if !ok {
		return route{}, false
	}
	return childRoute(child, id, rest[1:])
}

// extraVerbs are the routes of one entity only (Autotask sheet §2.8).
func extraVerbs(e *entity, rest []string) map[string]handler {
	if len(rest) != 1 {
		return nil
	}
	switch strings.ToLower(e.name) + "/" + rest[0] {
	case "companies/invoicesettings":
		return map[string]handler{http.MethodGet: handleInvoiceSettings, http.MethodPut: handlePutInvoiceSettings}
	case "invoices/invoicepdf":
		return only(http.MethodGet, handleInvoicePDF)
	case "invoices/invoicemarkuphtml", "invoices/invoicemarkupxml":
		return only(http.MethodGet, handleInvoiceMarkup)
	}
	return nil
}

// childRoute resolves /Parent/{pid}/Child and /Parent/{pid}/Child/{id}.
func childRoute(child *entity, parentID int64, rest []string) (route, bool) {
	r := route{entity: child, name: child.name, parentID: parentID, nested: true, verbs: map[string]handler{}}
	a := child.access
	switch len(rest) {
	case 0:
		if !a.unreadable {
			r.verbs[http.MethodGet] = handleChildren
		}
		if a.childCreate {
			r.verbs[http.MethodPost] = handleCreate
		}
		if a.childUpdate {
			r.verbs[http.MethodPatch], r.verbs[http.MethodPut] = handlePatch, handlePut
		}
	case 1:
		id, err := strconv.ParseInt(rest[0], 10, 64)
		if err != nil || a.unreadable {
			return route{}, false
		}
		r.id = id
		r.verbs[http.MethodGet] = handleGet
		if a.childDelete {
			r.verbs[http.MethodDelete] = handleDelete
		}
	}
	return r, len(r.verbs) > 0
}
