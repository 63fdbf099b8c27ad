// Package config holds the settings of the process: where the data lives, which
// database, which address, how to log. What an organization decides about its
// billing is stored in the database instead.
//
// Settings come in layers, the first that names a setting wins: flags, then the
// environment (SPINDLE_…), then a file, then the default.
package config

import (
	"path/filepath"

	"spindle/internal/billing"
	"spindle/internal/secret"
)

// DatabaseKind says which database is used.
type DatabaseKind string

// The databases.
const (
	DatabaseSQLite   DatabaseKind = "sqlite"
	DatabasePostgres DatabaseKind = "postgres"
)

// Database says where the state is kept.
type Database struct {
	Kind DatabaseKind
	// Path is the SQLite file.
	Path string
	// URL is the PostgreSQL connection URL. It may hold a password.
	URL secret.String
}

// LogFormat says how log records are written.
type LogFormat string

// The log formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// LogLevel is the least important level that is logged.
type LogLevel string

// The log levels, as slog names them.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// Config is the settings of the process, complete and valid. Make it with
// [Load].
type Config struct {
	// DataDir is the folder of the SQLite file, the master key and imported
	// files. It need not exist yet.
	DataDir string
	// Database is where the state is kept; by default spindle.db in DataDir.
	Database Database
	// Listen is the address the server listens on, host:port. Port 0 takes
	// any free one.
	Listen string
	// PublicURL is how people's browsers reach the server, when that is not
	// http:// and Listen: behind a proxy that speaks https.
	PublicURL string
	// OIDC is sign-in through an OpenID Connect provider such as Entra ID,
	// beside passwords; without Issuer there is none.
	OIDC OIDC
	// LogLevel and LogFormat shape the log, which goes to standard error.
	LogLevel  LogLevel
	LogFormat LogFormat

	// AutotaskURL replaces the address that is asked for an Autotask user's
	// zone (Autotask sheet §1), for a simulator. Empty means Autotask's own.
	AutotaskURL string
	// MicrosoftLoginURL, MicrosoftGraphURL and PartnerCenterURL replace
	// Microsoft's addresses, for a simulator. Empty means Microsoft's own.
	MicrosoftLoginURL string
	MicrosoftGraphURL string
	PartnerCenterURL  string
	// AutotaskShare is the share of an Autotask tenant's calls per hour, in percent, at which Spindle stops until there is room again
	// (Autotask sheet §3.4). Other integrations of the tenant need the rest.
	AutotaskShare int
	// CAFile is a PEM file of certificates trusted beside the system's, for simulators and proxies. Empty means none.
	CAFile string
	// Today replaces the date of today, for practice with past months. Zero
	// means the real one.
	Today billing.Date
}

// OIDC says which OpenID Connect provider lets people in.
type OIDC struct {
	Issuer     string
	ClientID   string
	Secret     secret.String
	TrustEmail bool // believe addresses that the provider does not call verified, as Entra ID does not
}

// KeyPath returns the file of the master key that seals stored credentials.
func (c Config) KeyPath() string { return filepath.Join(c.DataDir, "master.key") }

// FilesDir returns the folder that imported files are kept in.
func (c Config) FilesDir() string { return filepath.Join(c.DataDir, "files") }
