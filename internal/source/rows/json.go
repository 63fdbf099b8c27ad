package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// Reader splits text into rows. Next fills row and gives nil, io.EOF at the end, a RowError for a row that cannot be read (the next
// call goes on behind it), or the error of the stream, after which nothing more comes.
type Reader interface {
	Next(row *Row) error
}

// JSONLines reads one JSON object per line.
type JSONLines struct {
	file  string
	lines *physicalLines

	// Pass is given every line before it is read. One that it takes is no row of Next's any more. Nil takes none.
	Pass func(line []byte) (taken bool)
}

// NewJSONLines reads JSON Lines; file is the name that errors show.
func NewJSONLines(file string, r io.Reader) *JSONLines {
	return &JSONLines{file: file, lines: newPhysicalLines(r)}
}

// Next reads the next line that Pass does not take.
func (j *JSONLines) Next(row *Row) error {
	for {
		line, err := j.lines.next()
		if errors.Is(err, errLineTooLong) {
			return RowError{File: j.file, Line: j.lines.number, Problem: err.Error(), Remedy: remedyDownload}
		}
		if err != nil {
			row.Line = j.lines.number // the last one that could be read
			return err
		}
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		if len(line) == 0 || j.Pass != nil && j.Pass(line) {
			continue
		}
		row.reset(j.lines.number)
		row.raw = line
		return decodeObject(j.file, line, row)
	}
}

const remedyDownload = "download the file again; rows before and after this one have been read"

// decodeObject reads one flat JSON object. Nested values are kept as compact JSON text.
func decodeObject(file string, text []byte, row *Row) error {
	problem := ""
	switch {
	case !utf8.Valid(text):
		problem = "the row is not valid UTF-8"
	case !json.Valid(text) || text[0] != '{':
		problem = "the row is not a JSON object"
	}
	if problem != "" {
		return RowError{File: file, Line: row.Line, Value: shorten(string(text)), Problem: problem, Remedy: remedyDownload}
	}
	members(text, row.set)
	return nil
}

// cellText gives a valid JSON value as the text of a cell: strings unquoted, numbers as written, null as nothing, the rest as JSON.
func cellText(value []byte) string {
	switch {
	case bytes.Equal(value, []byte("null")):
		return ""
	case value[0] == '"':
		return unquoted(value)
	case value[0] == '{' || value[0] == '[':
		var b bytes.Buffer
		if json.Compact(&b, value) == nil {
			return b.String()
		}
	}
	return string(value)
}

func unquoted(quoted []byte) string {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // the text around it has been found valid
	return s
}

// members gives the members of one valid JSON object in order.
func members(text []byte, take func(name, value string)) {
	rest := space(text[1:])
	for rest[0] == '"' {
		end := stringEnd(rest)
		name := unquoted(rest[:end])
		rest = space(space(rest[end:])[1:]) // behind the colon
		end = valueEnd(rest)
		take(name, cellText(rest[:end]))
		if rest = space(rest[end:]); rest[0] == ',' {
			rest = space(rest[1:])
		}
	}
}

func space(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

// stringEnd gives the length of the string that the text begins with, quotes included.
func stringEnd(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// valueEnd gives the length of the value that the text begins with.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i // the end of the object around a number or word
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
}

// jsonArray reads the elements of one JSON array, as dumps of the older interface hold them.
type jsonArray struct {
	file   string
	in     *newlineCounter
	dec    *json.Decoder
	opened bool
	done   bool
}

// NewJSONArray reads a JSON array of objects.
func NewJSONArray(file string, r io.Reader) Reader {
	in := &newlineCounter{in: r}
	return &jsonArray{file: file, in: in, dec: json.NewDecoder(in)}
}

func (j *jsonArray) Next(row *Row) error {
	if j.done {
		return io.EOF
	}
	if !j.opened {
		j.opened = true
		if _, err := j.dec.Token(); err != nil {
			return j.fail(err)
		}
	}
	if !j.dec.More() {
		j.done = true
		if _, err := j.dec.Token(); err != nil {
			return j.fail(err)
		}
		return io.EOF
	}
	var element json.RawMessage
	if err := j.dec.Decode(&element); err != nil {
		return j.fail(err)
	}
	row.reset(j.in.lineAt(j.dec.InputOffset() - int64(len(element))))
	return decodeObject(j.file, element, row)
}

// fail ends the array: behind a syntax error nothing can be trusted to be a row.
func (j *jsonArray) fail(err error) error {
	j.done = true
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return RowError{File: j.file, Line: j.in.lineAt(j.dec.InputOffset()), Problem: "the JSON array breaks off here (" + err.Error() + "); rows behind this place are not read",
		Remedy: "download the file again; rows before this place have been read"}
}

// newlineCounter remembers where the lines of a stream begin, as long as they are still to be asked for.
type newlineCounter struct {
	in      io.Reader
	offset  int64
	pending []int64
	line    int
}

func (n *newlineCounter) Read(p []byte) (int, error) {
	count, err := n.in.Read(p)
	for i, b := range p[:count] {
		if b == '\n' {
			n.pending = append(n.pending, n.offset+int64(i))
		}
	}
	n.offset += int64(count)
	return count, err
}

// lineAt gives the line of an offset; offsets must not go back.
func (n *newlineCounter) lineAt(offset int64) int {
	passed := 0
	for passed < len(n.pending) && n.pending[passed] < offset {
		passed++
	}
	n.line += passed
	n.pending = n.pending[passed:]
	return n.line + 1
}
