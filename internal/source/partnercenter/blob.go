package partnercenter

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"

	"spindle/internal/fault"
	"spindle/internal/transport"
)

// resumesMax is how often a dropped download goes on where it stopped.
const resumesMax = 8

// blob reads one part of an export from storage, without a token: the address carries the right (Microsoft sheet §3.4). A dropped
// connection is resumed at the byte where it broke.
type blob struct {
	client *Client
	ctx    context.Context
	url    string
	name   string
	size   int64 // as the manifest says; 0 when it does not

	body    io.ReadCloser
	etag    string
	offset  int64
	resumes int
}

func (c *Client) openBlob(ctx context.Context, m manifest, i int) *blob {
	address := strings.TrimSuffix(m.RootDirectory, "/") + "/" + (&url.URL{Path: m.Blobs[i].Name}).EscapedPath() + "?" + strings.TrimPrefix(m.SASToken, "?")
	return &blob{client: c, url: address, name: m.Blobs[i].Name, size: m.Blobs[i].SizeInBytes,
		ctx: transport.WithBodyBytesMax(transport.WithTimeout(ctx, -1), -1)}
}

func (b *blob) Read(p []byte) (int, error) {
	for {
		if b.body == nil {
			if err := b.connect(); err != nil {
				return 0, err
			}
		}
		n, err := b.body.Read(p)
		b.offset += int64(n)
		switch {
		case err == nil, n > 0 && err != io.EOF:
			return n, nil // an error will come again
		case err == io.EOF:
			if b.size > 0 && b.offset < b.size {
				return n, io.ErrUnexpectedEOF
			}
			return n, io.EOF
		case b.ctx.Err() != nil:
			return 0, b.ctx.Err()
		}
		_ = b.Close()
		if b.resumes++; b.resumes > resumesMax {
			return 0, fault.Transientf("the download of %s broke off %d times: %w", b.name, b.resumes, err).Do("check the network and try again")
		}
	}
}

// Close ends the download.
func (b *blob) Close() error {
	if b.body == nil {
		return nil
	}
	err := b.body.Close()
	b.body = nil
	return err
}

func (b *blob) connect() error {
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return fault.Transientf("the address of %s cannot be used", b.name)
	}
	req.Header.Set("Accept-Encoding", "identity") // the bytes as stored: the parts are gzip files (Microsoft sheet §3.4)
	req.Header.Set("x-ms-version", "2021-08-06")
	if b.offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", b.offset))
		if b.etag != "" {
			req.Header.Set("If-Match", b.etag)
		}
	}
	resp, err := transport.Do(b.client.blobHTTP, req)
	if err != nil {
		return err
	}
	want := http.StatusOK
	if b.offset > 0 {
		want = http.StatusPartialContent
	}
	if resp.StatusCode != want {
		return b.refused(resp)
	}
	b.etag, b.body = resp.Header.Get("ETag"), resp.Body
	return nil
}

func (b *blob) refused(resp *http.Response) error {
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	code, text := errorText(body)
	err := fault.Transientf("storage answered %d for %s: %s %s", resp.StatusCode, b.name, code, text).Do("try again later")
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 {
		return err
	}
	return fmt.Errorf("%w: %w", errAgain, err) // the right has run out, the part is gone or has changed
}

// opened gives the decompressed text of a part: gzip, by its first bytes, with any number of members (Microsoft sheet §3.4).
func opened(b io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(b, 1<<18)
	head, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}
