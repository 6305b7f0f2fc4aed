package confluence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNothing is the answer to an act on what is not there, or is not shown to whoever acts.
var ErrNothing = errors.New("there is no such thing in Confluence, or it is not shared with you")

// with runs an act of somebody on a page that they see.
func (s *Server) with(who, id string, do func(*User, *page) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, p := s.user(who), s.page(id)
	if u == nil || p == nil || !s.shows(p, u) {
		return ErrNothing
	}
	return do(u, p)
}

// written turns what somebody typed into storage format: what begins with a < is that already, anything else is simple text
// as CreatePageAs knows it.
func (s *Server) written(text string) (version, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	v := version{body: text}
	if !strings.HasPrefix(text, "<") {
		body, err := s.toStorage(text)
		if err != nil {
			return version{}, err
		}
		v = version{body: body, source: text}
	}
	_, err := parse(v.body)
	return v, err
}

// CreatePageAs makes a page. The text is in storage format, which begins with a <, or in simple text: Markdown with tables
// and task lists, where days such as 2026-12-01 become dates and @Maya Lind a person. The maker owns it.
func (s *Server) CreatePageAs(who, space, title, text string) (Page, error) {
	return s.createAs(who, space, version{title: title, source: text}, false)
}

// PostAs makes a post of the blog of a space, with the text as in CreatePageAs.
func (s *Server) PostAs(who, space, title, text string) (Page, error) {
	return s.createAs(who, space, version{title: title, source: text}, true)
}

// createAs makes a page or a post out of the title and the source of a version.
func (s *Server) createAs(who, space string, v version, blog bool) (Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, sp := s.user(who), s.space(space)
	if u == nil || sp == nil {
		return Page{}, ErrNothing
	}
	p, err := s.create(u, sp, v)
	if err != nil {
		return Page{}, err
	}
	if p.blog = blog; !blog {
		s.announce("page_created", u, pageEvent(p))
	}
	return s.show(p), nil
}

func (s *Server) create(u *User, sp *Space, in version) (*page, error) {
	if err := s.titled(sp, nil, in.title); err != nil {
		return nil, err
	}
	v, err := s.written(in.source)
	if err != nil {
		return nil, err
	}
	now := s.opt.Now()
	v.number, v.title, v.by, v.at = 1, strings.TrimSpace(in.title), u, now
	p := &page{id: s.number(), space: sp, author: u, owner: u, created: now, versions: []version{v}}
	s.pages = append(s.pages, p)
	s.touch(p)
	return p, nil
}

// titled checks a title, of which a space has only one.
func (s *Server) titled(sp *Space, of *page, title string) error {
	title = strings.TrimSpace(title)
	switch {
	case title == "":
		return errors.New("a title is needed")
	case len([]rune(title)) > 255:
		return errors.New("a title has at most 255 characters")
	}
	for _, p := range s.pages {
		if p != of && p.space == sp && !p.trashed && !p.gone && strings.EqualFold(p.now().title, title) {
			return fmt.Errorf("a page with the title %q is in this space already", title)
		}
	}
	return nil
}

// EditPageAs publishes a new version of a page, with the text as in CreatePageAs.
func (s *Server) EditPageAs(who, id, title, text string) error {
	return s.edit(who, id, 0, title, text)
}

// edit is EditPageAs for somebody who has seen a version; 0 = the newest.
func (s *Server) edit(who, id string, seen int, title, text string) error {
	return s.with(who, id, func(u *User, p *page) error {
		was := p.now()
		if seen > 0 && seen != was.number {
			return fmt.Errorf("%s has published version %d meanwhile; look at it and edit again", was.by.Name, was.number)
		}
		if err := s.titled(p.space, p, title); err != nil {
			return err
		}
		v, err := s.written(text)
		if err != nil {
			return err
		}
		v.number, v.title, v.by, v.at = was.number+1, strings.TrimSpace(title), u, s.opt.Now()
		p.versions = append(p.versions, v)
		s.touch(p)
		s.announce("page_updated", u, pageEvent(p))
		return nil
	})
}

// LabelAs puts a label on, or takes it off. Neither makes a new version.
func (s *Server) LabelAs(who, id, name string, on bool) error {
	return s.with(who, id, func(u *User, p *page) error {
		name = strings.ToLower(strings.TrimSpace(name))
		if !labelForm.MatchString(name) {
			return errors.New("a label has letters, digits, - and _, and no spaces")
		}
		s.setLabel(p, u, name, on)
		return nil
	})
}

func (s *Server) setLabel(p *page, u *User, name string, on bool) {
	i := slices.IndexFunc(p.labels, func(l label) bool { return l.name == name })
	if i >= 0 == on {
		return
	}
	l, event := label{s.number(), name}, "label_added"
	if on {
		p.labels = append(p.labels, l)
	} else {
		l, event = p.labels[i], "label_removed"
		p.labels = slices.Delete(p.labels, i, i+1)
	}
	s.touch(p)
	s.announce(event, u, object{"label": object{"id": l.id, "name": l.name, "prefix": "global"}, "content": object{"id": p.id, "type": p.kind()}})
}

// MoveAs moves a page to another space, where its address is another.
func (s *Server) MoveAs(who, id, space string) error {
	return s.with(who, id, func(u *User, p *page) error {
		to := s.space(space)
		if to == nil || p.trashed {
			return ErrNothing
		}
		if err := s.titled(to, p, p.now().title); err != nil {
			return err
		}
		p.space = to
		s.touch(p)
		s.announce("page_moved", u, pageEvent(p))
		return nil
	})
}

// RestrictAs lets only those people see a page; nobody named opens it to everybody. Whoever restricts it sees it always.
func (s *Server) RestrictAs(who, id string, only ...string) error {
	return s.with(who, id, func(u *User, p *page) error {
		var list []*User
		for _, name := range only {
			one := s.user(name)
			if one == nil {
				return fmt.Errorf("there is nobody called %q", name)
			}
			list = append(list, one)
		}
		if len(list) > 0 && !slices.Contains(list, u) {
			list = append(list, u)
		}
		p.only = list
		s.wake()
		return nil
	})
}

// OwnAs gives a page to somebody else; "" = nobody owns it any more.
func (s *Server) OwnAs(who, id, owner string) error {
	return s.with(who, id, func(_ *User, p *page) error {
		to := s.user(owner)
		if to == nil && owner != "" {
			return fmt.Errorf("there is nobody called %q", owner)
		}
		p.owner = to
		s.wake()
		return nil
	})
}

// DeleteAs moves a page to the trash, and one that is there already out of existence.
func (s *Server) DeleteAs(who, id string) error {
	return s.with(who, id, func(u *User, p *page) error {
		event := "page_trashed"
		if p.trashed {
			event, p.gone = "page_removed", true
		}
		p.trashed = true
		s.touch(p)
		s.announce(event, u, pageEvent(p))
		return nil
	})
}

// RestoreAs takes a page out of the trash.
func (s *Server) RestoreAs(who, id string) error {
	return s.with(who, id, func(u *User, p *page) error {
		if !p.trashed {
			return ErrNothing
		}
		if err := s.titled(p.space, p, p.now().title); err != nil {
			return err
		}
		p.trashed = false
		s.touch(p)
		s.announce("page_restored", u, pageEvent(p))
		return nil
	})
}

// CommentAs says something below a page, with the text as in CreatePageAs.
func (s *Server) CommentAs(who, id, text string) (made Comment, err error) {
	err = s.with(who, id, func(u *User, p *page) error {
		if strings.TrimSpace(text) == "" || p.trashed {
			return errors.New("a comment needs words, and a page that is not in the trash")
		}
		v, err := s.written(text)
		if err != nil {
			return err
		}
		made = s.addComment(p, u, v).show()
		return nil
	})
	return made, err
}

func (s *Server) addComment(p *page, u *User, v version) *comment {
	v.number, v.by, v.at = 1, u, s.opt.Now()
	c := &comment{id: s.number(), page: p, author: u, created: v.at, versions: []version{v}}
	p.comments = append(p.comments, c)
	s.announce("comment_created", u, object{"comment": object{"id": c.id}})
	return c
}

func (s *Server) editComment(c *comment, u *User, v version) {
	v.number, v.by, v.at = c.now().number+1, u, s.opt.Now()
	c.versions = append(c.versions, v)
	s.announce("comment_updated", u, object{"comment": object{"id": c.id}})
}

func pageEvent(p *page) object { return object{"page": object{"id": p.id}} }

// seed puts two briefs into the first space, in the words of Maya Lind or of whoever is there first.
func (s *Server) seed() {
	if len(s.users) == 0 || len(s.spaces) == 0 {
		return
	}
	maya := s.users[0]
	day := func(n int) string { return s.opt.Now().In(s.opt.Zone).AddDate(0, 0, n).Format(time.DateOnly) }
	for _, one := range []version{
		{title: "Nova launch brief", source: fmt.Sprintf(novaBrief, day(12), day(8))},
		{title: "Spring launch brief", source: fmt.Sprintf(springBrief, day(20))},
	} {
		if _, err := s.create(maya, s.spaces[0], one); err != nil {
			panic(fmt.Sprintf("the page %q: %v", one.title, err)) // its words are below
		}
	}
}

const (
	novaBrief = `Banners for the launch of **Nova**, our first lamp for small flats.

## Audience

First-time renters in cities, 25 to 35, who move about once a year and own little that lasts.

## Claim

> Light that moves with you.

The claim stands last, alone, and is not translated.

## Sizes

| Size | Where | Format |
|---|---|---|
| 300x250 | Display, EMEA | PNG |
| 728x90 | Display, EMEA | PNG |
| 600x200 | Newsletter | PNG, under 150 KB |

## Please keep

- the lamp switched on, in a real room
- warm light, no snow and no studio white
- the logo in the lower right corner

## Due

Final files by %s, first drafts by %s. Questions to @Maya Lind.

- [x] Product photos are in the library
- [ ] Legal has seen the claim
- [ ] Sizes confirmed with the media agency
`
	springBrief = `Hero and social for the **Lumen spring launch**.

## Audience

People who know Lumen and have bought before.

## Claim

> Longer days, softer nights.

## Sizes

| Size | Where |
|---|---|
| 1600x600 | Hero of the site |
| 1080x1080 | Social |

## Due

Everything by %s.
`
)
