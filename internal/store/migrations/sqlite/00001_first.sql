-- +goose Up

-- Every key starts with the organization. Times are microseconds since 1970 UTC, 0 for none; dates are YYYY-MM-DD, empty for none;
-- amounts are decimal text, never NUMERIC; body columns hold JSON.

CREATE TABLE organization (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL UNIQUE, -- folded: names differ by more than case
    enabled     BOOLEAN NOT NULL,     -- the target may be written to
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    writes      BIGINT NOT NULL,      -- counted up by every write: the row lock that puts an organization's writes in a row
    audit_seq   BIGINT NOT NULL,      -- head of the audit chain, so that a cut-off tail shows
    audit_hash  TEXT NOT NULL
);

CREATE TABLE counter (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    name            TEXT NOT NULL,
    value           BIGINT NOT NULL,
    PRIMARY KEY (organization_id, name)
);

CREATE TABLE connection (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    system          TEXT NOT NULL,
    config          TEXT NOT NULL,
    sealed          BLOB NOT NULL, -- ciphertext; the key is never in the database
    updated_at      BIGINT NOT NULL,
    updated_by      TEXT NOT NULL,
    PRIMARY KEY (organization_id, system)
);

CREATE TABLE settings (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organization (id),
    body            TEXT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by      TEXT NOT NULL
);

CREATE TABLE company_mapping (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    customer_id     TEXT NOT NULL,
    company_id      TEXT NOT NULL,
    company_name    TEXT NOT NULL,
    actor           TEXT NOT NULL,
    PRIMARY KEY (organization_id, customer_id)
);

CREATE TABLE billing_switch (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    customer_id     TEXT NOT NULL,
    subscription_id TEXT NOT NULL, -- empty: all of the customer's, also future ones
    enabled         BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, customer_id, subscription_id)
);

CREATE TABLE route (
    organization_id       TEXT NOT NULL REFERENCES organization (id),
    customer_id           TEXT NOT NULL,
    subscription_id       TEXT NOT NULL,
    azure_subscription_id TEXT NOT NULL,
    resource_group        TEXT NOT NULL,
    contract_id           TEXT NOT NULL,
    managed               BOOLEAN NOT NULL,
    start_day             BIGINT NOT NULL,
    PRIMARY KEY (organization_id, customer_id, subscription_id, azure_subscription_id, resource_group)
);

CREATE TABLE service_mapping (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    product_id      TEXT NOT NULL,
    sku_id          TEXT NOT NULL,
    term            TEXT NOT NULL,
    frequency       TEXT NOT NULL,
    service_id      TEXT NOT NULL,
    name            TEXT NOT NULL,
    PRIMARY KEY (organization_id, product_id, sku_id, term, frequency)
);

CREATE TABLE authority_rule (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    customer_id     TEXT NOT NULL,
    product_id      TEXT NOT NULL,
    authority       TEXT NOT NULL,
    PRIMARY KEY (organization_id, customer_id, product_id)
);

CREATE TABLE price_rule (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    id              TEXT NOT NULL,
    kind            TEXT NOT NULL,
    value           TEXT NOT NULL, -- decimal
    currency        TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    product_id      TEXT NOT NULL,
    valid_from      TEXT NOT NULL,
    valid_to        TEXT NOT NULL,
    below_cost      BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, id)
);

-- What the sources say exists. Rows that vanish keep their place with gone_at set; nothing is deleted.

CREATE TABLE source (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    name            TEXT NOT NULL,
    saved_at        BIGINT NOT NULL,
    complete        BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, name)
);

CREATE TABLE source_gap (
    organization_id TEXT NOT NULL,
    source          TEXT NOT NULL,
    seq             BIGINT NOT NULL,
    customer_id     TEXT NOT NULL,
    what            TEXT NOT NULL,
    why             TEXT NOT NULL,
    PRIMARY KEY (organization_id, source, seq),
    FOREIGN KEY (organization_id, source) REFERENCES source (organization_id, name)
);

CREATE TABLE directory_entry (
    organization_id TEXT NOT NULL,
    kind            TEXT NOT NULL, -- customer, subscription, azure
    source          TEXT NOT NULL,
    id              TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    body            TEXT NOT NULL,
    gone_at         BIGINT NOT NULL,
    PRIMARY KEY (organization_id, kind, source, id),
    FOREIGN KEY (organization_id, source) REFERENCES source (organization_id, name)
);

CREATE TABLE source_set (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    set_no          BIGINT NOT NULL,
    set_id          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    partner_id      TEXT NOT NULL,
    invoice         TEXT NOT NULL,
    currency        TEXT NOT NULL,
    month           TEXT NOT NULL, -- of unbilled sets
    latest_month    TEXT NOT NULL, -- of the newest row
    version         TEXT NOT NULL,
    origin          TEXT NOT NULL,
    item_count      BIGINT NOT NULL, -- rows stored for the set
    row_count       BIGINT NOT NULL, -- rows the vendor delivered
    totals          TEXT NOT NULL,
    saved_at        BIGINT NOT NULL,
    superseded_at   BIGINT NOT NULL, -- 0: the version in force
    PRIMARY KEY (organization_id, set_no)
);

CREATE UNIQUE INDEX source_set_in_force ON source_set (organization_id, set_id) WHERE superseded_at = 0;

CREATE TABLE line_item (
    organization_id TEXT NOT NULL,
    set_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    customer_id     TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, set_no, seq),
    FOREIGN KEY (organization_id, set_no) REFERENCES source_set (organization_id, set_no)
);

CREATE TABLE usage_group (
    organization_id TEXT NOT NULL,
    set_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    customer_id     TEXT NOT NULL,
    plan_id         TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, set_no, seq),
    FOREIGN KEY (organization_id, set_no) REFERENCES source_set (organization_id, set_no)
);

CREATE TABLE invoice (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    id              TEXT NOT NULL,
    issued          TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE import_report (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    report_no       BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    origin          TEXT NOT NULL,
    actor           TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, report_no)
);

-- Runs and their plans. A plan is written once; only the state of its changes moves.

CREATE TABLE run (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    run_no          BIGINT NOT NULL,
    state           TEXT NOT NULL,
    note            TEXT NOT NULL,
    scope           TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      TEXT NOT NULL,
    updated_at      BIGINT NOT NULL,
    planned_at      BIGINT NOT NULL, -- 0: no plan yet
    plan_day        TEXT NOT NULL,
    complete        BOOLEAN NOT NULL,
    fingerprint     TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no)
);

CREATE TABLE plan_change (
    organization_id TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    change_id       TEXT NOT NULL,
    seq             BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    effective       TEXT NOT NULL,
    held            BOOLEAN NOT NULL,
    body            TEXT NOT NULL,
    state           TEXT NOT NULL,
    message         TEXT NOT NULL,
    actor           TEXT NOT NULL,   -- who approved or rejected
    decided_at      BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, run_no, change_id),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE INDEX plan_change_state ON plan_change (organization_id, state);

CREATE TABLE plan_finding (
    organization_id TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE desired_item (
    organization_id TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    part            TEXT NOT NULL, -- day, contract, service, line, charge, finding, gap
    seq             BIGINT NOT NULL,
    item_key        TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no, part, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE disposition (
    organization_id TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    set_kind        TEXT NOT NULL,
    partner_id      TEXT NOT NULL,
    invoice         TEXT NOT NULL,
    currency        TEXT NOT NULL,
    month           TEXT NOT NULL,
    line_key        TEXT NOT NULL,
    row_no          BIGINT NOT NULL,
    outcome         TEXT NOT NULL,
    decided_by      TEXT NOT NULL, -- the line, charge, finding or rule
    cost            TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE approval (
    organization_id TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    decision        TEXT NOT NULL, -- approve, reject
    actor           TEXT NOT NULL,
    at              BIGINT NOT NULL,
    fingerprint     TEXT NOT NULL,
    reason          TEXT NOT NULL,
    changes         TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE send_attempt (
    organization_id TEXT NOT NULL,
    run_no          BIGINT NOT NULL,
    change_id       TEXT NOT NULL,
    attempt         BIGINT NOT NULL,
    intent          TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL, -- 0: no outcome yet
    state           TEXT NOT NULL,
    message         TEXT NOT NULL,
    receipt_id      TEXT NOT NULL,
    request         TEXT NOT NULL,
    response        TEXT NOT NULL,
    PRIMARY KEY (organization_id, run_no, change_id, attempt),
    FOREIGN KEY (organization_id, run_no, change_id) REFERENCES plan_change (organization_id, run_no, change_id)
);

-- What we know to be ours in the target.

CREATE TABLE memory_line (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    line_key        TEXT NOT NULL,
    line_id         TEXT NOT NULL,
    body            TEXT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, line_key)
);

CREATE TABLE memory_ref (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    kind            TEXT NOT NULL, -- contract, service, charge
    mark            TEXT NOT NULL,
    id              TEXT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, kind, mark)
);

CREATE TABLE lease (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organization (id),
    holder          TEXT NOT NULL,
    token           TEXT NOT NULL,
    expires_at      BIGINT NOT NULL
);

CREATE TABLE audit (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    seq             BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    subject         TEXT NOT NULL,
    detail          TEXT NOT NULL,
    prev_hash       TEXT NOT NULL,
    hash            TEXT NOT NULL,
    PRIMARY KEY (organization_id, seq)
);

-- The audit trail, approvals and plans refuse to be rewritten, whoever asks (law 11).

-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER approval_no_update BEFORE UPDATE ON approval
BEGIN
    SELECT RAISE(ABORT, 'approvals are facts');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER approval_no_delete BEFORE DELETE ON approval
BEGIN
    SELECT RAISE(ABORT, 'approvals are facts');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER plan_change_no_update BEFORE UPDATE OF change_id, run_no, organization_id, seq, kind, customer_id, effective, held, body ON plan_change
BEGIN
    SELECT RAISE(ABORT, 'a stored plan does not change');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER plan_change_no_delete BEFORE DELETE ON plan_change
BEGIN
    SELECT RAISE(ABORT, 'a stored plan does not change');
END;
-- +goose StatementEnd

-- +goose Down

DROP TABLE audit;
DROP TABLE lease;
DROP TABLE memory_ref;
DROP TABLE memory_line;
DROP TABLE send_attempt;
DROP TABLE approval;
DROP TABLE disposition;
DROP TABLE desired_item;
DROP TABLE plan_finding;
DROP TABLE plan_change;
DROP TABLE run;
DROP TABLE import_report;
DROP TABLE invoice;
DROP TABLE usage_group;
DROP TABLE line_item;
DROP TABLE source_set;
DROP TABLE directory_entry;
DROP TABLE source_gap;
DROP TABLE source;
DROP TABLE price_rule;
DROP TABLE authority_rule;
DROP TABLE service_mapping;
DROP TABLE route;
DROP TABLE billing_switch;
DROP TABLE company_mapping;
DROP TABLE settings;
DROP TABLE connection;
DROP TABLE counter;
DROP TABLE organization;
