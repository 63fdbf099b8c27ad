-- +goose Up

-- The target's catalogue as it was last read for settings and mappings.
CREATE TABLE catalogue (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organization (id),
    body            TEXT COLLATE "C" NOT NULL,
    saved_at        BIGINT NOT NULL
);

-- What was read back after a change was applied: the last link of the proof (law 11).
CREATE TABLE readback (
    organization_id TEXT COLLATE "C" NOT NULL,
    run_no          BIGINT NOT NULL,
    change_id       TEXT COLLATE "C" NOT NULL,
    verified        BOOLEAN NOT NULL,
    what            TEXT COLLATE "C" NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (organization_id, run_no, change_id),
    FOREIGN KEY (organization_id, run_no, change_id) REFERENCES plan_change (organization_id, run_no, change_id)
);

-- +goose Down

DROP TABLE readback;
DROP TABLE catalogue;
