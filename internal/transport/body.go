package transport

import (
	"context"
	"io"

	"spindle/internal/fault"
)

// cappedBody ends with a fault beyond its cap and frees the call's place when it is closed.
type cappedBody struct {
	io.ReadCloser
	left   int64
	capped bool
	ctx    context.Context
	done   func()
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.capped && int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one byte more than allowed shows that there is more
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.capped && b.left < 0 {
		return 0, fault.Invalidf("the answer is larger than allowed").Do("check that the address is the vendor's; else report this as a defect")
	}
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *cappedBody) Close() error {
	err := b.ReadCloser.Close()
	b.done()
	return err
}

// replay reads what was already looked at, then the rest.
type replay struct {
	io.Reader
	io.Closer
}
