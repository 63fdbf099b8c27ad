package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

// request is an HTTP request with who asks and for which organization.
type request struct {
	*http.Request
	s           *Server
	person      store.User           // zero on pages for anyone, and for programs with a token
	memberships []account.Membership // of the person
	org         store.Organization   // zero outside /o/{org}/
	actor       account.Actor        // who acts in org
	notice      view.Notice          // that the page took
	endTurn     func()               // lets the next page be worked out: for what takes long
}

// turnTo is an address to go to instead of the page asked for.
type turnTo string

func (t turnTo) Error() string { return "turn to " + string(t) }

// counted notes how many rows there are. A page behind the last one, which is left when rows were decided or filtered away, turns to the last.
func (r *request) counted(l *view.List, total int) error {
	l.Total = total
	if r.Method != http.MethodGet || l.Page <= l.Pages() {
		return nil
	}
	if r.notice.Text != "" {
		r.leaveNotice(r.notice)
	}
	if l.Pages() == 1 {
		return turnTo(l.With("page", ""))
	}
	return turnTo(l.With("page", strconv.Itoa(l.Pages())))
}

// handler answers one route. An error becomes a page in words.
type handler func(w http.ResponseWriter, r *request) error

// by is how acts are signed in the audit trail.
func (r *request) by() string { return r.actor.Name }

// may reports whether who asks has a permission in the organization.
func (r *request) may(p account.Permission) bool { return r.actor.May(p) }

// path gives an address below the organization.
func (r *request) path(parts ...string) string {
	return view.Shell{Org: view.Org{ID: string(r.org.ID)}}.Path(parts...)
}

// shell is what a page of the organization shows around its content; it takes the notice that the last act left.
func (r *request) shell(nav, title string) view.Shell {
	shell := view.Shell{Title: title, Nav: nav, Notice: r.takeNotice(),
		Org:    view.Org{ID: string(r.org.ID), Name: r.org.Name, Role: string(r.actor.Role)},
		Person: view.Person{Name: r.person.Name, Email: r.person.Email, Role: string(r.actor.Role)},
		May:    map[string]bool{}}
	for _, p := range account.Permissions() {
		shell.May[string(p)] = r.may(p)
	}
	for _, m := range r.memberships {
		shell.Orgs = append(shell.Orgs, view.Org{ID: string(m.Organization.ID), Name: m.Organization.Name, Role: string(m.Role)})
	}
	return shell
}

// page writes a page. One that answers a form may be kept by the browser that sent the form: to go back to it would otherwise end at the
// browser's own error, since the form can't be sent again unasked.
func (r *request) page(w http.ResponseWriter, status int, page templ.Component) error {
	if r.Method == http.MethodPost {
		w.Header().Set("Cache-Control", "private, no-cache")
	}
	return r.pageOnce(w, status, page)
}

// pageOnce writes a page that is nowhere kept: of anything that is read, and of what is shown this one time. It is sent when it is whole:
// who takes it slowly keeps no turn, and what fails on the way becomes a page in words instead of half a page.
func (r *request) pageOnce(w http.ResponseWriter, status int, page templ.Component) error {
	var whole bytes.Buffer
	if err := page.Render(r.Context(), &whole); err != nil {
		return err
	}
	r.endTurn()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := whole.WriteTo(w); err != nil {
		r.s.Log.DebugContext(r.Context(), "the reader has gone", "error", err)
	}
	return nil
}

// again shows a form once more with what is wrong, and what was typed.
func (r *request) again(w http.ResponseWriter, page templ.Component) error {
	return r.page(w, http.StatusUnprocessableEntity, page)
}

// done leaves a notice and sends the browser on to a page of this console, so that a reload repeats nothing.
func (r *request) done(w http.ResponseWriter, to, text string, details ...string) error {
	return r.doneWith(w, to, view.Notice{Tone: "good", Text: text, Details: details})
}

func (r *request) doneWith(w http.ResponseWriter, to string, n view.Notice) error {
	r.leaveNotice(n)
	http.Redirect(w, r.Request, local(to), http.StatusSeeOther)
	return nil
}

// refused sends the browser back with what went wrong, when there is no form to show it in. Errors that are nobody's input or decision
// are not for a notice.
func (r *request) refused(w http.ResponseWriter, to string, err error) error {
	if fault.KindOf(err) == fault.KindInternal {
		return err
	}
	return r.doneWith(w, to, noticeOf(err))
}

// noticeOf puts faults in words: one as it is, several as a list.
func noticeOf(err error) view.Notice {
	all := fault.List(err)
	if len(all) == 1 {
		return view.Notice{Tone: "bad", Text: all[0].Message, Remedy: sentence(all[0].Remedy)}
	}
	n := view.Notice{Tone: "bad", Text: view.Plural(len(all), "problem", "problems")}
	for _, f := range all {
		n.Details = append(n.Details, f.Message+remedyAfter(f.Remedy))
	}
	return n
}

func remedyAfter(remedy string) string {
	if remedy == "" {
		return ""
	}
	return ": " + inConsole(remedy)
}

// sentence makes a remedy, which is written as "do this", a sentence.
func sentence(remedy string) string {
	if remedy == "" {
		return ""
	}
	remedy = inConsole(remedy)
	text := strings.ToUpper(remedy[:1]) + remedy[1:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

const noticeKey = "notice"

func (r *request) leaveNotice(n view.Notice) {
	text, err := json.Marshal(n)
	if err != nil {
		return // strings can be marshalled
	}
	r.s.sessions.Put(r.Context(), noticeKey, string(text))
}

func (r *request) takeNotice() view.Notice {
	var n view.Notice
	if text := r.s.sessions.PopString(r.Context(), noticeKey); text != "" {
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			return view.Notice{}
		}
	}
	r.notice = n
	return n
}

// local keeps an address inside this console: a path of ours, never another site (open redirects).
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return u.String()
}

// formMax bounds the body of a form without files.
const formMax = 2 << 20

// readForm reads a posted form.
func (r *request) readForm(w http.ResponseWriter) error {
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return fault.Invalidf("the form is larger than %d MB", formMax>>20).Do("select fewer rows and do the rest after")
		}
		return fault.Invalidf("the form could not be read: %w", err).Do("go back, reload the page and try again")
	}
	return onlyText("", r.PostForm)
}

// text gives a posted or asked value without spaces around it.
func (r *request) text(name string) string { return strings.TrimSpace(r.FormValue(name)) }

// on reports whether a checkbox was ticked.
func (r *request) on(name string) bool { return r.FormValue(name) == "on" }

// confirmed reports whether the person answered the question that a destructive act asks first.
func (r *request) confirmed() bool { return r.PostFormValue("confirmed") == "yes" }

// pageSizes bound how many rows a table shows.
const (
	pageSize    = 50
	pageSizeMax = 500
)

// list reads the state of a table from the address: page, size, sort and the filters named.
func (r *request) list(base string, filters ...string) view.List {
	return listOf(base, r.URL.Query(), filters...)
}

func listOf(base string, asked url.Values, filters ...string) view.List {
	l := view.List{Base: base, Values: url.Values{}, Page: 1, Size: pageSize}
	for _, name := range append([]string{"q", "sort", "size"}, filters...) {
		if v := strings.TrimSpace(asked.Get(name)); v != "" {
			l.Values.Set(name, v)
		}
	}
	if n, err := strconv.Atoi(asked.Get("page")); err == nil && n > 1 {
		l.Page = min(n, 1_000_000)
		l.Values.Set("page", strconv.Itoa(l.Page))
	}
	if n, err := strconv.Atoi(asked.Get("size")); err == nil && n >= 1 {
		l.Size = min(n, pageSizeMax)
	}
	return l
}

// sortBy splits "-money" into the column and its direction.
func sortBy(l view.List) (column string, descending bool) {
	return strings.TrimPrefix(l.Get("sort"), "-"), strings.HasPrefix(l.Get("sort"), "-")
}

// fieldErrors gives what is wrong by field, and the rest as a notice.
func fieldErrors(err error) (fields map[string]string, rest view.Notice) {
	fields = map[string]string{}
	var others []error
	for _, f := range fault.List(err) {
		if f.Field == "" {
			others = append(others, f)
			continue
		}
		text := f.Message + remedyAfter(fault.Remedy(f)) // a fault may stand around the one that says what to do
		if fields[f.Field] != "" {
			text = fields[f.Field] + "; " + text
		}
		fields[f.Field] = text
	}
	if len(others) > 0 {
		rest = noticeOf(errors.Join(others...))
	} else if len(fields) > 0 {
		rest = view.Notice{Tone: "bad", Text: "Nothing was saved: " + view.Plural(len(fields), "field needs", "fields need") + " another value"}
	}
	return fields, rest
}

// customerID reads the customer from the address.
func (r *request) customerID() billing.CustomerID { return billing.CustomerID(r.PathValue("customer")) }
