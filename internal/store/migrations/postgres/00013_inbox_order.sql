-- +goose Up

-- The inbox is read in the order that it shows, from the index alone: a page near its end costs what the first does.
DROP INDEX finding_amount;
DROP INDEX finding_first;
CREATE INDEX finding_amount ON finding (organization_id, amount_sort DESC, finding_id, state, until) WHERE state IN ('open', 'snoozed');
CREATE INDEX finding_first ON finding (organization_id, first_at DESC, finding_id, state, until) WHERE state IN ('open', 'snoozed');

-- +goose Down

DROP INDEX finding_first;
DROP INDEX finding_amount;
CREATE INDEX finding_first ON finding (organization_id, first_at, finding_id) WHERE state IN ('open', 'snoozed');
CREATE INDEX finding_amount ON finding (organization_id, amount_sort, finding_id) WHERE state IN ('open', 'snoozed');
