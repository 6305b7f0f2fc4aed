package figma

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// bean is an anchor as client_meta: a point or a region, of the canvas or of a frame.
func (a anchor) bean() object {
	at := object{"x": a.X, "y": a.Y}
	if a.Node != "" {
		at = object{"node_id": a.Node, "node_offset": at}
	}
	if a.Width > 0 {
		at["region_width"], at["region_height"], at["comment_pin_corner"] = a.Width, a.Height, a.Corner
	}
	return at
}

func (s *Server) commentBean(f *design, c *comment) object {
	o := object{"id": c.id, "file_key": f.key, "parent_id": c.parent, "user": s.userBean(c.by), "created_at": stampMilli(c.at), "resolved_at": nil,
		"message": c.words, "order_id": nil, "client_meta": nil, "reactions": s.reactionBeans(c)}
	if c.parent == "" {
		o["order_id"], o["client_meta"] = c.order, c.meta.bean()
	}
	if !c.resolved.IsZero() {
		o["resolved_at"] = stampMilli(c.resolved)
	}
	return o
}

func (s *Server) reactionBeans(c *comment) []object {
	all := []object{}
	for _, r := range c.reactions {
		all = append(all, object{"user": s.userBean(r.by), "emoji": r.emoji, "created_at": stampMilli(r.at)})
	}
	return all
}

func (s *Server) getComments(c call) *reply {
	if _, bad := c.flag("as_md"); bad != nil {
		return bad
	}
	all := []object{}
	for _, one := range slices.Backward(c.file.comments) {
		all = append(all, s.commentBean(c.file, one))
	}
	return answer(object{"comments": all})
}

// pinned reads client_meta in one of its four forms.
func pinned(raw []byte) (anchor, error) {
	var in struct {
		X, Y         *float64
		Node         string          `json:"node_id"`
		Offset       json.RawMessage `json:"node_offset"`
		RegionHeight *float64        `json:"region_height"`
		RegionWidth  *float64        `json:"region_width"`
		Corner       string          `json:"comment_pin_corner"`
	}
	keys := []string{"x", "y", "region_height", "region_width", "comment_pin_corner"}
	framed := strings.Contains(string(raw), `"node_`)
	if framed {
		keys = append([]string{"node_id", "node_offset"}, keys[2:]...)
	}
	if err := decode(raw, &in, keys...); err != nil {
		return anchor{}, err
	}
	if framed {
		if !nodeID.MatchString(in.Node) {
			return anchor{}, fmt.Errorf("invalid node_id %q", in.Node)
		}
		var offset struct{ X, Y *float64 }
		if err := decode(in.Offset, &offset, "x", "y"); err != nil {
			return anchor{}, fmt.Errorf("node_offset: %w", err)
		}
		in.X, in.Y = offset.X, offset.Y
	}
	switch corners := []string{"", "top-left", "top-right", "bottom-left", "bottom-right"}; {
	case in.X == nil || in.Y == nil:
		return anchor{}, fmt.Errorf("x and y are required")
	case (in.RegionHeight == nil) != (in.RegionWidth == nil), in.RegionHeight == nil && in.Corner != "", !slices.Contains(corners, in.Corner):
		return anchor{}, fmt.Errorf("invalid region")
	}
	at := anchor{Node: in.Node, X: *in.X, Y: *in.Y}
	if in.RegionHeight != nil {
		if at.Width, at.Height, at.Corner = *in.RegionWidth, *in.RegionHeight, in.Corner; at.Width <= 0 || at.Height <= 0 {
			return anchor{}, fmt.Errorf("a region has a size greater than 0")
		}
		if at.Corner == "" {
			at.Corner = "bottom-right"
		}
	}
	return at, nil
}

func (s *Server) postComment(c call) *reply {
	var in struct {
		Message string          `json:"message"`
		Below   string          `json:"comment_id"`
		Meta    json.RawMessage `json:"client_meta"`
	}
	if err := decode(c.body, &in, "message", "comment_id", "client_meta"); err != nil {
		return badRequest("Invalid request body: %v", err)
	}
	if strings.TrimSpace(in.Message) == "" {
		return badRequest("Missing required parameter message")
	}
	made := &comment{by: c.by, words: in.Message, plain: true, parent: in.Below}
	if in.Meta != nil {
		at, err := pinned(in.Meta)
		if err != nil {
			return badRequest("Invalid client_meta: %v", err)
		}
		made.meta = at
	}
	if in.Below != "" {
		root := c.file.comment(in.Below)
		switch {
		case root == nil:
			return notFound()
		case root.parent != "":
			return badRequest("comment_id must be the id of a root comment")
		}
	}
	s.addComment(c.file, made)
	return answer(s.commentBean(c.file, made))
}

// itsComment finds the comment that a path names.
func (c *call) itsComment() (*comment, *reply) {
	if found := c.file.comment(c.PathValue("comment_id")); found != nil {
		return found, nil
	}
	return nil, notFound()
}

func done() *reply { return answer(object{"status": http.StatusOK, "error": false}) }

func (s *Server) deleteComment(c call) *reply {
	found, bad := c.itsComment()
	switch {
	case bad != nil:
		return bad
	case found.by != c.by:
		return problem(http.StatusForbidden, "Only the person who made the comment is allowed to delete it")
	}
	s.dropComment(c.file, found)
	return done()
}

func (s *Server) getReactions(c call) *reply {
	found, bad := c.itsComment()
	if bad != nil {
		return bad
	}
	return answer(object{"reactions": s.reactionBeans(found), "pagination": object{}})
}

// emoji is a shortcode, maybe with a tone.
var emoji = regexp.MustCompile(`^:[a-z0-9_+-]+:(:skin-tone-[2-6]:)?$`)

func (s *Server) postReaction(c call) *reply {
	found, bad := c.itsComment()
	if bad != nil {
		return bad
	}
	var in struct{ Emoji string }
	if err := decode(c.body, &in, "emoji"); err != nil || !emoji.MatchString(in.Emoji) {
		return badRequest("Invalid emoji")
	}
	if !slices.ContainsFunc(found.reactions, func(r reaction) bool { return r.by == c.by && r.emoji == in.Emoji }) {
		found.reactions = append(found.reactions, reaction{by: c.by, emoji: in.Emoji, at: s.opt.Now()})
		s.wake()
	}
	return done()
}

func (s *Server) deleteReaction(c call) *reply {
	found, bad := c.itsComment()
	if bad != nil {
		return bad
	}
	i := slices.IndexFunc(found.reactions, func(r reaction) bool { return r.by == c.by && r.emoji == c.query.Get("emoji") })
	if i < 0 {
		return notFound()
	}
	found.reactions = slices.Delete(found.reactions, i, i+1)
	s.wake()
	return done()
}
