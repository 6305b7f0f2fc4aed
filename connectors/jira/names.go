package jira

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"

	"signoff/connectors"
	"signoff/internal/source"
)

// Names implements connectors.Namer.
func (c *Connector) Names() string { return "project" }

// Unknown asks for each project; one that the account may not see answers as one that is not there.
func (c *Connector) Unknown(ctx context.Context, names []string) (map[string]string, error) {
	unknown := map[string]string{}
	for _, key := range names {
		var project struct {
			Key string `json:"key"`
		}
		err := c.do(ctx, get("read project", "project/"+url.PathEscape(key), nil), &project)
		if e, ok := errors.AsType[*connectors.Error](err); ok && e.Class == connectors.Rejected {
			unknown[key], _ = source.Nearest(key, slices.Sorted(maps.Keys(c.set.Projects)))
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return unknown, nil
}
