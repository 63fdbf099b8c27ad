package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// script runs one file of testdata: command lines, then files in the txtar manner ("-- name --"). The language is the part of testscript
// (github.com/rogpeppe/go-internal) that these suites use: "!" wants a failure; single quotes keep an argument together; $NAME is the
// environment; stdout and stderr match regular expressions against what the last command wrote.
type script struct {
	t        *testing.T
	stage    *stage
	dir      string
	env      map[string]string
	out, bad bytes.Buffer
	line     string
	at       int
	cleanup  []func()
}

// command is one word of the language.
type command func(ts *script, neg bool, args []string)

// failure ends a script.
type failure struct{ text string }

func runScript(t *testing.T, path string, s *stage, commands map[string]command) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ts := &script{t: t, stage: s, dir: t.TempDir(), env: map[string]string{}}
	defer func() {
		for _, f := range slices.Backward(ts.cleanup) {
			f()
		}
		if f, failed := recover().(failure); failed {
			t.Fatalf("%s:%d: %s\n%s\n[stdout]\n%s[stderr]\n%s", filepath.Base(path), ts.at, ts.line, f.text, head(ts.out.String()), ts.bad.String())
		}
	}()
	lines, files := unpack(string(text))
	for name, content := range files {
		ts.Check(os.WriteFile(filepath.Join(ts.dir, name), []byte(content), 0o600))
	}
	prepare(ts)
	for i, line := range lines {
		ts.at, ts.line = i+1, line
		ts.step(commands, ts.words(line))
	}
}

// head keeps a failure readable.
func head(text string) string {
	const most = 6000
	if len(text) > most {
		return text[:most] + "…\n"
	}
	return text
}

var fileMark = regexp.MustCompile(`^-- (\S+) --$`)

// unpack splits a script from its files.
func unpack(text string) (lines []string, files map[string]string) {
	files = map[string]string{}
	name := ""
	for line := range strings.Lines(text) {
		if m := fileMark.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			name = m[1]
			files[name] = ""
			continue
		}
		if name != "" {
			files[name] += line
			continue
		}
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	return lines, files
}

// words splits a line; inside single quotes nothing is expanded, and a pair of them is an empty word.
func (ts *script) words(line string) []string {
	var words []string
	for line = strings.TrimSpace(line); line != "" && line[0] != '#'; line = strings.TrimLeft(line, " ") {
		word := ""
		for line != "" && line[0] != ' ' {
			if line[0] == '\'' {
				quoted, rest, closed := strings.Cut(line[1:], "'")
				if !closed {
					ts.Fatalf("a quote is not closed")
				}
				word, line = word+quoted, rest
				continue
			}
			end := strings.IndexAny(line, " '")
			if end < 0 {
				end = len(line)
			}
			word, line = word+os.Expand(line[:end], ts.Getenv), line[end:]
		}
		words = append(words, word)
	}
	return words
}

func (ts *script) step(commands map[string]command, words []string) {
	if len(words) == 0 {
		return
	}
	neg := words[0] == "!"
	if neg {
		words = words[1:]
	}
	run, known := commands[words[0]]
	if !known {
		run, known = builtins()[words[0]]
	}
	if !known {
		ts.Fatalf("unknown command %s", words[0])
	}
	run(ts, neg, words[1:])
}

func builtins() map[string]command {
	return map[string]command{
		"stdout": func(ts *script, neg bool, args []string) { ts.match(&ts.out, neg, args) },
		"stderr": func(ts *script, neg bool, args []string) { ts.match(&ts.bad, neg, args) },
		"env": func(ts *script, _ bool, args []string) {
			for _, pair := range args {
				name, value, _ := strings.Cut(pair, "=")
				ts.Setenv(name, value)
			}
		},
		"cp": func(ts *script, _ bool, args []string) {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(args[0])), 0o600))
		},
		"exists": func(ts *script, _ bool, args []string) {
			for _, name := range args {
				_, err := os.Stat(ts.MkAbs(name))
				ts.Check(err)
			}
		},
		"exec": func(ts *script, neg bool, args []string) {
			c := exec.CommandContext(ts.stage.ctx, args[0], args[1:]...)
			c.Dir, c.Stdout, c.Stderr = ts.dir, ts.Stdout(), ts.Stderr()
			if err := c.Run(); (err != nil) != neg {
				ts.Fatalf("%v", err)
			}
		},
	}
}

func (ts *script) match(text *bytes.Buffer, neg bool, args []string) {
	if args[0] == "--" {
		args = args[1:]
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	if pattern.Match(text.Bytes()) == neg {
		ts.Fatalf("no match wanted: %t", neg)
	}
}

// Stdout takes the output of the next command; what the last one wrote is forgotten.
func (ts *script) Stdout() io.Writer { ts.out.Reset(); return &ts.out }

// Stderr is like Stdout.
func (ts *script) Stderr() io.Writer { ts.bad.Reset(); return &ts.bad }

func (ts *script) Fatalf(format string, args ...any) { panic(failure{fmt.Sprintf(format, args...)}) }

func (ts *script) Check(err error) {
	if err != nil {
		ts.Fatalf("%v", err)
	}
}

func (ts *script) Defer(f func()) { ts.cleanup = append(ts.cleanup, f) }

func (ts *script) Getenv(name string) string { return ts.env[name] }

func (ts *script) Setenv(name, value string) { ts.env[name] = value }

func (ts *script) MkAbs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(ts.dir, name)
}

// ReadFile reads a file; stdout and stderr are what the last command wrote.
func (ts *script) ReadFile(name string) string {
	switch name {
	case "stdout":
		return ts.out.String()
	case "stderr":
		return ts.bad.String()
	}
	text, err := os.ReadFile(ts.MkAbs(name))
	ts.Check(err)
	return string(text)
}

// prepare gives a script its environment and the vendor's sample files.
func prepare(ts *script) {
	ts.Setenv("WORK", ts.dir)
	ts.Setenv("SPINDLE_DATA_DIR", filepath.Join(ts.dir, "data"))
	ts.Setenv("SPINDLE_TODAY", today)
	ts.Setenv("SPINDLE_AS", "clerk")
	samples, err := filepath.Glob("../source/file/testdata/*.*")
	if len(samples) == 0 {
		err = errors.Join(err, errors.New("no sample files"))
	}
	ts.Check(err)
	for _, path := range samples {
		text, err := os.ReadFile(path)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.dir, filepath.Base(path)), text, 0o600))
	}
}
