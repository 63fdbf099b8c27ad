package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"spindle/internal/store"
	"spindle/internal/web/view"
)

// progress says how far a run is, for its page.
func (r *request) progress(id store.RunID) (view.Progress, error) {
	p, err := r.s.Store.RunProgress(r.Context(), r.org.ID, id)
	if err != nil {
		return view.Progress{}, err
	}
	return progressOf(p, r.s.Now()), nil
}

func progressOf(p store.RunProgress, now time.Time) view.Progress {
	if p.State == store.RunApplying && !p.Progress.StartedAt.After(p.UpdatedAt) {
		p.Progress = store.Progress{} // what was told last is of the planning
	}
	v := view.Progress{State: p.State, Phase: p.Progress.Phase, Done: p.Progress.Done, Total: p.Progress.Total, Since: view.Ago(p.CreatedAt, now)}
	if p.State == store.RunApplying { // a plan may wait for days before somebody applies it
		v.Since = view.Ago(p.UpdatedAt, now)
	}
	if spent := p.Progress.UpdatedAt.Sub(p.Progress.StartedAt); v.Done > 0 && v.Total > 0 && spent >= rateAfter {
		each := spent / time.Duration(v.Done)
		if each > 0 {
			v.Rate = rate(each)
		}
		v.Remaining = roughly(each * time.Duration(v.Total-v.Done))
	}
	return v
}

// rateAfter is how long a phase must have gone on before its speed says something.
const rateAfter = 2 * time.Second

// rate writes a speed given as the time that one thing takes.
func rate(each time.Duration) string {
	if each <= time.Second {
		return view.Count(int(time.Second/each)) + " a second"
	}
	return view.Count(int(time.Minute/each)) + " a minute"
}

// roughly writes a duration that is a guess.
func roughly(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "a few seconds"
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return "about " + view.Plural(int((d+30*time.Second)/time.Minute), "minute", "minutes")
	}
	return "about " + view.Plural(int((d+30*time.Minute)/time.Hour), "hour", "hours")
}

// How often a page that follows a run is told, and how long one stream lasts before the browser asks again: proxies cut longer ones.
const (
	eventEvery = time.Second
	eventLife  = 4 * time.Minute
)

// nothingNew keeps the connection awake, and the page sure that it is: a page that hears nothing loads anew (spindle.js).
const nothingNew = "event: spindle:awake\n\n"

// runEvents tells a page how far the run is, until it is over. What it tells is read from the store: any process may do the work.
func runEvents(w http.ResponseWriter, r *request) error {
	id := r.runID()
	if _, err := r.s.Store.Run(r.Context(), r.org.ID, id); err != nil {
		return err
	}
	r.endTurn()
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("X-Accel-Buffering", "no") // a proxy in front must not wait for the end
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // not every writer has one
	tick := time.NewTicker(eventEvery)
	defer tick.Stop()
	end := time.NewTimer(eventLife)
	defer end.Stop()
	last := ""
	for {
		p, err := r.s.Store.RunProgress(r.Context(), r.org.ID, id)
		if err != nil {
			return nil // the head is sent: the browser asks again and is told then
		}
		text, over := r.event(p, last)
		if _, err := w.Write([]byte(text)); err != nil || over {
			return nil
		}
		last = text
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return nil
		case <-r.s.Closing:
			return nil
		case <-end.C:
			return nil
		}
	}
}

// event writes what a page is told now: nothing new, the progress, or that the run is over.
func (r *request) event(p store.RunProgress, last string) (text string, over bool) {
	if !live(p.State) {
		return "event: spindle:over\ndata: " + string(p.State) + "\n\n", true
	}
	var html bytes.Buffer
	if err := view.RunProgress(progressOf(p, r.s.Now())).Render(r.Context(), &html); err != nil {
		return nothingNew, false
	}
	text = fmt.Sprintf("data: %s\n\n", strings.ReplaceAll(strings.TrimSpace(html.String()), "\n", "\ndata: "))
	if text == last {
		return nothingNew, false
	}
	return text, false
}
