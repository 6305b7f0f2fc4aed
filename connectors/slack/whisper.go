package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
)

// Bounds of a response address: Slack takes five answers within thirty minutes.
const (
	addressTime = 30 * time.Minute
	addressUses = 5
	addressMost = 4096 // held at a time; the oldest goes first
)

// addresses holds the response addresses of recent deliveries, in memory only: they are secrets that are worth
// nothing after half an hour, and without one an ephemeral message says the same.
type addresses struct {
	mu    sync.Mutex
	by    map[string]*address
	order []string
}

type address struct {
	url   string
	over  bool // what is answered takes the place of the message that was pressed
	until time.Time
	left  int
}

func newAddresses() *addresses { return &addresses{by: map[string]*address{}} }

// put remembers the address of a delivery.
func (a *addresses) put(delivery, url string, at time.Time) {
	if url == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.by[delivery]; known {
		return
	}
	for len(a.order) > 0 && (len(a.order) >= addressMost || a.by[a.order[0]].until.Before(at)) {
		delete(a.by, a.order[0])
		a.order = a.order[1:]
	}
	a.by[delivery] = &address{url: url, until: at.Add(addressTime), left: addressUses}
	a.order = append(a.order, delivery)
}

// overwrites notes that answers to a delivery take the place of the message that was pressed: its buttons are used up.
func (a *addresses) overwrites(delivery string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if got, ok := a.by[delivery]; ok {
		got.over = true
	}
}

// take returns the address of a delivery for one use, "" when there is none or it has expired.
func (a *addresses) take(delivery string, now time.Time) string {
	url, _ := a.taken(delivery, now)
	return url
}

// taken is take, and whether the answer takes the place of the message that was pressed.
func (a *addresses) taken(delivery string, now time.Time) (url string, over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.by[delivery]
	if !ok || got.left == 0 || now.After(got.until) {
		return "", false
	}
	got.left--
	return got.url, got.over
}

// whisper says who is to read something alone, and how they can be reached.
type whisper struct {
	team, user, channel, thread, address string
	over                                 bool // in place of the message that was pressed
}

var errNoPlace = errors.New("there is neither a channel nor an account to answer to")

// whisper tells one person something: by the response address, else by an ephemeral message where they acted, else
// directly.
func (c *Connector) whisper(ctx context.Context, to whisper, s spoken) error {
	if to.address != "" && c.answerable(to.address) {
		err := c.reply(ctx, to, s)
		if err == nil {
			return nil
		}
		c.log.Info("response address not usable", "err", err)
	}
	if to.channel != "" && to.user != "" {
		err := c.ephemeral(ctx, to, s)
		if !outside(err) {
			return err
		}
	}
	if to.user == "" {
		return &connectors.Error{Op: opEphemeral, Class: connectors.Rejected, Err: errNoPlace}
	}
	channel, err := c.direct(ctx, member{to.team, to.user})
	if err != nil {
		return err
	}
	_, err = c.post(ctx, outgoing{team: to.team, channel: channel, user: to.user, spoken: s})
	return err
}

// outside reports that the person or we are not in the channel, so that a direct message has to do.
func outside(err error) bool {
	switch codeOf(err) {
	case "user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived":
		return true
	}
	return false
}

func (c *Connector) ephemeral(ctx context.Context, to whisper, s spoken) error {
	options := []slack.MsgOption{
		slack.MsgOptionText(s.text, false), slack.MsgOptionBlocks(s.blocks...), slack.MsgOptionLinkNames(false),
	}
	if to.thread != "" {
		options = append(options, slack.MsgOptionTS(to.thread))
	}
	_, err := c.web(to.team).PostEphemeralContext(ctx, to.channel, to.user, options...)
	if err != nil {
		// Said twice is better than not at all, and nobody can look an ephemeral message up.
		return c.failed(call{op: opEphemeral, team: to.team, repeatable: true}, err)
	}
	return nil
}

// answerable reports whether an address is one of Slack's own, or of the stand-in that api_url names.
func (c *Connector) answerable(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	hooks := "hooks.slack.com"
	if isGov(c.settings.APIURL) {
		hooks = "hooks.slack-gov.com"
	}
	if u.Scheme == "https" && u.Host == hooks {
		return true
	}
	base, err := url.Parse(c.settings.APIURL)
	return err == nil && c.settings.APIURL != defaultAPI && u.Scheme == base.Scheme && u.Host == base.Host
}

// reply posts to a response address, in the thread in which the person acted. Errors never hold the address.
func (c *Connector) reply(ctx context.Context, to whisper, s spoken) error {
	answer := map[string]any{"response_type": "ephemeral", "replace_original": to.over, "text": s.text, "blocks": s.blocks}
	if to.thread != "" {
		answer["thread_ts"] = to.thread
	}
	return c.respondAt(ctx, to.address, answer)
}

// respondAt sends an answer to a response address.
func (c *Connector) respondAt(ctx context.Context, address string, answer map[string]any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the response address cannot be used")
	}
	req.Header.Set("Content-Type", typeJSON)
	resp, err := c.http.Do(req)
	if err != nil {
		return c.failed(call{op: opReply, repeatable: true}, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return refusedReply(resp)
}

// refusedReply reads what a response address says with a 200: "ok", {"ok":true}, or a word like expired_url.
func refusedReply(resp *http.Response) error {
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil {
		return &connectors.Error{Op: opReply, Class: connectors.Transient, Err: errNotJSON}
	}
	word := string(bytes.TrimSpace(said))
	if word == "" || word == "ok" {
		return nil
	}
	var a answer
	if err := json.Unmarshal([]byte(word), &a); err == nil {
		if a.OK {
			return nil
		}
		word = a.Error
	}
	return &connectors.Error{Op: opReply, Class: connectors.Rejected, Err: &slackError{code: word, text: "slack answered " + shown(word)}}
}
