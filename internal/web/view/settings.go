package view

import "spindle/internal/billing"

// Members is the page of who may do what in an organization.
type Members struct {
	Rows       []MemberRow
	Roles      []Option // with what each means
	Invite     Field
	InviteRole Field
	Invited    []InvitedRow
	Link       string // an invitation or sign-in link that was just made; shown once
	LinkFor    string
	FourEyes   bool
	Notice     Notice
}

// MemberRow is one person.
type MemberRow struct {
	ID, Name, Email, Role string
	Roles                 []Option
	SignedIn              string
	TOTP, Disabled, Self  bool
	Locked                string // until when
}

// InvitedRow is an invitation that nobody used yet.
type InvitedRow struct{ ID, Email, Role, Until, By string }

// Tokens is the page of API tokens.
type Tokens struct {
	Rows    []TokenRow
	Name    Field
	Role    Field
	Expires Field
	Text    string // of the token just made; shown once
	Notice  Notice
}

// TokenRow is one token.
type TokenRow struct {
	ID, Name, Role, Made, By, Used, Expires string
	Tone                                    Tone
	Word                                    string
	InForce                                 bool
}

// Data is the page of what is kept and of backups.
type Data struct {
	Database string // "SQLite" or "PostgreSQL"
	Backup   bool   // can be downloaded
	Sources  []SourceRow
	Notice   Notice
}

// SourceRow is what is stored of one kind.
type SourceRow struct{ Name, Saved, Detail string }

// Retention is the page of what is kept for how long.
type Retention struct {
	Notice  Notice
	Fields  []Field
	ForGood bool         // nothing is set
	Last    billing.Date // carried out; zero: never
	Preview bool
	Would   []string // what would go, in numbers
}
