package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// A card shows a small picture of the work. Slack shows those it keeps: each is put there once, as a file of ours that is
// shared nowhere, and cards name it. A card never waits for its picture longer than pictureTime; it is then shown without
// one, and with it when it changes next.

// Bounds of pictures.
const (
	pictureTime  = 3 * time.Second
	pictureFirst = 150 * time.Millisecond // until Slack is asked whether it has looked at a new file; then twice that
	pictureMost  = 2 << 20
	pictureRest  = time.Hour // after Slack said that the app lacks the scope
)

const scopePictures = "files:write"

// pictures is how pictures get into a workspace.
type pictures struct {
	open  func(ctx context.Context, ref flow.Ref) (body []byte, mediaType string, err error) // nil: there are none
	time  time.Duration
	first time.Duration

	mu    sync.Mutex
	busy  map[hook]chan struct{} // one at a time puts a picture there
	rests map[string]time.Time   // by workspace: until when none is tried
}

func newPictures(open func(context.Context, flow.Ref) ([]byte, string, error)) *pictures {
	return &pictures{open: open, time: pictureTime, first: pictureFirst, busy: map[hook]chan struct{}{}, rests: map[string]time.Time{}}
}

// fileID is a file of ours that shows a picture; "" is none.
type fileID string

// hook is where a picture hangs: in one workspace.
type hook struct{ team, key string }

func (c *Connector) hookOf(e flow.Effect) hook {
	team := firstOf(c.teamOf(e), c.self("").Team)
	return hook{team: team, key: "picture/" + team + "/" + viewOf(e).Picture.Ref.String()}
}

// keptPicture is what we remember of a picture in a workspace. No message may name it before Slack has looked at it.
type keptPicture struct {
	ID    fileID `json:"id"`
	Ready bool   `json:"ready,omitempty"`
}

// picture is the file that shows the picture of a view, "" where none can be shown now.
func (c *Connector) picture(ctx context.Context, e flow.Effect) fileID {
	p := viewOf(e).Picture
	if p == nil || c.pictures.open == nil || !c.settings.pictures() {
		return ""
	}
	h := c.hookOf(e)
	if c.pictures.resting(h.team, c.now()) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, c.pictures.time)
	defer cancel()
	end, err := c.pictures.turn(ctx, h)
	if err != nil {
		return ""
	}
	defer end()
	id, err := c.hung(ctx, h, *p)
	switch {
	case err == nil:
		return id
	case codeOf(err) == "missing_scope":
		c.noPictures(h.team, err)
	default:
		c.log.Info("card shown without its picture", "request", string(e.Request), "picture", p.Ref.String(), "err", err)
	}
	return ""
}

// noPictures says once what keeps pictures off the cards. The app can be given the scope at any time: that is looked at again.
func (c *Connector) noPictures(team string, err error) {
	if c.pictures.rest(team, c.now().Add(pictureRest)) {
		c.log.Warn("cards go without pictures: the slack app lacks a scope; save the manifest in the app's settings and install the app again",
			"scope", scopePictures, "workspace", team, "err", err)
	}
}

// hung finds a picture in a workspace, or puts it there.
func (c *Connector) hung(ctx context.Context, h hook, p flow.Picture) (fileID, error) {
	var kept keptPicture
	if c.get(ctx, h.key, &kept) && kept.ID != "" {
		if kept.Ready {
			return kept.ID, nil
		}
		if err := c.ready(ctx, h, kept.ID, 0); !goneFile(err) {
			return kept.ID, err
		}
	}
	kept, err := c.hang(ctx, h, p)
	if err != nil {
		return "", err
	}
	c.note(h.key, kept)
	if kept.Ready {
		return kept.ID, nil
	}
	return kept.ID, c.ready(ctx, h, kept.ID, c.pictures.first)
}

var errUnready = errors.New("slack has not looked at the picture yet")

// ready waits until Slack has looked at a file: it then says what it is. Without the right to ask a message is tried.
func (c *Connector) ready(ctx context.Context, h hook, id fileID, after time.Duration) error {
	spent := time.Duration(0)
	for wait := after; spent+wait <= c.pictures.time; wait = max(2*wait, c.pictures.first) {
		spent += wait
		if err := pause(ctx, wait); err != nil {
			return errUnready
		}
		info, err := c.fileInfo(ctx, h.team, string(id))
		switch {
		case info.Mode == "tombstone":
			return &slackError{code: "file_deleted", text: "the picture was deleted in slack"}
		case err == nil && info.Type != "":
			c.note(h.key, keptPicture{ID: id, Ready: true})
			return nil
		case codeOf(err) == "missing_scope":
			return nil
		case err != nil && (!goneFile(err) || after == 0): // of a new file Slack may know nothing for a moment
			return err
		}
	}
	return errUnready
}

func goneFile(err error) bool {
	code := codeOf(err)
	return code == "file_not_found" || code == "file_deleted"
}

// pause lets time pass. Nothing of a picture is left to the engine: it would put off the card.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hang puts a picture into a workspace as a file that is shared nowhere.
func (c *Connector) hang(ctx context.Context, h hook, p flow.Picture) (keptPicture, error) {
	body, ending, err := c.pictures.read(ctx, p.Ref)
	if err != nil {
		return keptPicture{}, err
	}
	m := connectors.FileMeta{Name: "picture" + ending, Size: int64(len(body))}
	id, err := c.bring(ctx, h.team, m, bytes.NewReader(body))
	if err != nil {
		return keptPicture{}, err
	}
	list, err := json.Marshal([]map[string]string{{"id": id, "title": clip(altOf(p), maxFileTitle)}})
	if err != nil {
		return keptPicture{}, err
	}
	var done struct {
		Files []attached `json:"files"`
	}
	if _, err := c.read(ctx, h.team, opComplete, url.Values{"files": {string(list)}}, &done); err != nil {
		return keptPicture{}, err // a file that nobody sees may be left there
	}
	return keptPicture{ID: fileID(id), Ready: len(done.Files) > 0 && done.Files[0].Type != ""}, nil
}

// read gives a picture that Slack can show, with the ending of its name. It waits no longer than ctx: what is read after
// that is kept by the engine, and there the next time.
func (p *pictures) read(ctx context.Context, ref flow.Ref) (body []byte, ending string, err error) {
	type opened struct {
		body []byte
		err  error
	}
	got := make(chan opened, 1)
	go func() {
		body, _, err := p.open(ctx, ref)
		got <- opened{body, err}
	}()
	select {
	case o := <-got:
		body, err = o.body, o.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, "", err
	}
	if len(body) > pictureMost {
		return nil, "", errors.New("the picture is too large")
	}
	if ending = pictureEnding(body); ending == "" {
		return nil, "", errors.New("the picture is of a kind that slack does not show")
	}
	return body, ending, nil
}

// pictureEnding is how the name of a picture ends, by its bytes; "" for what Slack shows in no message.
func pictureEnding(body []byte) string {
	switch http.DetectContentType(body) {
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	case "image/gif":
		return ".gif"
	}
	return ""
}

// turn lets one at a time look for a picture, so that it is put there once.
func (p *pictures) turn(ctx context.Context, h hook) (end func(), err error) {
	for {
		p.mu.Lock()
		other, busy := p.busy[h]
		if !busy {
			mine := make(chan struct{})
			p.busy[h] = mine
			p.mu.Unlock()
			return func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				delete(p.busy, h)
				close(mine)
			}, nil
		}
		p.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *pictures) resting(team string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.rests[team])
}

// rest lets pictures alone in a workspace until an instant, and reports whether that is the first time.
func (p *pictures) rest(team string, until time.Time) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, before := p.rests[team]
	p.rests[team] = until
	return !before
}

// pictured shows a message with its picture, and without where Slack refuses the picture: it was deleted, or is not to be
// named yet. Whether it may be is asked anew before the next message.
func (c *Connector) pictured(e flow.Effect, file fileID, shows func(file fileID) error) error {
	err := shows(file)
	if file == "" || !refusesBlocks(err) {
		return err
	}
	c.log.Info("card shown without its picture", "request", string(e.Request), "picture", viewOf(e).Picture.Ref.String(), "err", err)
	c.note(c.hookOf(e).key, keptPicture{ID: file})
	return shows("")
}

func refusesBlocks(err error) bool {
	code := codeOf(err)
	return strings.HasPrefix(code, "invalid_blocks") || code == "invalid_arguments"
}

// picture lays the picture out.
func (k *canvas) picture(file fileID) {
	if file == "" || k.view.Picture == nil || !k.room("") {
		return
	}
	k.add(slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: string(file)}, altOf(*k.view.Picture), "", nil))
}

// altOf are the words for those who do not see a picture.
func altOf(p flow.Picture) string {
	return clip(firstOf(oneLine(p.Alt), "Picture of the work"), maxAlt)
}
