-- +goose Up

-- The few changes whose outcome is open, of all runs: the console's health page and every apply look for them.
CREATE INDEX plan_change_unfinished ON plan_change (organization_id, run_no, seq) WHERE state IN ('sending', 'unknown');

-- +goose Down

DROP INDEX plan_change_unfinished;
