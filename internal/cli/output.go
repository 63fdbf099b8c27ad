package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"spindle/internal/fault"
)

// printJSON writes one indented JSON document.
func (s *session) printJSON(v any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// printf writes text for people.
func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }

// table lines up columns. A header that starts with ">" is right-aligned, for numbers and money.
type table struct {
	headers []string
	rows    [][]string
	indent  string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.headers))
	for i, h := range t.headers {
		widths[i] = utf8.RuneCountInString(strings.TrimPrefix(h, ">"))
	}
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	heads := make([]string, len(t.headers))
	for i, h := range t.headers {
		heads[i] = strings.ToUpper(strings.TrimPrefix(h, ">"))
	}
	out := bufio.NewWriter(w)
	defer out.Flush()
	t.line(out, heads, widths)
	for _, row := range t.rows {
		t.line(out, row, widths)
	}
}

func (t *table) line(w io.Writer, cells []string, widths []int) {
	var b strings.Builder
	b.WriteString(t.indent)
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if strings.HasPrefix(t.headers[i], ">") {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

// cut shortens a text to n characters.
func cut(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// plural gives "1 change" or "3 changes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
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
		return fault.Invalidf("%s", question).Do("say yes with --yes")
	}
	s.printf("%s [y/N] ", question)
	answer, _ := bufio.NewReader(s.In).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	return fault.Conflictf("not confirmed, nothing was changed")
}

// prompt asks for a value that was not given; secrets are not echoed.
func (s *session) prompt(label string, secret bool) (string, error) {
	f, ok := s.In.(*os.File)
	if !ok || !isTerminal(s.In) {
		return "", fault.Invalidf("%s is missing", label).Do("give it as a flag, in the environment, or as JSON on standard input with --stdin")
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
