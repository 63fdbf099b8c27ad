package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workDir is the folder of this run of the tests; TestMain sets and removes it.
var workDir string

// program builds the real binary, once, from what was compiled for the tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "spindle")
	build := exec.Command("go", "build", "-o", path, "spindle/cmd/spindle")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// output keeps what a child says, for when a test fails.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// child is a running process of the real program.
type child struct {
	t    testing.TB
	cmd  *exec.Cmd
	said *output
	over chan struct{} // closed when it has ended
}

// command prepares the program with nothing of the developer's environment that concerns it.
func command(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SPINDLE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// launch starts the program, reads the line of JSON it begins with, and stops it at the end of the test.
func launch(t testing.TB, first any, args ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: command(context.Background(), t, args...), said: &output{}, over: make(chan struct{})}
	c.cmd.Stderr = c.said
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, first)
	}
	go func() {
		defer close(c.over)
		_, _ = io.Copy(c.said, lines) // what it says later
		_ = c.cmd.Wait()              // a child that a test kills ends with an error
	}()
	t.Cleanup(c.stop)
	if err != nil {
		c.stop()
		t.Fatalf("spindle %s: %v\n%s%s", strings.Join(args, " "), err, line, c.said)
	}
	return c
}

// stop ends the process as Ctrl-C does.
func (c *child) stop() { c.end(syscall.SIGTERM) }

// kill ends it as a power cut does.
func (c *child) kill() { c.end(syscall.SIGKILL) }

func (c *child) end(signal os.Signal) {
	c.t.Helper()
	_ = c.cmd.Process.Signal(signal) // it may have ended already
	select {
	case <-c.over:
	case <-time.After(patience):
		c.t.Errorf("the program did not end at %v; it said\n%s", signal, c.said)
		_ = c.cmd.Process.Kill() // so that the test does not hang as well
		<-c.over
	}
}

// runCommand runs one command to its end and gives what it prints.
func runCommand(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := command(ctx, t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("spindle %s: %v\n%s%s", strings.Join(args, " "), err, out, &wrong)
	}
	return string(out)
}
