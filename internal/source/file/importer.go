package file

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/source/rows"
)

// RowError says what is wrong with one cell, row or file, and what to do about it.
type RowError = rows.RowError

// errorsMax bounds how many errors one file reports one by one; the report counts the rest.
const errorsMax = 10_000

// Import is what came out of a number of files read together.
type Import struct {
	Lines  []billing.LineSet  // in the order their files were given
	Usage  []billing.UsageSet // likewise
	Broken []billing.SetID    // sets that may lack rows: nothing may be reduced because of them (law 2)
	Errors []RowError
	Files  []Report
}

// Complete reports whether the set has all its rows.
func (im Import) Complete(id billing.SetID) bool { return !slices.Contains(im.Broken, id) }

// Report is the control report of one file (Microsoft sheet, importer recipe 10).
type Report struct {
	Name    string
	Kind    rows.Kind
	SHA256  string // of the decompressed content (recipe 8)
	SameAs  string // the file that had the same content or the same rows: this one added nothing
	Control rows.Control
	Sets    []billing.SetID
	LeftOut int64 // errors beyond the first 10,000
}

// Options are what a person must say because a file cannot.
type Options struct {
	DayFirst bool // CSV dates are written day before month
}

// Read imports files. Problems of the files are in Import.Errors; the error is only that of the context.
func Read(ctx context.Context, inputs []Input, opt Options) (Import, error) {
	im := importer{ctx: ctx, opt: opt, lines: map[billing.SetID]*held[billing.LineSet]{}, usage: map[billing.SetID]*held[billing.UsageSet]{},
		hashes: map[string]string{}, broken: map[billing.SetID]bool{}}
	for _, in := range inputs {
		im.input(in)
		if err := ctx.Err(); err != nil {
			return Import{}, err
		}
	}
	return im.result(), nil
}

// held is a set with where it came from.
type held[S any] struct {
	set   S
	input string // parts of one input add up; files of their own do not
	file  string
}

type importer struct {
	ctx    context.Context
	opt    Options
	out    Import
	lines  map[billing.SetID]*held[billing.LineSet]
	usage  map[billing.SetID]*held[billing.UsageSet]
	order  []billing.SetID
	hashes map[string]string // file by content hash
	broken map[billing.SetID]bool
}

func (im *importer) input(in Input) {
	found, problems := parts(in)
	im.out.Errors = append(im.out.Errors, problems...)
	damaged := false
	var sets []billing.SetID
	for _, p := range found {
		r := reading{im: im, name: p.name}
		r.read(p)
		r.finish(in.Name)
		damaged = damaged || r.damaged
		sets = append(sets, r.report.Sets...)
		im.out.Files = append(im.out.Files, r.report)
	}
	for _, id := range sets {
		im.broken[id] = im.broken[id] || damaged
	}
}

func (im *importer) result() Import {
	out := im.out
	for _, id := range im.order {
		if h := im.lines[id]; h != nil {
			out.Lines = append(out.Lines, h.set)
		} else {
			out.Usage = append(out.Usage, im.usage[id].set)
		}
		if im.broken[id] {
			out.Broken = append(out.Broken, id)
		}
	}
	return out
}

// reading is the import of one part.
type reading struct {
	im      *importer
	name    string
	report  Report
	damaged bool // rows are missing: broken ones, or a stream that broke off
	hash    hash.Hash
	lines   *rows.LineCollector
	usage   *rows.UsageCollector
	passed  int // lines that known looked at
}

func (r *reading) fail(e RowError) {
	r.damaged = r.damaged || !isPaper(e.File)
	if len(r.im.out.Errors) >= errorsMax {
		r.report.LeftOut++
		return
	}
	r.im.out.Errors = append(r.im.out.Errors, e)
}

// isPaper reports whether a file is for people, by its name: an invoice as PDF beside the rows takes nothing from them.
func isPaper(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf", ".html", ".htm", ".md", ".docx", ".png", ".jpg", ".jpeg":
		return true
	case ".txt", "": // rows may be called so too
		return strings.HasPrefix(strings.ToLower(path.Base(name)), "readme")
	}
	return false
}

func (r *reading) failAll(problems []RowError) {
	for _, e := range problems {
		r.fail(e)
	}
}

// refuse reports a problem of the whole file.
func (r *reading) refuse(err error) {
	var e RowError
	if !errors.As(err, &e) {
		e = RowError{File: r.name, Problem: "the file cannot be read: " + err.Error(), Remedy: remedyAgain}
	}
	r.fail(e)
}

type format int

const (
	formatCSV format = iota
	formatJSONLines
	formatJSONArray
)

func (r *reading) read(p part) {
	r.report.Name = p.name
	in, err := p.open()
	if err != nil {
		r.refuse(err)
		return
	}
	defer in.Close()
	r.hash = sha256.New()
	ahead := rows.Ahead(io.TeeReader(in, r.hash))
	defer ahead.Close()
	text := bufio.NewReaderSize(ahead, 1<<16)
	form, err := r.sniff(text)
	if err != nil {
		r.refuse(err)
		return
	}
	switch form {
	case formatJSONLines:
		lines := rows.NewJSONLines(p.name, text)
		lines.Pass = r.known
		r.json(lines)
	case formatJSONArray:
		r.json(rows.NewJSONArray(p.name, skipMark(text)))
	default:
		r.csv(p, text)
	}
	_, _ = io.Copy(io.Discard, text) // the hash covers the whole content, also behind what could be read
	r.report.SHA256 = hex.EncodeToString(r.hash.Sum(nil))
}

// sniff tells how rows are written from the first bytes (Microsoft sheet, importer recipe 1 and 2).
func (r *reading) sniff(text *bufio.Reader) (format, error) {
	head, err := text.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	switch trimmed := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))); {
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, RowError{File: r.name, Problem: "the file is UTF-16 text", Remedy: "save it as “CSV UTF-8”, or give the file as it was downloaded"}
	case bytes.IndexByte(head, 0) >= 0 || bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return 0, RowError{File: r.name, Problem: "this is neither CSV nor JSON text", Remedy: remedyFile}
	case len(trimmed) == 0:
		return 0, RowError{File: r.name, Problem: "the file is empty", Remedy: remedyFile}
	case trimmed[0] == '{':
		return formatJSONLines, nil
	case trimmed[0] == '[':
		return formatJSONArray, nil
	}
	return formatCSV, nil
}

func skipMark(text *bufio.Reader) io.Reader {
	if head, _ := text.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = text.Discard(3)
	}
	return text
}

// json reads rows whose kind the first recognisable row settles.
func (r *reading) json(in rows.Reader) {
	r.each(in, func(row *rows.Row) []RowError {
		if r.report.Kind == rows.UnknownReport {
			switch kind := row.Kind(); kind {
			case rows.Lines, rows.Usage:
				r.begin(kind, rows.Style{})
			default:
				return []RowError{notRecognised(r.name, row.Line, kind)}
			}
		}
		return r.add(row)
	})
}

// known takes rows of usage whose words have been read before.
func (r *reading) known(line []byte) bool {
	if r.usage == nil {
		return false
	}
	if r.passed++; r.passed%1024 == 0 && r.im.ctx.Err() != nil {
		return false // each looks after that
	}
	return r.usage.AddKnown(line)
}

func notRecognised(file string, line int, kind rows.Kind) RowError {
	if kind == rows.Legacy {
		return RowError{File: file, Line: line, Problem: "this is a report of the old commerce (invoice D…); only new commerce (invoice G…) is read",
			Remedy: "bill old-commerce subscriptions by hand, or move them to new commerce"}
	}
	return RowError{File: file, Line: line, Problem: "this is neither a reconciliation nor a daily usage row", Remedy: remedyFile}
}

// csv settles the style of the whole file first and then reads it again.
func (r *reading) csv(p part, text io.Reader) {
	again, err := p.open()
	if err != nil {
		r.refuse(err)
		return
	}
	defer again.Close()
	first, header, err := rows.NewCSV(p.name, again)
	if err != nil {
		r.refuse(err)
		return
	}
	kind := rows.KindOf(header)
	if kind != rows.Lines && kind != rows.Usage {
		r.fail(notRecognised(p.name, 1, kind))
		return
	}
	if missing := rows.MissingColumns(kind, header); len(missing) > 0 {
		r.fail(RowError{File: p.name, Line: 1, Field: missing[0], Problem: fmt.Sprintf("the %s file lacks the columns %v", kind, missing), Remedy: remedyAgain})
		return
	}
	style, err := rows.Survey(p.name, first, r.im.opt.DayFirst)
	if err != nil {
		r.refuse(err)
		return
	}
	in, _, err := rows.NewCSV(p.name, text)
	if err != nil {
		r.refuse(err)
		return
	}
	r.begin(kind, style)
	r.each(in, r.add)
}

func (r *reading) begin(kind rows.Kind, style rows.Style) {
	r.report.Kind = kind
	if kind == rows.Usage {
		r.usage = rows.NewUsageCollector(r.name, style)
		return
	}
	r.lines = rows.NewLineCollector(r.name, style)
}

func (r *reading) add(row *rows.Row) []RowError {
	if r.usage != nil {
		return r.usage.Add(row)
	}
	return r.lines.Add(row)
}

// each gives every readable row to add and reports the others.
func (r *reading) each(in rows.Reader, add func(*rows.Row) []RowError) {
	var row rows.Row
	unread := int64(0)
	defer func() { r.report.Control.Broken += unread }()
	for r.im.ctx.Err() == nil {
		err := in.Next(&row)
		var broken RowError
		switch {
		case err == nil:
			before := r.report.Kind
			problems := add(&row)
			if len(problems) > 0 && before == rows.UnknownReport && r.report.Kind == rows.UnknownReport {
				unread++
			}
			r.failAll(problems)
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &broken):
			unread++
			r.fail(broken)
		default:
			r.fail(RowError{File: r.name, Line: row.Line + 1, Problem: fmt.Sprintf("the file is damaged behind line %d: %v", row.Line, err),
				Remedy: "download the file again; the rows before this place have been read"})
			return
		}
	}
}
