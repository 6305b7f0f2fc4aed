package mail

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pick is a mail with its sequence number.
type pick struct {
	seq int
	*message
}

// chosen are the mails of a set of numbers.
func (c *reader) chosen(text string, uid bool) ([]pick, string) {
	spans, err := set(text)
	if err != nil {
		return nil, "BAD Invalid set of numbers"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []pick
	for i, id := range c.view {
		n, last := uint32(i+1), uint32(len(c.view))
		if uid {
			n, last = id, c.view[len(c.view)-1]
		}
		if m := c.box.find(id); m != nil && in(spans, n, last) {
			out = append(out, pick{i + 1, m})
		}
	}
	return out, ""
}

// search knows what a poller asks: ALL, UID, UNSEEN, SEEN, DELETED, UNDELETED and sets of sequence numbers.
func (c *reader) search(r *run) (string, error) {
	args, uid := r.args, r.uid
	found, problem := c.chosen("1:*", true)
	for i := 0; i < len(args) && problem == ""; i++ {
		key, by := strings.ToUpper(args[i].text), true
		flag, want := `\Seen`, key == "SEEN"
		switch key {
		case "ALL":
			continue
		case "SEEN", "UNSEEN":
		case "DELETED", "UNDELETED":
			flag, want = `\Deleted`, key == "DELETED"
		case "UID":
			if i++; i == len(args) {
				return "BAD UID needs a set", nil
			}
			fallthrough
		default:
			by = false
			var some []pick
			some, problem = c.chosen(args[i].text, key == "UID")
			found = slices.DeleteFunc(found, func(p pick) bool { return !slices.Contains(some, p) })
		}
		if by {
			c.mu.Lock()
			found = slices.DeleteFunc(found, func(p pick) bool { return p.flags[flag] != want })
			c.mu.Unlock()
		}
	}
	if problem != "" {
		return "BAD Unknown search key", nil
	}
	r.found = len(found)
	out := "* SEARCH"
	for _, p := range found {
		if uid {
			p.seq = int(p.uid)
		}
		out += fmt.Sprintf(" %d", p.seq)
	}
	return "", c.say(out + "\r\n")
}

func (c *reader) fetch(chosen []pick, what node, uid bool) (string, error) {
	items := what.list
	if what.kind != 'l' {
		items = []node{what}
	}
	for _, p := range chosen {
		c.mu.Lock()
		var parts []string
		if uid {
			parts = append(parts, fmt.Sprintf("UID %d", p.uid))
		}
		for _, item := range items {
			part, ok := p.part(strings.ToUpper(item.text), !c.look)
			if !ok {
				c.mu.Unlock()
				return "BAD Unknown fetch item " + clip(item.text), nil
			}
			if part != "" && !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
		c.mu.Unlock()
		if err := c.say(fmt.Sprintf("* %d FETCH (%s)\r\n", p.seq, strings.Join(parts, " "))); err != nil {
			return "", err
		}
	}
	return "", nil
}

// part is one item of a mail. Without PEEK the mail counts as read, where the client may write.
func (m *message) part(item string, write bool) (string, bool) {
	head, body, _ := bytes.Cut(m.raw, []byte("\r\n\r\n"))
	head = append(bytes.Clone(head), "\r\n\r\n"...)
	name := strings.Replace(item, "BODY.PEEK[", "BODY[", 1)
	data := m.raw
	switch name {
	case "UID":
		return fmt.Sprintf("UID %d", m.uid), true
	case "FLAGS":
		return "FLAGS " + m.shown(), true
	case "RFC822.SIZE":
		return fmt.Sprintf("RFC822.SIZE %d", len(m.raw)), true
	case "INTERNALDATE":
		return m.at.Format(`INTERNALDATE "_2-Jan-2006 15:04:05 -0700"`), true
	case "BODY[]":
	case "BODY[HEADER]":
		data = head
	case "BODY[TEXT]":
		data = body
	default:
		return "", false
	}
	if name == item && write {
		m.flags[`\Seen`] = true
	}
	return fmt.Sprintf("%s {%d}\r\n%s", name, len(data), data), true
}

func (c *reader) store(chosen []pick, args []node, uid bool) (string, error) {
	if len(args) != 2 {
		return "BAD STORE set item flags", nil
	}
	how, silent := strings.CutSuffix(strings.ToUpper(args[0].text), ".SILENT")
	flags := args[1].list
	if args[1].kind != 'l' {
		flags = args[1:2]
	}
	if !slices.Contains([]string{"FLAGS", "+FLAGS", "-FLAGS"}, how) {
		return "BAD Unknown store item", nil
	}
	out := ""
	c.mu.Lock()
	c.changes++
	for _, p := range chosen {
		if c.box.find(p.uid) != p.message {
			continue // another client took it away meanwhile
		}
		if how == "FLAGS" {
			clear(p.flags)
		}
		for _, f := range flags {
			if how == "-FLAGS" {
				delete(p.flags, canonical(f.text))
			} else {
				p.flags[canonical(f.text)] = true
			}
		}
		p.mod = c.changes
		extra := ""
		if uid {
			extra = fmt.Sprintf("UID %d ", p.uid)
		}
		out += fmt.Sprintf("* %d FETCH (%sFLAGS %s)\r\n", p.seq, extra, p.shown())
	}
	c.flagged = c.changes
	c.wake()
	c.mu.Unlock()
	if silent {
		return "", nil
	}
	return "", c.say(out)
}

// copy puts mails into another mailbox; a move takes them out of this one.
func (c *reader) copy(a *account, chosen []pick, name string, move bool) (string, error) {
	c.mu.Lock()
	to := a.box(name)
	if to == nil {
		c.mu.Unlock()
		return "NO [TRYCREATE] There is no such mailbox", nil
	}
	var from, into []string
	for _, p := range chosen {
		if c.box.find(p.uid) != p.message {
			continue // another client moved it meanwhile: it must not be there twice
		}
		made := c.add(to, p.raw, p.at, slices.Collect(maps.Keys(p.flags))...)
		from, into = append(from, fmt.Sprint(p.uid)), append(into, fmt.Sprint(made.uid))
		if move {
			made.id, made.open = p.id, p.open
			c.box.msgs = slices.DeleteFunc(c.box.msgs, func(m *message) bool { return m == p.message })
		}
	}
	code := fmt.Sprintf("OK [COPYUID %d %s %s] ", to.validity, strings.Join(from, ","), strings.Join(into, ","))
	c.mu.Unlock()
	switch {
	case c.opt.NoUIDPlus || len(from) == 0:
		return "", nil
	case move:
		return "", c.say("* " + code + "\r\n")
	}
	return code + "COPY completed", nil
}

// expunge takes out what is marked as deleted: all of it, or with UIDPLUS some of it.
func (c *reader) expunge(args []node, uid bool) (string, error) {
	text := "1:*"
	if uid {
		if c.opt.NoUIDPlus || len(args) != 1 {
			return "BAD UID EXPUNGE needs UIDPLUS and a set", nil
		}
		text = args[0].text
	}
	chosen, problem := c.chosen(text, true)
	c.remove(chosen)
	return problem, nil
}

// remove takes out those of the mails that are marked as deleted.
func (c *reader) remove(chosen []pick) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range chosen {
		if p.flags[`\Deleted`] {
			c.changes++
			c.box.msgs = slices.DeleteFunc(c.box.msgs, func(m *message) bool { return m == p.message })
		}
	}
	c.wake()
}

// close leaves the mailbox and removes what is marked as deleted without telling.
func (c *reader) close() (string, error) {
	if !c.look {
		chosen, _ := c.chosen("1:*", true)
		c.remove(chosen)
	}
	c.box, c.view = nil, nil
	return "", nil
}
