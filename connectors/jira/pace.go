package jira

import (
	"signoff/connectors"
	"signoff/internal/flow"
)

// Pace names the limits: writes per ticket, calls per site, and the daily budget if one is set.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	// One effect makes up to four calls; Jira takes 20 writes in 2 s and 100 in 30 s per ticket, and about 100 calls a
	// second per site, of which we want a tenth.
	paces := []connectors.Pace{{Key: "site", PerMinute: 180, Burst: 20}}
	if id := ticketID(e); id != "" {
		paces = append(paces, connectors.Pace{Key: "issue/" + id, PerMinute: 50, Burst: 5, Alone: true})
	}
	if n := c.set.WritesPerDay; n > 0 {
		paces = append(paces, connectors.Pace{Key: "day", PerMinute: float64(n) / (24 * 60), Burst: n, Budget: true})
	}
	return paces
}

func ticketID(e flow.Effect) string {
	switch {
	case e.Tell != nil && e.Tell.Where.Type == "issue":
		return e.Tell.Where.Key
	case e.Show == nil:
		return ""
	case isLink(e):
		return linkTicket(e.Show)
	case e.Show.Link != nil:
		return e.Show.Link.Ref.Key
	}
	return ""
}
