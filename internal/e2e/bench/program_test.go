package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// program builds the binary as make build does.
func program(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "spindle")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "spindle/cmd/spindle")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// BenchmarkDemo runs spindle demo as a user does: both simulators, the set-up, a month planned, applied and verified.
func BenchmarkDemo(b *testing.B) {
	path := program(b)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if out, err := exec.Command(path, "demo").CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "binary-MiB")
}

// BenchmarkColdStart measures from starting spindle serve to its first ready answer: with a new data folder, whose database is made and
// migrated first, and with one that exists.
func BenchmarkColdStart(b *testing.B) {
	path := program(b)
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			dir := b.TempDir()
			b.StartTimer()
			serve(b, path, dir)
		}
	})
	b.Run("existing", func(b *testing.B) {
		dir := b.TempDir()
		serve(b, path, dir)
		for b.Loop() {
			serve(b, path, dir)
		}
	})
}

// serve starts the server, waits until it is ready, and stops it outside the measured time.
func serve(b *testing.B, path, dir string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, "--data-dir", dir, "--json", "--log-level", "error", "serve", "--listen", "127.0.0.1:0")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	var at struct{ URL string }
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&at); err != nil {
		b.Fatal(err)
	}
	answer, err := http.Get(at.URL + "/readyz")
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatal(answer, err)
	}
	_ = answer.Body.Close()
	b.StopTimer()
	defer b.StartTimer()
	if err := command.Process.Signal(os.Interrupt); err != nil {
		b.Fatal(err)
	}
	_ = command.Wait() // it was asked to stop; how it says so is no matter here
}
