package config

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/secret"
)

// fileBytesMax bounds what is read of a configuration file.
const fileBytesMax = 1 << 20

// Value is the text of a setting and where it was given, for messages. The
// text may hold a password, so it does not print.
type Value struct {
	Text  secret.String
	Where string // such as "spindle.conf, line 3", "SPINDLE_LISTEN" or "--listen"
}

// Values are the settings of one layer, by key.
type Values map[string]Value

// FromFlags makes a layer of the flags that were given, by setting key.
func FromFlags(given map[string]string) Values {
	v := Values{}
	for key, text := range given {
		v[key] = Value{Text: secret.New(text), Where: "--" + key}
	}
	return v
}

// FromEnv makes a layer of environment variables; pass os.LookupEnv. A variable
// that is set but empty counts as not set.
func FromEnv(lookup func(name string) (string, bool)) Values {
	v := Values{}
	for _, s := range Settings() {
		if text, ok := lookup(s.Env); ok && text != "" {
			v[s.Key] = Value{Text: secret.New(text), Where: s.Env}
		}
	}
	return v
}

// FromFile reads a layer from a file of lines "key = value"; empty lines and
// lines that start with # are skipped. It returns what it understood together
// with every mistake: a line without "=", an unknown key, a key given twice.
func FromFile(path string) (v Values, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Invalidf("read the configuration: %w", err).Do("check the path, or start without a configuration file")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return parse(path, io.LimitReader(f, fileBytesMax))
}

func parse(name string, r io.Reader) (Values, error) {
	v := Values{}
	var mistakes []error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, fileBytesMax)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		where := name + ", line " + strconv.Itoa(n)
		if err := v.addLine(where, line); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if err := lines.Err(); err != nil {
		mistakes = append(mistakes, fault.Invalidf("read %s: %w", name, err).Do("check that it is a text file"))
	}
	return v, errors.Join(mistakes...)
}

// addLine adds one line of a file. A line that is not understood is not
// quoted: it may hold a password.
func (v Values) addLine(where, line string) error {
	key, text, ok := strings.Cut(line, "=")
	key, text = strings.TrimSpace(key), strings.TrimSpace(text)
	if !ok {
		return fault.Invalidf("no \"=\" in this line").WithField(where).Do("write key = value, or start a comment with #")
	}
	if known(key) == nil {
		return fault.Invalidf("unknown setting %q", key).WithField(where).Do(remedyUnknown(key))
	}
	if first, twice := v[key]; twice {
		return fault.Invalidf("%s is given twice, first in %s", key, first.Where).WithField(where).Do("delete one of the lines")
	}
	if text == "" {
		return fault.Invalidf("%s has no value", key).WithField(where).Do("give a value, or delete the line to get the default")
	}
	v[key] = Value{Text: secret.New(text), Where: where}
	return nil
}

func known(key string) *Setting {
	for _, s := range Settings() {
		if s.Key == key {
			return &s
		}
	}
	return nil
}

func remedyUnknown(key string) string {
	var keys []string
	plain := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(key))
	for _, s := range Settings() {
		if s.Key == plain || s.Env == strings.ToUpper(key) {
			return "write it as " + s.Key
		}
		keys = append(keys, s.Key)
	}
	return "the settings are: " + strings.Join(keys, ", ")
}

// Merge lays layers over each other; the first that names a setting wins.
func Merge(layers ...Values) Values {
	merged := Values{}
	for _, layer := range layers {
		for key, value := range layer {
			if _, ok := merged[key]; !ok {
				merged[key] = value
			}
		}
	}
	return merged
}

// Load makes the configuration from values and the defaults. It reports every
// mistake at once, as joined faults of KindInvalid that name where each value
// was given and what to write instead. lookup is os.LookupEnv; it serves the
// default data folder.
func Load(values Values, lookup func(name string) (string, bool)) (Config, error) {
	var c Config
	var mistakes []error
	for _, s := range Settings() {
		value, given := values[s.Key]
		if !given {
			value = Value{Text: secret.New(defaultOf(s, c, lookup)), Where: s.Key}
		}
		if value.Text.IsZero() {
			continue
		}
		if err := s.set(&c, value.Text.Reveal()); err != nil {
			mistakes = append(mistakes, at(value.Where, err))
		}
	}
	for key, value := range values {
		if known(key) == nil {
			mistakes = append(mistakes, fault.Invalidf("unknown setting").WithField(value.Where).Do(remedyUnknown(key)))
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// defaultOf returns the default of a setting; c holds the settings before it.
func defaultOf(s Setting, c Config, lookup func(name string) (string, bool)) string {
	switch s.Key {
	case "data-dir":
		if home, ok := lookup("XDG_DATA_HOME"); ok && filepath.IsAbs(home) {
			return filepath.Join(home, "spindle")
		}
		return "spindle-data"
	case "database":
		return filepath.Join(c.DataDir, "spindle.db")
	}
	return s.Default
}

// at names the place of a mistake.
func at(where string, err error) error {
	if e := fault.Find(err); e != nil {
		return e.WithField(where)
	}
	return fault.Invalidf("%w", err).WithField(where)
}
