package rows

// Collector is what LineCollector and UsageCollector have in common.
type Collector interface {
	Add(row *Row) []RowError
	Rename(file string)
	Report() Control
}
