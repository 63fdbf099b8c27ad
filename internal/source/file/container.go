package file

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"

	"spindle/internal/source/rows"
)

// Input is one file to import.
type Input struct {
	Name string
	Data io.ReaderAt
	Size int64
}

// Bytes makes an input of a file in memory.
func Bytes(name string, data []byte) Input {
	return Input{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
}

// Open makes an input of a file on disk. Close it after the import.
func Open(path string) (Input, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return Input{}, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return Input{}, nil, err
	}
	return Input{Name: filepath.Base(path), Data: f, Size: info.Size()}, f, nil
}

// part is one stream of rows inside an input. Parts of one input belong to one download.
type part struct {
	name string
	open func() (io.ReadCloser, error) // opens the decompressed text from its beginning
}

const (
	remedyAgain = "download the file again"
	remedyFile  = "give a reconciliation or daily usage file as Partner Center delivers it: CSV, JSON Lines, or either in gzip or zip"
)

// parts looks at the first bytes, never at the name, to tell the container.
func parts(in Input) ([]part, []rows.RowError) {
	plain := func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(in.Data, 0, in.Size)), nil }
	var magic [4]byte
	n, _ := in.Data.ReadAt(magic[:], 0)
	switch head := magic[:n]; {
	case n == 0:
		return nil, []rows.RowError{{File: in.Name, Problem: "the file is empty", Remedy: remedyFile}}
	case bytes.HasPrefix(head, []byte("PK")):
		return zipParts(in)
	default:
		return []part{{in.Name, gunzipped(plain)}}, nil
	}
}

// gunzipped opens gzip text decompressed, all members one after the other, and other text as it is.
func gunzipped(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		raw, err := open()
		if err != nil {
			return nil, err
		}
		buffered := bufio.NewReaderSize(raw, 1<<16)
		head, _ := buffered.Peek(2)
		if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
			return joined{buffered, raw}, nil
		}
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			_ = raw.Close()
			return nil, err
		}
		return joined{unzipped, raw}, nil
	}
}

// joined reads one stream and closes the one below it.
type joined struct {
	io.Reader
	io.Closer
}

func zipParts(in Input) ([]part, []rows.RowError) {
	archive, err := zip.NewReader(in.Data, in.Size)
	if err != nil {
		return nil, []rows.RowError{{File: in.Name, Problem: "the zip archive is damaged: " + err.Error(), Remedy: remedyAgain}}
	}
	var found []part
	for _, entry := range archive.File {
		base := filepath.Base(entry.Name)
		if entry.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(entry.Name, "__MACOSX/") || entry.UncompressedSize64 == 0 {
			continue
		}
		found = append(found, part{in.Name + "/" + entry.Name, gunzipped(entry.Open)})
	}
	if len(found) == 0 {
		return nil, []rows.RowError{{File: in.Name, Problem: "the zip archive holds no file", Remedy: remedyFile}}
	}
	return found, nil
}
