package rows

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

func TestAheadGivesWhatThereIs(t *testing.T) {
	for _, size := range []int{0, 1, aheadBytes - 1, aheadBytes, 3*aheadBytes + 7} {
		want := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		a := Ahead(bytes.NewReader(want))
		got, err := io.ReadAll(iotest.OneByteReader(io.LimitReader(a, 5)))
		rest, err2 := io.ReadAll(a)
		if err != nil || err2 != nil || !bytes.Equal(append(got, rest...), want) {
			t.Errorf("%d bytes come as %d, %v %v", size, len(got)+len(rest), err, err2)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAheadTellsHowItEnded(t *testing.T) {
	broken := errors.New("the line broke")
	a := Ahead(io.MultiReader(bytes.NewReader([]byte("some")), iotest.ErrReader(broken)))
	defer a.Close()
	if got, err := io.ReadAll(a); string(got) != "some" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

// counted is without end, and counts how often it is read.
type counted struct{ reads atomic.Int64 }

func (c *counted) Read(p []byte) (int, error) {
	c.reads.Add(1)
	return len(p), nil
}

func TestNothingIsReadBehindTheEndOfAhead(t *testing.T) {
	var in counted
	a := Ahead(&in)
	if _, err := io.ReadFull(a, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	reads := in.reads.Load()
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("closed, and still read: %v", err)
	}
	if reads != in.reads.Load() || reads > aheadParts+1 {
		t.Errorf("it was read %d times, and %d when it was closed", in.reads.Load(), reads)
	}
}
