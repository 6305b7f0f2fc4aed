package jira

import (
	"net/http"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Pace names the limits: writes per ticket, calls per site, the daily budget if one is set, and one against playing
// ping-pong with somebody else's automation.
//
// Jira takes 20 writes in 2 s and 100 in 30 s per ticket, and about 100 calls a second per site, of which we want a tenth.
// A change of a ticket makes up to three writes as a rule, everything else makes one.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	paces := []connectors.Pace{{Key: "site", PerMinute: 180, Burst: 20}}
	if c.nearLimit() {
		paces = append(paces, connectors.Pace{Key: "near", PerMinute: 60, Burst: 1, Budget: true})
	}
	if id := ticketID(e); id != "" {
		paces = append(paces, connectors.Pace{Key: "issue/" + id, PerMinute: 50, Burst: 5, Alone: true})
		if e.Show != nil && e.Show.View.Kind == flow.TicketView {
			paces = append(paces,
				connectors.Pace{Key: "changes/" + id, PerMinute: 20, Burst: 4, Budget: true},
				connectors.Pace{Key: "hops/" + id, PerMinute: 2, Burst: 20, Budget: true}) // 20 in 10 minutes
		} else {
			paces = append(paces, connectors.Pace{Key: "words/" + id, PerMinute: 140, Burst: 8, Budget: true})
		}
	}
	if n := c.set.WritesPerDay; n > 0 {
		paces = append(paces, connectors.Pace{Key: "day", PerMinute: float64(n) / (24 * 60), Burst: n, Budget: true})
	}
	return paces
}

// ticketID is the ticket an effect writes to, "" for one that is still to be made.
func ticketID(e flow.Effect) string {
	switch {
	case e.Tell != nil && e.Tell.Where.Type == "issue":
		return e.Tell.Where.Key
	case e.Copy != nil:
		return e.Copy.To.Key
	case e.Show == nil:
		return ""
	case isLink(e):
		return linkTicket(e.Show)
	case isComment(e):
		return commentIssue(e.Show)
	case e.Show.Link != nil:
		return e.Show.Link.Ref.Key
	}
	return ""
}

// nearFor is how long we go slowly after Jira said that little is left.
const nearFor = time.Minute

// watchLimit notes that less than a fifth of what Jira allows is left.
func (c *Connector) watchLimit(h http.Header) {
	if strings.EqualFold(h.Get("X-Ratelimit-Nearlimit"), "true") {
		c.near.Store(c.deps.Now().Add(nearFor).UnixNano())
	}
}

func (c *Connector) nearLimit() bool {
	until := c.near.Load()
	return until != 0 && c.deps.Now().UnixNano() < until
}
