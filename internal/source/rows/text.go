package rows

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	readBuffer = 1 << 20
	// lineMax bounds one physical line. Real usage rows are about 2 KB, with tags perhaps 100 KB (Microsoft sheet §3.4, §6).
	lineMax = 16 << 20
)

var errLineTooLong = errors.New("the line is longer than 16 MiB")

// physicalLines reads text line by line without a limit that good rows could meet, and lets lines be given back.
type physicalLines struct {
	in     *bufio.Reader
	number int // of the line last returned
	buffer []byte
	back   [][]byte // lines given back, next one last
	begun  bool
}

func newPhysicalLines(r io.Reader) *physicalLines {
	return &physicalLines{in: bufio.NewReaderSize(r, readBuffer)}
}

// next gives the next line without its end. The bytes are good until the next call. At the end it gives io.EOF. A line that is too
// long is skipped and reported as errLineTooLong.
func (p *physicalLines) next() ([]byte, error) {
	if n := len(p.back); n > 0 {
		line := p.back[n-1]
		p.back = p.back[:n-1]
		p.number++
		return line, nil
	}
	line, err := p.read()
	if err != nil && !errors.Is(err, errLineTooLong) {
		return nil, err
	}
	p.number++
	if !p.begun {
		p.begun = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return line, err
}

// giveBack makes the lines come again; they must be copies.
func (p *physicalLines) giveBack(lines [][]byte) {
	for i := len(lines) - 1; i >= 0; i-- {
		p.back = append(p.back, lines[i])
	}
	p.number -= len(lines)
}

func (p *physicalLines) read() ([]byte, error) {
	p.buffer = p.buffer[:0]
	tooLong := false
	for {
		part, err := p.in.ReadSlice('\n')
		ended := err == nil
		if !tooLong {
			if ended && len(p.buffer) == 0 {
				return trimEnd(part), nil // the usual case: no copy
			}
			p.buffer = append(p.buffer, part...)
			tooLong = len(p.buffer) > lineMax
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(p.buffer) > 0:
		case err != nil:
			return nil, err
		}
		if tooLong {
			return nil, errLineTooLong
		}
		return trimEnd(p.buffer), nil
	}
}

func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
