package rows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// recordLinesMax bounds how many physical lines one quoted cell may span before its opening quote is taken for a mistake.
const recordLinesMax = 50

// csvReader reads RFC 4180 text with a header row. A broken record costs its own line only: reading goes on with the next physical
// line, because an unpaired quote would otherwise swallow good rows.
type csvReader struct {
	file    string
	lines   *physicalLines
	comma   byte
	names   []string
	columns []Column // by position; -1 for unknown columns
}

const unknownColumn Column = -1

// NewCSV reads the header and gives a reader for the rows, with the column names as read. The separator is a comma, semicolon or tab.
func NewCSV(file string, r io.Reader) (reader Reader, header []string, err error) {
	c := &csvReader{file: file, lines: newPhysicalLines(r), comma: ','}
	for {
		fields, err := c.headerFields()
		if err != nil {
			return nil, nil, err
		}
		if len(fields) > 0 {
			c.setHeader(fields)
			return c, c.names, nil
		}
	}
}

func (c *csvReader) headerFields() ([]string, error) {
	line, err := c.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, RowError{File: c.file, Problem: "the file holds no header row", Remedy: "give a reconciliation or daily usage file as Partner Center delivers it"}
	case err != nil:
		return nil, err
	}
	if text := string(line); len(text) == 5 && strings.EqualFold(text[:4], "sep=") {
		c.comma = text[4] // Excel's note to itself
		return nil, nil
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, nil
	}
	if c.comma == ',' {
		c.comma = separatorOf(line)
	}
	fields, state := splitRecord(line, c.comma)
	if state != complete {
		return nil, RowError{File: c.file, Line: c.lines.number, Value: shorten(string(line)), Problem: "the header row has an unpaired quote", Remedy: "download the file again"}
	}
	return fields, nil
}

// separatorOf picks the candidate that occurs most outside quotes.
func separatorOf(line []byte) byte {
	best, most := byte(','), 0
	for _, candidate := range []byte{',', ';', '\t'} {
		count, quoted := 0, false
		for _, b := range line {
			switch {
			case b == '"':
				quoted = !quoted
			case b == candidate && !quoted:
				count++
			}
		}
		if count > most {
			best, most = candidate, count
		}
	}
	return best
}

func (c *csvReader) setHeader(fields []string) {
	c.names = make([]string, len(fields))
	c.columns = make([]Column, len(fields))
	for i, f := range fields {
		c.names[i] = cleanName(f)
		c.columns[i] = unknownColumn
		if column, ok := ColumnNamed(f); ok {
			c.columns[i] = column
		}
	}
}

// isHeader recognises a header row that turns up again where tools have joined files (Microsoft sheet §7.10): at least five cells,
// and more than half of them, name known columns.
func isHeader(fields []string) bool {
	if len(fields) < 5 {
		return false
	}
	if _, ok := ColumnNamed(fields[0]); !ok {
		if _, ok := ColumnNamed(fields[1]); !ok {
			return false // the usual case, decided cheaply
		}
	}
	known := 0
	for _, f := range fields {
		if _, ok := ColumnNamed(f); ok {
			known++
		}
	}
	return known*2 > len(fields)
}

func (c *csvReader) Next(row *Row) error {
	for {
		fields, line, err := c.record()
		if err != nil {
			return err
		}
		if blank(fields) {
			continue
		}
		if isHeader(fields) {
			c.setHeader(fields)
			continue
		}
		row.reset(line)
		for i, text := range fields {
			if !utf8.ValidString(text) {
				return RowError{File: c.file, Line: line, Field: c.names[i], Value: shorten(text), Problem: "the text is not valid UTF-8", Remedy: "save the file as “CSV UTF-8”, or give the file as it was downloaded"}
			}
			if c.columns[i] == unknownColumn {
				row.putExtra(c.names[i], text)
				continue
			}
			row.put(c.columns[i], text)
		}
		return nil
	}
}

func blank(fields []string) bool {
	for _, f := range fields {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}

// record gives the fields of the next record and the line it starts on.
func (c *csvReader) record() ([]string, int, error) {
	line, err := c.lines.next()
	start := c.lines.number
	if errors.Is(err, errLineTooLong) {
		return nil, 0, RowError{File: c.file, Line: start, Problem: err.Error(), Remedy: remedyDownload}
	}
	if err != nil {
		return nil, 0, err
	}
	fields, state := splitRecord(line, c.comma)
	if state == complete && (len(fields) == len(c.names) || blank(fields) || isHeader(fields)) {
		return fields, start, nil
	}
	text, first := bytes.Clone(line), bytes.Clone(line)
	var more [][]byte
	for state == open && len(more) < recordLinesMax && len(text) < lineMax {
		next, err := c.lines.next()
		if err != nil {
			break // at the end, or in a damaged place: the stream says so again on the next call
		}
		more = append(more, bytes.Clone(next))
		text = append(append(text, '\n'), next...)
		fields, state = splitRecord(text, c.comma)
	}
	if state == complete && len(fields) == len(c.names) {
		return fields, start, nil
	}
	c.lines.giveBack(more)
	return nil, 0, c.brokenRecord(start, first, fields, state)
}

func (c *csvReader) brokenRecord(line int, text []byte, fields []string, state recordState) error {
	e := RowError{File: c.file, Line: line, Value: shorten(string(text)), Remedy: "correct the row, or download the file again"}
	if state == complete {
		e.Problem = fmt.Sprintf("the row has %d cells, the header has %d", len(fields), len(c.names))
	} else {
		e.Problem = "the row has an unpaired quote"
	}
	return e
}

type recordState int

const (
	complete recordState = iota
	open                 // a quoted cell goes on behind the end
	invalid              // text behind a closing quote
)

// splitRecord splits one record. A quote inside a cell that does not begin with one is plain text.
func splitRecord(text []byte, comma byte) ([]string, recordState) {
	fields := make([]string, 0, 64)
	for {
		if len(text) == 0 || text[0] != '"' {
			i := bytes.IndexByte(text, comma)
			if i < 0 {
				return append(fields, string(text)), complete
			}
			fields = append(fields, string(text[:i]))
			text = text[i+1:]
			continue
		}
		cell, rest, closed := quotedCell(text[1:])
		switch {
		case !closed:
			return append(fields, cell), open
		case len(rest) == 0:
			return append(fields, cell), complete
		case rest[0] != comma:
			return append(fields, cell), invalid
		}
		fields = append(fields, cell)
		text = rest[1:]
	}
}

func quotedCell(text []byte) (cell string, rest []byte, closed bool) {
	var b []byte
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			return string(append(b, text...)), nil, false
		}
		b = append(b, text[:i]...)
		if i+1 < len(text) && text[i+1] == '"' {
			b = append(b, '"')
			text = text[i+2:]
			continue
		}
		return string(b), text[i+1:], true
	}
}
