package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/web/view"
)

func setupScheduleRoutes() []route {
	return []route{
		{"GET /o/{org}/setup/schedule", in(account.View), setupSchedule},
		{"POST /o/{org}/setup/schedule", in(account.Configure), saveSchedule},
		{"POST /o/{org}/setup/schedule/preview", in(account.Configure), previewSchedule},
	}
}

// freeCron is the kind of a schedule that is written as cron text.
const freeCron = "cron"

// defaultAt is when a schedule runs that nobody has chosen yet: before the working day.
const defaultAt = "06:00"

// schedule is a schedule as the form has it.
type schedule struct {
	on   bool
	kind string // a job.RhythmKind, freeCron, or ""
	at   string
	day  string
	zone string
	cron string
}

// scheduleOf reads stored settings into the form.
func scheduleOf(s billing.Settings) schedule {
	f := schedule{on: s.SyncOn, kind: string(job.Daily), at: defaultAt, day: "1", zone: "UTC", cron: s.Schedule}
	if s.Schedule == "" {
		return f
	}
	if r, found := job.ParseRhythm(s.Schedule); found {
		f.kind, f.at, f.day, f.zone = string(r.Kind), r.At, strconv.Itoa(r.Day), r.Zone
		return f
	}
	f.kind = freeCron
	return f
}

func (r *request) typedSchedule() schedule {
	return schedule{on: r.on("sync"), kind: r.text("kind"), at: r.text("at"), day: r.text("day"), zone: r.text("zone"), cron: r.text("cron")}
}

// text gives the schedule as cron text. Errors name the field of the form.
func (f schedule) text() (string, error) {
	if f.kind == freeCron {
		if _, err := job.ParseCron(f.cron); err != nil {
			return "", fault.Invalidf("%s", err).WithField("cron").Do(fault.Remedy(err))
		}
		return f.cron, nil
	}
	rhythm := job.Rhythm{Kind: job.RhythmKind(f.kind), At: f.at, Zone: f.zone, Day: 1}
	if rhythm.Kind == job.Monthly {
		day, err := strconv.Atoi(f.day)
		if err != nil {
			return "", fault.Invalidf("%q is no day of a month", f.day).WithField("day").Do("write a number from 1 to 31")
		}
		rhythm.Day = day
	}
	return rhythm.Cron()
}

// timesShown is how many times a schedule is previewed for.
const timesShown = 5

// preview says a schedule in words, with the next times.
func (f schedule) preview(now time.Time) view.SchedulePreview {
	p := view.SchedulePreview{Off: !f.on}
	text, err := f.text()
	if err == nil {
		p.Words, err = job.InWords(text)
	}
	var times []time.Time
	if err == nil {
		times, err = engine.NextScheduled(text, now, timesShown)
	}
	if err != nil {
		p.Error = err.Error() + remedyAfter(fault.Remedy(err))
		return p
	}
	zone := zoneOf(text)
	for _, t := range times {
		p.Times = append(p.Times, t.In(zone).Format("Mon 2006-01-02 15:04 ")+zone.String())
	}
	return p
}

// zoneOf is the time zone that cron text begins with.
func zoneOf(text string) *time.Location {
	_, rest, found := strings.Cut(text, "TZ=")
	name, _, _ := strings.Cut(rest, " ")
	if zone, err := time.LoadLocation(name); found && err == nil {
		return zone
	}
	return time.UTC
}

func (r *request) scheduleView(f schedule, errs map[string]string) view.SetupSchedule {
	kinds := []view.Option{
		{Value: string(job.Daily), Label: "Every day"}, {Value: string(job.Weekdays), Label: "Monday to Friday"}, {Value: string(job.Monthly), Label: "Once a month"},
		{Value: string(job.Hourly), Label: "Every hour"}, {Value: freeCron, Label: "Something else (cron text)"},
	}
	for i := range kinds {
		kinds[i].Selected = kinds[i].Value == f.kind
	}
	off := !r.may(account.Configure)
	return view.SetupSchedule{
		On:   view.Field{Name: "sync", Label: "Synchronization on: runs happen by themselves", Type: "checkbox", Checked: f.on, Disabled: off, Error: errs["sync"]},
		Kind: view.Field{Name: "kind", Label: "How often", Type: "select", Options: kinds, Disabled: off, Error: errs["kind"]},
		At:   view.Field{Name: "at", Label: "Time", Type: "time", Value: f.at, Disabled: off, Error: errs["at"], Help: "Every hour: only the minutes count."},
		Day: view.Field{Name: "day", Label: "Day of the month", Type: "number", Value: f.day, Disabled: off, Error: errs["day"],
			Help: "Only for once a month. Months without the day are left out."},
		Zone: view.Field{Name: "zone", Label: "Time zone", Value: f.zone, Disabled: off, Error: errs["zone"], Help: "UTC, or a place such as Europe/Berlin.",
			Suggestions: []string{"UTC", "Europe/London", "Europe/Berlin", "Europe/Zurich", "America/New_York", "America/Chicago", "America/Los_Angeles", "Australia/Sydney", "Asia/Singapore"}},
		Cron: view.Field{Name: "cron", Label: "Cron text", Value: f.cron, Disabled: off, Error: errs["cron"], Placeholder: "0 6 * * 1-5",
			Help: "Only for something else: minute, hour, day, month, weekday. CRON_TZ=Europe/Berlin in front gives it a time zone."},
		Preview: f.preview(r.s.Now()),
	}
}

func setupSchedule(w http.ResponseWriter, r *request) error {
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.SetupSchedulePage(r.shell("setup", "Schedule"), r.scheduleView(scheduleOf(settings), nil)))
}

func saveSchedule(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	typed := r.typedSchedule()
	text, err := typed.text()
	if err == nil {
		values := map[string]string{"sync": "off", "schedule": text}
		if typed.on {
			values["sync"] = "on"
		}
		_, err = r.s.Engine.ApplySettings(r.Context(), r.org, values, r.by())
	}
	if err != nil {
		if fault.KindOf(err) == fault.KindInternal {
			return err
		}
		fields, notice := fieldErrors(err)
		v := r.scheduleView(typed, fieldsNamed(fields, map[string]string{"schedule": "cron"}))
		v.Notice = notice
		return r.again(w, view.SetupSchedulePage(r.shell("setup", "Schedule"), v))
	}
	if !typed.on {
		return r.done(w, r.path("setup", "schedule"), "The schedule is off. Plans are made when somebody starts one.")
	}
	p := typed.preview(r.s.Now())
	return r.done(w, r.path("setup", "schedule"), p.Words+". The next run starts "+p.Times[0]+".")
}

// previewSchedule answers while the form is filled in.
func previewSchedule(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.SchedulePreviewBox(r.typedSchedule().preview(r.s.Now())))
}
