package view

import "spindle/internal/web/chart"

// Health is how the service does: connections, errors, work in progress.
type Health struct {
	Systems    []SystemRow
	Checks     []CheckRow // of a check that was made now; empty: none
	Checked    string
	Budget     *chart.Share
	BudgetNote string
	Working    []WorkRow
	Unclear    []WorkRow // changes whose outcome is not known yet
	Failed     []WorkRow
	Facts      []Fact
	Notice     Notice
}

// SystemRow is a connection.
type SystemRow struct {
	Name   string
	Tone   Tone
	Word   string
	Detail string
	Href   string
	Action string
}

// CheckRow is one thing that was tested.
type CheckRow struct {
	Name   string
	Tone   Tone
	Word   string
	Found  string
	Remedy string
	Href   string // the page that mends it, if there is one
	Place  string // its name
}

// WorkRow is a run or a change.
type WorkRow struct {
	Name, Href string
	Tone       Tone
	Word       string
	Since      string
	Note       string
}
