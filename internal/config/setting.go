package config

import (
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
)

// Setting describes one setting, for help texts and for reading it. Key is its
// name in the file, "--"+Key its flag.
type Setting struct {
	Key     string
	Env     string // its environment variable
	Help    string // one line for people
	Default string // "" where the default depends on the machine; Help says how

	set func(c *Config, text string) error
}

// Settings returns every setting, in the order of the help text.
func Settings() []Setting {
	list := []Setting{
		{Key: "data-dir", Help: "folder for the database, the master key and imported files (default $XDG_DATA_HOME/spindle if that is set, else ./spindle-data)", set: setDataDir},
		{Key: "database", Help: "an SQLite file, or postgres://user:password@host/name (default spindle.db in the data folder)", set: setDatabase},
		{Key: "listen", Help: "address the server listens on", Default: "127.0.0.1:8080", set: setListen},
		{Key: "public-url", Help: "how browsers reach the console when a proxy is in between, such as https://spindle.example", set: func(c *Config, s string) error { return setURL(&c.PublicURL, s) }},
		{Key: "oidc-issuer", Help: "OpenID Connect provider for sign-in, for Entra ID https://login.microsoftonline.com/TENANT/v2.0", set: func(c *Config, s string) error { return setURL(&c.OIDC.Issuer, s) }},
		{Key: "oidc-client-id", Help: "client id of Spindle at the provider", set: func(c *Config, s string) error { c.OIDC.ClientID = s; return nil }},
		{Key: "oidc-client-secret", Help: "client secret of Spindle at the provider", set: func(c *Config, s string) error { c.OIDC.Secret = secret.New(s); return nil }},
		{Key: "oidc-trust-email", Help: "on: believe the provider's addresses although it does not call them verified, as Entra ID does not; for a provider of your own company only", set: setTrustEmail},
		{Key: "log-level", Help: "debug, info, warn or error", Default: string(LogInfo), set: func(c *Config, s string) error {
			return oneOf(&c.LogLevel, s, LogDebug, LogInfo, LogWarn, LogError)
		}},
		{Key: "log-format", Help: "text or json", Default: string(LogText), set: func(c *Config, s string) error {
			return oneOf(&c.LogFormat, s, LogText, LogJSON)
		}},
		{Key: "autotask-url", Help: "another address for Autotask, such as a simulator", set: func(c *Config, s string) error { return setURL(&c.AutotaskURL, s) }},
		{Key: "microsoft-login-url", Help: "another address for Microsoft's sign-in", set: func(c *Config, s string) error { return setURL(&c.MicrosoftLoginURL, s) }},
		{Key: "microsoft-graph-url", Help: "another address for Microsoft Graph", set: func(c *Config, s string) error { return setURL(&c.MicrosoftGraphURL, s) }},
		{Key: "partner-center-url", Help: "another address for Partner Center", set: func(c *Config, s string) error { return setURL(&c.PartnerCenterURL, s) }},
		{Key: "autotask-share", Help: "percent of an Autotask tenant's calls per hour at which Spindle pauses, for the sake of other integrations", Default: "70", set: setShare},
		{Key: "ca-file", Help: "PEM file of certificates to trust beside the system's, for a simulator or a proxy of yours", set: setCAFile},
		{Key: "today", Help: "act as if today were this date (YYYY-MM-DD), for practice", set: setToday},
	}
	for i, s := range list {
		list[i].Env = "SPINDLE_" + strings.ToUpper(strings.ReplaceAll(s.Key, "-", "_"))
	}
	return list
}

func setDataDir(c *Config, text string) error {
	c.DataDir = filepath.Clean(text)
	return nil
}

// setDatabase never quotes a URL in a message: it may hold a password.
func setDatabase(c *Config, text string) error {
	scheme, _, isURL := strings.Cut(text, "://")
	switch {
	case !isURL:
		c.Database = Database{Kind: DatabaseSQLite, Path: filepath.Clean(strings.TrimPrefix(text, "sqlite:"))}
		return nil
	case scheme != "postgres" && scheme != "postgresql":
		return fault.Invalidf("a database of another kind than SQLite or PostgreSQL").
			Do("give the path of an SQLite file, or postgres://user:password@host/name")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return fault.Invalidf("the database URL names no host, no database or is malformed").
			Do("write postgres://user:password@host/name, with special characters of the password escaped (@ is %40, / is %2F)")
	}
	c.Database = Database{Kind: DatabasePostgres, URL: secret.New(text)}
	return nil
}

func setListen(c *Config, text string) error {
	_, port, err := net.SplitHostPort(text)
	if n, e := strconv.Atoi(port); err != nil || e != nil || n < 0 || n > 65535 {
		return fault.Invalidf("%q is not an address to listen on", text).
			Do("write host:port, for example 127.0.0.1:8080, or :8080 for all of this machine's addresses")
	}
	c.Listen = text
	return nil
}

func oneOf[T ~string](field *T, text string, choices ...T) error {
	if !slices.Contains(choices, T(text)) {
		names := make([]string, len(choices))
		for i, c := range choices {
			names[i] = string(c)
		}
		return fault.Invalidf("%q is not one of the choices", text).Do("choose one of: " + strings.Join(names, ", "))
	}
	*field = T(text)
	return nil
}

// setURL takes https, and http on this machine only: credentials are sent there.
func setURL(field *string, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fault.Invalidf("not the plain address of a web service").
			Do("write https://host, without user, query or fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return fault.Invalidf("credentials would be sent to %s unprotected", u.Host).
			Do("use https; http is accepted for this machine (127.0.0.1) only")
	}
	*field = strings.TrimRight(text, "/")
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func setCAFile(c *Config, text string) error {
	c.CAFile = filepath.Clean(text)
	return nil
}

func setShare(c *Config, text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(text, "%")))
	if err != nil || n < 1 || n > 100 {
		return fault.Invalidf("%q is not a share of the calls", text).Do("write a whole number of percent from 1 to 100, for example 70")
	}
	c.AutotaskShare = n
	return nil
}

func setTrustEmail(c *Config, text string) error {
	switch strings.ToLower(text) {
	case "on", "yes", "true":
		c.OIDC.TrustEmail = true
	case "off", "no", "false":
		c.OIDC.TrustEmail = false
	default:
		return fault.Invalidf("%q is neither on nor off", text).Do("write on or off")
	}
	return nil
}

func setToday(c *Config, text string) error {
	d, err := billing.ParseDate(text)
	if err != nil {
		return fault.Invalidf("%q is not a date", text).Do("write YYYY-MM-DD, for example 2026-11-30")
	}
	c.Today = d
	return nil
}
