package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"spindle/internal/account"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func importRoutes() []route {
	return []route{
		{"GET /o/{org}/setup/imports", in(account.View), imports},
		{"POST /o/{org}/setup/imports", in(account.Import), uploadFiles},
		{"GET /o/{org}/setup/imports/{report}", in(account.View), importReport},
	}
}

// filesMax and fieldsMax bound how many files and other fields one upload has.
const (
	filesMax  = 50
	fieldsMax = 50
)

// uploads are the files of a posted form, kept in a folder of their own until done is called.
type uploads struct {
	dir   string
	paths []string
	form  map[string]string // the other fields
}

// named takes the folders that an upload was kept in out of what is said about its files: the sender knows them by their names.
func (u *uploads) named(err error) error {
	if err == nil || fault.KindOf(err) == fault.KindInternal {
		return err
	}
	var all []error
	for _, f := range fault.List(err) {
		said := *f
		for _, path := range u.paths {
			said.Message = strings.ReplaceAll(said.Message, filepath.Dir(path)+string(filepath.Separator), "")
		}
		all = append(all, &said)
	}
	return errors.Join(all...)
}

func (u *uploads) done() {
	if u.dir != "" {
		_ = os.RemoveAll(u.dir) // what is left is cleaned up with the folder of uploads
	}
}

// readUploads streams the files of a form to disk. What is wrong with them names the field.
func (r *request) readUploads(w http.ResponseWriter, field string) (*uploads, error) {
	u := &uploads{form: map[string]string{}}
	r.Body = http.MaxBytesReader(w, r.Body, r.s.UploadMax)
	parts, err := r.MultipartReader()
	if err != nil {
		return u, fault.Invalidf("no files were sent").WithField(field).Do("choose at least one file")
	}
	if u.dir, err = os.MkdirTemp(r.s.UploadDir, "upload-"); err != nil {
		return u, err
	}
	texts := int64(formMax) // left for the other fields together
	for fields := 0; ; fields++ {
		if fields > filesMax+fieldsMax {
			return u, fault.Invalidf("the form has too many fields").WithField(field).Do("go back, reload the page and try again")
		}
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return u, r.uploadFault(field, err)
		}
		switch {
		case part.FileName() == "" && part.FormName() != field:
			text, err := io.ReadAll(io.LimitReader(part, texts+1))
			if err != nil {
				return u, r.uploadFault(field, err)
			}
			if texts -= int64(len(text)); texts < 0 {
				return u, fault.Invalidf("the form is larger than %d MB without its files", formMax>>20).WithField(field).Do("go back, reload the page and try again")
			}
			u.form[part.FormName()] = strings.TrimSpace(string(text))
		case part.FileName() == "":
		case len(u.paths) == filesMax:
			return u, fault.Invalidf("more than %d files", filesMax).WithField(field).Do("upload the rest after")
		default:
			if err := u.keep(part, part.FileName()); err != nil {
				return u, r.uploadFault(field, err)
			}
		}
	}
	if len(u.paths) == 0 {
		return u, fault.Invalidf("no file was chosen").WithField(field).Do("choose at least one file")
	}
	return u, nil
}

// keep writes one file into a folder of its own, so that two of one name stay two. The name is for reports only.
func (u *uploads) keep(in io.Reader, name string) error {
	name = filepath.Base(filepath.Clean(strings.ReplaceAll(name, `\`, "/")))
	if name == "." || name == "/" || name == ".." {
		name = "file"
	}
	dir := filepath.Join(u.dir, strconv.Itoa(len(u.paths)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	u.paths = append(u.paths, path)
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// uploadFault tells what a sender can mend from what is ours.
func (r *request) uploadFault(field string, err error) error {
	var large *http.MaxBytesError
	var disk *os.PathError
	switch {
	case errors.As(err, &large):
		return fault.Invalidf("the files are larger than %d MB together", r.s.UploadMax>>20).WithField(field).
			Do("compress them, upload them in parts, or import them at the command line, which has no limit")
	case errors.As(err, &disk):
		return err
	}
	return fault.Invalidf("the upload broke off: %w", err).WithField(field).Do("try again")
}

// uploadFiles imports files and leads to their control reports.
func uploadFiles(w http.ResponseWriter, r *request) error {
	u, err := r.readUploads(w, "files")
	defer u.done()
	if err != nil {
		return r.microsoftAgain(w, err, func(*view.SetupMicrosoft) {})
	}
	all, err := r.s.Engine.Import(r.Context(), r.org, u.paths,
		engine.ImportChoice{DayFirst: u.form["day_first"] == "on", Replace: u.form["took_away"] == "on"}, r.by())
	if err != nil {
		return r.microsoftAgain(w, u.named(err), func(*view.SetupMicrosoft) {})
	}
	if len(all) == 0 {
		return r.microsoftAgain(w, fault.Invalidf("nothing in the files could be read").WithField("files").
			Do("give the files as Partner Center or your distributor delivers them"), func(*view.SetupMicrosoft) {})
	}
	first, last := all[0].Report.Number, all[len(all)-1].Report.Number
	to := r.path("setup", "imports", strconv.FormatInt(first, 10))
	if last > first {
		to += "?to=" + strconv.FormatInt(last, 10)
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
	return nil
}

// importReport shows a control report, or those of one upload.
func importReport(w http.ResponseWriter, r *request) error {
	number, err := strconv.ParseInt(r.PathValue("report"), 10, 64)
	if err != nil {
		return fault.NotFoundf("there is no import report %q", r.PathValue("report"))
	}
	last, err := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
	if err != nil || last < number || last >= number+filesMax {
		last = number
	}
	var v view.ImportReports
	for ; number <= last; number++ {
		report, err := r.s.Store.ImportReport(r.Context(), r.org.ID, number)
		if fault.Is(err, fault.KindNotFound) && len(v.Reports) > 0 {
			break
		}
		if err != nil {
			return err
		}
		for i, p := range report.Problems {
			report.Problems[i].Remedy = inConsole(p.Remedy)
		}
		v.Reports = append(v.Reports, report)
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, problemsSheet(v.Reports))
	}
	title := "Import " + strconv.FormatInt(v.Reports[0].Number, 10)
	return r.page(w, http.StatusOK, view.ImportReportPage(r.shell("setup", title), v))
}

func problemsSheet(reports []store.ImportReport) sheet.Table {
	var records [][]string
	for _, report := range reports {
		for _, p := range report.Problems {
			records = append(records, []string{report.Origin, strconv.Itoa(p.Line), p.Field, p.Message, p.Remedy})
		}
	}
	return sheet.Table{Name: "import-" + strconv.FormatInt(reports[0].Number, 10), Rows: sheet.Rows(records),
		Columns: append(append(sheet.Text("file"), numbers("line")...), sheet.Text("field", "problem", "remedy")...)}
}

// imports lists all control reports.
func imports(w http.ResponseWriter, r *request) error {
	list := r.list(r.path("setup", "imports"))
	read := func(p store.Page) (store.Listed[store.ImportReport], error) {
		return r.s.Store.ImportReportList(r.Context(), r.org.ID, p)
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, sheet.Table{Name: "imports",
			Columns: append(append(sheet.Text("no", "at_utc", "origin", "kind", "by"), numbers("rows", "kept", "refused")...), sheet.Text("totals", "sets")...),
			Rows: pages(r, read, func(i store.ImportReport) []string {
				return []string{strconv.FormatInt(i.Number, 10), moment(i.At), i.Origin, i.Kind, i.By, strconv.FormatInt(i.Rows, 10), strconv.FormatInt(i.Kept, 10),
					strconv.FormatInt(i.Refused, 10), i.Totals.String(), strings.Join(i.Sets, " ")}
			})})
	}
	found, err := read(store.Page{Number: list.Page, Size: list.Size})
	if err != nil {
		return err
	}
	list.Total = found.Total
	return r.page(w, http.StatusOK, view.ImportListPage(r.shell("setup", "Imports"), view.ImportList{List: list, Rows: found.Rows}))
}
