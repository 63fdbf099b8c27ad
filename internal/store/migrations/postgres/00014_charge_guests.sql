-- +goose Up

-- One row per customer whose money is in a charge that counts for another one: those who share a contract may share a charge.
CREATE TABLE charge_guest (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    charge_key      TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, charge_key, customer_id)
);

CREATE INDEX charge_guest_customer ON charge_guest (organization_id, customer_id, charge_key);

UPDATE organization SET read_model = -2 WHERE read_model = 1;

-- +goose Down

UPDATE organization SET read_model = 1 WHERE read_model = -2;

DROP TABLE charge_guest;
