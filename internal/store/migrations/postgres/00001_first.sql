-- +goose Up

-- Every key starts with the organization. Times are microseconds since 1970 UTC, 0 for none; dates are YYYY-MM-DD, empty for none;
-- amounts are decimal text, never NUMERIC; body columns hold JSON. COLLATE "C" orders text
-- by bytes, as SQLite does.

CREATE TABLE organization (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL,
    name_key    TEXT COLLATE "C" NOT NULL UNIQUE, -- folded: names differ by more than case
    enabled     BOOLEAN NOT NULL,     -- the target may be written to
    created_at  BIGINT NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    writes      BIGINT NOT NULL,      -- counted up by every write: the row lock that puts an organization's writes in a row
    audit_seq   BIGINT NOT NULL,      -- head of the audit chain, so that a cut-off tail shows
    audit_hash  TEXT COLLATE "C" NOT NULL
);

CREATE TABLE counter (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    name            TEXT COLLATE "C" NOT NULL,
    value           BIGINT NOT NULL,
    PRIMARY KEY (organization_id, name)
);

CREATE TABLE connection (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    system          TEXT COLLATE "C" NOT NULL,
    config          TEXT COLLATE "C" NOT NULL,
    sealed          BYTEA NOT NULL, -- ciphertext; the key is never in the database
    updated_at      BIGINT NOT NULL,
    updated_by      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, system)
);

CREATE TABLE settings (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organization (id),
    body            TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by      TEXT COLLATE "C" NOT NULL
);

CREATE TABLE company_mapping (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    customer_id     TEXT COLLATE "C" NOT NULL,
    company_id      TEXT COLLATE "C" NOT NULL,
    company_name    TEXT COLLATE "C" NOT NULL,
    actor           TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, customer_id)
);

CREATE TABLE billing_switch (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    customer_id     TEXT COLLATE "C" NOT NULL,
    subscription_id TEXT COLLATE "C" NOT NULL, -- empty: all of the customer's, also future ones
    enabled         BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, customer_id, subscription_id)
);

CREATE TABLE route (
    organization_id       TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    customer_id           TEXT COLLATE "C" NOT NULL,
    subscription_id       TEXT COLLATE "C" NOT NULL,
    azure_subscription_id TEXT COLLATE "C" NOT NULL,
    resource_group        TEXT COLLATE "C" NOT NULL,
    contract_id           TEXT COLLATE "C" NOT NULL,
    managed               BOOLEAN NOT NULL,
    start_day             BIGINT NOT NULL,
    PRIMARY KEY (organization_id, customer_id, subscription_id, azure_subscription_id, resource_group)
);

CREATE TABLE service_mapping (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    product_id      TEXT COLLATE "C" NOT NULL,
    sku_id          TEXT COLLATE "C" NOT NULL,
    term            TEXT COLLATE "C" NOT NULL,
    frequency       TEXT COLLATE "C" NOT NULL,
    service_id      TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, product_id, sku_id, term, frequency)
);

CREATE TABLE authority_rule (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    customer_id     TEXT COLLATE "C" NOT NULL,
    product_id      TEXT COLLATE "C" NOT NULL,
    authority       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, customer_id, product_id)
);

CREATE TABLE price_rule (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    id              TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    value           TEXT COLLATE "C" NOT NULL, -- decimal
    currency        TEXT COLLATE "C" NOT NULL,
    subscription_id TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    product_id      TEXT COLLATE "C" NOT NULL,
    valid_from      TEXT COLLATE "C" NOT NULL,
    valid_to        TEXT COLLATE "C" NOT NULL,
    below_cost      BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, id)
);

-- What the sources say exists. Rows that vanish keep their place with gone_at set; nothing is deleted.

CREATE TABLE source (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    name            TEXT COLLATE "C" NOT NULL,
    saved_at        BIGINT NOT NULL,
    complete        BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, name)
);

CREATE TABLE source_gap (
    organization_id TEXT COLLATE "C" NOT NULL,
    source          TEXT COLLATE "C" NOT NULL,
    seq             BIGINT NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    what            TEXT COLLATE "C" NOT NULL,
    why             TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, source, seq),
    FOREIGN KEY (organization_id, source) REFERENCES source (organization_id, name)
);

CREATE TABLE directory_entry (
    organization_id TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL, -- customer, subscription, azure
    source          TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    gone_at         BIGINT NOT NULL,
    PRIMARY KEY (organization_id, kind, source, id),
    FOREIGN KEY (organization_id, source) REFERENCES source (organization_id, name)
);

CREATE TABLE source_set (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    set_no          BIGINT NOT NULL,
    set_id          TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    partner_id      TEXT COLLATE "C" NOT NULL,
    invoice         TEXT COLLATE "C" NOT NULL,
    currency        TEXT COLLATE "C" NOT NULL,
    month           TEXT COLLATE "C" NOT NULL, -- of unbilled sets
    latest_month    TEXT COLLATE "C" NOT NULL, -- of the newest row
    version         TEXT COLLATE "C" NOT NULL,
    origin          TEXT COLLATE "C" NOT NULL,
    item_count      BIGINT NOT NULL, -- rows stored for the set
    row_count       BIGINT NOT NULL, -- rows the vendor delivered
    totals          TEXT COLLATE "C" NOT NULL,
    saved_at        BIGINT NOT NULL,
    superseded_at   BIGINT NOT NULL, -- 0: the version in force
    PRIMARY KEY (organization_id, set_no)
);

CREATE UNIQUE INDEX source_set_in_force ON source_set (organization_id, set_id) WHERE superseded_at = 0;

CREATE TABLE line_item (
    organization_id TEXT COLLATE "C" NOT NULL,
    set_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    subscription_id TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, set_no, seq),
    FOREIGN KEY (organization_id, set_no) REFERENCES source_set (organization_id, set_no)
);

CREATE TABLE usage_group (
    organization_id TEXT COLLATE "C" NOT NULL,
    set_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    plan_id         TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, set_no, seq),
    FOREIGN KEY (organization_id, set_no) REFERENCES source_set (organization_id, set_no)
);

CREATE TABLE invoice (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    id              TEXT COLLATE "C" NOT NULL,
    issued          TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE import_report (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    report_no       BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    origin          TEXT COLLATE "C" NOT NULL,
    actor           TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, report_no)
);

-- Runs and their plans. A plan is written once; only the state of its changes moves.

CREATE TABLE run (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    run_no          BIGINT NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    note            TEXT COLLATE "C" NOT NULL,
    scope           TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT NOT NULL,
    planned_at      BIGINT NOT NULL, -- 0: no plan yet
    plan_day        TEXT COLLATE "C" NOT NULL,
    complete        BOOLEAN NOT NULL,
    fingerprint     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, run_no)
);

CREATE TABLE plan_change (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    change_id       TEXT COLLATE "C" NOT NULL,
    seq             BIGINT NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    effective       TEXT COLLATE "C" NOT NULL,
    held            BOOLEAN NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    message         TEXT COLLATE "C" NOT NULL,
    actor           TEXT COLLATE "C" NOT NULL,   -- who approved or rejected
    decided_at      BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, run_no, change_id),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE INDEX plan_change_state ON plan_change (organization_id, state);

CREATE TABLE plan_finding (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, run_no, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE desired_item (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    part            TEXT COLLATE "C" NOT NULL, -- day, contract, service, line, charge, finding, gap
    seq             BIGINT NOT NULL,
    item_key        TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, run_no, part, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE disposition (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    set_kind        TEXT COLLATE "C" NOT NULL,
    partner_id      TEXT COLLATE "C" NOT NULL,
    invoice         TEXT COLLATE "C" NOT NULL,
    currency        TEXT COLLATE "C" NOT NULL,
    month           TEXT COLLATE "C" NOT NULL,
    line_key        TEXT COLLATE "C" NOT NULL,
    row_no          BIGINT NOT NULL,
    outcome         TEXT COLLATE "C" NOT NULL,
    decided_by      TEXT COLLATE "C" NOT NULL, -- the line, charge, finding or rule
    cost            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, run_no, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE approval (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    decision        TEXT COLLATE "C" NOT NULL, -- approve, reject
    actor           TEXT COLLATE "C" NOT NULL,
    at              BIGINT NOT NULL,
    fingerprint     TEXT COLLATE "C" NOT NULL,
    reason          TEXT COLLATE "C" NOT NULL,
    changes         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, run_no, seq),
    FOREIGN KEY (organization_id, run_no) REFERENCES run (organization_id, run_no)
);

CREATE TABLE send_attempt (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    change_id       TEXT COLLATE "C" NOT NULL,
    attempt         BIGINT NOT NULL,
    intent          TEXT COLLATE "C" NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL, -- 0: no outcome yet
    state           TEXT COLLATE "C" NOT NULL,
    message         TEXT COLLATE "C" NOT NULL,
    receipt_id      TEXT COLLATE "C" NOT NULL,
    request         TEXT COLLATE "C" NOT NULL,
    response        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, run_no, change_id, attempt),
    FOREIGN KEY (organization_id, run_no, change_id) REFERENCES plan_change (organization_id, run_no, change_id)
);

-- What we know to be ours in the target.

CREATE TABLE memory_line (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    line_key        TEXT COLLATE "C" NOT NULL,
    line_id         TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, line_key)
);

CREATE TABLE memory_ref (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    kind            TEXT COLLATE "C" NOT NULL, -- contract, service, charge
    mark            TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, kind, mark)
);

CREATE TABLE lease (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organization (id),
    holder          TEXT COLLATE "C" NOT NULL,
    token           TEXT COLLATE "C" NOT NULL,
    expires_at      BIGINT NOT NULL
);

CREATE TABLE audit (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    seq             BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    actor           TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL,
    detail          TEXT COLLATE "C" NOT NULL,
    prev_hash       TEXT COLLATE "C" NOT NULL,
    hash            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, seq)
);

-- The audit trail, approvals and plans refuse to be rewritten, whoever asks (law 11).

-- +goose StatementBegin
CREATE FUNCTION spindle_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION spindle_refuse('the audit trail is append-only');

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION spindle_refuse('the audit trail is append-only');

CREATE TRIGGER approval_no_update BEFORE UPDATE ON approval
    FOR EACH ROW EXECUTE FUNCTION spindle_refuse('approvals are facts');

CREATE TRIGGER approval_no_delete BEFORE DELETE ON approval
    FOR EACH ROW EXECUTE FUNCTION spindle_refuse('approvals are facts');

CREATE TRIGGER plan_change_no_update BEFORE UPDATE OF change_id, run_no, organization_id, seq, kind, customer_id, effective, held, body ON plan_change
    FOR EACH ROW EXECUTE FUNCTION spindle_refuse('a stored plan does not change');

CREATE TRIGGER plan_change_no_delete BEFORE DELETE ON plan_change
    FOR EACH ROW EXECUTE FUNCTION spindle_refuse('a stored plan does not change');

CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION spindle_refuse('audit is never emptied');

CREATE TRIGGER approval_no_truncate BEFORE TRUNCATE ON approval
    FOR EACH STATEMENT EXECUTE FUNCTION spindle_refuse('approval is never emptied');

CREATE TRIGGER plan_change_no_truncate BEFORE TRUNCATE ON plan_change
    FOR EACH STATEMENT EXECUTE FUNCTION spindle_refuse('plan_change is never emptied');

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
DROP FUNCTION spindle_refuse();
