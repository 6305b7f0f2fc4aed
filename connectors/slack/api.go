package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// caller sends one request and never a second. Any status but 200 becomes a *statusError before the library sees it,
// so that a Retry-After in whatever form reaches our own classes. What Slack wants left alone is not called before its time.
type caller struct {
	client   *http.Client
	respites *respites
}

// statusError is an HTTP answer other than 200.
type statusError struct {
	code   int
	header http.Header
}

func (e *statusError) Error() string {
	return fmt.Sprintf("HTTP %d %s", e.code, http.StatusText(e.code))
}

// Do implements the library's HTTP client.
func (c caller) Do(req *http.Request) (*http.Response, error) {
	key := respiteKey(req)
	if early := c.respites.refusal(key); early != nil {
		return nil, early
	}
	resp, err := c.client.Do(req)
	if err != nil || resp.StatusCode == http.StatusOK {
		return resp, err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		c.respites.heed(key, resp.Header)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // only so that the connection can be used again
	_ = resp.Body.Close()
	return nil, &statusError{code: resp.StatusCode, header: resp.Header}
}

// answer is what every method's answer has.
type answer struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	Needed   string `json:"needed"`
	Metadata struct {
		Next     string   `json:"next_cursor"`
		Messages []string `json:"messages"`
	} `json:"response_metadata"`
}

// read calls a method that only reads and decodes its answer into our own small structs: the library's types fail as a
// whole on one block they do not know, and leave out fields we need. Errors are *connectors.Error.
func (c *Connector) read(ctx context.Context, team, method string, args url.Values, into any) (http.Header, error) {
	header, _, err := c.readPage(ctx, team, method, args, into)
	return header, err
}

// write is read for a method that must not be called twice: an answer that is lost leaves open whether it took effect.
func (c *Connector) write(ctx context.Context, team, method string, args url.Values, into any) (http.Header, error) {
	header, _, err := c.perform(ctx, call{op: method, team: team}, args, into)
	return header, err
}

// readPage is read for methods that answer in pages; next is the cursor of the page after.
func (c *Connector) readPage(ctx context.Context, team, method string, args url.Values, into any) (header http.Header, next string, err error) {
	return c.perform(ctx, call{op: method, team: team, repeatable: true}, args, into)
}

// perform makes one call.
func (c *Connector) perform(ctx context.Context, what call, args url.Values, into any) (header http.Header, next string, err error) {
	if asked, is := ctx.Value(recalling{}).(*bool); is {
		*asked = true
		return nil, "", &connectors.Error{Op: what.op, Class: connectors.Transient, Err: errRecalling}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.settings.APIURL+what.op, strings.NewReader(args.Encode()))
	if err != nil {
		return nil, "", &connectors.Error{Op: what.op, Class: connectors.Rejected, Err: errors.New("the address of the Web API cannot be used")}
	}
	req.Header.Set("Content-Type", typeForm)
	req.Header.Set("Authorization", "Bearer "+c.token(what.team))
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", c.failed(what, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, "", c.failed(what, err)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, "", c.failed(what, errNotJSON)
	}
	if !a.OK {
		said := slack.SlackErrorResponse{Err: a.Error, Needed: a.Needed, ResponseMetadata: slack.ResponseMetadata{Messages: a.Metadata.Messages}}
		return nil, "", c.failed(what, said)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, "", c.failed(what, errNotJSON)
	}
	return resp.Header, a.Metadata.Next, nil
}

var errNotJSON = errors.New("the answer is not the JSON that was expected")

// call says what was attempted, for the class of its error.
type call struct {
	op         string
	team       string // whose installation was used, "" for the settings' own
	channel    string // whose limit a refusal for now falls under: a channel, or the person of a direct one
	repeatable bool   // doing it again is harmless
}

// failed turns the error of a call into the one that crosses the boundary.
func (c *Connector) failed(what call, err error) *connectors.Error {
	return c.absent(what.team, what.classed(err))
}

func (what call) classed(err error) *connectors.Error {
	var done *connectors.Error
	if errors.As(err, &done) {
		return done
	}
	var status *statusError
	if errors.As(err, &status) {
		return what.refused(status)
	}
	var said slack.SlackErrorResponse
	if errors.As(err, &said) {
		return what.answered(said)
	}
	return outbound.Failure(what.op, unreadable(err), what.repeatable)
}

// unreadable replaces what the JSON decoder says, which may quote the answer.
func unreadable(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errNotJSON
	}
	return err
}

func (what call) refused(status *statusError) *connectors.Error {
	e := outbound.Answer(what.op, status.code, status.header, what.repeatable, "")
	if e == nil { // 201 and the like: Slack never says so
		return &connectors.Error{Op: what.op, Class: what.unclear(), Err: status}
	}
	switch e.Class {
	case connectors.Limited:
		what.limit(e)
	case connectors.Denied:
		e.Person = sentenceDenied
	}
	return e
}

// limit makes the whole method wait: an answer does not say whether the channel or the workspace had enough.
func (what call) limit(e *connectors.Error) { e.Scope = connectors.ScopeMethod }

// unclear is the class of an answer that leaves open whether anything happened.
func (what call) unclear() connectors.Class {
	if what.repeatable {
		return connectors.Transient
	}
	return connectors.Unsure
}

// Methods by name.
const (
	opPost      = "chat.postMessage"
	opUpdate    = "chat.update"
	opEphemeral = "chat.postEphemeral"
	opOpenDM    = "conversations.open"
	opReplies   = "conversations.replies"
	opHistory   = "conversations.history"
	opUser      = "users.info"
	opLookup    = "users.lookupByEmail"
	opChannel   = "conversations.info"
	opViewOpen  = "views.open"
	opViewWrite = "views.update"
	opReply     = "response address"
)
