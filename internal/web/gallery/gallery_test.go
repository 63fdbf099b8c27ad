package gallery

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spindle/internal/web/view"
)

// get asks the gallery for an address.
func get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// TestSamples holds every sample to what a page must have whatever browser opens it.
func TestSamples(t *testing.T) {
	_, index := get(t, "/")
	pages := Pages()
	if len(pages) < 60 {
		t.Errorf("%d samples", len(pages))
	}
	seen := map[string]bool{}
	for _, p := range pages {
		t.Run(p.Path(), func(t *testing.T) {
			if seen[p.Path()] || !strings.Contains(index, `href="`+p.Path()+`"`) {
				t.Errorf("address taken twice (%t), or not in the index", seen[p.Path()])
			}
			seen[p.Path()] = true
			status, body := get(t, p.Path())
			if status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			for _, problem := range faultsOf(body) {
				t.Error(problem)
			}
		})
	}
	for _, problem := range faultsOf(index) {
		t.Error("index:", problem)
	}
}

// TestEveryTableHasAFile: whatever a page shows as a table, somebody wants to send to somebody who has no access.
func TestEveryTableHasAFile(t *testing.T) {
	for _, p := range Pages() {
		_, body := get(t, p.Path())
		if strings.Contains(body, "<table") && !strings.Contains(body, "as=csv") && !strings.Contains(body, `name="as" value="csv"`) {
			t.Errorf("%s has a table that is offered as no file", p.Path())
		}
	}
}

// TestFaultsAreFound shows that the check above can fail.
func TestFaultsAreFound(t *testing.T) {
	const head = `<!DOCTYPE html><html><head><title>x</title></head><body><h1>y</h1>`
	for _, c := range []struct{ body, want string }{
		{`<html><head></head><body><h1>y</h1></body></html>`, "no title"},
		{head + `<h1>z</h1></body></html>`, "2 h1"},
		{head + `<p id="a"></p><p id="a"></p></body></html>`, `id "a" is there twice`},
		{head + `<p style="color:red"></p></body></html>`, "style="},
		{head + `<button onclick="x()">b</button></body></html>`, "onclick="},
		{head + `<script>x()</script></body></html>`, "script"},
		{head + `<style>p{}</style></body></html>`, "style element"},
		{head + `<input type="text" name="n"/></body></html>`, `input "n" has no label`},
		{head + `<select name="n" id="n"></select><label for="m">x</label></body></html>`, `select "n" has no label`},
		{head + `<p aria-describedby="gone"></p></body></html>`, "gone"},
		{head + `<img src="/static/missing/x.svg"/></body></html>`, "missing"},
		{head + `<a href="javascript:x()">a</a></body></html>`, "javascript:"},
	} {
		found := strings.Join(faultsOf(c.body), "\n")
		if !strings.Contains(found, c.want) {
			t.Errorf("%s: found %q, want %q", c.body, found, c.want)
		}
	}
	if found := faultsOf(head + `<label>w <input name="w"/></label><label for="i">i</label><input id="i"/><input aria-label="j"/><input type="hidden" name="h"/></body></html>`); found != nil {
		t.Error(found)
	}
}

func TestHandlerElsewhere(t *testing.T) {
	if status, body := get(t, "/o/northwind/prices"); status != http.StatusNotFound || !strings.Contains(body, "This is the gallery") {
		t.Errorf("status %d: %s", status, body)
	}
	if got := (Page{Name: "Decide", State: "apply, not enabled"}).Path(); got != "/decide/apply-not-enabled" {
		t.Error(got)
	}
}

// TestLongNamesAreEscaped shows that a name with markup stays a name.
func TestLongNamesAreEscaped(t *testing.T) {
	var b strings.Builder
	p := quietRun()
	p.Shell = noticed(p.Shell, view.Notice{Tone: "bad", Text: `<img src=x onerror=alert(1)>`})
	if err := view.Run(p).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<img src=x") {
		t.Error("markup in a notice is not escaped")
	}
}

// pageCheck is what faultsOf learns while it reads.
type pageCheck struct {
	problems    []string
	ids, labels map[string]bool
	fields      []field
	references  []string
	inLabel     int
	titled      bool
	inBody      bool
	headings    int
}

type field struct {
	what, id string
	labelled bool
}

// faultsOf lists what is wrong with a page.
func faultsOf(body string) []string {
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	c := &pageCheck{ids: map[string]bool{}, labels: map[string]bool{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return append(c.problems, err.Error())
		}
		switch e := token.(type) {
		case xml.StartElement:
			c.open(e)
		case xml.EndElement:
			if e.Name.Local == "label" {
				c.inLabel--
			}
		}
	}
	c.finish()
	return c.problems
}

func (c *pageCheck) add(problem string) { c.problems = append(c.problems, problem) }

func (c *pageCheck) open(e xml.StartElement) {
	values := map[string]string{}
	for _, a := range e.Attr {
		name := a.Name.Local
		values[name] = a.Value
		if name == "style" || strings.HasPrefix(name, "on") || strings.HasPrefix(name, "hx-on") {
			c.add(e.Name.Local + " has " + name + "=")
		}
		if strings.Contains(a.Value, "/static/missing/") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Value)), "javascript:") {
			c.add(name + "=" + a.Value)
		}
	}
	if id := values["id"]; id != "" {
		if c.ids[id] {
			c.add(`id "` + id + `" is there twice`)
		}
		c.ids[id] = true
	}
	for _, name := range []string{"aria-describedby", "aria-labelledby", "list"} {
		c.references = append(c.references, strings.Fields(values[name])...)
	}
	c.element(e.Name.Local, values)
}

func (c *pageCheck) element(name string, values map[string]string) {
	switch name {
	case "title":
		c.titled = c.titled || !c.inBody
	case "body":
		c.inBody = true
	case "h1":
		c.headings++
	case "style":
		c.add("a style element")
	case "script":
		if values["src"] == "" {
			c.add("a script in the page")
		}
	case "label":
		c.inLabel++
		if values["for"] != "" {
			c.labels[values["for"]] = true
		}
	case "input", "select", "textarea":
		if t := values["type"]; t != "hidden" && t != "submit" {
			c.fields = append(c.fields, field{name + ` "` + values["name"] + `"`, values["id"], c.inLabel > 0 || values["aria-label"] != ""})
		}
	}
}

// finish checks what can only be said at the end.
func (c *pageCheck) finish() {
	if !c.titled {
		c.add("no title")
	}
	if c.headings != 1 {
		c.add(view.Count(c.headings) + " h1")
	}
	for _, f := range c.fields {
		if !f.labelled && (f.id == "" || !c.labels[f.id]) {
			c.add(f.what + " has no label")
		}
	}
	for _, id := range c.references {
		if !c.ids[id] {
			c.add("nothing has the id " + id)
		}
	}
}
