-- +goose Up

-- What a decision about one customer would change is worked out from his lines alone.
CREATE INDEX line_item_customer ON line_item (organization_id, customer_id, set_no);

-- +goose Down

DROP INDEX line_item_customer;
