package email

import (
	"context"
	"fmt"
	"slices"
	"time"

	"signoff/connectors/email/letter"
	"signoff/internal/flow"
)

const (
	mostHard     = 3
	hardWithin   = 7 * 24 * time.Hour
	suspendedFor = 30 * 24 * time.Hour
)

// backRow is what came back from an address.
type backRow struct {
	Hard      []time.Time `json:"hard,omitempty"`
	Suspended string      `json:"suspended,omitempty"` // why no mail goes there
	Since     time.Time   `json:"since,omitzero"`
}

func keyBack(address string) string { return "b/" + address }

// returnedFrom is what came back from an address; a suspension ends after a month.
func (c *Connector) returnedFrom(ctx context.Context, address string) (row backRow, err error) {
	if _, err = c.memory.Load(ctx, keyBack(address), &row); err != nil {
		return row, err
	}
	if row.Suspended != "" && c.d.Now().Sub(row.Since) > suspendedFor {
		row = backRow{}
	}
	return row, nil
}

// cameBack notes that an address surely does not take our mail; three times within a week suspend it, a complaint at once.
// One report counts once, however often it is read.
func (c *Connector) cameBack(ctx context.Context, address string, at time.Time, complaint bool) error {
	c.rows.Lock()
	defer c.rows.Unlock()
	row, err := c.returnedFrom(ctx, address)
	if err != nil {
		return err
	}
	at = at.UTC()
	if !slices.ContainsFunc(row.Hard, at.Equal) {
		row.Hard = append(row.Hard, at)
	}
	row.Hard = slices.DeleteFunc(row.Hard, func(t time.Time) bool { return at.Sub(t) > hardWithin })
	switch {
	case row.Suspended != "":
	case complaint:
		row.Suspended, row.Since = "somebody there marked our mail as unwanted", at
	case len(row.Hard) >= mostHard:
		row.Suspended, row.Since = fmt.Sprintf("%d mails came back within %d days", mostHard, int(hardWithin.Hours()/24)), at
	}
	if row.Suspended != "" {
		c.d.Log.Warn("mail to an address is suspended", "why", row.Suspended)
	}
	c.memory.Note(keyBack(address), row)
	return nil
}

// answered ends a suspension: somebody writes from the address.
func (c *Connector) answered(ctx context.Context, address string) {
	if row, err := c.returnedFrom(ctx, address); err == nil && row.Suspended != "" {
		c.memory.Forget(keyBack(address))
	}
}

// failure is one mail of ours that did not arrive.
type failure struct {
	Request flow.RequestID `json:"request"`
	Effect  string         `json:"effect,omitempty"`
	Address string         `json:"address"`
	Why     string         `json:"why"`
	Hard    bool           `json:"hard,omitempty"`
}

// failures reads what a report says of mails of ours. One that names none that we sent is backscatter: nothing follows.
func (c *Connector) failures(ctx context.Context, l letter.Letter, at time.Time) (list []failure, err error) {
	row, ok, err := c.reported(ctx, l)
	if err != nil || !ok || l.Report == nil {
		return nil, err
	}
	said := l.Report.Recipients
	if len(said) == 0 {
		said = []letter.Recipient{{Address: row.Sent.To, Action: l.Report.Kind}}
	}
	for _, r := range said {
		f := failure{Request: row.Request, Effect: row.Sent.Effect, Address: row.Sent.To, Why: reason(r), Hard: r.Hard()}
		complaint := l.Report.Kind == letter.Complaint
		if complaint {
			f.Hard, f.Why = true, "it was marked as unwanted there"
		}
		if r.Action != letter.Failed && !complaint {
			continue // it may still arrive
		}
		if f.Hard {
			if err := c.cameBack(ctx, row.Sent.To, at, complaint); err != nil {
				return nil, err
			}
		}
		return append(list, f), nil // each mail of ours went to one address
	}
	return nil, nil
}

// reported finds the mail of ours that a report is about: by the address it came back to, else by its Message-ID.
func (c *Connector) reported(ctx context.Context, l letter.Letter) (row mailRow, ok bool, err error) {
	if key, right := c.returned(l.Delivered); right {
		ok, err = c.memory.Load(ctx, "m/"+key, &row)
		if err != nil || ok && row.Sent != nil {
			return row, ok, err
		}
	}
	var ids []string
	if l.Report != nil {
		ids = append(append(ids, l.Report.Original), l.Report.Mentioned...)
	}
	for _, id := range slices.Concat(ids, l.InReplyTo, l.References) {
		row, ok, err = c.mail(ctx, id)
		if err != nil || ok && row.Sent != nil {
			return row, ok, err
		}
	}
	return mailRow{}, false, nil
}

// reason is why a mail did not arrive, as one clause.
func reason(r letter.Recipient) string {
	words := oneLine(r.Diagnostic)
	switch {
	case words == "" && r.Status == "":
		return "the mail server there refused it"
	case words == "":
		return "the mail server there refused it with " + r.Status
	}
	return clip(words, 200)
}
