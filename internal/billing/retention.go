package billing

// Retention says for how many months an organization keeps what nothing leads to any more; 0 keeps it for good. What a line or charge in
// Autotask, an open run or the proof of either needs is kept whatever it says.
type Retention struct {
	Versions int // rows of versions of Microsoft's documents that a later version took the place of
	Papers   int // working papers of runs that are over: the desired state, and what became of each source line
	Receipts int // requests and answers of changes to lines that have ended
}

// The least months that can be set. Corrections and yearly periods are over by then.
const (
	VersionsMonthsMin = 3
	PapersMonthsMin   = 13
	ReceiptsMonthsMin = 24
)

// RetentionMonthsMax bounds what can be set.
const RetentionMonthsMax = 240

// Nothing reports whether everything is kept for good.
func (r Retention) Nothing() bool { return r == Retention{} }
