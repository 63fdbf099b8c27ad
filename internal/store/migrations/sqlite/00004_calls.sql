-- +goose Up

-- Calls to a vendor tenant, whichever organizations and processes of this installation make them: the vendor's limit belongs to the
-- tenant, so the tenant is the key here and not an organization.
CREATE TABLE call_account (
    tenant  TEXT NOT NULL PRIMARY KEY,
    writes  BIGINT NOT NULL,
    ceiling BIGINT NOT NULL,
    others  BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE TABLE call_slot (
    tenant TEXT NOT NULL REFERENCES call_account (tenant),
    start  BIGINT NOT NULL,
    taken  BIGINT NOT NULL,
    held   BIGINT NOT NULL,
    PRIMARY KEY (tenant, start)
);

-- The tenant that an organization's calls go to.
CREATE TABLE call_member (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organization (id),
    tenant          TEXT NOT NULL
);

-- +goose Down

DROP TABLE call_member;
DROP TABLE call_slot;
DROP TABLE call_account;
