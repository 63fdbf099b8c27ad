package view

// Problem is a page that says why there is nothing else to see.
type Problem struct {
	Title  string // "Not found"
	Text   string
	Remedy string
	Back   Crumb  // where to go on
	ID     string // of the log entry, for defects
}

// Confirm is a question before a destructive act.
type Confirm struct {
	Title        string
	Text         string
	Consequences []string  // in numbers
	Action       string    // where the answer is posted
	Values       []Carried // what the form held
	Again        *Field    // a value of the form that may still be changed; what was asked about goes with the answer as "asked"
	Button       string
	Danger       bool
	Back         string
	Crumbs       []Crumb
}

// Carried is a value that a form holds on to.
type Carried struct{ Name, Value string }
