package github

import (
	"signoff/connectors"
	"signoff/internal/flow"
)

// Pace names the limits: GitHub wants writes one after another with a second between them, takes 500 new issues and
// comments an hour, of which we want 400, and the daily budget is ours.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	paces := []connectors.Pace{
		{Key: "write", PerMinute: 60, Burst: 5, Alone: true},
		{Key: "content", PerMinute: 400.0 / 60, Burst: 60, Budget: true},
	}
	if n := c.set.WritesPerDay; n > 0 {
		paces = append(paces, connectors.Pace{Key: "day", PerMinute: float64(n) / (24 * 60), Burst: n, Budget: true})
	}
	return paces
}
