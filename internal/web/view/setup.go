package view

import (
	"net/url"

	"spindle/internal/store"
)

// Setup is the overview of the set-up.
type Setup struct {
	Steps []StepRow
	Next  string // key of the step to do next; "" when all is done
}

// SetupAutotask is the page of the connection to Autotask.
type SetupAutotask struct {
	Connected bool
	Stored    string // "2026-11-10 09:00 UTC by ann"
	UserName  string // of the stored connection
	Address   string
	Enabled   bool
	Form      []Field // user name, secret, integration code
	Other     []Field // addresses other than the vendor's own
	Open      bool    // the form is open
	Checks    []CheckRow
	Checked   string
	Calls     string // "271 of 10,000 calls …" of the check
	Notice    Notice
}

// SetupService is the page of the service settings.
type SetupService struct {
	Groups    []SettingGroup
	Base      string // fingerprint of the settings that the form was made from
	Connected bool
	Known     bool // names of Autotask have been read
	Notice    Notice
}

// SettingGroup are settings that belong together.
type SettingGroup struct {
	Boxes       []Field // checkboxes, after the fields
	Title, Text string
	Fields      []Field  // boxes to tick come after the others
	Meanings    []Option // what each choice means
}

// UploadFields are what a person says when files are uploaded: which, up to what size together, and what the files cannot say themselves.
func UploadFields(most, wrong string) []Field {
	return []Field{
		{Name: "files", Label: "Files", Type: "file", Multiple: true, Required: true, Error: wrong, Accept: ".csv,.json,.jsonl,.gz,.zip,.txt",
			Help: "Reconciliation and daily usage files as downloaded from Partner Center or from your distributor: CSV, JSON Lines, gzip, zip; up to " + most + " together."},
		{Name: "day_first", Label: "Dates have the day first, as in 31.12.2026", Type: "checkbox"},
		{Name: "took_away", Label: "Microsoft took rows away: replace stored files that held more", Type: "checkbox"},
	}
}

// SetupMicrosoft is the page of the connection to Microsoft and of files.
type SetupMicrosoft struct {
	Connected bool
	Stored    string
	Tenant    string
	Client    string
	Address   string
	Form      []Field
	Other     []Field
	Replace   *Field // asks whether the connection to another account is replaced
	Effects   []string
	Open      bool
	Collect   CollectState
	Upload    []Field
	UploadMax string
	Reports   []store.ImportReport
	List      List
	Notice    Notice
}

// CollectState says whether Microsoft is being read because somebody asked for it.
type CollectState struct {
	Running bool
	Href    string // where the page looks again
	Report  int64  // of what was read; 0: none yet
}

// ImportReports are control reports, one below the other: those of one upload, or one alone.
type ImportReports struct {
	Reports []store.ImportReport
	Next    *Crumb // what to do now
}

// ImportList is the list of control reports.
type ImportList struct {
	List List
	Rows []store.ImportReport
}

// SetupServices is the page of custom services.
type SetupServices struct {
	List   List
	Rows   []ServiceRow
	Form   []Field
	Was    string // id of the service that is changed; "" for a new one
	Name   string // of that service
	Open   bool   // the form is open
	Upload []Field
	Notice Notice
}

// ServiceRow is a custom service.
type ServiceRow struct {
	ID, Key, Name        string
	CustomerID, Customer string
	Quantity             string
	Service              store.CustomService
	Billed, Start, End   string
	Origin, Saved        string
}

// SetupSchedule is the page of the schedule.
type SetupSchedule struct {
	On      Field
	Kind    Field
	At      Field
	Day     Field
	Zone    Field
	Cron    Field
	Preview SchedulePreview
	Notice  Notice
}

// SchedulePreview says a schedule in words, with the next times.
type SchedulePreview struct {
	Words string
	Times []string // as people there read the clock
	Error string
	Off   bool
}

// reportTone gives the dot and the word of a control report.
func reportTone(r store.ImportReport) (Tone, string) {
	switch {
	case r.Rows > 0 && r.Kept == 0:
		return Bad, "nothing kept"
	case len(r.Problems) > 0 && r.Rows == 0:
		return Bad, "with problems"
	case len(r.Problems) > 0:
		return Warn, Plural(int(r.Refused), "row refused", "rows refused")
	case !r.Changed:
		return Off, "nothing new"
	}
	return Good, "kept"
}

// urlText makes a text safe in the query of an address.
func urlText(text string) string { return url.QueryEscape(text) }
