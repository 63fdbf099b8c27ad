package view

// Activity is the audit trail.
type Activity struct {
	List    List
	Rows    []ActivityRow
	Actors  []Option
	Actions []Option
	Notice  Notice
	Sound   string // "": not checked now; else what the check of the chain said
	Broken  bool
}

// ActivityRow is one entry.
type ActivityRow struct {
	Seq     string
	When    string
	Actor   string
	What    string // the action in words
	Action  string // as stored
	Subject string
	Href    string // where the subject is shown, "" for nowhere
	Detail  []Fact
	Decided string // of decisions about a customer: what was decided; on the customer's page
	Hash    string
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }
