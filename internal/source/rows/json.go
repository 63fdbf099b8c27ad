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

// jsonLines reads one JSON object per line.
type jsonLines struct {
	file  string
	lines *physicalLines
}

// NewJSONLines reads JSON Lines; file is the name that errors show.
func NewJSONLines(file string, r io.Reader) Reader {
	return &jsonLines{file: file, lines: newPhysicalLines(r)}
}

func (j *jsonLines) Next(row *Row) error {
	for {
		line, err := j.lines.next()
		if errors.Is(err, errLineTooLong) {
			return RowError{File: j.file, Line: j.lines.number, Problem: err.Error(), Remedy: remedyDownload}
		}
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		if len(line) == 0 {
			continue
		}
		row.reset(j.lines.number)
		return decodeObject(j.file, line, row)
	}
}

const remedyDownload = "download the file again; rows before and after this one have been read"

// decodeObject reads one flat JSON object. Nested values are kept as compact JSON text.
func decodeObject(file string, text []byte, row *Row) error {
	broken := RowError{File: file, Line: row.Line, Value: shorten(string(text)), Remedy: remedyDownload}
	if !utf8.Valid(text) {
		broken.Problem = "the row is not valid UTF-8"
		return broken
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		broken.Problem = "the row is not a JSON object"
		if err != nil {
			broken.Problem += ": " + err.Error()
		}
		return broken
	}
	for name, value := range object {
		row.set(name, cellText(value))
	}
	return nil
}

// cellText gives a JSON value as the text of a cell: strings unquoted, numbers as written, null as nothing, the rest as JSON.
func cellText(value json.RawMessage) string {
	switch {
	case len(value) == 0 || bytes.Equal(value, []byte("null")):
		return ""
	case value[0] == '"':
		var s string
		if json.Unmarshal(value, &s) == nil {
			return s
		}
	case value[0] == '{' || value[0] == '[':
		var b bytes.Buffer
		if json.Compact(&b, value) == nil {
			return b.String()
		}
	}
	return string(value)
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
