package engine

import (
	"context"

	"spindle/internal/fault"
	"spindle/internal/store"
)

// secondPerson refuses that who made a run approves it, when the organization wants four eyes on every plan. Acting through an API token
// of one's own makes nobody a second person. What policies approve by themselves is not asked.
func (e *Engine) secondPerson(ctx context.Context, org store.Organization, id store.RunID, by string) error {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || !settings.FourEyes {
		return err
	}
	run, err := e.Store.Run(ctx, org.ID, id)
	if err != nil {
		return err
	}
	if store.Hand(run.CreatedBy) != store.Hand(by) {
		return nil
	}
	return fault.Unauthorizedf("%s made run %s and may not approve it: four eyes are wanted on every plan", by, id).
		Do("ask another person who may approve, or turn the setting four-eyes off")
}
