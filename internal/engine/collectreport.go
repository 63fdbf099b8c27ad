package engine

import (
	"context"
	"fmt"

	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/store"
)

// CollectOrigin names reports of what a connection gave, where those of files have the file's name.
const CollectOrigin = "Partner Center"

// CollectReported collects and leaves a control report, so that whoever asked for it in the background learns how it ended. Trouble with
// Microsoft is in the report and no error; a process that is stopped leaves none, and the job is done again.
func (e *Engine) CollectReported(ctx context.Context, args job.Collect) error {
	org, err := e.Store.Organization(ctx, args.OrganizationID)
	if err != nil {
		return err
	}
	c, failed := e.Collect(ctx, org)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if fault.Is(failed, fault.KindInternal) {
		return failed
	}
	r := store.ImportReport{Origin: CollectOrigin, Kind: "read from the connection", By: args.By, Sets: c.Sets, Changed: len(c.Sets) > 0}
	for _, f := range fault.List(failed) {
		r.Problems = append(r.Problems, store.ImportProblem{Field: f.Field, Message: f.Message, Remedy: f.Remedy})
	}
	for _, g := range c.Gaps {
		r.Problems = append(r.Problems, store.ImportProblem{Field: g.What, Message: g.Why, Remedy: "nothing that was stored is lost; collect again later"})
	}
	if failed == nil {
		directory, err := e.Store.Directory(ctx, org.ID)
		if err != nil {
			return err
		}
		r.Notices = []string{
			fmt.Sprintf("%s, %s", counted(len(directory.Customers), "customer"), counted(len(directory.Subscriptions), "subscription")),
			fmt.Sprintf("%s new or restated, %d known", counted(len(c.Sets), "document"), c.Known),
		}
	}
	_, err = e.Store.SaveImportReport(ctx, org.ID, r)
	return err
}
