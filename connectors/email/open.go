package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"signoff/connectors"
	"signoff/connectors/email/letter"
	"signoff/internal/flow"
)

const opOpen = "open file of a mail"

// Open implements connectors.Opener: a file is read from the mail it came with, which is kept.
func (c *Connector) Open(ctx context.Context, file flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	id, part, ok := strings.Cut(file.Key, "/")
	if file.System != c.d.Instance || file.Type != "file" || !ok || c.d.Delivery == nil {
		return nil, connectors.FileMeta{}, &connectors.Error{Op: opOpen, Class: connectors.Rejected, Err: fmt.Errorf("%s is no file of a mail", file)}
	}
	raw, err := c.d.Delivery(ctx, id)
	if err != nil {
		return nil, connectors.FileMeta{}, &connectors.Error{Op: opOpen, Class: connectors.Transient, Err: fmt.Errorf("read the mail: %w", err)}
	}
	if raw == nil {
		return nil, connectors.FileMeta{}, &connectors.Error{Op: opOpen, Class: connectors.Rejected, Gone: "deleted", Err: errors.New("the mail is kept no longer"),
			Person: "The mail that this file came with is not kept any more; it may still be in the mailbox."}
	}
	body, f, err := letter.Open(raw, part)
	if err != nil {
		return nil, connectors.FileMeta{}, &connectors.Error{Op: opOpen, Class: connectors.Rejected, Err: err, Person: "This file cannot be read from its mail."}
	}
	return io.NopCloser(bytes.NewReader(body)), connectors.FileMeta{Name: f.Name, Type: f.Type, Size: int64(len(body)), AsSent: true}, nil
}
