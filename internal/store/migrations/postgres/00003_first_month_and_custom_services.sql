-- +goose Up

-- The first month that is billed under a switch. What was on before keeps the month of its organization.
ALTER TABLE billing_switch ADD COLUMN from_month TEXT COLLATE "C" NOT NULL DEFAULT '';

UPDATE billing_switch SET from_month = COALESCE((SELECT s.body::json ->> 'BillFrom' FROM settings s
    WHERE s.organization_id = billing_switch.organization_id), '') WHERE enabled;

-- Custom services have a key of their own, customer and id: which file they came from says nothing about what ends. Each row keeps the
-- name of the file that listed it last, and when.
ALTER TABLE directory_entry ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE directory_entry ADD COLUMN saved_at BIGINT NOT NULL DEFAULT 0;

INSERT INTO source (organization_id, name, saved_at, complete)
SELECT organization_id, 'custom', MAX(saved_at), TRUE FROM source WHERE name LIKE 'custom/%' GROUP BY organization_id;

INSERT INTO directory_entry (organization_id, kind, source, id, customer_id, body, gone_at, origin, saved_at)
SELECT organization_id, kind, 'custom', id, customer_id, body, gone_at, origin, listed_at FROM (
    SELECT e.organization_id, e.kind, e.id, e.customer_id, e.body, e.gone_at, SUBSTR(e.source, 8) AS origin, s.saved_at AS listed_at,
        ROW_NUMBER() OVER (PARTITION BY e.organization_id, e.kind, e.id
            ORDER BY e.gone_at <> 0, e.gone_at DESC, s.saved_at DESC, e.source) AS place
    FROM directory_entry e JOIN source s ON s.organization_id = e.organization_id AND s.name = e.source
    WHERE e.source LIKE 'custom/%') latest
WHERE place = 1;

DELETE FROM directory_entry WHERE source LIKE 'custom/%';
DELETE FROM source WHERE name LIKE 'custom/%';

-- +goose Down

INSERT INTO source (organization_id, name, saved_at, complete)
SELECT organization_id, 'custom/' || origin, MAX(saved_at), TRUE FROM directory_entry WHERE source = 'custom'
GROUP BY organization_id, origin;

INSERT INTO directory_entry (organization_id, kind, source, id, customer_id, body, gone_at)
SELECT organization_id, kind, 'custom/' || origin, id, customer_id, body, gone_at FROM directory_entry WHERE source = 'custom';

DELETE FROM directory_entry WHERE source = 'custom';
DELETE FROM source WHERE name = 'custom';
ALTER TABLE directory_entry DROP COLUMN saved_at;
ALTER TABLE directory_entry DROP COLUMN origin;
ALTER TABLE billing_switch DROP COLUMN from_month;
