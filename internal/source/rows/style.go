package rows

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Style is how a CSV file writes numbers and dates, which depends on who saved it (Microsoft sheet §4.1, importer recipe 5 and 6).
// JSON rows have the zero Style: decimal points and ISO dates.
type Style struct {
	DecimalComma bool
	DayFirst     bool // only when a person says so: the file alone cannot prove every row
}

// Survey reads all rows of a CSV file once and settles its style before any amount is taken. Whatever would have to be guessed is an
// error about the file. Rows that cannot be read are passed over here: the second reading reports them.
func Survey(file string, r Reader, dayFirst bool) (Style, error) {
	s := survey{file: file, dayFirst: dayFirst}
	var row Row
	for {
		err := r.Next(&row)
		var broken RowError
		switch {
		case errors.Is(err, io.EOF):
			return s.settle()
		case errors.As(err, &broken):
			continue
		case err != nil: // a damaged stream: what came before it still counts
			return s.settle()
		}
		s.look(&row)
	}
}

// SurveyNumbers settles how the cells of one file write numbers.
func SurveyNumbers(cells []string) Style {
	var s survey
	for _, text := range cells {
		s.number(text)
	}
	return Style{DecimalComma: s.comma && !s.point}
}

type survey struct {
	file       string
	dayFirst   bool
	point      bool      // a number with a decimal point
	comma      bool      // a number that can only have a decimal comma
	overTwelve *RowError // a date whose first part is no month
	monthFirst bool      // a date whose second part is no month
}

func (s *survey) look(row *Row) {
	for c := range columnCount {
		text := row.cells[c]
		if text == "" {
			continue
		}
		switch specByColumn[c].shape {
		case asNumber:
			s.number(text)
		case asDate:
			s.date(row.Line, c, text)
		}
	}
}

func (s *survey) number(text string) {
	text = unguard(text)
	if strings.ContainsRune(text, '.') {
		s.point = s.point || plainNumber(text)
		return
	}
	if whole, fraction, found := strings.Cut(text, ","); found && plainNumber(whole+"."+fraction) {
		digits := strings.TrimRight(strings.TrimLeft(fraction, "0123456789"), "0123456789eE+-")
		s.comma = s.comma || digits == "" && len(fraction) != 3
	}
}

func (s *survey) date(line int, c Column, text string) {
	d, ok := splitLocalDate(unguard(text))
	if !ok {
		return
	}
	if d.first > 12 && d.second <= 12 && s.overTwelve == nil {
		s.overTwelve = &RowError{File: s.file, Line: line, Field: c.String(), Value: shorten(text)}
	}
	s.monthFirst = s.monthFirst || d.second > 12 && d.first <= 12
}

func (s *survey) settle() (Style, error) {
	style := Style{DecimalComma: s.comma && !s.point, DayFirst: s.dayFirst}
	const remedy = "download the file with the portal set to English (United States), or import it again and say that days come before months (--day-first)"
	switch {
	case s.overTwelve != nil && s.monthFirst:
		e := *s.overTwelve
		e.Problem = "the file mixes dates with the day first and dates with the month first, so dates such as 3/4/2026 cannot be told apart"
		e.Remedy = "download the file again; do not join files of different languages"
		return Style{}, e
	case s.overTwelve != nil && !s.dayFirst:
		e := *s.overTwelve
		e.Problem = "the file writes days before months; which dates are meant is not guessed"
		e.Remedy = remedy
		return Style{}, e
	case s.monthFirst && s.dayFirst:
		return Style{}, RowError{File: s.file, Problem: "the file writes months before days, but was said to write days first", Remedy: "import it without saying that days come first"}
	}
	return style, nil
}

// unguard strips outer space and the apostrophe that keeps Excel from changing a cell (Microsoft sheet §4.1).
func unguard(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "'"))
}

// plainNumber accepts an optional sign, digits with at most one decimal point, and an optional exponent; nothing else.
func plainNumber(s string) bool {
	s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	mantissa, exponent, hasExponent := strings.Cut(strings.ToUpper(s), "E")
	if hasExponent {
		exponent = strings.TrimLeft(exponent[:min(1, len(exponent))], "+-") + exponent[min(1, len(exponent)):]
		if !digits(exponent) {
			return false
		}
	}
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if hasPoint && fraction == "" || whole == "" && fraction == "" {
		return false
	}
	return (whole == "" || digits(whole)) && (fraction == "" || digits(fraction))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// normalNumber gives the text that money.Parse reads, or why there is none.
func (s Style) normalNumber(text string) (string, error) {
	text = unguard(text)
	if strings.ContainsRune(text, ',') {
		if !s.DecimalComma {
			return "", fmt.Errorf("the number has a comma: thousands separators and a decimal comma are not taken unless the whole file writes decimal commas")
		}
		text = strings.Replace(text, ",", ".", 1)
	} else if s.DecimalComma && strings.ContainsRune(text, '.') {
		return "", fmt.Errorf("the number has a point although the file writes decimal commas")
	}
	if !plainNumber(text) {
		return "", fmt.Errorf("this is not a number")
	}
	return text, nil
}
