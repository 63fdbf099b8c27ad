package view

import (
	"net/url"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/store"
)

// RunsPage lists plans and runs, and starts them.
type RunsPage struct {
	Shell    Shell
	List     List
	Rows     []store.RunRow
	Customer Field // of the form that starts a plan for one customer
	Offline  Field
	Any      bool // there is a run, whatever the filter chooses
}

// RunPage is one run: its progress while it goes on, then its plan.
type RunPage struct {
	Shell    Shell
	Run      store.RunRow
	Live     bool // it goes on by itself: show Progress and follow
	Progress Progress
	Newer    store.RunID // the newest plan after this one, when this one was replaced by it

	List        List
	Groups      []RunGroup
	Flat        bool   // single changes were asked for: Groups are those of the page's changes
	Chosen      string // customer or contract chosen by a link, in words
	Seen        string // when the plan was read: travels in the form
	Undecidable string // why nothing can be decided any more; "" when it can
}

// RunGroup is what a plan does for one customer on one contract, or the part of it on this page.
type RunGroup struct {
	store.PlanGroup
	Rows []store.ChangeState
	More int // changes that are not in Rows
}

// Progress is how far a run is, in words.
type Progress struct {
	State       store.RunState
	Phase       string
	Done, Total int64
	Rate        string // "12 a minute"; "" while nobody can say
	Remaining   string // "about 3 minutes"
	Since       string // how long ago the run was started
}

// open reports whether anything in the run can still be decided by somebody.
func (p RunPage) open() int {
	return p.Run.States[store.ChangeProposed] + p.Run.States[store.ChangeApproved]
}

func (p RunPage) mayDecide() bool {
	return p.Shell.May["approve"] && p.Undecidable == "" && p.open() > 0
}

func (p RunPage) path(parts ...string) string {
	return p.Shell.Path(append([]string{"runs", string(p.Run.ID)}, parts...)...)
}

// selectable reports whether the change can be decided.
func selectable(c store.ChangeState) bool {
	return c.State == store.ChangeProposed || c.State == store.ChangeApproved
}

// groupHref leads to all changes of a group.
func (p RunPage) groupHref(g RunGroup) string {
	return p.path() + "?" + url.Values{"customer": {string(g.Customer)}, "contract": {g.Contract}, "group": {"1"}}.Encode()
}

// changesPath is the address of one change of a run.
func changePath(s Shell, c store.ChangeState) string {
	return s.Path("runs", string(c.Run), "changes", c.Change.ID)
}

// stopped says why an approved change did not happen; "" when it did, or still may.
func stopped(c store.ChangeState) string {
	switch c.State {
	case store.ChangeRefused, store.ChangeStale, store.ChangeUnknown, store.ChangeSkipped, store.ChangeSuperseded, store.ChangeRejected:
		return c.Message
	}
	return ""
}

// DecidePage asks before changes are approved, rejected or sent, with what that does in numbers.
type DecidePage struct {
	Shell   Shell
	Title   string
	Text    string
	Crumbs  []Crumb
	Lines   []string // the consequences
	Effect  *store.Effect
	Notes   []Carried // why policies hold what would be approved: name and number
	Action  string
	Values  []Carried
	Reason  Field // Name "": none is asked for
	Button  string
	Danger  bool
	Blocked string // why it cannot be done now; "" when it can
	Remedy  Crumb  // what leads out of that
	Back    string
}

// ChangePage is one change with everything that was done about it.
type ChangePage struct {
	Shell Shell
	Run   store.Run
	Proof store.ChangeProof
}

// FindingsPage lists the findings of a run's plan.
type FindingsPage struct {
	Shell Shell
	Run   store.Run
	List  List
	Rows  []billing.Finding
	// Excluded is what rules keep from being billed.
	Excluded []engine.RuleSum
}
