-- +goose Up

-- The catalogue entry by entry, and the products that sources list, so that forms offer and check a few of them without reading all. Both
-- are worked out from other tables, like those of migration 6.
CREATE TABLE catalogue_entry (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    kind            TEXT NOT NULL, -- company, contract, service, code
    id              TEXT NOT NULL,
    parent          TEXT NOT NULL, -- of contracts: the company; of codes: the use
    active          BOOLEAN NOT NULL,
    name_key        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (organization_id, kind, id)
);

CREATE INDEX catalogue_entry_name ON catalogue_entry (organization_id, kind, active, name_key, id);
CREATE INDEX catalogue_entry_parent ON catalogue_entry (organization_id, kind, parent, name_key, id);

CREATE TABLE product (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    product_id      TEXT NOT NULL,
    sku_id          TEXT NOT NULL,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    search_key      TEXT NOT NULL,
    PRIMARY KEY (organization_id, product_id, sku_id)
);

CREATE INDEX product_name ON product (organization_id, name_key);

UPDATE organization SET read_model = 0;

-- +goose Down

DROP TABLE product;
DROP TABLE catalogue_entry;
