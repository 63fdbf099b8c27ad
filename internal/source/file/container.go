package file

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

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

// A part may unpack to so many times its packed size, and to unpackedFree in any case: files of this trade stay far below, and what goes
// beyond was made to fill a disk.
const (
	unpackedTimes = 200
	unpackedFree  = 16 << 20
)

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
		return []part{{in.Name, gunzipped(plain, in.Size)}}, nil
	}
}

// gunzipped opens gzip text decompressed, all members one after the other, and other text as it is. packed is the size in the input.
func gunzipped(open func() (io.ReadCloser, error), packed int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		raw, err := open()
		if err != nil {
			return nil, err
		}
		buffered := bufio.NewReaderSize(raw, 1<<16)
		head, _ := buffered.Peek(2)
		if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
			return joined{bounded(buffered, packed), raw}, nil
		}
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			_ = raw.Close()
			return nil, err
		}
		return joined{bounded(unzipped, packed), raw}, nil
	}
}

// bounded ends what unpacks to more than it may with an error.
func bounded(in io.Reader, packed int64) io.Reader {
	return &boundedReader{in: in, left: max(unpackedFree, packed*unpackedTimes)}
}

type boundedReader struct {
	in   io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("it unpacks to more than %d times its size", unpackedTimes)
	}
	return n, err
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
	packed := in.Size
	for _, entry := range archive.File {
		base := filepath.Base(entry.Name)
		if entry.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(entry.Name, "__MACOSX/") || entry.UncompressedSize64 == 0 {
			continue
		}
		if entry.CompressedSize64 > uint64(packed) { // entries that share bytes unpack to anything
			return nil, []rows.RowError{{File: in.Name, Problem: "the zip archive is damaged: its entries overlap", Remedy: remedyAgain}}
		}
		size := int64(entry.CompressedSize64)
		packed -= size
		found = append(found, part{in.Name + "/" + entry.Name, gunzipped(entry.Open, size)})
	}
	if len(found) == 0 {
		return nil, []rows.RowError{{File: in.Name, Problem: "the zip archive holds no file", Remedy: remedyFile}}
	}
	return found, nil
}
