-- +goose Up

-- What the pages of the console read. Everything here but the decisions on findings is worked out from other tables, in the transaction
-- that changes those, and can be worked out again: organization.read_model is 0 until that was done for what an earlier version stored.
-- Columns named …_sort hold amounts in hundredths without its currency: they order rows and are never shown or added up. Columns named
-- …_key hold folded text to order and to search by.
ALTER TABLE organization ADD COLUMN read_model BIGINT NOT NULL DEFAULT 1;
UPDATE organization SET read_model = 0;

ALTER TABLE run ADD COLUMN trigger_name TEXT NOT NULL DEFAULT '';

ALTER TABLE plan_change ADD COLUMN contract TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_change ADD COLUMN line_key TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_change ADD COLUMN charge_key TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_change ADD COLUMN search_key TEXT NOT NULL DEFAULT '';
CREATE INDEX plan_change_seq ON plan_change (organization_id, run_no, seq);
CREATE INDEX plan_change_state_seq ON plan_change (organization_id, run_no, state, seq);
CREATE INDEX plan_change_kind_seq ON plan_change (organization_id, run_no, kind, seq);
CREATE INDEX plan_change_group ON plan_change (organization_id, run_no, customer_id, contract, seq);
CREATE INDEX plan_change_search ON plan_change (organization_id, run_no, seq, search_key, state, kind, held, customer_id, contract);
CREATE INDEX plan_change_line ON plan_change (organization_id, line_key, run_no, seq) WHERE line_key <> '';
CREATE INDEX plan_change_charge ON plan_change (organization_id, charge_key, run_no, seq) WHERE charge_key <> '';

CREATE INDEX disposition_by ON disposition (organization_id, run_no, decided_by, seq);
CREATE INDEX disposition_row ON disposition (organization_id, invoice, row_no, run_no, seq);
CREATE INDEX memory_line_id ON memory_line (organization_id, line_id);
CREATE INDEX memory_ref_id ON memory_ref (organization_id, kind, id);
CREATE INDEX audit_actor ON audit (organization_id, actor, seq);
CREATE INDEX audit_action ON audit (organization_id, action, seq);
CREATE INDEX audit_subject ON audit (organization_id, subject, seq);
CREATE INDEX audit_at ON audit (organization_id, at, seq);
CREATE INDEX directory_entry_customer ON directory_entry (organization_id, customer_id, kind, gone_at);
CREATE INDEX directory_entry_count ON directory_entry (organization_id, kind, gone_at, customer_id, source, id);

ALTER TABLE line_item ADD COLUMN item_key TEXT NOT NULL DEFAULT '';
CREATE INDEX line_item_key ON line_item (organization_id, set_no, item_key);
ALTER TABLE usage_group ADD COLUMN cost_sort BIGINT NOT NULL DEFAULT 0;
CREATE INDEX usage_group_customer ON usage_group (organization_id, customer_id, set_no, cost_sort);
ALTER TABLE source_set ADD COLUMN bill_month TEXT NOT NULL DEFAULT ''; -- the month whose invoice it is, as rating has it

-- How far a run is in what it does now: news, without a trail.
CREATE TABLE run_progress (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    run_no          BIGINT NOT NULL,
    phase           TEXT NOT NULL,
    done            BIGINT NOT NULL,
    total           BIGINT NOT NULL,
    started_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, run_no)
);

-- The counts of a plan, and where its changes stand now.
CREATE TABLE run_rollup (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    run_no          BIGINT NOT NULL,
    changes         BIGINT NOT NULL,
    held            BIGINT NOT NULL,
    held_open       BIGINT NOT NULL, -- held and still proposed
    proposed        BIGINT NOT NULL,
    approved        BIGINT NOT NULL,
    rejected        BIGINT NOT NULL,
    sending         BIGINT NOT NULL,
    applied         BIGINT NOT NULL,
    refused         BIGINT NOT NULL,
    stale           BIGINT NOT NULL,
    unknown         BIGINT NOT NULL,
    superseded      BIGINT NOT NULL,
    skipped         BIGINT NOT NULL,
    findings        BIGINT NOT NULL,
    body            TEXT NOT NULL, -- kinds and effect
    PRIMARY KEY (organization_id, run_no)
);

-- The same per customer and contract.
CREATE TABLE plan_group (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    run_no          BIGINT NOT NULL,
    customer_id     TEXT NOT NULL,
    contract        TEXT NOT NULL,
    seq             BIGINT NOT NULL, -- of its first change
    customer_name   TEXT NOT NULL,
    contract_name   TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    search_key      TEXT NOT NULL,
    effect_sort     BIGINT NOT NULL,
    changes         BIGINT NOT NULL,
    held            BIGINT NOT NULL,
    held_open       BIGINT NOT NULL,
    proposed        BIGINT NOT NULL,
    approved        BIGINT NOT NULL,
    rejected        BIGINT NOT NULL,
    sending         BIGINT NOT NULL,
    applied         BIGINT NOT NULL,
    refused         BIGINT NOT NULL,
    stale           BIGINT NOT NULL,
    unknown         BIGINT NOT NULL,
    superseded      BIGINT NOT NULL,
    skipped         BIGINT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no, customer_id, contract)
);

CREATE INDEX plan_group_seq ON plan_group (organization_id, run_no, seq);
CREATE INDEX plan_group_name ON plan_group (organization_id, run_no, name_key, seq);
CREATE INDEX plan_group_effect ON plan_group (organization_id, run_no, effect_sort, seq);
CREATE INDEX plan_group_open ON plan_group (organization_id, run_no) WHERE proposed + approved > 0;

-- Findings by their stable id, with what people decided.
CREATE TABLE finding (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    finding_id      TEXT NOT NULL,
    kind            TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    search_key      TEXT NOT NULL,
    version         TEXT NOT NULL, -- digest of message and amount
    amount          TEXT NOT NULL,
    amount_sort     BIGINT NOT NULL,
    body            TEXT NOT NULL,
    state           TEXT NOT NULL,
    until           TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    first_at        BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    decided_at      BIGINT NOT NULL,
    note            TEXT NOT NULL,
    reopened        TEXT NOT NULL,
    PRIMARY KEY (organization_id, finding_id)
);

CREATE INDEX finding_amount ON finding (organization_id, amount_sort, finding_id) WHERE state IN ('open', 'snoozed');
CREATE INDEX finding_first ON finding (organization_id, first_at, finding_id) WHERE state IN ('open', 'snoozed');
CREATE INDEX finding_state ON finding (organization_id, state, amount_sort, finding_id);
CREATE INDEX finding_customer ON finding (organization_id, customer_id, state);
CREATE INDEX finding_kind ON finding (organization_id, state, kind, amount_sort, finding_id);
CREATE INDEX finding_until ON finding (organization_id, until) WHERE until <> '';

-- Customers whose row below is to be worked out again before the transaction ends: whatever writes to these tables, no page shows an old
-- row. It is empty outside of transactions.
CREATE TABLE customer_stale (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    customer_id     TEXT NOT NULL,
    PRIMARY KEY (organization_id, customer_id)
);

-- +goose StatementBegin
CREATE TRIGGER company_mapping_stale_insert AFTER INSERT ON company_mapping
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER company_mapping_stale_update AFTER UPDATE ON company_mapping
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER company_mapping_stale_delete AFTER DELETE ON company_mapping
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER billing_switch_stale_insert AFTER INSERT ON billing_switch
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER billing_switch_stale_update AFTER UPDATE ON billing_switch
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER billing_switch_stale_delete AFTER DELETE ON billing_switch
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER route_stale_insert AFTER INSERT ON route
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER route_stale_update AFTER UPDATE ON route
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER route_stale_delete AFTER DELETE ON route
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER directory_entry_stale_insert AFTER INSERT ON directory_entry
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER directory_entry_stale_update AFTER UPDATE ON directory_entry
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER directory_entry_stale_delete AFTER DELETE ON directory_entry
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_stale_insert AFTER INSERT ON finding
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_stale_update AFTER UPDATE ON finding
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (NEW.organization_id, NEW.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_stale_delete AFTER DELETE ON finding
BEGIN
    INSERT INTO customer_stale (organization_id, customer_id) VALUES (OLD.organization_id, OLD.customer_id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- One row per customer, for the list of customers.
CREATE TABLE customer_summary (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    customer_id     TEXT NOT NULL,
    name            TEXT NOT NULL,
    domain          TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    search_key      TEXT NOT NULL,
    gone            BOOLEAN NOT NULL,
    company_id      TEXT NOT NULL,
    company_name    TEXT NOT NULL,
    billing         TEXT NOT NULL,
    exceptions      BIGINT NOT NULL,
    routes          BIGINT NOT NULL,
    subscriptions   BIGINT NOT NULL,
    custom_services BIGINT NOT NULL,
    azure           BOOLEAN NOT NULL,
    findings        BIGINT NOT NULL,
    run_no          BIGINT NOT NULL, -- the newest plan that looked at the customer; 0: none
    held            BIGINT NOT NULL,
    waiting         BIGINT NOT NULL,
    approved        BIGINT NOT NULL,
    failed          BIGINT NOT NULL,
    contracts       BIGINT NOT NULL,
    figures         TEXT NOT NULL,
    cost_sort       BIGINT NOT NULL,
    price_sort      BIGINT NOT NULL,
    margin_sort     BIGINT NOT NULL,
    status          BIGINT GENERATED ALWAYS AS (CASE
        WHEN gone THEN 10
        WHEN company_id = '' THEN 20
        WHEN billing = 'off' THEN 30
        WHEN routes = 0 THEN 40
        WHEN run_no = 0 THEN 50
        WHEN failed > 0 THEN 60
        WHEN findings > 0 THEN 70
        WHEN held > 0 THEN 80
        WHEN waiting > 0 THEN 90
        WHEN approved > 0 THEN 100
        ELSE 110 END) STORED,
    PRIMARY KEY (organization_id, customer_id)
);

CREATE INDEX customer_summary_name ON customer_summary (organization_id, name_key, customer_id);
CREATE INDEX customer_summary_status ON customer_summary (organization_id, status, name_key, customer_id);
CREATE INDEX customer_summary_cost ON customer_summary (organization_id, cost_sort, customer_id);
CREATE INDEX customer_summary_price ON customer_summary (organization_id, price_sort, customer_id);
CREATE INDEX customer_summary_margin ON customer_summary (organization_id, margin_sort, customer_id);
CREATE INDEX customer_summary_lines ON customer_summary (organization_id, subscriptions, customer_id);

-- One row per recurring line that a plan ever wanted, as the newest plan that wanted it had it.
CREATE TABLE line_summary (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    line_key        TEXT NOT NULL,
    mark            TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    contract        TEXT NOT NULL,
    price_rule      TEXT NOT NULL,
    order_key       TEXT NOT NULL, -- customer, then line
    search_key      TEXT NOT NULL,
    price_sort      BIGINT NOT NULL,
    margin_sort     BIGINT NOT NULL,
    base            TEXT NOT NULL, -- its status while it has no change
    status          TEXT NOT NULL,
    wanted          BOOLEAN NOT NULL, -- by the newest plan that looked at its customer
    run_no          BIGINT NOT NULL,  -- not wanted any more: the last plan that wanted it; else 0
    digest          TEXT NOT NULL,    -- of the body
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, line_key)
);

CREATE INDEX line_summary_price ON line_summary (organization_id, wanted, price_sort, line_key);
CREATE INDEX line_summary_margin ON line_summary (organization_id, wanted, margin_sort, line_key);
CREATE INDEX line_summary_status ON line_summary (organization_id, wanted, status, order_key, line_key);
CREATE INDEX line_summary_customer ON line_summary (organization_id, wanted, customer_id, order_key, line_key);
CREATE INDEX line_summary_contract ON line_summary (organization_id, wanted, contract, order_key, line_key);
CREATE INDEX line_summary_rule ON line_summary (organization_id, wanted, price_rule, order_key, line_key);
CREATE INDEX line_summary_mark ON line_summary (organization_id, mark);
CREATE INDEX line_summary_search ON line_summary (organization_id, wanted, order_key, line_key, search_key, status, customer_id, price_sort, margin_sort);

-- Which subscriptions a line bills.
CREATE TABLE line_share (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    line_key        TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    PRIMARY KEY (organization_id, line_key, subscription_id)
);

CREATE INDEX line_share_subscription ON line_share (organization_id, subscription_id);

-- One row per charge that a plan ever wanted.
CREATE TABLE charge_summary (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    charge_key      TEXT NOT NULL,
    mark            TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    contract        TEXT NOT NULL,
    month           TEXT NOT NULL,
    azure           BOOLEAN NOT NULL,
    state           TEXT NOT NULL,   -- final, approved, charged, corrected
    wanted          BOOLEAN NOT NULL,
    run_no          BIGINT NOT NULL, -- not wanted any more: the last plan that wanted it; else 0
    change_run      BIGINT NOT NULL, -- its newest change; 0: none
    change_id       TEXT NOT NULL,
    change_state    TEXT NOT NULL,
    held            BOOLEAN NOT NULL,
    digest          TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, charge_key)
);

CREATE INDEX charge_summary_month ON charge_summary (organization_id, month, customer_id, charge_key);
CREATE INDEX charge_summary_mark ON charge_summary (organization_id, mark);

-- What the usage in force adds up to, per customer and per resource group.
CREATE TABLE usage_customer (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    set_no          BIGINT NOT NULL,
    customer_id     TEXT NOT NULL,
    month           TEXT NOT NULL,
    billed          BOOLEAN NOT NULL,
    customer_name   TEXT NOT NULL,
    cost            TEXT NOT NULL, -- amounts, one per currency
    PRIMARY KEY (organization_id, set_no, customer_id)
);

CREATE INDEX usage_customer_month ON usage_customer (organization_id, month, customer_id);
CREATE INDEX usage_customer_customer ON usage_customer (organization_id, customer_id, month);

CREATE TABLE usage_resource_group (
    organization_id         TEXT NOT NULL REFERENCES organization (id),
    set_no                  BIGINT NOT NULL,
    customer_id             TEXT NOT NULL,
    azure_subscription_id   TEXT NOT NULL,
    resource_group          TEXT NOT NULL,
    azure_subscription_name TEXT NOT NULL,
    plan_id                 TEXT NOT NULL,
    cost                    TEXT NOT NULL,
    PRIMARY KEY (organization_id, customer_id, set_no, azure_subscription_id, resource_group)
);

CREATE INDEX usage_resource_group_set ON usage_resource_group (organization_id, set_no);

-- One row per customer and month with Azure usage or charges.
CREATE TABLE azure_month (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    month           TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    customer_name   TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    search_key      TEXT NOT NULL,
    state           BIGINT NOT NULL, -- place in the order of the states
    charges         BIGINT NOT NULL,
    waiting         BIGINT NOT NULL,
    held            BIGINT NOT NULL,
    usage_sort      BIGINT NOT NULL,
    cost_sort       BIGINT NOT NULL,
    price_sort      BIGINT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, month, customer_id)
);

CREATE INDEX azure_month_name ON azure_month (organization_id, month, name_key, customer_id);
CREATE INDEX azure_month_state ON azure_month (organization_id, month, state, name_key, customer_id);
CREATE INDEX azure_month_usage ON azure_month (organization_id, month, usage_sort, customer_id);
CREATE INDEX azure_month_cost ON azure_month (organization_id, month, cost_sort, customer_id);
CREATE INDEX azure_month_price ON azure_month (organization_id, month, price_sort, customer_id);
CREATE INDEX azure_month_customer ON azure_month (organization_id, customer_id, month);

-- Sums per month: of Azure (part azure), of recurring lines (recurring) and of all charges (charge).
CREATE TABLE month_total (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    part            TEXT NOT NULL,
    month           TEXT NOT NULL,
    run_no          BIGINT NOT NULL, -- the plan it is from; 0 for azure
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, part, month)
);

-- +goose Down

DROP TRIGGER company_mapping_stale_insert;
DROP TRIGGER company_mapping_stale_update;
DROP TRIGGER company_mapping_stale_delete;
DROP TRIGGER billing_switch_stale_insert;
DROP TRIGGER billing_switch_stale_update;
DROP TRIGGER billing_switch_stale_delete;
DROP TRIGGER route_stale_insert;
DROP TRIGGER route_stale_update;
DROP TRIGGER route_stale_delete;
DROP TRIGGER directory_entry_stale_insert;
DROP TRIGGER directory_entry_stale_update;
DROP TRIGGER directory_entry_stale_delete;

DROP TABLE month_total;
DROP TABLE azure_month;
DROP TABLE usage_resource_group;
DROP TABLE usage_customer;
DROP TABLE charge_summary;
DROP TABLE line_share;
DROP TABLE line_summary;
DROP TABLE customer_summary;
DROP TABLE customer_stale;
DROP TABLE finding;
DROP TABLE plan_group;
DROP TABLE run_rollup;
DROP TABLE run_progress;

ALTER TABLE source_set DROP COLUMN bill_month;
DROP INDEX usage_group_customer;
ALTER TABLE usage_group DROP COLUMN cost_sort;
DROP INDEX line_item_key;
ALTER TABLE line_item DROP COLUMN item_key;

DROP INDEX directory_entry_count;
DROP INDEX directory_entry_customer;
DROP INDEX audit_at;
DROP INDEX audit_subject;
DROP INDEX audit_action;
DROP INDEX audit_actor;
DROP INDEX memory_ref_id;
DROP INDEX memory_line_id;
DROP INDEX disposition_row;
DROP INDEX disposition_by;

DROP INDEX plan_change_charge;
DROP INDEX plan_change_line;
DROP INDEX plan_change_search;
DROP INDEX plan_change_group;
DROP INDEX plan_change_kind_seq;
DROP INDEX plan_change_state_seq;
DROP INDEX plan_change_seq;
ALTER TABLE plan_change DROP COLUMN search_key;
ALTER TABLE plan_change DROP COLUMN charge_key;
ALTER TABLE plan_change DROP COLUMN line_key;
ALTER TABLE plan_change DROP COLUMN contract;
ALTER TABLE run DROP COLUMN trigger_name;
ALTER TABLE organization DROP COLUMN read_model;
