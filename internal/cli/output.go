package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"spindle/internal/fault"
)

// printJSON writes one indented JSON document.
func (s *session) printJSON(v any) error {
	s.printed = true
	encoder := json.NewEncoder(s.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// printf writes text for people.
func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }

// table lines up columns. A header that starts with ">" is right-aligned, for numbers and money. Columns without any cell are left out.
type table struct {
	headers []string
	rows    []tableRow
	indent  string
}

// tableRow is a row of cells, or a title over the rows that follow.
type tableRow struct {
	cells []string
	title string
	note  string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, tableRow{cells: cells}) }

// titled adds a line of its own over the rows that follow.
func (t *table) titled(title string) { t.rows = append(t.rows, tableRow{title: title}) }

// noted adds a line of its own under the row before.
func (t *table) noted(note string) { t.rows = append(t.rows, tableRow{note: note}) }

func (t *table) write(w io.Writer) {
	widths := t.widths()
	heads := make([]string, len(t.headers))
	for i, h := range t.headers {
		heads[i] = strings.ToUpper(strings.TrimPrefix(h, ">"))
	}
	out := bufio.NewWriter(w)
	defer out.Flush()
	t.line(out, heads, widths)
	for _, row := range t.rows {
		switch {
		case row.note != "":
			fmt.Fprintf(out, "%s      %s\n", t.indent, wrap(row.note, t.indent+"      "))
			continue
		case row.cells == nil:
			fmt.Fprintf(out, "\n%s\n", row.title)
			continue
		}
		t.line(out, row.cells, widths)
	}
}

// widths gives the cells that each column takes on a screen; 0 for a column that is empty throughout.
func (t *table) widths() []int {
	widths := make([]int, len(t.headers))
	for _, row := range t.rows {
		for i, cell := range row.cells {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for i, h := range t.headers {
		if widths[i] > 0 || len(t.rows) == 0 {
			widths[i] = max(widths[i], uniseg.StringWidth(strings.TrimPrefix(h, ">")))
		}
	}
	return widths
}

// fit shortens the cells of one column until the table is at most limit wide, or the column has come down to leastWidth. A text that was
// shortened ends with the number of its footnote; each text has one.
func (t *table) fit(column, limit int) (footnotes []string) {
	const leastWidth = 20
	widths := t.widths()
	total := uniseg.StringWidth(t.indent) - 2
	for _, w := range widths {
		if w > 0 {
			total += w + 2
		}
	}
	if total <= limit {
		return nil
	}
	room := max(leastWidth, widths[column]-(total-limit))
	marks := map[string]string{}
	for _, row := range t.rows {
		if row.cells == nil || uniseg.StringWidth(row.cells[column]) <= room {
			continue
		}
		text := row.cells[column]
		if marks[text] == "" {
			footnotes = append(footnotes, text)
			marks[text] = fmt.Sprintf(" [%d]", len(footnotes))
		}
		row.cells[column] = cut(text, room-len(marks[text])) + marks[text]
	}
	return footnotes
}

func (t *table) line(w io.Writer, cells []string, widths []int) {
	var b strings.Builder
	b.WriteString(t.indent)
	between := ""
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		b.WriteString(between)
		between = "  "
		pad := strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
		if strings.HasPrefix(t.headers[i], ">") {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

// cut shortens a text to what takes n cells on a screen.
func cut(text string, n int) string {
	if uniseg.StringWidth(text) <= n {
		return text
	}
	var b strings.Builder
	width := 0
	for clusters := uniseg.NewGraphemes(text); clusters.Next(); {
		if width += clusters.Width(); width > n-1 {
			break
		}
		b.WriteString(clusters.Str())
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// lineWidth is where text for people is broken.
const lineWidth = 140

// wrap breaks a text between words; lines after the first begin with the indent.
func wrap(text, indent string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(text) {
		w := uniseg.StringWidth(word)
		switch {
		case i == 0:
		case width+1+w > lineWidth:
			b.WriteString("\n" + indent)
			width = len(indent)
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += w
	}
	return b.String()
}

// plural gives "1 change" or "3 changes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// pluralIs gives "1 customer is" or "3 customers are".
func pluralIs(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return plural(n, noun) + " are"
}

// absent words the answer that there is nothing to remove.
func absent(err error, what, remedy string) error {
	if !fault.Is(err, fault.KindNotFound) {
		return err
	}
	return fault.NotFoundf("%s", what).Do(remedy)
}

// orElse gives the first text that is not empty.
func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// isTerminal reports whether a person sits at the stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks before something consequential. Without a person to ask it refuses and names the flag that says yes.
func (s *session) confirm(question string, yes bool) error {
	if yes {
		return nil
	}
	if !isTerminal(s.In) {
		return fault.Invalidf("nobody is here to answer: %s", question).Do("add --yes to say yes")
	}
	s.printf("%s [y/N] ", question)
	answer, _ := bufio.NewReader(s.In).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	return fault.Conflictf("not confirmed: nothing was changed")
}

// prompt asks for a value that was not given; secrets are not echoed.
func (s *session) prompt(label string, secret bool) (string, error) {
	f, ok := s.In.(*os.File)
	if !ok || !isTerminal(s.In) {
		return "", fault.Invalidf("%s is missing", label).Do("give it in the environment (--help names the variable) or as JSON on standard input with --stdin")
	}
	s.printf("%s: ", label)
	if secret {
		text, err := term.ReadPassword(int(f.Fd()))
		s.printf("\n")
		return strings.TrimSpace(string(text)), err
	}
	text, err := bufio.NewReader(s.In).ReadString('\n')
	return strings.TrimSpace(text), err
}
