package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"signoff/connectors"
)

const duplicateLabel = "signoff-duplicate"

// duplicates deals with tickets that carry the mark of one that is followed: they are linked to it, labelled, and left
// to people. None is closed or deleted: somebody may have written in it.
func (c *Connector) duplicates(ctx context.Context, kept hit, hits []hit) {
	for _, h := range hits {
		if h.ID == kept.ID {
			continue
		}
		c.deps.Log.Error("two tickets carry the mark of one request; one is followed, the other is a duplicate for people to close",
			"ticket", kept.Key, "duplicate", h.Key, "alarm", "duplicate ticket")
		if err := c.markDuplicate(ctx, kept, h); err != nil {
			c.deps.Log.Warn("a duplicate is not marked in Jira", "duplicate", h.Key, "class", string(connectors.ClassOf(err)), "err", err)
		}
	}
}

func (c *Connector) markDuplicate(ctx context.Context, kept, h hit) error {
	label := call{
		op: "label duplicate", method: http.MethodPut, path: api2 + "issue/" + url.PathEscape(h.ID), issue: h.ID, scope: "ticket " + h.Key,
		body: map[string]any{"update": map[string]any{labelsField: []map[string]string{{"add": duplicateLabel}}}},
	}
	if err := c.do(ctx, label, nil); err != nil {
		return err
	}
	return c.do(ctx, call{
		op: "link duplicate", method: http.MethodPost, path: api2 + "issueLink", issue: h.ID, scope: "ticket " + h.Key,
		body: map[string]any{
			"type":         map[string]string{"name": "Duplicate"},
			"inwardIssue":  map[string]string{"key": h.Key},
			"outwardIssue": map[string]string{"key": kept.Key},
		},
	}, nil)
}

func decode(raw []byte, into any) bool { return json.Unmarshal(raw, into) == nil }
