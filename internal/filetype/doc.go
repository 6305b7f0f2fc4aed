// Package filetype says what a file from outside may be called and what its bytes really are, before signoff passes it on.
//
// It reads nothing by itself and keeps nothing: CleanName works on a name, Check on the first bytes, which Head takes from a
// stream without losing them.
package filetype

import (
	"bytes"
	"errors"
	"io"
)

// SniffSize is how much of a file Check wants to see. Where a file is shorter, all of it.
const SniffSize = 3072

// Head reads the first bytes of r, at most SniffSize, and returns them with a reader of the whole stream from its beginning.
// A stream that breaks off this early is an error.
func Head(r io.Reader) (head []byte, whole io.Reader, err error) {
	head = make([]byte, SniffSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, err
	}
	head = head[:n:n]
	return head, io.MultiReader(bytes.NewReader(head), r), nil
}
