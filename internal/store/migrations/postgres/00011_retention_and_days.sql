-- +goose Up

-- What the retention settings have removed, so that pages can say so instead of showing nothing. 0: everything is there.
ALTER TABLE source_set ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;   -- the rows of a superseded version
ALTER TABLE run ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;          -- the working papers: desired state and dispositions
ALTER TABLE send_attempt ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0; -- request and answer; the intent stays

-- The day that the settings were last carried out.
ALTER TABLE organization ADD COLUMN retained_on TEXT NOT NULL DEFAULT '';

-- The cost of usage by the day it was used: of each customer, and under the customer '' of all together.
CREATE TABLE usage_day (
    organization_id TEXT NOT NULL,
    set_no          BIGINT NOT NULL,
    customer_id     TEXT NOT NULL,
    day             TEXT NOT NULL,
    cost            TEXT NOT NULL,
    PRIMARY KEY (organization_id, set_no, customer_id, day),
    FOREIGN KEY (organization_id, set_no) REFERENCES source_set (organization_id, set_no)
);

CREATE INDEX source_set_month ON source_set (organization_id, bill_month) WHERE superseded_at = 0;

-- +goose Down

DROP INDEX source_set_month;
DROP TABLE usage_day;
ALTER TABLE organization DROP COLUMN retained_on;
ALTER TABLE send_attempt DROP COLUMN removed_at;
ALTER TABLE run DROP COLUMN removed_at;
ALTER TABLE source_set DROP COLUMN removed_at;
