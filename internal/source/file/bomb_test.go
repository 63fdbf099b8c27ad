package file

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

// TestBombsEnd gives files that unpack to a thousand times what they are, alone and in a zip, once and twice packed.
func TestBombsEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of megabytes: long under the race detector")
	}
	bomb := gzipped(t, 64<<20)
	for name, in := range map[string]Input{
		"gzip":        Bytes("bomb.gz", bomb),
		"gzip in zip": Bytes("bomb.zip", archived(t, zip.Store, bomb)),
		"zip":         Bytes("bomb.zip", archived(t, zip.Deflate, bytes.Repeat([]byte{'x'}, 64<<20))),
	} {
		found, problems := parts(in)
		if len(problems) > 0 || len(found) != 1 {
			t.Fatalf("%s: %d parts, problems %v", name, len(found), problems)
		}
		stream, err := found[0].open()
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, stream)
		if err == nil || !strings.Contains(err.Error(), "unpacks to more than") || n > max(unpackedFree, in.Size*unpackedTimes) {
			t.Errorf("%s: %d bytes were read, then %v", name, n, err)
		}
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestUnpackingIsForFilesOfTheTrade holds that what repeats itself as billing files do still unpacks.
func TestUnpackingIsForFilesOfTheTrade(t *testing.T) {
	found, problems := parts(Bytes("rows.gz", gzipped(t, unpackedFree)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	stream, err := found[0].open()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if n, err := io.Copy(io.Discard, stream); err != nil || n != unpackedFree {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestEntriesThatShareBytesAreRefused: three entries that each claim half of the archive cannot stand side by side.
func TestEntriesThatShareBytesAreRefused(t *testing.T) {
	const half = 4096
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, name := range []string{"a.csv", "b.csv", "c.csv"} {
		entry, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CompressedSize64: half, UncompressedSize64: half})
		if err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			continue // says what it does not hold
		}
		if _, err := entry.Write(make([]byte, half)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, problems := parts(Bytes("shared.zip", out.Bytes()))
	if len(problems) != 1 || !strings.Contains(problems[0].Problem, "overlap") || problems[0].Remedy == "" {
		t.Errorf("problems %v", problems)
	}
}

func gzipped(t *testing.T, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(bytes.Repeat([]byte{'x'}, size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func archived(t *testing.T, method uint16, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	entry, err := w.CreateHeader(&zip.FileHeader{Name: "rows.csv", Method: method})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
