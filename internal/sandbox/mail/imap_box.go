package mail

import (
	"fmt"
	"slices"
	"strings"
)

// selects opens a mailbox, to look only when name is EXAMINE.
func (c *reader) selects(a *account, args []node, name string) (string, error) {
	if len(args) != 1 {
		return "BAD " + name + " mailbox", nil
	}
	c.mu.Lock()
	b := a.box(args[0].text)
	c.box, c.look, c.view = b, name == "EXAMINE", nil
	if b == nil {
		c.mu.Unlock()
		return "NO [NONEXISTENT] There is no such mailbox", nil
	}
	for _, m := range b.msgs {
		c.view = append(c.view, m.uid)
	}
	c.flagged = c.changes
	lasting, mode := `\Answered \Flagged \Deleted \Seen \Draft \*`, "READ-WRITE"
	if c.look {
		lasting, mode = "", "READ-ONLY"
	}
	head := fmt.Sprintf("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS (%s)] Limited\r\n"+
		"* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] UIDs valid\r\n* OK [UIDNEXT %d] Next\r\n", lasting, len(b.msgs), b.validity, b.next)
	c.mu.Unlock()
	return "OK [" + mode + "] " + name + " completed", c.say(head)
}

// status counts the mails of a mailbox without opening it.
func (c *reader) status(a *account, args []node) (string, error) {
	if len(args) != 2 || args[1].kind != 'l' || len(args[1].list) == 0 {
		return "BAD STATUS mailbox (items)", nil
	}
	c.mu.Lock()
	b := a.box(args[0].text)
	if b == nil {
		c.mu.Unlock()
		return "NO [NONEXISTENT] There is no such mailbox", nil
	}
	unseen := 0
	for _, m := range b.msgs {
		if !m.flags[`\Seen`] {
			unseen++
		}
	}
	count := map[string]int{"MESSAGES": len(b.msgs), "RECENT": 0, "UIDNEXT": int(b.next), "UIDVALIDITY": int(b.validity), "UNSEEN": unseen}
	c.mu.Unlock()
	var out []string
	for _, item := range args[1].list {
		name := strings.ToUpper(item.text)
		n, ok := count[name]
		if !ok {
			return "BAD Unknown status item " + clip(item.text), nil
		}
		out = append(out, fmt.Sprintf("%s %d", name, n))
	}
	return "", c.say("* STATUS " + quoted(b.name) + " (" + strings.Join(out, " ") + ")\r\n")
}

func (c *reader) create(a *account, args []node) (string, error) {
	if len(args) != 1 || args[0].text == "" {
		return "BAD CREATE mailbox", nil
	}
	name := strings.TrimSuffix(args[0].text, "/")
	if name == "" || strings.ContainsAny(name, "*%\x00\r\n") {
		return "NO [CANNOT] No mailbox can be called so", nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.box(name) != nil {
		return "NO [ALREADYEXISTS] Mailbox exists", nil
	}
	a.boxes = append(a.boxes, c.newBox(name))
	return "", nil
}

// list names the mailboxes of a pattern, and what they lie in. Without a pattern it tells what stands between the parts of a name.
func (c *reader) list(a *account, args []node) (string, error) {
	if len(args) != 2 {
		return "BAD LIST reference pattern", nil
	}
	if args[1].text == "" {
		return "", c.say("* LIST (\\Noselect) \"/\" \"\"\r\n")
	}
	pattern := args[0].text + args[1].text
	var names, out []string
	c.mu.Lock()
	for _, b := range a.boxes {
		names = append(names, b.name)
	}
	c.mu.Unlock()
	above := map[string]bool{}
	for _, name := range names {
		for i, r := range name {
			if above[name[:i]] || r != '/' || slices.Contains(names, name[:i]) {
				continue
			}
			above[name[:i]] = true
			if alike(pattern, name[:i]) {
				out = append(out, "* LIST (\\Noselect) \"/\" "+quoted(name[:i])+"\r\n")
			}
		}
		if alike(pattern, name) || strings.EqualFold(pattern, inbox) && name == inbox {
			out = append(out, "* LIST () \"/\" "+quoted(name)+"\r\n")
		}
	}
	return "", c.say(strings.Join(out, ""))
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// alike reports whether a name fits a pattern: * stands for anything, % for anything within one level.
func alike(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	if c := pattern[0]; c != '*' && c != '%' {
		return name != "" && name[0] == c && alike(pattern[1:], name[1:])
	}
	for i := 0; ; i++ {
		if alike(pattern[1:], name[i:]) {
			return true
		}
		if i == len(name) || pattern[0] == '%' && name[i] == '/' {
			return false
		}
	}
}
