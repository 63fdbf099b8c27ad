package job

// The kinds of background work. Arguments are ids, never objects: the handler
// reads the state as it is when the work is done. Kinds and JSON names are
// stored formats and are never renamed.

// Sweep looks for work that no job reached: schedules that are due, queued or
// interrupted runs, imports left half done. It asks for a job for each.
type Sweep struct{}

// Kind returns spindle.sweep.
func (Sweep) Kind() string { return "spindle.sweep" }

// RunSync carries one run as far as it can go without a person.
type RunSync struct {
	OrganizationID string `json:"organization_id"`
	RunID          string `json:"run_id"`
}

// Kind returns spindle.run_sync.
func (RunSync) Kind() string { return "spindle.run_sync" }

// Collect reads an organization's Microsoft account into stored snapshots, and leaves a control report of what it read.
type Collect struct {
	OrganizationID string `json:"organization_id"`
	By             string `json:"by"`
}

// Kind returns spindle.collect.
func (Collect) Kind() string { return "spindle.collect" }

// Import reads the files of one stored import.
type Import struct {
	OrganizationID string `json:"organization_id"`
	ImportID       string `json:"import_id"`
}

// Kind returns spindle.import.
func (Import) Kind() string { return "spindle.import" }
