-- +goose Up

-- The ledger of charges: a JSON body beside the id, for references of the kind charge, and for those of the kind uncharged: charges that
-- Spindle removed or that the target refused. They have no id.
ALTER TABLE memory_ref ADD COLUMN body TEXT COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down

DELETE FROM memory_ref WHERE kind = 'uncharged';
ALTER TABLE memory_ref DROP COLUMN body;
