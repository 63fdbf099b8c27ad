-- +goose Up

-- People belong to the installation, not to one organization: these tables are the exception to the rule that every key starts with it.
-- Nothing here opens anything by itself: passwords are argon2id, links, tokens, sessions and recovery codes SHA-256, TOTP secrets sealed.

CREATE TABLE people_counter (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE user_account (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email        TEXT COLLATE "C" NOT NULL UNIQUE, -- lower case
    name         TEXT COLLATE "C" NOT NULL,
    password     TEXT COLLATE "C" NOT NULL,        -- PHC text, empty for none
    totp         TEXT COLLATE "C" NOT NULL,        -- sealed, empty for none
    totp_pending TEXT COLLATE "C" NOT NULL,        -- sealed, shown but not confirmed yet
    totp_step    BIGINT NOT NULL,      -- the last time step whose code was taken
    issuer       TEXT COLLATE "C" NOT NULL,        -- OpenID Connect, with subject; empty for none
    subject      TEXT COLLATE "C" NOT NULL,
    epoch        BIGINT NOT NULL,      -- sessions of an earlier epoch have ended
    failures     BIGINT NOT NULL,      -- since the last sign-in
    locked_until BIGINT NOT NULL,
    disabled_at  BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX user_account_subject ON user_account (issuer, subject) WHERE subject <> '';

CREATE TABLE membership (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    user_id         TEXT COLLATE "C" NOT NULL REFERENCES user_account (id),
    role            TEXT COLLATE "C" NOT NULL,
    since           BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);

CREATE INDEX membership_user ON membership (user_id);

CREATE TABLE recovery_code (
    user_id   TEXT COLLATE "C" NOT NULL REFERENCES user_account (id),
    code_hash TEXT COLLATE "C" NOT NULL,
    used_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE one_time_link (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash      TEXT COLLATE "C" NOT NULL UNIQUE,
    kind            TEXT COLLATE "C" NOT NULL, -- invite, sign-in, reset
    user_id         TEXT COLLATE "C" NOT NULL, -- empty for invitations
    organization_id TEXT COLLATE "C" NOT NULL, -- of invitations, empty otherwise
    email           TEXT COLLATE "C" NOT NULL,
    role            TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      TEXT COLLATE "C" NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT NOT NULL -- or taken back
);

CREATE INDEX one_time_link_organization ON one_time_link (organization_id, kind, used_at);
CREATE INDEX one_time_link_email ON one_time_link (email, kind, used_at);

CREATE TABLE api_token (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    id              TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    role            TEXT COLLATE "C" NOT NULL,
    token_hash      TEXT COLLATE "C" NOT NULL UNIQUE,
    user_id         TEXT COLLATE "C" NOT NULL, -- who made it; empty: the command line
    created_at      BIGINT NOT NULL,
    created_by      TEXT COLLATE "C" NOT NULL,
    expires_at      BIGINT NOT NULL,
    last_used_at    BIGINT NOT NULL,
    revoked_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE web_session (
    token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    data       BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX web_session_expiry ON web_session (expires_at);

-- +goose Down

DROP TABLE web_session;
DROP TABLE api_token;
DROP TABLE one_time_link;
DROP TABLE recovery_code;
DROP TABLE membership;
DROP TABLE user_account;
DROP TABLE people_counter;
