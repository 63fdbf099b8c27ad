package file

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"testing"
)

// repeated gives the sample over and over without holding it in memory.
type repeated struct {
	text  []byte
	times int64
}

func (r repeated) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < int64(len(r.text))*r.times {
		k := copy(p[n:], r.text[off%int64(len(r.text)):])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

func usageInput(tb testing.TB, times int64) Input {
	tb.Helper()
	text, err := os.ReadFile("testdata/daily-rated-usage.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	text = append(bytes.TrimSpace(text), '\n')
	return Input{Name: "big.jsonl", Data: repeated{text, times}, Size: int64(len(text)) * times}
}

// TestUsageMemoryDoesNotGrowWithTheFile imports files of 1 MB and 60 MB; both must leave about the same behind while reading.
func TestUsageMemoryDoesNotGrowWithTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector's memory is not ours")
	}
	peak := func(times int64) uint64 {
		var most uint64
		in := usageInput(t, times)
		in.Data = watched{in.Data.(repeated), func() {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}}
		if _, err := Read(context.Background(), []Input{in}, Options{}); err != nil {
			t.Fatal(err)
		}
		return most
	}
	small, large := peak(20), peak(1000)
	if large > small+8<<20 {
		t.Errorf("%d MB for 60 times the rows, %d MB before", large>>20, small>>20)
	}
}

// watched looks at the heap every few megabytes.
type watched struct {
	repeated
	look func()
}

func (w watched) ReadAt(p []byte, off int64) (int, error) {
	if off>>22 != (off+int64(len(p)))>>22 {
		w.look()
	}
	return w.repeated.ReadAt(p, off)
}

// Of rows that are alike only the numbers are read. A row that is read in full makes some hundred things.
func TestRowsThatAreAlikeCostLittle(t *testing.T) {
	made := testing.AllocsPerRun(3, func() {
		if im, err := Read(context.Background(), []Input{usageInput(t, 100)}, Options{}); err != nil || len(im.Errors) > 0 {
			t.Fatal(err, im.Errors)
		}
	})
	if perRow := made / usageRows / 100; perRow > 10 {
		t.Errorf("%.0f things are made per row", perRow)
	}
}

// usageRows is how many rows of usageInput's are different.
const usageRows = 29

func BenchmarkUsage(b *testing.B) {
	in := usageInput(b, 10_000)
	b.SetBytes(in.Size)
	b.ReportAllocs()
	for b.Loop() {
		im, err := Read(context.Background(), []Input{in}, Options{})
		if err != nil || len(im.Errors) > 0 || im.Usage[0].Rows != usageRows*10_000 {
			b.Fatal(err, im.Errors)
		}
	}
	b.ReportMetric(usageRows*10_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
