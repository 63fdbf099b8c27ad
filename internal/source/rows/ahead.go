package rows

import (
	"io"
	"sync"
)

// So much is read ahead, in parts: little beside what a file may be, and much beside a row.
const (
	aheadParts = 3
	aheadBytes = 256 << 10
)

// Ahead reads a stream on a goroutine of its own, so that it is unpacked and hashed while the rows before it are read. Close ends that, and
// must be called before what the stream comes from is closed.
func Ahead(in io.Reader) io.ReadCloser {
	a := &ahead{full: make(chan []byte, aheadParts), empty: make(chan []byte, aheadParts), closed: make(chan struct{}), over: make(chan struct{})}
	for range aheadParts {
		a.empty <- make([]byte, aheadBytes)
	}
	go a.fill(in)
	return a
}

// ahead is for one goroutine, beside the one that fills it.
type ahead struct {
	full, empty chan []byte
	err         error // how the stream ended; set before full is closed
	part, rest  []byte

	closeOnce    sync.Once
	closed, over chan struct{}
}

// fill reads until the stream ends or nobody wants more.
func (a *ahead) fill(in io.Reader) {
	defer close(a.over)
	for {
		var part []byte
		select {
		case part = <-a.empty:
		case <-a.closed:
			return
		}
		n := 0
		for n < len(part) && a.err == nil {
			var read int
			read, a.err = in.Read(part[n:])
			n += read
		}
		select {
		case a.full <- part[:n]:
		case <-a.closed:
			return
		}
		if a.err != nil {
			close(a.full)
			return
		}
	}
}

// Read gives what was read ahead, and then how the stream ended.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.part != nil {
			a.empty <- a.part[:aheadBytes]
			a.part = nil
		}
		part, more := <-a.full
		if !more {
			return 0, a.err
		}
		a.part, a.rest = part, part
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close waits until nothing of the stream is read any more.
func (a *ahead) Close() error {
	a.closeOnce.Do(func() {
		close(a.closed)
		<-a.over
		a.err, a.rest, a.full = io.ErrClosedPipe, nil, make(chan []byte)
		close(a.full)
	})
	return nil
}
